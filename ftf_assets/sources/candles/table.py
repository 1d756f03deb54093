"""From a table of OHLCV bars to a ``Candles`` frame; errors name the cell that breaks a rule."""

from __future__ import annotations

import re
from typing import Any, Literal

import pandas as pd

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.row_rules import PRICE_IS_POSITIVE, VOLUME_IS_AN_AMOUNT
from ftf_assets.contracts.tables.candles import Candles
from ftf_assets.contracts.tables.validation import validated

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


def candles_from_table(table: pd.DataFrame, *, crypto: str, file: str) -> pd.DataFrame:
    """Turn a table of OHLCV bars into a ``Candles`` frame.

    The table's times are those of each bar's **open**; the frame is stamped with each bar's **close**.

    Parameters
    ----------
    table
        One row per bar, as text or numbers. Columns are found by their usual names in any case; others are
        ignored. Times are ISO text (without a zone they are UTC), datetimes, or an epoch in s, ms, us or ns.
        The index holds the row numbers that errors name; for a CSV file these are the lines of the file.
    crypto, file
        Crypto and file that errors name.

    Returns
    -------
    pandas.DataFrame
        Satisfies ``Candles``. The bar length is the median step between the times. Gaps of whole bars stay.

    Raises
    ------
    InputError
        A column is missing or repeated, a cell cannot be read, times repeat, go back or are not whole bars
        apart, a price is not positive or lies outside its bar, or a volume is negative.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     [["2023-01-01 00:00", 10, 11, 9, 10.5, 100], ["2023-01-01 01:00", 10.5, 12, 10, 11, 80]],
    ...     columns=["Date", "Open", "High", "Low", "Close", "Volume"],
    ... )
    >>> candles_from_table(table, crypto="AAVEUSDC", file="AAVEUSDT_1h.csv")
                               open  high   low  close  volume
    timestamp
    2023-01-01 01:00:00+00:00  10.0  11.0   9.0   10.5   100.0
    2023-01-01 02:00:00+00:00  10.5  12.0  10.0   11.0    80.0
    """
    reader = _TableReader(table, crypto, file)
    time_column = reader.time_column()
    value_columns = {name: reader.value_column(name, spellings) for name, spellings in VALUE_NAMES.items()}
    if len(table) < 2:
        raise input_error("a candle file needs at least two bars", crypto=crypto, file=file, found=len(table))
    open_time = reader.times(time_column)
    values = {name: reader.numbers(column) for name, column in value_columns.items()}
    bar = _bar_length(reader, open_time, time_column)
    _refuse_broken_bars(reader, values, value_columns)
    frame = pd.DataFrame(values)
    frame.index = pd.DatetimeIndex(open_time + bar, name="timestamp").as_unit("ns")
    return validated(Candles, frame, crypto=crypto, file=file)


