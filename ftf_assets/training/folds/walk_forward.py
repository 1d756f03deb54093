"""Walk-forward folds: fit, validation and test rows, each part later in time than the one before."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array, Int64, typed
from ftf_assets.training.folds.label_intervals import require_time_order
from ftf_assets.training.folds.purge_and_embargo import HeldOutSpan, held_out_span, purge


@typed
@dataclass(frozen=True, eq=False)
class Fold:
    """One walk-forward fold of one crypto, as row positions in time order.

    Attributes
    ----------
    index
        Number of the fold, from 0.
    fit
        Rows to fit on.
    validation
        Rows that choose the boosting rounds and the decision threshold.
    test
        Rows that are scored; they choose nothing.
    train_start, train_end
        First timestamp and latest label end of the training window (``fit`` and ``validation``), nanoseconds;
        None if the window is empty.
    test_start, test_end
        First timestamp and latest label end of the test rows, nanoseconds, so that every trade exits inside
        them; the calendar span of the fold where it has no test row.
    """

    index: int
    fit: Int64[Array, " fit"]
    validation: Int64[Array, " validation"]
    test: Int64[Array, " test"]
    train_start: int | None
    train_end: int | None
    test_start: int
    test_end: int


@typed
def walk_forward_folds(
    start: Int64[Array, " rows"],
    end: Int64[Array, " rows"],
    edges: Int64[Array, " edges"],
    *,
    validation_fraction: float = 0.15,
    embargo: int,
) -> tuple[Fold, ...]:
    """Split rows into expanding walk-forward folds, purged by each row's own label interval.

    Fold k tests the rows with ``edges[k] <= start < edges[k + 1]``; the last fold includes
    ``start == edges[-1]``. Its training window is all earlier rows, purged against the test span. The last
    ``validation_fraction`` of the window's rows are the validation slice; the other rows, purged against the
    validation span, are the fit part.

    Parameters
    ----------
    start, end
        Label intervals, nanoseconds, shape (n_rows,); ``start`` strictly increasing.
    edges
        Shape (n_folds + 1,), see :func:`~ftf_assets.training.folds.calendar_edges.calendar_edges`.
    validation_fraction
        Share of the training window's rows, rounded to the nearest row.
    embargo
        Nanoseconds after a held-out span in which no training row may start. Walking forward, no training row
        follows what is held out, so the embargo drops nothing here. It is the same rule as in
        :func:`~ftf_assets.training.folds.out_of_fold_blocks.out_of_fold_blocks`, where it does.

    Returns
    -------
    tuple of Fold
        One for each calendar span. A span without rows gives a fold with empty ``test``, purged against the
        calendar span; :func:`~ftf_assets.training.folds.short_history.short_history` then says why its cells
        are skipped.

    Raises
    ------
    InputError
        Rows are not in time order, a label ends before its row, or edges do not increase.

    Warnings
    --------
    No look-ahead: in time fit < validation < test, and no label interval of one part touches the next part.
    This holds for labels only. A feature that looks ahead, such as a centred window or a scaling over the
    whole sample, leaks through every purge: features must be known at ``start``.

    Examples
    --------
    Ten rows whose labels end 10 later, and one fold that tests rows 7 to 9. Row 6 ends at 70, where the test
    begins, and is purged. A third of the other six rows validates, and row 3 touches the first of them.

    >>> start = np.arange(10) * 10
    >>> edges = np.array([70, 90])
    >>> (fold,) = walk_forward_folds(start, start + 10, edges, validation_fraction=1 / 3, embargo=0)
    >>> fold.fit, fold.validation, fold.test
    (array([0, 1, 2]), array([4, 5]), array([7, 8, 9]))
    """
    require_time_order(start, end)
    if len(edges) < 2 or (np.diff(edges) <= 0).any():
        raise input_error("fold edges must be at least two, strictly increasing", found=edges.tolist())
    if not 0 < validation_fraction < 1:
        raise input_error("the validation fraction must lie between 0 and 1", found=validation_fraction)
    position = np.searchsorted(start, edges, side="left")
    position[-1] = np.searchsorted(start, edges[-1], side="right")
    folds = []
    for index, (first, stop) in enumerate(pairwise(position)):
        test = np.arange(first, stop, dtype=np.int64)
        span = (
            held_out_span(start, end, test)
            if len(test)
            else HeldOutSpan(int(edges[index]), int(edges[index + 1]))
        )
        window = purge(start, end, np.arange(first, dtype=np.int64), span, embargo)
        n_validation = round(validation_fraction * len(window))
        fit, validation = np.split(window, [len(window) - n_validation])
        if n_validation:
            fit = purge(start, end, fit, held_out_span(start, end, validation), embargo)
        window_span = held_out_span(start, end, np.concatenate([fit, validation])) if len(window) else None
        folds.append(
            Fold(
                index=index,
                fit=fit,
                validation=validation,
                test=test,
                train_start=window_span.first if window_span else None,
                train_end=window_span.last if window_span else None,
                test_start=span.first,
                test_end=span.last,
            )
        )
    return tuple(folds)
