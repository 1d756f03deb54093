"""Whether a fold has enough history to train on."""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.typed import Array, Int8, typed
from ftf_assets.training.folds.label_intervals import iso_time
from ftf_assets.training.folds.walk_forward import Fold

#: Fewest rows, and fewest BUY rows, of a fit part that a model is trained on.
MIN_FIT_ROWS = 1000
MIN_FIT_BUYS = 50


@typed
def short_history(
    fold: Fold, y: Int8[Array, " rows"], min_rows: int = MIN_FIT_ROWS, min_buys: int = MIN_FIT_BUYS
) -> str | None:
    """Return why the cells of a fold are ``skipped_short_history``; None if the history suffices.

    Parameters
    ----------
    fold
        From :func:`~ftf_assets.training.folds.walk_forward.walk_forward_folds`.
    y
        Hard labels of all rows, 1 = BUY, shape (n_rows,).
    min_rows, min_buys
        Fewest rows, and fewest BUY rows, of the fit part.

    Returns
    -------
    str or None
        One line with everything that is missing: what there is and what is needed.
    """
    n_buys = int(y[fold.fit].sum(dtype=np.int64))
    reasons = []
    if not len(fold.test):
        reasons.append(f"no test rows between {iso_time(fold.test_start)} and {iso_time(fold.test_end)}")
    if not len(fold.validation):
        reasons.append("no validation rows")
    if len(fold.fit) < min_rows:
        reasons.append(f"{len(fold.fit)} fit rows, {min_rows} needed")
    if n_buys < min_buys:
        reasons.append(f"{n_buys} BUY rows in the fit part, {min_buys} needed")
    return "; ".join(reasons) or None
