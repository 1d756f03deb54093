"""No look-ahead, recomputed from label intervals: nothing here is taken from ``training.folds``.

Times are int64 nanoseconds, UTC; rows are positions. A training row may touch nothing held out: its closed
interval [start, end] stays clear of the closed span [first start, last end] of the held-out rows, and it does
not start within the embargo after that span.
"""

from __future__ import annotations

from ftf_assets.contracts.typed import Array, Int64, typed


@typed
def touching_rows(
    start: Int64[Array, " rows"],
    end: Int64[Array, " rows"],
    train: Int64[Array, " train"],
    held_out: Int64[Array, " held_out"],
    embargo: int,
) -> Int64[Array, " touching"]:
    """List the training rows that know something of the held-out rows.

    Parameters
    ----------
    start, end
        Label intervals of all rows.
    train, held_out
        Rows that are learnt from, and rows that must be unknown to them.
    embargo
        Nanoseconds after the held-out span in which no training row may start.

    Returns
    -------
    array of shape (n_touching,)
        In the order of ``train``; empty where nothing is held out.
    """
    if not len(held_out):
        return train[:0]
    first, last = start[held_out].min(), end[held_out].max()
    ends_before = end[train] < first
    starts_after = start[train] > last + embargo
    leaking: Array = train[~ends_before & ~starts_after]
    return leaking


@typed
def walk_forward_leaks(
    start: Int64[Array, " rows"],
    end: Int64[Array, " rows"],
    *,
    fit: Int64[Array, " fit"],
    validation: Int64[Array, " validation"],
    test: Int64[Array, " test"],
    embargo: int,
) -> list[str]:
    """Say how a walk-forward fold looks ahead: its parts touch, or stand in the wrong order of time.

    Parameters
    ----------
    start, end
        Label intervals of all rows.
    fit, validation, test
        The fold's rows: learnt from, choosing rounds and threshold, choosing nothing.
    embargo
        Nanoseconds.

    Returns
    -------
    list of str
        One finding a pair of parts; empty where fit < validation < test and no interval crosses over.
    """
    found = []
    for names, train, held_out in (
        ("fit rows touch the validation slice", fit, validation),
        ("fit rows touch the test span", fit, test),
        ("validation rows touch the test span", validation, test),
    ):
        touching = touching_rows(start, end, train, held_out, embargo)
        after = train[start[train] >= start[held_out].min()] if len(held_out) else train[:0]
        if len(touching):
            found.append(f"{len(touching)} {names}, first row {int(touching[0])}")
        elif len(after):
            found.append(f"{len(after)} rows of the future: {names.split(' rows')[0]} row {int(after[0])}")
    return found
