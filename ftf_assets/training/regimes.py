"""Scores by market regime, on the hard test labels of each cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import TrainedModels
from ftf_assets.contracts.tables.regime_results import UNAVAILABLE
from ftf_assets.contracts.typed import Array, Bool, Int8, typed


@typed
def regime_scores(n: int, n_buy: int, n_called: int, n_correct: int) -> dict[str, float | None]:
    """Compute the scores of BUY from counts, of one cell or summed over several.

    Parameters
    ----------
    n, n_buy, n_called, n_correct
        Number of rows, of rows with the hard label BUY, of rows called BUY, and of rows that are both.

    Returns
    -------
    dict
        ``f1_buy``, ``precision_buy``, ``recall_buy`` and ``f1_always_buy``; None if a score is undefined.

    Examples
    --------
    >>> regime_scores(n=100, n_buy=20, n_called=10, n_correct=5)["precision_buy"]
    0.5
    >>> regime_scores(n=100, n_buy=20, n_called=0, n_correct=0)["precision_buy"] is None
    True
    """
    return {
        "f1_buy": 2 * n_correct / (n_called + n_buy) if n_called + n_buy else None,
        "precision_buy": n_correct / n_called if n_called else None,
        "recall_buy": n_correct / n_buy if n_buy else None,
        "f1_always_buy": 2 * n_buy / (n + n_buy) if n_buy else None,
    }


@typed
def regime_rows(arrays: TrainingArrays, models: TrainedModels) -> list[dict[str, Any]]:
    """Score each trained cell on its test rows, regime by regime.

    Parameters
    ----------
    arrays, models
        The crypto's rows with hard labels and regimes, each known at its row's timestamp, and its cells.

    Returns
    -------
    list of dict
        Fold, variant, regime, counts and scores: one row for each cell and regime with test rows. Without
        regimes one row for each cell, with the regime ``unavailable``.
    """
    rows: list[dict[str, Any]] = []
    for cell in models.cells:
        if cell.outcome.status != "ok":
            continue
        y, called = arrays.y[cell.test_rows], cell.test_probability >= cell.threshold
        for regime, inside in _regimes(arrays, cell.test_rows):
            counts = _counts(y[inside], called[inside])
            rows.append(
                {
                    "fold": cell.fold,
                    "variant": cell.variant,
                    "regime": regime,
                    **counts,
                    **regime_scores(**counts),
                }
            )
    return rows


def _regimes(arrays: TrainingArrays, rows: Array) -> list[tuple[str, Array]]:
    if arrays.regime is None:
        return [(UNAVAILABLE, np.ones(len(rows), np.bool_))]
    codes = arrays.regime[rows]
    named = [(name, codes == code) for code, name in enumerate(arrays.regime_names)]
    return [(name, inside) for name, inside in named if inside.any()]


def _counts(y: Int8[Array, " rows"], called: Bool[Array, " rows"]) -> dict[str, int]:
    buy = y == 1
    return {
        "n": len(y),
        "n_buy": int(np.count_nonzero(buy)),
        "n_called": int(np.count_nonzero(called)),
        "n_correct": int(np.count_nonzero(buy & called)),
    }
