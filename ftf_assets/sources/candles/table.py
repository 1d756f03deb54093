"""From the raw table of one file to its ``BarTable``; errors name the cells that break a rule."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.row_rules import PRICE_IS_POSITIVE, VOLUME_IS_AN_AMOUNT
from ftf_assets.contracts.typed import Array
from ftf_assets.sources.candles.bar_table import VALUE_COLUMNS, BarTable, FileReading
from ftf_assets.sources.faults import Faults
from ftf_assets.sources.readers.file_formats import read_table
from ftf_assets.sources.readers.options import DEFAULT_OPTIONS, ReadingOptions

#: Accepted names of the column with the time of the open, lower case, without ASCII punctuation. Where a
#: table has several, the first of this list counts.
TIME_NAMES = ("opentime", "opentimestamp", "timestamp", "datetime", "date", "time", "unix", "epoch", "ts")
VALUE_NAMES = {
    "open": ("open", "o"),
    "high": ("high", "h"),
    "low": ("low", "l"),
    "close": ("close", "c"),
    "volume": ("volume", "vol", "v"),
}

EpochUnit = Literal["s", "ms", "us", "ns"]

_PUNCTUATION = re.compile(r"[ -/:-@\[-`{-~]")
_FIRST_TIME = pd.Timestamp("2000-01-01", tz="UTC")
_LAST_TIME = pd.Timestamp("2100-01-01", tz="UTC")


def read_bar_table(
    path: Path, *, crypto: str, name: str | None = None, options: ReadingOptions = DEFAULT_OPTIONS
) -> BarTable:
    """Read the bars of one file.

    Parameters
    ----------
    path
        The file.
    crypto
        Crypto that errors name.
    name
        Name of the file in errors, such as its path below the candle folder; None is its name alone.
    options
        What the user states about the files.

    Raises
    ------
    InputError
        The file cannot be read, or :func:`bar_table_from_table` refuses its table.
    """
    raw = read_table(path, crypto=crypto, options=options)
    table = raw.frame
    if not raw.is_text:
        # An index that is more than a count of rows holds the times; errors then count rows from 1.
        if not isinstance(table.index, pd.RangeIndex):
            table = table.rename_axis(str(table.index.name or "timestamp")).reset_index()
        table.index = pd.RangeIndex(1, len(table) + 1)
    file = name or path.name
    understood = FileReading(
        file,
        raw.format,
        raw.compression,
        raw.encoding,
        raw.separator,
        header=raw.header,
        left_out=raw.left_out,
    )
    return bar_table_from_table(table, crypto=crypto, file=file, understood=understood)


def bar_table_from_table(table: pd.DataFrame, *, crypto: str, file: str, understood: FileReading) -> BarTable:
    """Read times and values of a table of OHLCV bars.

    Parameters
    ----------
    table
        One row per bar, as text or numbers. Columns are found by their usual names in any case; others are
        ignored. Times are ISO text (without a zone they are UTC), datetimes, or an epoch in s, ms, us or ns.
        The index holds the row numbers that errors name; for a CSV file these are the lines of the file.
    crypto, file
        Crypto and file that errors name.
    understood
        What the reader understood of the file; time columns and units are added.

    Raises
    ------
    FaultsError
        A column is missing or repeated, a cell cannot be read, a price is not positive or lies outside its
        bar, or a volume is negative. The error lists all faults.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     [["2023-01-01 00:00", 10, 11, 9, 10.5, 100], ["2023-01-01 01:00", 10.5, 12, 10, 11, 80]],
    ...     columns=["Date", "Open", "High", "Low", "Close", "Volume"],
    ... )
    >>> reading = FileReading("AAVEUSDT_1h.csv", "CSV")
    >>> bars = bar_table_from_table(table, crypto="AAVEUSDC", file="AAVEUSDT_1h.csv", understood=reading)
    >>> bars.value("close")
    array([10.5, 11. ])
    >>> bars.understood.time_columns
    ('Date',)
    """
    faults = Faults(crypto=crypto, file=file)
    reader = _TableReader(table, faults)
    time_column = reader.time_column()
    value_columns = {name: reader.value_column(name, spellings) for name, spellings in VALUE_NAMES.items()}
    faults.raise_if_any()
    if table.empty:
        raise input_error("a candle file needs at least two bars", crypto=crypto, file=file, found=0)
    times = reader.times(str(time_column))
    values = {name: reader.numbers(str(column)) for name, column in value_columns.items()}
    _find_broken_bars(reader, values, value_columns)
    faults.raise_if_any()
    return BarTable(
        file=file,
        rows=reader.rows,
        open_time=times,
        close_time=None,
        stamp=None,
        values=np.column_stack([values[name] for name in VALUE_COLUMNS]),
        understood=replace(understood, time_columns=(str(time_column),)),
    )


class _TableReader:
    def __init__(self, table: pd.DataFrame, faults: Faults) -> None:
        self.table = table
        self.faults = faults
        self.rows = np.asarray(table.index, dtype=np.int64)
        self.names: dict[str, list[str]] = {}
        for column in table.columns:
            # Only ASCII punctuation is ignored: a look-alike letter or invisible mark makes another name.
            self.names.setdefault(_PUNCTUATION.sub("", str(column).lower()), []).append(column)

    def time_column(self) -> str | None:
        """Return the column that holds the time of the open; None adds a fault."""
        present = [spelling for spelling in TIME_NAMES if spelling in self.names]
        return self._single("time", TIME_NAMES, self.names[present[0]] if present else [])

    def value_column(self, name: str, spellings: tuple[str, ...]) -> str | None:
        """Return the one column that has one of these spellings of ``name``; None adds a fault."""
        found = [column for spelling in spellings for column in self.names.get(spelling, [])]
        return self._single(name, spellings, found)

    def times(self, column: str) -> Array:
        """Return the column as int64 nanoseconds; cells that are no times are a fault."""
        cells = self.table[column]
        if isinstance(cells.dtype, pd.ArrowDtype):
            cells = cells.astype(object)
        if pd.api.types.is_datetime64_any_dtype(cells.dtype):
            times = pd.to_datetime(cells, utc=True)
        elif _is_epoch(cells):
            numbers = pd.to_numeric(cells, errors="coerce")
            # Integers beyond int64 are Python objects here, which to_datetime does not accept.
            numbers = numbers.where(numbers.abs() < 2**63)
            if numbers.dtype == object:
                numbers = numbers.astype("float64")
            # Until the year 5138 seconds stay below 1e11, milliseconds below 1e14, microseconds below 1e17.
            median = numbers.median()
            unit: EpochUnit = (
                "s" if median < 1e11 else "ms" if median < 1e14 else "us" if median < 1e17 else "ns"
            )
            times = pd.to_datetime(numbers, unit=unit, utc=True, errors="coerce")
        else:
            times = pd.to_datetime(cells, format="ISO8601", utc=True, errors="coerce")
        self.find(
            ~times.between(_FIRST_TIME, _LAST_TIME).to_numpy(),
            "the time cannot be read",
            column=column,
            allowed="ISO 8601 text, or epoch s, ms, us or ns, from 2000 to 2100, one form a column",
        )
        return times.dt.as_unit("ns").astype("int64").to_numpy()

    def numbers(self, column: str) -> Array:
        """Return the column as float64, NaN where a cell is not a finite number, which is a fault."""
        cells = self.table[column]
        numbers = pd.to_numeric(cells, errors="coerce").astype("float64")
        broken = ~numbers.abs().lt(float("inf"))
        self.find(
            broken.to_numpy(),
            "the cell is not a number",
            column=column,
            allowed="a finite number, decimal point, no thousands separator",
        )
        # to_numeric is off by the last digit for one long decimal in seven, so the cells are converted anew.
        return cells.where(~broken, float("nan")).astype("float64").to_numpy()

    def find(
        self, broken: Array, rule: str, *, column: str, allowed: str | None = None, fix: str | None = None
    ) -> None:
        """Add the fault of the rows where ``broken`` is true."""
        if broken.any():
            cells = self.table[column].to_numpy(dtype=object)
            self.faults.add_rows(
                broken, rule, column=column, cells=cells, rows=self.rows, allowed=allowed, fix=fix
            )

    def _single(self, name: str, spellings: tuple[str, ...], columns: list[str]) -> str | None:
        if len(columns) == 1:
            return columns[0]
        if columns:
            self.faults.add(
                f"two columns both look like '{name}'",
                found=" and ".join(repr(column) for column in columns),
                fix="Keep one of them.",
            )
        else:
            self.faults.add(
                f"no {name} column",
                column=name,
                found=", ".join(str(column) for column in self.table.columns) or "no columns",
                allowed=", ".join(spellings) + ", in any case",
            )
        return None


def _is_epoch(cells: pd.Series[Any]) -> bool:
    first = str(cells.iloc[0])
    return pd.api.types.is_numeric_dtype(cells.dtype) or bool(re.fullmatch(r"\s*\d+(\.0*)?\s*", first))


def _find_broken_bars(reader: _TableReader, values: dict[str, Array], columns: dict[str, str | None]) -> None:
    prices = dict.fromkeys(("open", "high", "low", "close"), PRICE_IS_POSITIVE)
    for name, rule in (prices | {"volume": VOLUME_IS_AN_AMOUNT}).items():
        # A cell that is no number is a fault already.
        broken = ~rule.holds(values[name]) & ~np.isnan(values[name])
        reader.find(broken, rule.says, column=str(columns[name]), allowed=rule.allowed)
    low, high = values["low"], values["high"]
    above_high = low > high
    reader.find(
        above_high,
        "high is below low",
        column=str(columns["high"]),
        allowed=f"at least low {low[above_high.argmax()]}",
    )
    for name in ("open", "close"):
        outside = ((values[name] < low) | (values[name] > high)) & ~above_high
        row = outside.argmax()
        reader.find(
            outside,
            f"{name} lies outside its bar",
            column=str(columns[name]),
            allowed=f"low {low[row]} to high {high[row]}",
        )
