"""From one file to its ``BarTable``: columns, times, numbers and the rules of single rows."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import available_timezones

import numpy as np

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.row_rules import PRICE_IS_POSITIVE, VOLUME_IS_AN_AMOUNT, utc_text
from ftf_assets.contracts.typed import Array
from ftf_assets.sources.candles.bar_table import VALUE_COLUMNS, BarTable, FileReading, Stamp
from ftf_assets.sources.candles.cells import Cells
from ftf_assets.sources.candles.columns import Columns, named_columns, ordered_columns
from ftf_assets.sources.candles.flat_table import flat_table
from ftf_assets.sources.candles.spellings import WEAK_NAMES, ZONE_NAMES, Spelling, names_utc
from ftf_assets.sources.candles.times import Times, looks_like_times, read_times
from ftf_assets.sources.faults import FIRST_ROWS, Faults
from ftf_assets.sources.plain_names import plain_name
from ftf_assets.sources.readers.file_formats import read_table
from ftf_assets.sources.readers.options import DEFAULT_OPTIONS, ReadingOptions
from ftf_assets.sources.readers.raw_table import RawTable

_DAY = 24 * 3_600 * 10**9

#: A file without column names is refused where closes continue the closes' row so much worse than opens.
_SWAPPED = 2.0


def read_bar_table(
    path: Path,
    *,
    crypto: str,
    name: str | None = None,
    options: ReadingOptions = DEFAULT_OPTIONS,
    allow_quote: tuple[str, ...] = (),
) -> BarTable:
    """Read the bars of one file.

    Parameters
    ----------
    path
        The file, in any format of :func:`~ftf_assets.sources.readers.file_formats.read_table`.
    crypto
        Crypto that errors name; by its base asset a writer may name the volume.
    name
        Name of the file in errors, such as its path below the candle folder; None is its name alone.
    options
        What the user states about the files.
    allow_quote
        Quote currencies other than dollars that the symbol of the rows may have.

    Raises
    ------
    FaultsError
        Lines are ragged, a column is missing or repeated, a cell cannot be read, a price is not positive or
        lies outside its bar, a volume is negative, or a bar is not finished. The error lists all faults.
    InputError
        The file cannot be read as a table at all.
    """
    faults = Faults(crypto=crypto, file=name or path.name)
    raw = read_table(path, crypto=crypto, options=options, faults=faults)
    return bar_table(raw, crypto=crypto, options=options, faults=faults, allow_quote=allow_quote)


def bar_table(
    raw: RawTable,
    *,
    crypto: str,
    options: ReadingOptions,
    faults: Faults,
    allow_quote: tuple[str, ...] = (),
) -> BarTable:
    """Read times and values of a table of OHLCV bars.

    Parameters
    ----------
    raw
        The table as it lies in the file.
    crypto
        Crypto that errors name.
    options
        What the user states about the file.
    faults
        Faults found so far; all of them are raised together.
    allow_quote
        As :func:`read_bar_table` takes it.

    Raises
    ------
    FaultsError
        As :func:`read_bar_table`.

    Examples
    --------
    >>> import pandas as pd
    >>> from ftf_assets.sources.candles.bar_table import VALUE_COLUMNS
    >>> frame = pd.DataFrame(
    ...     [["2023-01-01 01:00", 10.5, 12, 10, 11, 80], ["2023-01-01 00:00", 10, 11, 9, 10.5, 100]],
    ...     columns=["Date", "Open", "High", "Low", "Close", "Volume"],
    ... )
    >>> raw = RawTable(frame, "Parquet", is_text=False)
    >>> bars = bar_table(raw, crypto="AAVEUSDC", options=DEFAULT_OPTIONS, faults=Faults(file="AAVE.parquet"))
    >>> bars.value("close")
    array([10.5, 11. ])
    >>> bars.understood.time_columns, bars.understood.zone, bars.understood.newest_first
    (('Date',), 'UTC', True)
    """
    frame, names, rows, has_names = flat_table(raw, faults)
    cells = Cells(frame, names, rows, options, faults)
    if frame.empty:
        faults.raise_if_any()
        raise input_error("a candle file needs at least two bars", crypto=crypto, file=faults.file, found=0)
    columns = named_columns(cells, crypto, allow_quote) if has_names else ordered_columns(cells)
    if columns is None:
        raise faults.error()
    cells = _without_empty_rows(cells, columns)
    rows = cells.rows
    known = columns.spelling
    read = {
        positions: read_times(
            cells, positions, zone=_zone(cells, positions, known), date_order=known.date_order
        )
        for positions in (columns.time, columns.open_time, columns.close_time)
        if positions
    }
    values = {
        role: cells.checked_numbers(position)
        for role, position in zip(VALUE_COLUMNS, columns.values, strict=True)
    }
    _find_broken_bars(cells, values, columns)
    faults.raise_if_any()
    open_time, close_time, stamp = _which_times(cells, columns, read)
    order = _order(open_time if open_time is not None else close_time)
    if not has_names:
        _find_swapped(values, order, faults)
    faults.raise_if_any()
    newest_first = bool(len(order) > 1 and order[0] > order[-1])
    return BarTable(
        file=str(faults.file),
        rows=rows[order],
        open_time=None if open_time is None else open_time[order],
        close_time=None if close_time is None else close_time[order],
        stamp=stamp,
        values=np.column_stack([values[role] for role in VALUE_COLUMNS])[order],
        understood=_reading(raw, cells, columns, read, newest_first=newest_first),
    )


def _zone(cells: Cells, positions: tuple[int, ...], known: Spelling) -> str | None:
    """Return the zone of times without offset, as name, writer or a column of zones says it."""
    if known.zone == "UTC" or any(names_utc(cells.names[position]) for position in positions):
        return "UTC"
    for position, name in enumerate(cells.names):
        if plain_name(name) in ZONE_NAMES:
            zones = set(cells.column(position).map(str).str.strip()) - {""}
            zone = zones.pop() if len(zones) == 1 else ""
            return zone if zone in available_timezones() else "several"
    return known.zone


def _without_empty_rows(cells: Cells, columns: Columns) -> Cells:
    """Find rows without any price, such as a line of totals, once instead of in every column."""
    prices = np.column_stack([cells.numbers(position) for position in columns.values[:4]])
    empty: Array = np.isnan(prices).all(axis=1)
    if empty.all() or not empty.any():
        return cells
    found = np.full(len(empty), "", dtype=object)
    for row in np.flatnonzero(empty)[:FIRST_ROWS]:
        found[row] = ", ".join(map(str, cells.frame.iloc[row]))
    cells.faults.add_rows(
        empty,
        "the row has no price",
        cells=found,
        rows=cells.rows,
        fix="Remove it; a missing bar is a gap.",
    )
    return cells.only(~empty)


def _reading(
    raw: RawTable,
    cells: Cells,
    columns: Columns,
    read: dict[tuple[int, ...], Times],
    *,
    newest_first: bool,
) -> FileReading:
    return FileReading(
        file=str(cells.faults.file),
        format=raw.format,
        compression=raw.compression,
        encoding=raw.encoding,
        separator=raw.separator,
        header=raw.header,
        decimal=cells.options.decimal if raw.is_text else None,
        left_out=raw.left_out,
        notes=columns.notes,
        spelling=columns.spelling.writer,
        time_columns=tuple(cells.names[position] or "unnamed" for times in read for position in times),
        units=tuple(dict.fromkeys(unit for times in read.values() for unit in times.units)),
        zone=next((times.zone for times in read.values() if times.zone), None),
        newest_first=newest_first,
    )


def _which_times(
    cells: Cells, columns: Columns, read: dict[tuple[int, ...], Times]
) -> tuple[Array | None, Array | None, Stamp | None]:
    """Return times of open and close and what a single time is; contradicting columns are faults."""
    single = read[columns.time].instants if columns.time else None
    opened = read[columns.open_time].instants if columns.open_time else None
    closed = read[columns.close_time].instants if columns.close_time else None
    if single is not None:
        _find_other_times(cells, columns, single)
    if single is None:
        if opened is None:
            _find_days(cells, columns, closed)
            return None, closed, "close"
        return opened, closed, "open" if closed is None else None
    if closed is None:
        return (None, single, "close") if columns.stamp == "close" else (single, None, columns.stamp)
    if np.array_equal(single, closed):
        return None, closed, "close"
    cells.find(
        single >= closed,
        "the time is not before the close of its bar",
        columns.time[0],
        allowed=f"the open of the bar, or the time of column {cells.names[columns.close_time[0]]!r}",
    )
    return single, closed, None


def _find_days(cells: Cells, columns: Columns, closed: Array | None) -> None:
    """Refuse a column such as close_date that holds days: the day of the bar, or that of its end at 0:00."""
    name = cells.names[columns.close_time[0]]
    if closed is not None and plain_name(name) in WEAK_NAMES["close_time"] and not (closed % _DAY).any():
        cells.find(
            np.ones(len(closed), np.bool_),
            "the close is a day without a time of day",
            columns.close_time[0],
            allowed="the instant of the close",
            fix="Call the column date if it holds the day of the bar, or close_time if the bar ends at the "
            "beginning of that day.",
        )


def _find_other_times(cells: Cells, columns: Columns, single: Array) -> None:
    """Find rows where another column of times names another instant than the one that is read."""
    for position in columns.other_times:
        if not looks_like_times(cells, position):
            continue
        known = columns.spelling
        aside = Cells(cells.frame, cells.names, cells.rows, cells.options, Faults())
        zone = _zone(cells, (position,), known)
        others = read_times(aside, (position,), zone=zone, date_order=known.date_order).instants
        day_only = np.array_equal(others, single // _DAY * _DAY)
        # What cannot be read with certainty, such as 01/02/2023, contradicts nothing.
        if not day_only and not aside.faults.found:
            used = cells.names[columns.time[0]]
            row = int((others != single).argmax())
            cells.find(
                others != single,
                f"the time is not that of column {used!r}",
                position,
                allowed=utc_text(single[row]),
                fix="Keep one of them; call them open_time and close_time if they are that; or state the "
                "zone of times without offset: --set data.zone=…",
            )


def _order(times: Array | None) -> Array:
    """Return the order of rows: as in the file, or turned round where it begins with its newest bar."""
    assert times is not None  # noqa: S101  a file without times is refused before
    rows = np.arange(len(times))
    steps = np.diff(times)
    return rows[::-1] if len(steps) and (steps <= 0).all() and (steps < 0).any() else rows


def _find_swapped(values: dict[str, Array], order: Array, faults: Faults) -> None:
    """Refuse columns whose values say that open and close are swapped: each bar opens near the last close."""
    opens, closes = values["open"][order], values["close"][order]
    forward = np.abs(opens[1:] - closes[:-1]).sum()
    backward = np.abs(closes[1:] - opens[:-1]).sum()
    if forward > _SWAPPED * backward:
        faults.add(
            "the file has no column names, and its open looks like the close",
            found="each bar closes where the one before opened",
            allowed="each bar opens near the close of the one before",
            fix="Write the column names into the first line, such as time,close,high,low,open,volume.",
        )


def _find_broken_bars(cells: Cells, values: dict[str, Array], columns: Columns) -> None:
    at = dict(zip(VALUE_COLUMNS, columns.values, strict=True))
    prices = dict.fromkeys(("open", "high", "low", "close"), PRICE_IS_POSITIVE)
    for name, rule in (prices | {"volume": VOLUME_IS_AN_AMOUNT}).items():
        # A cell that is no number is a fault already.
        broken = ~rule.holds(values[name]) & ~np.isnan(values[name])
        cells.find(broken, rule.says, at[name], allowed=rule.allowed)
    low, high = values["low"], values["high"]
    above_high = low > high
    cells.find(
        above_high, "high is below low", at["high"], allowed=f"at least low {low[above_high.argmax()]}"
    )
    for name in ("open", "close"):
        outside = ((values[name] < low) | (values[name] > high)) & ~above_high
        row = outside.argmax()
        cells.find(
            outside, f"{name} lies outside its bar", at[name], allowed=f"low {low[row]} to high {high[row]}"
        )
    if columns.confirm is not None:
        open_still = cells.numbers(columns.confirm) == 0
        cells.find(
            open_still,
            "the bar is not finished",
            columns.confirm,
            allowed="1, a finished bar",
            fix="Remove it.",
        )
