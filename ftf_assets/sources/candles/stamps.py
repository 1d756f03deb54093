"""Open or close: which end of its bar a time names, and the exact instant of a close such as 23:59:59.999."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.row_rules import utc_text
from ftf_assets.contracts.typed import Array
from ftf_assets.sources.candles.bar_table import BarTable, Stamp
from ftf_assets.sources.candles.options import StampChoice
from ftf_assets.sources.faults import Faults
from ftf_assets.sources.timeframes import DAY, MINUTE, SECOND, timeframe_text

#: Grid on which a close written to the minute ends: zones differ by quarters of an hour.
_QUARTER = 15 * MINUTE
#: The last digit of a written second: 23:59:59, :59.9, :59.99 and so on to the nanosecond.
_LAST_DIGITS = tuple(10**power for power in range(10))


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


def most_common_step(tables: Sequence[BarTable]) -> int | None:
    """Return the most common step between the times of all files, in nanoseconds; None for a single time.

    It tells what the end of a bar is before the files are joined; no order of theirs is needed for it.
    """
    times = [table.time for table in tables]
    steps = np.diff(np.unique(np.concatenate(times))) if times else np.empty(0, np.int64)
    if not len(steps):
        return None
    lengths, counts = np.unique(steps, return_counts=True)
    return int(lengths[counts.argmax()])


def stamped(table: BarTable, choice: StampChoice, bar: int | None, *, crypto: str) -> Stamped:
    """Decide whether the times of a file are opens or closes.

    Stated is stated: ``open`` and ``close`` take that column, or the only one as that. ``auto`` takes the
    opens of a file that has both, to be compared with :func:`refuse_other_closes`; of one column it takes
    what its spelling says, then the close where most times are ends such as 23:59:59, and otherwise the open.

    Parameters
    ----------
    table
        The file.
    choice
        What the user states.
    bar
        Length of the bars, or their most common step, in nanoseconds; None where there is one bar only.
    crypto
        Crypto that errors name.

    Raises
    ------
    InputError
        Times that are ends of bars, such as 23:59:59, and are said to be opens.
    """
    opens, closes = table.open_time, table.close_time
    if opens is not None and closes is not None:
        if choice == "close":
            return Stamped(table, closes + subtracted(closes, bar), "close", "data.stamp")
        if choice == "open":
            return Stamped(table, opens, "open", "data.stamp")
        return Stamped(table, opens, "open", "open and close compared", closes + subtracted(closes, bar))
    known: Stamp | None = "close" if opens is None else table.stamp
    end = subtracted(table.time, bar)
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


def subtracted(times: Array, bar: int | None) -> Array:
    """Return what was subtracted from each close to name the last instant inside its bar; 0 for opens.

    An end is one unit of its last digit before the next full step of the bar: a minute (23:59), a second,
    or a fraction of it. It may change within a file: Binance closes a bar a millisecond early until 2024,
    a microsecond since. Another part of a second counts where most times have it.

    Parameters
    ----------
    times
        int64 nanoseconds since the epoch, UTC, shape (n_bars,).
    bar
        Length of the bars, or their most common step; None takes the shortest that an end can be told of.

    Examples
    --------
    >>> hour = 3_600 * SECOND
    >>> ends = np.array([hour - 1_000_000, 2 * hour - 1_000])
    >>> subtracted(ends, hour).tolist(), subtracted(np.array([hour, 2 * hour]), hour).tolist()
    ([1000000, 1000], [0, 0])
    >>> subtracted(np.array([hour, 2 * hour]) - MINUTE, hour).tolist()
    [60000000000, 60000000000]
    """
    bar = bar or DAY
    seconds, minutes = math.gcd(bar, MINUTE), math.gcd(bar, _QUARTER)
    left = -times % seconds
    ends = np.isin(left, _LAST_DIGITS)
    values, counts = np.unique(left, return_counts=True)
    ends |= left == values[counts.argmax()]
    amounts: Array = np.where(ends & (left > 0) & (left <= SECOND) & (2 * left < seconds), left, 0)
    # A close may lie on any second, where an exchange stopped in the middle of a bar.
    inside = -times % SECOND
    short = (amounts == 0) & np.isin(inside, _LAST_DIGITS) & (inside <= SECOND // 1_000)
    amounts[short] = inside[short]
    if minutes > 2 * MINUTE:
        amounts[-times % minutes == MINUTE] = MINUTE
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
