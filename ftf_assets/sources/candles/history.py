"""The files of one history as one: bars in the order of time, each once, and where each of them stood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ftf_assets.contracts.errors import input_error, shown
from ftf_assets.contracts.row_rules import utc_text
from ftf_assets.contracts.typed import Array
from ftf_assets.sources.candles.bar_table import VALUE_COLUMNS, BarTable, Stamp
from ftf_assets.sources.candles.stamps import Stamped
from ftf_assets.sources.faults import Faults


@dataclass(frozen=True, eq=False)
class History:
    """Bars of one or several files, arrays of shape (n_bars,), times strictly increasing.

    Attributes
    ----------
    tables
        The files.
    part
        Which file each bar is from.
    row
        Its row there, as errors name it.
    time
        Its open or close, by ``stamp``, int64 nanoseconds since the epoch, UTC.
    stamp
        Which of them.
    bars
        float64 of shape (n_bars, 5), columns as in ``VALUE_COLUMNS``.
    repeated, overlapping
        Rows that were dropped because they repeat a bar of the same file, or of another one.
    """

    tables: tuple[BarTable, ...]
    part: Array
    row: Array
    time: Array
    stamp: Stamp
    bars: Array
    repeated: int = 0
    overlapping: int = 0

    def __len__(self) -> int:
        return len(self.time)

    @property
    def name(self) -> str:
        """The file, or the first and the last one."""
        first, last = self.tables[0].file, self.tables[-1].file
        return first if len(self.tables) == 1 else f"{first} to {last}"

    def file_of(self, place: int) -> str:
        """Return the name of the file that a bar is from."""
        return self.tables[int(self.part[place])].file

    def row_of(self, place: int) -> int:
        """Return the row of a bar in its file, as errors name it."""
        return int(self.row[place])

    def column_of(self, place: int) -> str:
        """Return the time column of the file that a bar is from."""
        return self.tables[int(self.part[place])].understood.time_columns[0]

    def faults(self, crypto: str, place: int) -> Faults:
        """Begin a collection of faults of the file that a bar is from."""
        return Faults(crypto=crypto, file=self.file_of(int(place)))

    def only(self, kept: Array) -> History:
        """Return the history with those bars alone, boolean of shape (n_bars,)."""
        return replace(
            self, part=self.part[kept], row=self.row[kept], time=self.time[kept], bars=self.bars[kept]
        )


def join(parts: Sequence[Stamped], *, crypto: str) -> History:
    """Join the files of one history.

    A row that repeats another one number by number is dropped and counted: pages of a download and the months
    of an archive overlap by such rows.

    Parameters
    ----------
    parts
        The files, in any order.
    crypto
        Crypto that errors name.

    Raises
    ------
    InputError
        Some files have opens and others closes; the times of a file go back; or a bar comes twice with
        different numbers, in one file or in two.
    """
    parts = sorted(parts, key=lambda one: (int(one.time.min()), one.table.file))
    kinds = {one.stamp: one.table.file for one in parts}
    if len(kinds) > 1:
        raise input_error(
            "some files of the history have the opens of bars and others the closes",
            crypto=crypto,
            found=", ".join(f"{stamp} in {shown(file)}" for stamp, file in kinds.items()),
            fix="Say which it is with --set data.stamp=open or close, or take the files of one writer only.",
        )
    history = History(
        tables=tuple(one.table for one in parts),
        part=np.repeat(np.arange(len(parts)), [len(one.time) for one in parts]),
        row=np.concatenate([one.table.rows for one in parts]),
        time=np.concatenate([one.time for one in parts]),
        stamp=parts[0].stamp,
        bars=np.concatenate([one.table.values for one in parts]),
    )
    if (np.diff(history.time) > 0).all():
        return history
    order = np.argsort(history.time, kind="stable")
    first = _first_of_equal(history.time[order])
    original = order[first]  # for each sorted row, the first row that has its time
    repeats = original != order
    _refuse_other_numbers(history, order[repeats], original[repeats], crypto)
    same_file = history.part[order[repeats]] == history.part[original[repeats]]
    kept = np.ones(len(history), np.bool_)
    kept[order[repeats]] = False
    _refuse_going_back(history.only(kept), crypto)
    joined = history.only(order[~repeats])
    return replace(joined, repeated=int(same_file.sum()), overlapping=int((~same_file).sum()))


def _first_of_equal(ordered: Array) -> Array:
    """For each value of a sorted array, the position of the first that is equal to it."""
    position = np.arange(len(ordered))
    begins = np.concatenate([[True], np.diff(ordered) != 0])
    return np.maximum.accumulate(np.where(begins, position, 0))


def _refuse_other_numbers(history: History, again: Array, original: Array, crypto: str) -> None:
    """Refuse rows ``again`` that give other numbers for the time of the rows ``original``."""
    differ = (history.bars[again] != history.bars[original]).any(axis=1)
    if not differ.any():
        return
    again, original = again[differ], original[differ]
    place, before = int(again[0]), int(original[0])
    column = int((history.bars[place] != history.bars[before]).argmax())
    one_file = history.part[place] == history.part[before]
    where = f"row {history.row_of(before)}"
    where = where if one_file else f"{where} of {shown(history.file_of(before))}"
    name = VALUE_COLUMNS[column]
    raise input_error(
        "the time repeats with other numbers" if one_file else "two files give a bar different numbers",
        crypto=crypto,
        file=history.file_of(place),
        column=history.column_of(place),
        row=history.row_of(place),
        found=f"{utc_text(history.time[place])}, {name} {float(history.bars[place, column])!r}; in {where} "
        f"{float(history.bars[before, column])!r}"
        + (f"; {len(again):,} bars differ" if len(again) > 1 else ""),
        allowed="a bar once, or again with the same numbers",
        fix="Remove the repeated bar that is wrong."
        if one_file
        else "Remove the bar from one file, such as the unfinished last bar of an older one, or move the "
        "file of another market out of the folder.",
    )


def _refuse_going_back(history: History, crypto: str) -> None:
    """Refuse a file whose times go back; ``history`` is in the order of the files and of their rows."""
    back = np.concatenate([[False], (np.diff(history.time) < 0) & (np.diff(history.part) == 0)])
    if back.any():
        of_first = history.part == history.part[back.argmax()]
        of_file, back = history.only(of_first), back[of_first]
        faults = of_file.faults(crypto, 0)
        faults.add_rows(
            back,
            "the time goes back",
            column=of_file.column_of(0),
            cells=[utc_text(time) for time in of_file.time],
            rows=of_file.row,
            fix="Sort the file by time, oldest first.",
        )
        faults.raise_if_any()
