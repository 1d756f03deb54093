"""Evaluation: one result row for each cell, scored on hard test labels, failed cells included."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import (
    CleanlabMasks,
    Outcome,
    TrainedCell,
    TrainedModels,
)
from ftf_assets.contracts.typed import typed
from ftf_assets.labels.factor import RowFactor
from ftf_assets.labels.smoothing import LABEL_SMOOTHING
from ftf_assets.training.folds.walk_forward import Fold
from ftf_assets.training.keys import library_versions, stable_hash, tuning_versions
from ftf_assets.training.metrics import breakeven_precision, classification_metrics, seed_spread
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.trades import simulate_trades, trade_statistics
from ftf_assets.training.variants import variant_of

Row = dict[str, Any]


@dataclass(frozen=True)
class CellScores:
    """Scores of a cell on its test rows: column name to number, None if the score is undefined."""

    metrics: dict[str, float | int | None]


@runtime_checkable
class ScoreStore(Protocol):
    """A store of cell scores, by key."""

    def get(self, key: str) -> CellScores | None:
        """Return the scores of a cell, or None if they are not stored."""

    def put(self, key: str, result: CellScores) -> None:
        """Store the scores of a cell. Several processes may store the same scores at once."""


@typed
def evaluate_cells(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    masks: CleanlabMasks,
    models: TrainedModels,
    *,
    cost: float,
    store: ScoreStore | None = None,
) -> list[Row]:
    """Score each cell on its test rows.

    Parameters
    ----------
    plan, arrays, masks, models
        The plan of the crypto, its rows with hard labels, and the results of the stages before.
    cost
        Cost of one round trip as a return; 0.0015 is 15 basis points.
    store
        Scores of earlier sweeps, which are reused. None stores and reuses nothing.

    Returns
    -------
    list of dict
        One row for each cell: outcome, metrics, trades, row counts, times (int64 nanoseconds, UTC) and
        provenance of the model. Every metric is None if the cell failed or was skipped, here or before.
    """
    folds = {fold.index: fold for fold in plan.folds(arrays)}
    return [_row(plan, arrays, folds[cell.fold], masks, cell, cost, store) for cell in models.cells]


@typed
def score_key(cell_key: str, cost: float) -> str:
    """Return the key of a cell's scores: hash of its model, the cost of a trade and the library versions."""
    return stable_hash({"cell": cell_key, "cost": cost, "libraries": library_versions() | tuning_versions()})


def _row(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    fold: Fold,
    masks: CleanlabMasks,
    cell: TrainedCell,
    cost: float,
    store: ScoreStore | None,
) -> Row:
    outcome, scores = cell.outcome, None
    if outcome.status == "ok":
        key = score_key(cell.cell_key, cost)
        scores = store.get(key) if store is not None else None
        if scores is None:
            try:
                scores = CellScores(_scores(plan, arrays, fold, cell, cost))
            except Exception as error:  # noqa: BLE001  a cell that cannot be scored is a failed cell, recorded with its error
                outcome = Outcome.failed(error, "evaluation")
            if store is not None and scores is not None:
                store.put(key, scores)
    trained = cell.outcome.status == "ok"
    return {
        "crypto": plan.crypto,
        "fold": cell.fold,
        "variant": cell.variant,
        **cell.levels,
        "status": outcome.status,
        "error_type": outcome.error_type or None,
        "error_message": outcome.error_message or None,
        "error_stage": outcome.error_stage or None,
        **(scores.metrics if scores else {}),
        **_counts(arrays, fold, masks, cell),
        "train_start": fold.train_start,
        "train_end": fold.train_end,
        "test_start": fold.test_start,
        "test_end": fold.test_end,
        "best_iteration": cell.rounds if trained else None,
        "params": json.dumps(cell.parameters, sort_keys=True) if cell.parameters else None,
        "n_trials": cell.n_trials,
        "seed": cell.seed,
        "n_seeds": plan.seeds,
        "fit_seconds": cell.fit_seconds if trained else None,
        "cell_key": cell.cell_key,
    }


def _scores(plan: TrainingPlan, arrays: TrainingArrays, fold: Fold, cell: TrainedCell, cost: float) -> Row:
    test = cell.test_rows
    epsilon_buy, epsilon_hold = plan.epsilons[cell.levels[LABEL_SMOOTHING.name]]
    metrics = classification_metrics(
        arrays.y[test],
        cell.test_probability,
        cell.threshold,
        seed=cell.seed,
        epsilon_buy=epsilon_buy,
        epsilon_hold=epsilon_hold,
    )
    trades = simulate_trades(
        arrays.start[test],
        arrays.end[test],
        arrays.label_return[test],
        cell.test_probability >= cell.threshold,
        cost=cost,
    )
    spread = (
        seed_spread(arrays.y[test], cell.seed_probability, cell.seed_thresholds)
        if len(cell.seed_thresholds)
        else {}
    )
    return {
        **metrics,
        **spread,
        "threshold": cell.threshold,
        "breakeven_precision": breakeven_precision(arrays.label_return[fold.fit], arrays.y[fold.fit], cost),
        **trade_statistics(trades, fold.test_start, fold.test_end),
    }


def _counts(arrays: TrainingArrays, fold: Fold, masks: CleanlabMasks, cell: TrainedCell) -> Row:
    y_fit = arrays.y[fold.fit]
    trained = cell.outcome.status == "ok"
    counts: Row = {
        "n_train": len(y_fit),
        "n_train_buy": int(np.count_nonzero(y_fit)),
        "n_kept": cell.n_kept if trained else None,
        "weight_sum": cell.weight_sum if trained else None,
        "n_suspects": 0 if trained else None,
        "n_suspects_buy": 0 if trained else None,
        "n_dropped": 0 if trained else None,
        "n_dropped_buy": 0 if trained else None,
        "n_test": len(fold.test),
        "buy_rate_train": float(y_fit.mean()) if len(y_fit) else None,
        "buy_rate_test": float(arrays.y[fold.test].mean()) if len(fold.test) else None,
    }
    variant = variant_of(cell.levels)
    if trained and variant.only(RowFactor).moved:
        found = masks.find(fold.index, variant.name)
        suspect = np.logical_or.reduce([mask.suspect for mask in found])
        dropped = ~np.logical_and.reduce([mask.keep for mask in found])
        buy = y_fit == 1
        counts |= {
            "n_suspects": int(np.count_nonzero(suspect)),
            "n_suspects_buy": int(np.count_nonzero(suspect & buy)),
            "n_dropped": int(np.count_nonzero(dropped)),
            "n_dropped_buy": int(np.count_nonzero(dropped & buy)),
        }
    return counts
