"""The bar length of a history: stated or the most common step, one for all of it, and a grid that holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.row_rules import utc_text
from ftf_assets.contracts.typed import Array
from ftf_assets.sources.candles.history import History
from ftf_assets.sources.timeframes import DAY, HOUR, timeframe_text

#: A step that is this many times rarer than the most common one is no bar length that a person can state.
RARER = 4
#: Equal steps in a row that chance makes in one history of a billion are another bar length.
CHANCE = 1e-9
#: At least and at most so many of them, whatever their share.
FEWEST_EQUAL_STEPS, MOST_EQUAL_STEPS = 5, 40


#: Summer time and winter time last longer.
_SHORTEST_SEASON = 90 * DAY


@dataclass(frozen=True)
class BarLength:
    """The bar length of a history.

    Attributes
    ----------
    length
        In nanoseconds.
    share
        Share of the steps that have it, 0 to 1.
    source
        ``data.bar``, ``file name`` or ``most common step``.
    """

    length: int
    share: float
    source: str


def find_bar_length(history: History, stated: int | None, named: Sequence[int], *, crypto: str) -> BarLength:
    """Find the bar length of a history.

    Parameters
    ----------
    history
        At least two bars, their times strictly increasing.
    stated
        Length that the user states, in nanoseconds; None takes the most common step, or the length of the
        file name where every step is a whole number of its bars.
    named
        Lengths that the file names may mean; they must not contradict. Empty where they name none.
    crypto
        Crypto that errors name.

    Raises
    ------
    InputError
        The stated or named length is not that of the bars, or the length changes within the history.
    """
    steps = np.diff(history.time)
    lengths, counts = np.unique(steps, return_counts=True)
    common = int(lengths[counts.argmax()])
    count_of = dict(zip(lengths.tolist(), counts.tolist(), strict=True))
    common_text = f"{_text(common)} ({count_of[common] / len(steps):.0%} of {len(steps):,} steps)"
    possible = {one for one in (*named, stated or common) if _fits(one, steps, count_of, common)}
    likely = _likely(steps, common)
    # A history without its empty hours may have fewer steps of one bar than of two.
    by_name = [one for one in named if one in possible and count_of[one] >= FEWEST_EQUAL_STEPS]
    length, source = common, "most common step"
    if stated is not None:
        length, source = stated, "data.bar"
    elif named and common not in named and len(by_name) == 1 and not (steps % by_name[0]).any():
        length, source = by_name[0], "file name"
    if stated is not None and stated not in possible:
        best = timeframe_text(likely)
        raise input_error(
            f"the bars are not of the stated length {timeframe_text(stated)}",
            crypto=crypto,
            file=history.name,
            found=f"most common step {common_text}",
            fix=f"The name of the file is wrong, too: rename it to one with {best}, "
            f"and say --timeframe {best}."
            if named and likely not in named
            else f"Leave --timeframe (data.bar) out, or say --timeframe {best}."
            if likely == common
            else f"The finest step is {best}: say --timeframe {best}.",
        )
    if stated is None and named and length not in named:
        finer = [one for one in named if one in possible]
        raise input_error(
            "the file name states another bar length than the bars have",
            crypto=crypto,
            file=history.name,
            found=f"{' or '.join(map(timeframe_text, named))} in the name, most common step {common_text}",
            fix=f"If the name is right, say so with --timeframe {timeframe_text(finer[0])} (data.bar)."
            if finer
            else f"If the bars are right, rename the file to one with {timeframe_text(likely)}.",
        )
    _refuse_other_lengths(history, steps, length, count_of, crypto)
    return BarLength(length, count_of[length] / len(steps), source)


def _fits(length: int, steps: Array, count_of: dict[int, int], common: int) -> bool:
    """Whether the bars can be of a length that a person states: the step occurs, and all are whole ones.

    A few rows may lie off its grid where it is about as frequent as the most common step.
    """
    count = count_of.get(length, 0)
    frequent = common % length == 0 and count * RARER >= count_of[common]
    return frequent or (count > 0 and not (steps % length).any())


def _likely(steps: Array, common: int) -> int:
    """Return the length that explains the steps best: the finest that occurs, if the common one fails."""
    finest = int(np.gcd.reduce(steps))
    return finest if (steps % common).any() and (steps == finest).any() else common


def _refuse_other_lengths(
    history: History, steps: Array, bar: int, count_of: dict[int, int], crypto: str
) -> None:
    """Refuse a history in which another step than the bar comes so often in a row that it is no chance."""
    starts = np.concatenate([[0], np.flatnonzero(np.diff(steps)) + 1])
    lengths, kind = np.unique(steps[starts], return_inverse=True)
    too_many = np.array([_too_many(count_of[int(length)] / len(steps)) for length in lengths])
    long = np.diff(np.append(starts, len(steps))) >= too_many[kind]
    counted = starts[long | (steps[starts] == bar)]
    runs = list(zip(counted.tolist(), steps[counted].tolist(), strict=True))
    other = next((place for place, (_, step) in enumerate(runs) if step != bar), None)
    if other is None:
        return
    if other == 0 and len(runs) > 1:
        other = 1  # the history begins with the other length
    place, after = runs[other]
    before = runs[other - 1][1] if other else bar
    raise input_error(
        "the bar length changes within the history",
        crypto=crypto,
        file=history.file_of(place),
        row=history.row_of(place),
        found=f"from {_text(before)} to {_text(after)} at {utc_text(history.time[place])}",
        allowed="one bar length a history",
        fix="Bring the bars to one length, or remove those before or after that time.",
    )


def _too_many(share: float) -> int:
    """Number of equal steps in a row that a step of this share does not reach by chance."""
    by_chance = MOST_EQUAL_STEPS if share >= 1 else math.ceil(math.log(CHANCE) / math.log(share))
    return min(max(by_chance, FEWEST_EQUAL_STEPS), MOST_EQUAL_STEPS)


def off_grid(history: History, bar: int) -> Array:
    """Mark the rows off the bar grid, boolean of shape (n_bars,): the grid is where most bars are."""
    phase = history.time % bar
    phases, counts = np.unique(phase, return_counts=True)
    off: Array = phase != phases[counts.argmax()]
    return off


def stretches(marked: Array) -> list[tuple[int, int]]:
    """Return the first and the last position of each stretch of marked rows.

    >>> stretches(np.array([False, True, True, False, True]))
    [(1, 2), (4, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    return [(int(first), int(after) - 1) for first, after in edges.reshape(-1, 2)]


def refuse_off_grid(history: History, off: Array, bar: int, *, crypto: str) -> None:
    """Refuse rows off the bar grid; the error names each stretch of them with its extent.

    Raises
    ------
    FaultsError
        As said.
    """
    if not off.any():
        return
    found = stretches(off)
    extents = "; ".join(
        f"{utc_text(history.time[first])} to {utc_text(history.time[last])} (bars: {last - first + 1})"
        for first, last in found[:3]
    )
    more = f"; and {len(found) - 3} stretches more" if len(found) > 3 else ""
    if _follows_clocks(history, off, bar):
        raise input_error(
            f"bars of {timeframe_text(bar)} change their length where clocks are set forward or back",
            crypto=crypto,
            file=history.name,
            found=f"off the grid are {extents}{more}",
            allowed="one bar length a history",
            fix=f"Take bars of UTC from their source, or bars of an hour or less, and make bars of "
            f"{timeframe_text(bar)} in UTC from them.",
        )
    steps = np.diff(history.time)
    finest = _likely(steps, bar)
    finer = finest < bar and int((steps == finest).sum()) * RARER >= int((steps == bar).sum())
    say_it = f"If the bars are of {_text(finest)}, say so with --timeframe {_text(finest)} (data.bar)."
    leave_out = (
        f"Off the grid are {extents}{more}. Correct or remove them, or leave out and count them with "
        "--set data.off_grid=leave_out."
    )
    place = int(off.argmax())
    faults = history.faults(crypto, place)
    part = history.part == history.part[place]
    faults.add_rows(
        off[part],
        f"the timestamp is off the grid of {timeframe_text(bar)} bars",
        column=history.column_of(place),
        cells=[utc_text(time) for time in history.time[part]],
        rows=history.row[part],
        allowed=f"whole bars of {timeframe_text(bar)} from {utc_text(history.time[~off][0])} on",
        fix=say_it if finer else f"{say_it} {leave_out}" if finest < bar else leave_out,
    )
    faults.raise_if_any()


def _follows_clocks(history: History, off: Array, bar: int) -> bool:
    """Whether the rows off the grid are those of a summer or winter: one hour away, for months."""
    zones = {table.understood.zone for table in history.tables} - {None, "UTC"}
    if len(zones) == 1:
        local = pd.DatetimeIndex(history.time, tz="UTC").tz_convert(zones.pop()).tz_localize(None)
        if len(np.unique(local.to_numpy("datetime64[ns]").view(np.int64) % bar)) == 1:
            return True
    phases = np.unique(history.time % bar)
    if len(phases) != 2 or (phases[1] - phases[0]) % bar not in (HOUR, bar - HOUR) or bar <= 2 * HOUR:
        return False
    inner = [one for one in stretches(off) if one[0] > 0 and one[1] < len(history) - 1]
    return all(history.time[last] - history.time[first] > _SHORTEST_SEASON for first, last in inner)


def _text(length: int) -> str:
    return timeframe_text(length)
