"""Open or close: which end of its bar a time names, and the exact instant of a close such as 23:59:59.999."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.row_rules import utc_text
from ftf_assets.contracts.typed import Array
from ftf_assets.sources.candles.bar_table import BarTable, Stamp
from ftf_assets.sources.candles.options import StampChoice
from ftf_assets.sources.faults import Faults
from ftf_assets.sources.timeframes import MINUTE, SECOND, timeframe_text

#: What a writer subtracts from a close to stay inside the bar.
_SUBTRACTED = (SECOND, SECOND // 1_000, SECOND // 1_000_000, 1)


@dataclass(frozen=True, eq=False)
class Stamped:
    """The times of one file as instants of one kind.

    Attributes
    ----------
    table
        The file.
    time
        Exact open or close of each bar, int64 nanoseconds, shape (n_bars,).
    stamp
        Which of them.
    why
        The reason, as ``CandlesReading.stamp_from`` names it.
    close
        Exact closes that the file states beside its opens, to be compared with the bar; None without.
    """

    table: BarTable
    time: Array
    stamp: Stamp
    why: str
    close: Array | None = None


def stamped(table: BarTable, choice: StampChoice, *, crypto: str) -> Stamped:
    """Decide whether the times of a file are opens or closes.

    Stated is stated: ``open`` and ``close`` take that column, or the only one as that. ``auto`` takes the
    opens of a file that has both, to be compared with :func:`refuse_other_closes`; of one column it takes
    what its spelling says, then the close where most times are ends such as 23:59:59, and otherwise the open.

    Raises
    ------
    InputError
        Times that are ends of bars, such as 23:59:59, and are said to be opens.
    """
    opens, closes = table.open_time, table.close_time
    if opens is not None and closes is not None:
        if choice == "close":
            return Stamped(table, closes + subtracted(closes), "close", "data.stamp")
        if choice == "open":
            return Stamped(table, opens, "open", "data.stamp")
        return Stamped(table, opens, "open", "open and close compared", closes + subtracted(closes))
    known: Stamp | None = "close" if opens is None else table.stamp
    end = subtracted(table.time)
    ends = bool(end.any())
    stamp: Stamp = choice if choice != "auto" else known or ("close" if ends else "open")
    why = "data.stamp" if choice != "auto" else "spelling" if known else "ends such as 23:59:59"
    if stamp == "open" and ends:
        raise input_error(
            "the times are ends of bars, not opens",
            crypto=crypto,
            file=table.file,
            column=table.understood.time_columns[0],
            row=table.rows[0],
            found=f"{utc_text(table.time[0])}, taken for the open by {why}",
            fix="Say that they are closes with --set data.stamp=close.",
        )
    if stamp == "open":
        return Stamped(table, table.time, stamp, why if known or choice != "auto" else "assumed")
    return Stamped(table, table.time + end, stamp, why)


def subtracted(times: Array) -> Array:
    """Return what was subtracted from each close to name the last instant inside its bar; 0 for opens.

    It may change within a file: Binance closes a bar a millisecond early until 2024, a microsecond since.

    >>> hour = 3_600 * SECOND
    >>> ends = np.array([hour - 1_000_000, 2 * hour - 1_000])
    >>> subtracted(ends).tolist(), subtracted(np.array([hour, 2 * hour])).tolist()
    ([1000000, 1000], [0, 0])
    """
    amounts = np.zeros(len(times), dtype=np.int64)
    for amount in _SUBTRACTED:
        whole = MINUTE if amount == SECOND else SECOND
        amounts[(amounts == 0) & ((times + amount) % whole == 0) & (times % whole != 0)] = amount
    return amounts if np.mean(amounts > 0) > 0.5 else np.zeros_like(amounts)


def refuse_other_closes(one: Stamped, bar: int, phase: int | None, *, crypto: str) -> None:
    """Refuse a file whose opens and closes are not one bar apart.

    ``phase`` is the remainder of the opens on the bar grid where rows off the grid are left out; None where
    every row counts.

    Raises
    ------
    FaultsError
        Names the rows and what they say.
    """
    if one.close is None:
        return
    table = one.table
    broken = one.close != one.time + bar
    if phase is not None:
        broken &= one.time % bar == phase
    if not broken.any():
        return
    stated = table.close_time
    assert stated is not None  # noqa: S101  the exact closes come from it
    faults = Faults(crypto=crypto, file=table.file)
    unfinished = broken.sum() == 1 and broken[-1] and one.time[-1] < one.close[-1] < one.time[-1] + bar
    faults.add_rows(
        broken,
        "the last bar ends early: it was open when the file was written"
        if unfinished
        else "open and close are not one bar apart",
        column=table.understood.time_columns[-1],
        cells=[utc_text(time) for time in stated],
        rows=table.rows,
        allowed=f"a close {timeframe_text(bar)} after its open, such as "
        f"{utc_text(one.time[broken.argmax()] + bar)} for the first of these rows",
        fix="Remove the last row."
        if unfinished
        else "Correct the times, or say which column is right with --set data.stamp=open or close.",
    )
    faults.raise_if_any()
