"""Which cryptos of a group have history enough for the same folds, so that a short one spoils no calendar."""

from __future__ import annotations

import math

import numpy as np

from ftf_assets.contracts.typed import Array, Bool, Int64, typed
from ftf_assets.training.folds.short_history import MIN_FIT_ROWS


@typed
def rows_before_tests(validation_fraction: float) -> int:
    """Give the fewest rows before the first test span whose fit part is long enough.

    The last ``validation_fraction`` of them validates; the rest must hold the 1000 rows that a fold needs.

    Examples
    --------
    >>> rows_before_tests(0.15)
    1177
    """
    return math.ceil(MIN_FIT_ROWS / (1 - validation_fraction))


@typed
def serves_edges(
    first: Int64[Array, " cryptos"],
    last: Int64[Array, " cryptos"],
    rows: Int64[Array, " cryptos"],
    edges: Int64[Array, " edges"],
    needed: int,
) -> Bool[Array, " cryptos"]:
    """Tell which cryptos have rows enough before the first edge, and rows in the last test span.

    Parameters
    ----------
    first, last
        First and last timestamp of each crypto, nanoseconds.
    rows
        Number of rows of each crypto; they count as evenly spread over its span.
    edges
        Edges of the test spans, increasing, nanoseconds.
    needed
        Fewest rows before the first edge, from :func:`rows_before_tests`.
    """
    before: Array = _rows_before(edges[:1], first, last, rows)[0]
    serves: Array = (before >= needed) & (last >= edges[-2])
    return serves


@typed
def largest_sharing(
    first: Int64[Array, " cryptos"],
    last: Int64[Array, " cryptos"],
    rows: Int64[Array, " cryptos"],
    needed: int,
) -> Bool[Array, " cryptos"]:
    """Choose the most cryptos that can share one calendar.

    The calendar of some cryptos tests the second half of the period that all of them share
    (:func:`~ftf_assets.training.folds.calendar_edges.calendar_edges`), and each needs rows enough before it.
    Of several choices of as many cryptos the one with the longest shared period is taken.

    Parameters
    ----------
    first, last, rows
        As in :func:`serves_edges`.
    needed
        Fewest rows of each crypto before the first test span.

    Returns
    -------
    numpy.ndarray
        True for the cryptos that share; all False where not one has history enough.

    Examples
    --------
    Of three cryptos with a row a second the last one has begun too late for 40 rows before the tests:

    >>> seconds = np.array([[0, 200], [20, 200], [150, 200]]) * 1_000_000_000
    >>> first, last = seconds.T.copy()
    >>> largest_sharing(first, last, np.array([200, 180, 50]), needed=40)
    array([ True,  True, False])
    """
    best, chosen = (0, 0), np.zeros(len(first), np.bool_)
    if not len(first):
        return chosen
    begin, end = int(first.max()), int(last.min())
    if begin < end and (_rows_before(_middle(begin, end), first, last, rows) >= needed).all():
        return np.ones(len(first), np.bool_)
    for begin in np.unique(first).tolist():
        ends = np.unique(last[last > begin])
        covers = (first <= begin)[None, :] & (last[None, :] >= ends[:, None])
        sharing = covers & (_rows_before(_middle(begin, ends), first, last, rows) >= needed)
        # The period must be that of the chosen themselves: one of them begins it and one of them ends it.
        begun = (sharing & (first == begin)).any(axis=1)
        ended = (sharing & (last[None, :] == ends[:, None])).any(axis=1)
        for place in np.flatnonzero(begun & ended).tolist():
            size = (int(sharing[place].sum()), int(ends[place]) - begin)
            if size > best:
                best, chosen = size, sharing[place]
    return chosen


def _middle(begin: int, end: Array | int) -> Array:
    return np.atleast_1d(begin + (np.asarray(end, np.int64) - begin) // 2)


def _rows_before(instants: Array, first: Array, last: Array, rows: Array) -> Array:
    """Estimate the rows of each crypto before each instant, shape (n_instants, n_cryptos)."""
    length = np.maximum(last - first, 1)
    share: Array = np.clip((instants[:, None] - first[None, :]) / length[None, :], 0, 1)
    before: Array = share * rows[None, :]
    return before
