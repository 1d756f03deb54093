"""Which column of one file holds what: by its name, or proved from the values where columns have no names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ftf_assets.sources.candles.bar_table import VALUE_COLUMNS, Stamp
from ftf_assets.sources.candles.cells import Cells
from ftf_assets.sources.candles.row_symbols import refuse_symbol
from ftf_assets.sources.candles.spellings import (
    ROLES,
    SPELLINGS,
    UNNAMED,
    WEAK_NAMES,
    Spelling,
    named_spelling,
    with_base,
)
from ftf_assets.sources.candles.times import holds_epochs, looks_like_times
from ftf_assets.sources.plain_names import plain_name
from ftf_assets.sources.symbols import split_symbol

#: Share of rows in which the order of prices must hold, for other rows to count as faults of theirs.
MOST_ROWS = 0.9
#: High over low that half of the bars of a file stay below.
WIDEST_TYPICAL_BAR = 1.5

_CLOCK = re.compile(r"\s*\d{1,2}:\d{2}(:\d{2})?\s*")


@dataclass(frozen=True)
class Columns:
    """Positions of the columns of one file.

    Attributes
    ----------
    spelling
        The writer's spelling.
    open_time, close_time, time
        Columns of each time: one, or date and time of day; empty where the file has none. ``time`` is a
        single time of which the names do not say whether it is the open or the close.
    stamp
        What ``time`` is, where the writer is known.
    values
        Positions of ``VALUE_COLUMNS``, in that order.
    confirm
        Column that is 0 where a bar is not finished.
    other_times
        Further columns that are named like ``time``.
    notes
        What was decided on the way, for people.
    """

    spelling: Spelling
    open_time: tuple[int, ...]
    close_time: tuple[int, ...]
    time: tuple[int, ...]
    stamp: Stamp | None
    values: tuple[int, ...]
    confirm: int | None = None
    other_times: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


def named_columns(cells: Cells, crypto: str, allow_quote: tuple[str, ...] = ()) -> Columns | None:
    """Find the columns of a file that names them; None adds faults.

    Parameters
    ----------
    cells
        The columns of the file.
    crypto
        The crypto: a writer may name the volume by its base asset, and rows may name their symbol.
    allow_quote
        Quote currencies other than dollars whose prices may serve the crypto.
    """
    base = split_symbol(crypto)[0]
    finder = _NameFinder(cells, named_spelling(cells.names, base), base)
    time = finder.known_times() or finder.epochs() or finder.first("time")
    open_time, close_time = finder.first("open_time"), finder.first("close_time")
    if not (time or open_time):
        time = finder.unnamed_time()
    if not (time or open_time or close_time):
        open_time, close_time = finder.weak("open_time"), finder.weak("close_time")
    for position in finder.called(ROLES["symbol"]):
        symbols = set(cells.column(position).map(str).unique()) - {""}
        name = cells.names[position]
        refuse_symbol(symbols, column=name, crypto=crypto, allow_quote=allow_quote, faults=cells.faults)
    values = tuple(finder.value(role) for role in VALUE_COLUMNS)
    if not (time or open_time or close_time):
        finder.refuse_missing(
            "time",
            (
                *ROLES["time"][:9],
                *ROLES["open_time"][:2],
                *ROLES["close_time"][:2],
                *WEAK_NAMES["close_time"],
            ),
        )
        return None
    if None in values:
        return None
    return Columns(
        spelling=finder.spelling,
        open_time=open_time,
        close_time=close_time,
        time=() if open_time else time,
        stamp=finder.spelling.stamp if not open_time and not close_time else None,
        values=tuple(position for position in values if position is not None),
        confirm=next(iter(finder.first("confirm")), None),
        other_times=finder.other_times(time) if time and not open_time else (),
        notes=tuple(note for note in (*finder.notes, finder.spelling.note) if note),
    )


class _NameFinder:
    def __init__(self, cells: Cells, spelling: Spelling, base: str) -> None:
        self.cells = cells
        self.spelling = spelling
        self.base = base
        self.notes: list[str] = []
        self.by_name: dict[str, list[int]] = {}
        for position, name in enumerate(cells.names):
            self.by_name.setdefault(plain_name(name), []).append(position)

    def called(self, names: Sequence[str]) -> list[int]:
        """Return the columns of these names, in the order of the names."""
        return [position for name in names for position in self.by_name.get(name, [])]

    def first(self, role: str) -> tuple[int, ...]:
        """Return the column of the first usual name of a role; two of that name are a fault."""
        for name in ROLES[role]:
            if name in self.by_name:
                return (self.single(role, self.by_name[name]),)
        return ()

    def known_times(self) -> tuple[int, ...]:
        """Return the time columns that the writer is known for."""
        lower = [name.lower() for name in self.cells.names]
        if self.spelling.times:
            return tuple(lower.index(with_base(name, self.base)) for name in self.spelling.times)
        if {"date", "time"} <= set(self.by_name):
            date, clock = self.by_name["date"][0], self.by_name["time"][0]
            if _is_clock(self.cells, clock):
                return (date, clock)
        return ()

    def weak(self, role: str) -> tuple[int, ...]:
        """Return the first column of times with a weak name of a role."""
        named = self.called(WEAK_NAMES[role])
        return next(((one,) for one in named if looks_like_times(self.cells, one)), ())

    def other_times(self, used: tuple[int, ...]) -> tuple[int, ...]:
        """Return the further columns with a usual name of a single time, and an index without a name."""
        return tuple(one for one in self.called((*ROLES["time"], *UNNAMED)) if one not in used)

    def epochs(self) -> tuple[int, ...]:
        """Return the first single time that is an epoch, where there are several: it is the most certain."""
        named = self.called(ROLES["time"])
        return next(((one,) for one in named if len(named) > 1 and holds_epochs(self.cells, one)), ())

    def unnamed_time(self) -> tuple[int, ...]:
        """Return the index without a name, if it holds times."""
        for name in UNNAMED:
            for position in self.by_name.get(name, []):
                if looks_like_times(self.cells, position):
                    return (position,)
        return ()

    def value(self, role: str) -> int | None:
        """Return the one column of a role; None adds a fault."""
        lower = [name.lower() for name in self.cells.names]
        if role == "volume" and self.spelling.volume:
            names = [with_base(name, self.base) for name in self.spelling.volume]
            there = [lower.index(name) for name in names if name in lower]
            for position in there:
                if len(there) == 1 or np.nan_to_num(self.cells.numbers(position)).any():
                    if position != there[0]:
                        empty = self.cells.names[there[0]]
                        self.notes.append(
                            f"volume from {self.cells.names[position]}: {empty} is 0 throughout"
                        )
                    return position
        if found := self.called(ROLES[role]):
            return self.single(role, found)
        self.refuse_missing(role, ROLES[role])
        return None

    def single(self, role: str, positions: list[int]) -> int:
        """Return the only column of a role; several are a fault."""
        if len(positions) > 1:
            self.cells.faults.add(
                f"two columns both look like '{role}'",
                found=" and ".join(repr(self.cells.names[position]) for position in positions),
                fix="Keep one of them.",
            )
        return positions[0]

    def refuse_missing(self, role: str, names: Sequence[str]) -> None:
        """Add the fault of a missing column."""
        self.cells.faults.add(
            f"no {role} column",
            column=role,
            found=", ".join(self.cells.names) or "no columns",
            allowed=", ".join(names) + ", in any case",
        )


def _is_clock(cells: Cells, position: int) -> bool:
    first = cells.column(position).iloc[:20].map(str)
    return bool(first.str.fullmatch(_CLOCK).all()) and len(first) > 0


def ordered_columns(cells: Cells) -> Columns | None:
    """Find the columns of a file without names; None adds faults.

    Every known order of as many columns is tried: its times must be times, and low and high must enclose open
    and close in every row. Where several orders hold and would give other values, the file is refused.
    """
    width = cells.frame.shape[1]
    tried = [
        (_positions(spelling), _share(spelling, cells))
        for spelling in SPELLINGS
        if len(spelling.order) == width
    ]
    holding = [(columns, share) for columns, share in tried if share == 1.0]
    if not holding:
        most = [(columns, share) for columns, share in tried if share >= MOST_ROWS]
        holding = most if sum(share >= 0.5 for _, share in tried) == 1 else []
    if not holding:
        cells.faults.add(
            "the file has no column names, and its columns are in no known order",
            found=f"{width} columns, first row " + ", ".join(map(str, cells.frame.iloc[0].tolist())),
            allowed="; ".join(
                f"{' '.join(spelling.order)} ({spelling.writer})"
                for spelling in SPELLINGS
                if spelling.order and (len(spelling.order) == width or not tried)
            ),
            fix="Write the column names into the first line, such as time,open,high,low,close,volume.",
        )
        return None
    chosen = holding[0][0]
    for other, _ in holding[1:]:
        if not _same_values(chosen, other, cells):
            cells.faults.add(
                "the file has no column names, and more than one known order fits its values",
                found=f"{' '.join(chosen.spelling.order)} ({chosen.spelling.writer}) and "
                f"{' '.join(other.spelling.order)} ({other.spelling.writer})",
                fix="Write the column names into the first line, such as time,open,high,low,close,volume.",
            )
            return None
    order = " ".join(chosen.spelling.order)
    return replace(chosen, notes=(f"no column names; the order proved from the values: {order}",))


def _positions(spelling: Spelling) -> Columns:
    at = {role: position for position, role in enumerate(spelling.order)}
    times = ("date", "clock") if "date" in at else ("time",)
    return Columns(
        spelling=spelling,
        open_time=tuple(at[role] for role in ("open_time",) if role in at),
        close_time=tuple(at[role] for role in ("close_time",) if role in at),
        time=tuple(at[role] for role in times if role in at),
        stamp=spelling.stamp,
        values=tuple(at[role] for role in VALUE_COLUMNS),
        confirm=at.get("confirm"),
    )


def _share(spelling: Spelling, cells: Cells) -> float:
    """Share of rows that this order explains; 0 where its times are none."""
    at = {role: position for position, role in enumerate(spelling.order)}
    for role in ("open_time", "close_time", "time", "date"):
        if role in at and not looks_like_times(cells, at[role]):
            return 0.0
    if "clock" in at and not _is_clock(cells, at["clock"]):
        return 0.0
    open_, high, low, close, volume = (cells.numbers(at[role]) for role in VALUE_COLUMNS)
    holds = (low <= np.minimum(open_, close)) & (np.maximum(open_, close) <= high) & (volume >= 0) & (low > 0)
    # A volume in the place of a price encloses the others too, but no typical bar spans half its price.
    with np.errstate(divide="ignore", invalid="ignore"):
        if not np.median(high / low) < WIDEST_TYPICAL_BAR:
            return 0.0
    if len(spelling.order) == 8:
        # The column after the close is an average price, inside of every bar that has trades, or the volume.
        fifth, sixth = cells.numbers(5), cells.numbers(6)
        inside = (((low <= fifth) & (fifth <= high)) | (sixth == 0)).mean()
        if inside < MOST_ROWS if spelling.order[5] == "vwap" else inside > 1 - MOST_ROWS:
            return 0.0
    return float(holds.mean()) if len(holds) else 0.0


def _same_values(one: Columns, other: Columns, cells: Cells) -> bool:
    pairs = zip(one.values, other.values, strict=True)
    return all(np.array_equal(cells.numbers(a), cells.numbers(b), equal_nan=True) for a, b in pairs)