class _TableReader:
    def __init__(self, table: pd.DataFrame, crypto: str, file: str) -> None:
        self.table = table
        self.crypto = crypto
        self.file = file
        self.names: dict[str, list[str]] = {}
        for column in table.columns:
            # Only ASCII punctuation is ignored: a look-alike letter or invisible mark makes another name.
            self.names.setdefault(_PUNCTUATION.sub("", str(column).lower()), []).append(column)

    def time_column(self) -> str:
        """Return the column that holds the time of the open."""
        present = [spelling for spelling in TIME_NAMES if spelling in self.names]
        if not present:
            raise self._no_column("time", TIME_NAMES)
        return self._single("time", self.names[present[0]])

    def value_column(self, name: str, spellings: tuple[str, ...]) -> str:
        """Return the one column that has one of these spellings of ``name``."""
        found = [column for spelling in spellings for column in self.names.get(spelling, [])]
        if not found:
            raise self._no_column(name, spellings)
        return self._single(name, found)

    def times(self, column: str) -> pd.Series[pd.Timestamp]:
        """Return the column as UTC datetimes; the error names the first cell that is not a time."""
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
        self.refuse(
            ~times.between(_FIRST_TIME, _LAST_TIME),
            "the time cannot be read",
            column=column,
            allowed="ISO 8601 text, or epoch s, ms, us or ns, from 2000 to 2100, one form a column",
        )
        return times.dt.as_unit("ns")

    def numbers(self, column: str) -> pd.Series[float]:
        """Return the column as float64; the error names the first cell that is not a finite number."""
        cells = self.table[column]
        numbers = pd.to_numeric(cells, errors="coerce").astype("float64")
        self.refuse(
            ~numbers.abs().lt(float("inf")),
            "the cell is not a number",
            column=column,
            allowed="a finite number, decimal point, no thousands separator",
        )
        # to_numeric is off by the last digit for one long decimal in seven, so the cells are converted anew.
        return cells.astype("float64")

    def refuse(
        self,
        broken: pd.Series[bool],
        rule: str,
        *,
        column: str,
        allowed: str | None = None,
        fix: str | None = None,
    ) -> None:
        """Raise the error of ``rule`` for the first row where ``broken`` is true."""
        if not broken.any():
            return
        row = broken.idxmax()
        cell = self.table[column].loc[row]
        raise input_error(
            rule,
            crypto=self.crypto,
            file=self.file,
            column=column,
            row=row,
            found=repr(cell) if isinstance(cell, str) else cell,
            allowed=allowed,
            fix=fix,
        )

    def _single(self, name: str, columns: list[str]) -> str:
        if len(columns) > 1:
            raise input_error(
                f"two columns both look like '{name}'",
                crypto=self.crypto,
                file=self.file,
                found=" and ".join(repr(column) for column in columns),
                fix="Keep one of them.",
            )
        return columns[0]

    def _no_column(self, name: str, spellings: tuple[str, ...]) -> InputError:
        return input_error(
            f"no {name} column",
            crypto=self.crypto,
            file=self.file,
            column=name,
            found=", ".join(str(column) for column in self.table.columns) or "no columns",
            allowed=", ".join(spellings) + ", in any case",
        )


def _is_epoch(cells: pd.Series[Any]) -> bool:
    first = str(cells.iloc[0])
    return pd.api.types.is_numeric_dtype(cells.dtype) or bool(re.fullmatch(r"\s*\d+(\.0*)?\s*", first))


def _bar_length(reader: _TableReader, open_time: pd.Series[pd.Timestamp], column: str) -> pd.Timedelta:
    steps = open_time.diff()
    zero = pd.Timedelta(0)
    reader.refuse(steps == zero, "the time repeats", column=column, fix="Remove the repeated bar.")
    reader.refuse(
        steps < zero, "the time goes back", column=column, fix="Sort the file by time, oldest first."
    )
    bar = pd.Timedelta(steps.median())
    reader.refuse(
        (open_time - open_time.iloc[0]).astype("int64") % bar.value != 0,
        "the timestamp is not a whole number of bars after the first one",
        column=column,
        allowed=f"whole bars of {bar} from {open_time.iloc[0]} on",
    )
    return bar


def _refuse_broken_bars(
    reader: _TableReader, values: dict[str, pd.Series[float]], columns: dict[str, str]
) -> None:
    prices = dict.fromkeys(("open", "high", "low", "close"), PRICE_IS_POSITIVE)
    for name, rule in (prices | {"volume": VOLUME_IS_AN_AMOUNT}).items():
        reader.refuse(~rule.holds(values[name]), rule.says, column=columns[name], allowed=rule.allowed)
    low, high = values["low"], values["high"]
    above_high = low > high
    reader.refuse(
        above_high,
        "high is below low",
        column=columns["high"],
        allowed=f"at least low {low.loc[above_high.idxmax()]}",
    )
    for name in ("open", "close"):
        outside = (values[name] < low) | (values[name] > high)
        row = outside.idxmax()
        reader.refuse(
            outside,
            f"{name} lies outside its bar",
            column=columns[name],
            allowed=f"low {low.loc[row]} to high {high.loc[row]}",
        )
