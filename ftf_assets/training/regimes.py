"""Evaluation by market regime: the hard test labels of a cell, split by what the market was doing then."""

from __future__ import annotations

from typing import Any

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import TrainedModels
from ftf_assets.contracts.regimes import UNAVAILABLE
from ftf_assets.contracts.typed import Array, Bool, Int8, typed


@typed
def regime_scores(n: int, n_buy: int, n_called: int, n_correct: int) -> dict[str, float | None]:
    """Scores of BUY from counts, of one cell or of several together; None where there is nothing to divide.

    Parameters
    ----------
    n, n_buy, n_called, n_correct
        Rows; those with the hard label BUY; those called BUY; those that are both.

    Returns
    -------
    dict
        ``f1_buy``, ``precision_buy``, ``recall_buy`` and ``f1_always_buy``.
    """
    return {
        "f1_buy": 2 * n_correct / (n_called + n_buy) if n_called + n_buy else None,
        "precision_buy": n_correct / n_called if n_called else None,
        "recall_buy": n_correct / n_buy if n_buy else None,
        "f1_always_buy": 2 * n_buy / (n + n_buy) if n_buy else None,
    }


@typed
def regime_rows(arrays: TrainingArrays, models: TrainedModels) -> list[dict[str, Any]]:
    """Score every trained cell on its test rows, regime by regime.

    Parameters
    ----------
    arrays, models
        The crypto's rows with hard labels and regimes, each known at its row's timestamp, and its cells.

    Returns
    -------
    list of dict
        Fold, variant, regime, counts and scores: one a cell and regime that has test rows. Without regimes
        one a cell, whose regime is ``unavailable``.
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
