"""Look-ahead, recomputed from label intervals and independent of ``training.folds``.

Times are int64 nanoseconds, UTC; rows are positions. A training row may not overlap held-out rows: its closed
interval [start, end] must be clear of the closed span [first start, last end] of the held-out rows, and it
must not start within the embargo after that span.
"""

from __future__ import annotations

from ftf_assets.contracts.typed import Array, Int64, typed


@typed
def overlapping_rows(
    start: Int64[Array, " rows"],
    end: Int64[Array, " rows"],
    train: Int64[Array, " train"],
    held_out: Int64[Array, " held_out"],
    embargo: int,
) -> Int64[Array, " overlapping"]:
    """Return the training rows that know something about the held-out rows.

    Parameters
    ----------
    start, end
        Label intervals of all rows.
    train, held_out
        Rows that a model learns from, and rows that must be unknown to it.
    embargo
        Nanoseconds after the held-out span in which no training row may start.

    Returns
    -------
    array of shape (n_overlapping,)
        In the order of ``train``; empty if nothing is held out.

    Examples
    --------
    Ten rows, one an hour, whose labels end two hours later. Rows 2 and 3 are not over when row 4 starts.

    >>> start = np.arange(10)
    >>> overlapping_rows(start, start + 2, np.array([1, 2, 3]), np.array([4]), embargo=0)
    array([2, 3])
    """
    if not len(held_out):
        return train[:0]
    first, last = start[held_out].min(), end[held_out].max()
    ends_before = end[train] < first
    starts_after = start[train] > last + embargo
    overlapping: Array = train[~ends_before & ~starts_after]
    return overlapping


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
    """List how a walk-forward fold looks ahead: its parts overlap, or are in the wrong order of time.

    Parameters
    ----------
    start, end
        Label intervals of all rows.
    fit, validation, test
        Rows that the model learns from, that choose rounds and threshold, and that only judge.
    embargo
        Nanoseconds.

    Returns
    -------
    list of str
        One line per pair of parts; empty if fit < validation < test and no label interval crosses over.
    """
    found = []
    for names, train, held_out in (
        ("fit rows overlap the validation slice", fit, validation),
        ("fit rows overlap the test span", fit, test),
        ("validation rows overlap the test span", validation, test),
    ):
        overlapping = overlapping_rows(start, end, train, held_out, embargo)
        after = train[start[train] >= start[held_out].min()] if len(held_out) else train[:0]
        if len(overlapping):
            found.append(f"{len(overlapping)} {names}, first row {int(overlapping[0])}")
        elif len(after):
            part = names.split(" rows")[0]
            found.append(f"{len(after)} {part} rows are later than held-out rows, first row {int(after[0])}")
    return found
