"""Inner folds: the walk-forward protocol once more inside a fit part, to score tuning trials."""

from __future__ import annotations

import dataclasses

import numpy as np

from ftf_assets.contracts.errors import CellError, InputError
from ftf_assets.contracts.typed import Array, Int8, Int64, typed
from ftf_assets.training.folds.calendar_edges import calendar_edges
from ftf_assets.training.folds.walk_forward import Fold, walk_forward_folds


@typed
def inner_folds(
    start: Int64[Array, " rows"],
    end: Int64[Array, " rows"],
    y: Int8[Array, " rows"],
    fit_rows: Int64[Array, " fit"],
    *,
    n_folds: int,
    validation_fraction: float,
    embargo: int,
) -> tuple[Fold, ...]:
    """Cut a fit part into the folds that tuning trials are scored on.

    The last half of the fit part's period is cut into equal calendar spans. Their rows, the ``test`` of each
    :class:`~ftf_assets.training.folds.walk_forward.Fold`, are scored; nothing else chooses parameters. The
    training window of a fold is all earlier rows of the fit part. Its last ``validation_fraction`` stops the
    boosting and is never scored; the model fits on the rest. Both are purged by each row's own label
    interval.

    Parameters
    ----------
    start, end
        Label intervals of all rows, nanoseconds, shape (n_rows,).
    y
        Hard labels of all rows, 1 = BUY, shape (n_rows,).
    fit_rows
        Positions of the fit part of an outer fold, in time order.
    n_folds
        Number of scored blocks, at least 1.
    validation_fraction, embargo
        As in :func:`~ftf_assets.training.folds.walk_forward.walk_forward_folds`.

    Returns
    -------
    tuple of Fold
        ``n_folds`` folds; their rows are positions in ``start``.

    Raises
    ------
    CellError
        Stage ``tuning``: an inner fold lacks rows, or one of its parts holds one class only.

    Warnings
    --------
    No look-ahead: in time inner fit < inner validation < scored block, and every row is one of ``fit_rows``.
    Neither the validation slice that picks the threshold nor a test row of the outer fold takes part.

    Examples
    --------
    Rows 0 to 19 are the fit part, and labels end at once. Its last half, from row 9 on, is scored in two
    blocks:

    >>> start = np.arange(30) * 1_000_000_000
    >>> y = np.arange(30, dtype=np.int8) % 2
    >>> folds = inner_folds(start, start, y, np.arange(20), n_folds=2, validation_fraction=0.25, embargo=0)
    >>> for fold in folds:
    ...     print(fold.fit[[0, -1]], fold.validation[[0, -1]], fold.test[[0, -1]])
    [0 6] [7 8] [ 9 13]
    [0 9] [10 13] [14 19]
    """
    try:
        edges = calendar_edges([(int(start[fit_rows[0]]), int(start[fit_rows[-1]]))], n_folds)
    except (IndexError, InputError) as error:
        raise CellError(
            "tuning", f"too little history to tune on: {len(fit_rows)} fit rows make no {n_folds} inner folds"
        ) from error
    folds = []
    for fold in walk_forward_folds(
        start[fit_rows],
        end[fit_rows],
        edges,
        validation_fraction=validation_fraction,
        embargo=embargo,
    ):
        parts = {name: fit_rows[getattr(fold, name)] for name in ("fit", "validation", "test")}
        for name, rows in parts.items():
            n_buys = int(y[rows].sum(dtype=np.int64))
            if not 0 < n_buys < len(rows):
                raise CellError(
                    "tuning",
                    f"too little history to tune on: inner fold {fold.index} has {n_buys} BUYs in "
                    f"{len(rows)} {'scored' if name == 'test' else name} rows, both classes are needed. "
                    "Lower training.tune_folds, or set training.tune=off",
                )
        folds.append(dataclasses.replace(fold, **parts))
    return tuple(folds)
