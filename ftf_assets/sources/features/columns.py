"""Which column of a feature file is what: times of the rows, symbol, features, labels, what is left out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ftf_assets.contracts.names import NAME_RULE, broken_name_rule, resembles
from ftf_assets.contracts.tables.feature_cache import RESERVED_COLUMNS
from ftf_assets.contracts.typed import Array
from ftf_assets.sources.faults import Faults
from ftf_assets.sources.features import cells
from ftf_assets.sources.features.column_roles import (
    OPEN_TIMES,
    ROW_TIMES,
    SYMBOLS,
    raw_kind,
)
from ftf_assets.sources.features.options import FeatureOptions
from ftf_assets.sources.features.times import Times, read_times
from ftf_assets.sources.file_names import symbol_quote
from ftf_assets.sources.plain_names import plain_name
from ftf_assets.sources.readers.raw_table import RawTable
from ftf_assets.sources.symbols import quote_rank, split_symbol

#: Why the raw columns of a kind are no features.
_WHY = {
    "price level": "price levels are no features: they move with the price, so a model learns the year",
    "amount": "traded amounts are no features: they grow with the market, so a model learns the year",
    "time": "times are no features: a model learns the year",
    "count of rows": "a count of rows is no feature: it grows with time, so a model learns the year",
}
#: Ranks of quote currencies, the best first; symbols without a quote are as good as those in the wanted one.
_BEST_FIRST = ((0, 2), (1,), (3,))
_INDEX_NAMES = ("", "unnamed0", "index", "level0")


@dataclass
class FeatureColumns:
    """The columns of one file, sorted out.

    Attributes
    ----------
    rows
        Row numbers that errors name where there are no times: the line in a text file, else from 1.
    times
        The times of the rows; None where there are none, which is a fault.
    time_place
        Where they stand, in words.
    symbol
        Symbol whose rows were taken; "" where the file names none.
    reserved
        Labels and the other columns that the contract names, as they came.
    features
        Features, float64 of shape (n_rows,), NaN where missing.
    unread
        Columns that are no features: they cannot be read, or are raw. Each is a fault or is left out.
    left_out
        Columns that are not used, with the reason.
    """

    rows: cells.RowNames
    times: Times | None = None
    time_place: str = ""
    symbol: str = ""
    reserved: dict[str, pd.Series[Any]] = field(default_factory=dict)
    features: dict[str, Array] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


@dataclass(eq=False)
class _Column:
    """A column or a level of the index. ``place`` says in words where it stands."""

    name: str
    cells: pd.Series[Any]
    in_index: bool = False

    @property
    def plain(self) -> str:
        return plain_name(self.name)

    @property
    def place(self) -> str:
        if not self.in_index:
            return f"column {self.name!r}"
        return f"index {self.name!r}" if self.name else "index"


def feature_columns(
    table: RawTable, *, crypto: str, options: FeatureOptions, faults: Faults
) -> FeatureColumns:
    """Sort out the columns of a table.

    Parameters
    ----------
    table, crypto, options
        As :func:`~ftf_assets.sources.features.table.feature_cache_from_table` takes them.
    faults
        Gets a fault for every name that is not allowed, for price levels, amounts and times among the
        features, and for times that are absent or ambiguous.
    """
    frame = table.frame
    rows: cells.RowNames = list(frame.index) if table.is_text else range(1, len(frame) + 1)
    found = [*([] if table.is_text else _index_columns(frame)), *_table_columns(frame)]
    sorted_out = FeatureColumns(rows)
    found = _of_one_symbol(found, sorted_out, crypto, options, faults)
    found = _without_row_times(found, sorted_out, options, faults)
    _require_names(found, faults)
    for column in found:
        if column.name in RESERVED_COLUMNS:
            sorted_out.reserved.setdefault(column.name, column.cells)
    _sort_out_features(
        [one for one in found if one.name not in RESERVED_COLUMNS], sorted_out, options, faults
    )
    return sorted_out


def _index_columns(table: pd.DataFrame) -> list[_Column]:
    index = table.index
    if isinstance(index, pd.RangeIndex):
        return []
    levels = [index.get_level_values(number) for number in range(index.nlevels)]
    return [
        _Column(
            "" if level.name is None else str(level.name), pd.Series(level.array, range(len(table))), True
        )
        for level in levels
    ]


def _table_columns(table: pd.DataFrame) -> list[_Column]:
    found = []
    for position, name in enumerate(table.columns):
        values = table.iloc[:, position].reset_index(drop=True)
        # The first column of a CSV file whose header cell is empty is the index of the frame that was saved.
        unnamed = position == 0 and plain_name(str(name)) in _INDEX_NAMES[:2]
        found.append(_Column("" if unnamed else str(name), values, in_index=unnamed))
    return found


def symbols_of(table: RawTable) -> tuple[str, ...]:
    """Name the cryptos that the rows of a table say they are of; empty where no column or level says it."""
    frame = table.frame
    found = [*([] if table.is_text else _index_columns(frame)), *_table_columns(frame)]
    naming = [one for one in found if one.plain in SYMBOLS and cells.is_text(one.cells)]
    return tuple(sorted(naming[0].cells.astype(str).unique())) if naming else ()


def _of_one_symbol(
    found: list[_Column], sorted_out: FeatureColumns, crypto: str, options: FeatureOptions, faults: Faults
) -> list[_Column]:
    """Take the rows of the crypto where a column or level names symbols; that column is no feature."""
    naming = [place for place, one in enumerate(found) if one.plain in SYMBOLS and cells.is_text(one.cells)]
    for place in naming:
        column = found[place]  # of the rows that the columns before it have left
        words = column.cells.astype(str)
        distinct = sorted(words.unique())
        base, wanted = split_symbol(crypto)
        quotes = {word: symbol_quote(word, base) for word in distinct}
        ranks = {
            word: None if quote is None else quote_rank(wanted, quote, options.allow_quote)
            for word, quote in quotes.items()
        }
        alike = ([word for word in distinct if ranks[word] in equal] for equal in _BEST_FIRST)
        same = next(filter(None, alike), [])
        priced = next(iter(sorted(quote for quote in quotes.values() if quote)), "")
        if len(same) != 1:
            shown = ", ".join(distinct[:5]) + (", …" if len(distinct) > 5 else "")
            faults.add(
                f"the rows are of other cryptos than {crypto}"
                if not same
                else f"the file holds several cryptos that may be {crypto}",
                column=column.name or None,
                found=shown,
                fix=f"Accept prices in {priced} with --allow-quote {priced}, or drop the column."
                if priced and not same
                else "Rename the file, or drop the column if it says something else."
                if len(distinct) == 1
                else "Name one of them with --crypto, or write a file per crypto: for symbol, part in "
                f"frame.groupby({column.name!r}): part.to_parquet(symbol.replace('/', '') + '.parquet').",
            )
            faults.raise_if_any()  # rows of other cryptos say nothing about this one
        taken = (words == same[0]).to_numpy()
        sorted_out.symbol = same[0]
        sorted_out.rows = [row for row, one in zip(sorted_out.rows, taken, strict=True) if one]
        found = [_Column(one.name, one.cells[taken].reset_index(drop=True), one.in_index) for one in found]
    return [one for one in found if not (one.plain in SYMBOLS and cells.is_text(one.cells))]


def _without_row_times(
    found: list[_Column], sorted_out: FeatureColumns, options: FeatureOptions, faults: Faults
) -> list[_Column]:
    """Read the times of the rows, and return the other columns."""
    candidates = _row_time_columns(found, faults)
    if len(candidates) == 1 and candidates[0].plain not in OPEN_TIMES:
        column = candidates[0]
        sorted_out.time_place = column.place
        sorted_out.times = read_times(
            "timestamp" if column.in_index else column.name,
            column.cells,
            zone=options.reading.zone,
            faults=faults,
            rows=sorted_out.rows,
        )
        if sorted_out.times is not None and sorted_out.times.missing.any():
            faults.add_rows(
                sorted_out.times.missing,
                "the time of a row is missing",
                column=column.name or "timestamp",
                cells=[pd.NaT] * len(column.cells),
                rows=sorted_out.rows,
                fix="Drop the rows without a time.",
            )
            sorted_out.times = None
    rest = [one for one in found if one not in candidates]
    sorted_out.left_out.extend(f"{one.place}: the index that was saved" for one in rest if one.in_index)
    return [one for one in rest if not one.in_index]


def _row_time_columns(found: list[_Column], faults: Faults) -> list[_Column]:
    """Find what may be the times of the rows; unless it is one column of closes, add a fault."""
    named = [one for one in found if one.in_index or one.plain in (*ROW_TIMES, *OPEN_TIMES)]
    timed = [one for one in named if _holds_times(one.cells)]
    closes = [one for one in timed if one.plain not in OPEN_TIMES]
    stamped = [one for one in closes if one.name == "timestamp" and not one.in_index]
    index = [one for one in closes if one.in_index]
    candidates = stamped or index or [one for one in closes if one.plain in ROW_TIMES]
    if len(candidates) > 1:
        faults.add(
            "two columns both look like the time of the row",
            found=" and ".join(one.place for one in candidates),
            allowed="a column timestamp: when the features of the row are known, the close of its bar",
            fix="Name the right one timestamp and drop the other.",
        )
    if candidates:
        return candidates
    opens = [one for one in timed if one.plain in OPEN_TIMES]
    if opens:
        faults.add(
            "the only times are those at which bars open, and features are known when they close",
            column=opens[0].name,
            found=opens[0].cells.iloc[0],
            allowed="a column timestamp: the close of the bar",
            fix="Add the length of a bar: frame.index + pd.Timedelta('1h'), named timestamp."
            if opens[0].in_index
            else f"Write frame['timestamp'] = frame[{opens[0].name!r}] + pd.Timedelta('1h'), the length of a "
            "bar, and drop the column.",
        )
        return opens
    names = [one.name or "an unnamed index" for one in found]
    others = "" if len(names) <= 10 else f" and {len(names) - 10} more"
    faults.add(
        "nothing says when the features of a row are known",
        column="timestamp",
        found=f"columns {', '.join(names[:10])}{others}" if names else "no other column",
        allowed="a column timestamp or a time index: datetimes with a timezone, ISO 8601 text or an epoch",
        fix="Write the frame with its time index: frame.set_index('timestamp').to_parquet(…).",
    )
    return []


def _holds_times(values: pd.Series[Any]) -> bool:
    unread = Faults()
    read = read_times("", values, zone="UTC", faults=unread, rows=range(len(values)))
    # A column of which some cells are no times is one that the user has to mend.
    some = any(0 < fault.count < len(values) for fault in unread.found)
    return read is not None or cells.is_times(values) or some


def _require_names(found: list[_Column], faults: Faults) -> None:
    names = [one.name for one in found]
    for name in dict.fromkeys(names):
        broken = broken_name_rule(name)
        if broken:
            faults.add(broken, column=name, allowed=NAME_RULE, fix="Rename it.")
        if names.count(name) > 1:
            faults.add("a column is there twice", column=name, fix="Keep one of them, or rename one.")
        for reserved in RESERVED_COLUMNS:
            if name != reserved and resembles(name, reserved):
                faults.add(
                    f"a feature must not be named like the column {reserved!r}",
                    column=name,
                    fix=f"Name it {reserved!r} if it is that column, otherwise choose another name.",
                )


def _sort_out_features(
    found: list[_Column], sorted_out: FeatureColumns, options: FeatureOptions, faults: Faults
) -> None:
    raw: defaultdict[str, list[str]] = defaultdict(list)
    times = sorted_out.times
    rows: cells.RowNames = sorted_out.rows if times is None else times.names
    for column in found:
        name = column.name
        if _is_time(column):
            raw["time"].append(name)
            continue
        numbers = cells.numbers(
            name, column.cells, faults=faults, rows=rows, decimal_sign=options.decimal_sign
        )
        if numbers is None:
            sorted_out.unread.append(name)
            continue
        kind = raw_kind(name, numbers, None if times is None else times.nanoseconds)
        if kind is None or options.raw_columns == "keep":
            sorted_out.features.setdefault(name, numbers)
        else:
            raw[kind].append(name)
    for what, names in raw.items():
        sorted_out.unread.extend(names)
        if options.raw_columns == "leave_out":
            sorted_out.left_out.extend(f"column {name!r}: {what}" for name in names)
            continue
        them = "it" if len(names) == 1 else "them"
        keep = "" if what == "time" else "; keep takes them as features"
        other = "" if what == "time" else " Rename a column that is something else."
        faults.add(
            _WHY[what],
            column=names[0],
            found=", ".join(names),
            fix=f"Leave {them} out with --set data.raw_columns=leave_out{keep}.{other}",
        )


def _is_time(column: _Column) -> bool:
    if cells.is_times(column.cells):
        return True
    named = column.plain in (*ROW_TIMES, *OPEN_TIMES)
    return named and cells.is_text(column.cells) and _holds_times(column.cells)
