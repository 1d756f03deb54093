"""Bars of an exchange as arrays: what a page may hold, and the holes of a history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.typed import Array

#: Columns of the numbers of a bar, in the order of every exchange.
NUMBERS = ("open", "high", "low", "close", "volume")


class BadAnswerError(ValueError):
    """An answer that holds no bars, or bars that contradict each other: asked again, it may be right."""


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars in order of time.

    Attributes
    ----------
    opens
        Open of each bar, int64 milliseconds since 1970 UTC, strictly increasing; shape (n_bars,).
    values
        open, high, low, close, volume; float64, shape (n_bars, 5).
    """

    opens: Array
    values: Array

    def __len__(self) -> int:
        return len(self.opens)

    def between(self, begin: int, end: int) -> Bars:
        """Give the bars that open in [begin, end), milliseconds."""
        chosen = (self.opens >= begin) & (self.opens < end)
        return Bars(self.opens[chosen], self.values[chosen])


NO_BARS = Bars(np.empty(0, np.int64), np.empty((0, len(NUMBERS)), np.float64))


def bars_of_rows(rows: object, step: int) -> Bars:
    """Check the rows of an answer and give them as bars.

    Parameters
    ----------
    rows
        Lists of open time in milliseconds, open, high, low, close and volume, in any order.
    step
        Length of a bar, milliseconds.

    Raises
    ------
    BadAnswerError
        Anything else, a time between two bars, or one time with two values.

    Examples
    --------
    >>> bars_of_rows([[7200, 1, 2, 1, 2, 9], [3600, 1, 1, 1, 1, 5]], step=3600).opens.tolist()
    [3600, 7200]
    """
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise BadAnswerError(f"the answer is no list of bars but {type(rows).__name__}")
    if not rows:
        return NO_BARS
    try:
        opens = np.array([row[0] for row in rows], np.int64)
        values = np.array([row[1:6] for row in rows], np.float64)
    except (TypeError, ValueError, IndexError, KeyError, OverflowError) as error:
        raise BadAnswerError(f"a bar cannot be read: {error}") from None
    if values.shape != (len(rows), len(NUMBERS)) or not np.isfinite(values).all():
        raise BadAnswerError("a bar lacks a number")
    return joined([Bars(opens, values)], step)


def joined(parts: Sequence[Bars], step: int) -> Bars:
    """Put parts of one history together, in any order; the same bar twice is one.

    Raises
    ------
    BadAnswerError
        One bar with two values, or a time between two bars.
    """
    opens = np.concatenate([NO_BARS.opens, *(part.opens for part in parts)])
    values = np.concatenate([NO_BARS.values, *(part.values for part in parts)])
    order = np.argsort(opens, kind="stable")
    opens, values = opens[order], values[order]
    again = np.flatnonzero(np.diff(opens) == 0) + 1
    if len(again):
        if (values[again] != values[again - 1]).any():
            raise BadAnswerError("one bar has two values")
        opens, values = np.delete(opens, again), np.delete(values, again, axis=0)
    if (np.diff(opens) % step).any():
        raise BadAnswerError("a bar opens between two bars")
    return Bars(opens, values)


@dataclass(frozen=True)
class Holes:
    """What an exchange has not got of a history.

    Attributes
    ----------
    count, bars
        Number of holes, and of bars that are missing in them.
    longest
        Bars that are missing in the longest one.
    after
        Open of the last bar before the longest one, milliseconds; None without a hole.
    """

    count: int
    bars: int
    longest: int
    after: int | None


def holes_of(bars: Bars, step: int) -> Holes:
    """Count the holes between the first and the last bar.

    Examples
    --------
    >>> opens = np.array([0, 10, 40, 50, 70])
    >>> holes_of(Bars(opens, np.zeros((5, 5))), step=10)
    Holes(count=2, bars=3, longest=2, after=10)
    """
    missing = np.diff(bars.opens) // step - 1
    if not missing.any():
        return Holes(0, 0, 0, None)
    place = int(missing.argmax())
    return Holes(int((missing > 0).sum()), int(missing.sum()), int(missing[place]), int(bars.opens[place]))
