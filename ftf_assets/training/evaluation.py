"""Evaluation: a row and its details for each cell, scored on hard test labels, failed cells included."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
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
from ftf_assets.training.confidence_curve import confidence_curve
from ftf_assets.training.folds.walk_forward import Fold
from ftf_assets.training.keys import library_versions, owner_of, stable_hash, tuning_versions
from ftf_assets.training.metrics import (
    breakeven_precision,
    classification_metrics,
    precision_at,
    seed_scores,
    seed_spread,
)
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.threshold import top_share_threshold
from ftf_assets.training.trades import Scoring, trade_statistics, trades_above
from ftf_assets.training.variants import variant_of
from ftf_assets.training.weekly_scores import weekly_scores

Row = dict[str, Any]


@dataclass(frozen=True)
class CellScores:
    """Scores of a cell on its test rows: column name to number, None if the score is undefined.

    Attributes
    ----------
    metrics
        Columns of ``finetune_results``.
    weeks, fits, curve
        Rows of ``weekly_results``, ``seed_scores`` and ``confidence_curve``, without what names the cell.
    """

    metrics: dict[str, float | int | None] = field(default_factory=dict)
    weeks: tuple[dict[str, float | int | None], ...] = ()
    fits: tuple[dict[str, float | int | None], ...] = ()
    curve: tuple[dict[str, float | int | None], ...] = ()


@dataclass(frozen=True)
class EvaluatedCell:
    """A cell's row of ``finetune_results``, and its scores; the scores are empty where there is no model."""

    row: Row
    scores: CellScores


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
    scoring: Scoring,
    store: ScoreStore | None = None,
) -> list[EvaluatedCell]:
    """Score each cell on its test rows.

    Parameters
    ----------
    plan, arrays, masks, models
        The plan of the crypto, its rows with hard labels, and the results of the stages before.
    scoring
        Cost and threshold of trades.
    store
        Scores of earlier sweeps, which are reused. None stores and reuses nothing.

    Returns
    -------
    list of EvaluatedCell
        One for each cell. Its row holds outcome, metrics, trades, row counts, times (int64 nanoseconds, UTC)
        and provenance of the model. Every metric is None if the cell failed or was skipped, here or before.
    """
    folds = {fold.index: fold for fold in plan.folds(arrays)}
    return [_evaluated(plan, arrays, folds[cell.fold], masks, cell, scoring, store) for cell in models.cells]


@typed
def score_key(cell_key: str, scoring: Scoring) -> str:
    """Return the key of a cell's scores: hash of its model, how it is scored and the library versions."""
    versions = library_versions() | tuning_versions()
    content = {"cell": cell_key, "scoring": asdict(scoring), "libraries": versions}
    return stable_hash(content) + owner_of(cell_key)


def _evaluated(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    fold: Fold,
    masks: CleanlabMasks,
    cell: TrainedCell,
    scoring: Scoring,
    store: ScoreStore | None,
) -> EvaluatedCell:
    outcome, scores = cell.outcome, None
    if outcome.status == "ok":
        key = score_key(cell.cell_key, scoring)
        scores = store.get(key) if store is not None else None
        if scores is None:
            try:
                scores = _scores(plan, arrays, fold, cell, scoring)
            except Exception as error:  # noqa: BLE001  a cell that cannot be scored is a failed cell, recorded with its error
                outcome = Outcome.failed(error, "evaluation")
            if store is not None and scores is not None:
                store.put(key, scores)
    scores = scores or CellScores()
    return EvaluatedCell(_row(plan, arrays, fold, masks, cell, outcome, scores), scores)


def _row(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    fold: Fold,
    masks: CleanlabMasks,
    cell: TrainedCell,
    outcome: Outcome,
    scores: CellScores,
) -> Row:
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
        **scores.metrics,
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


def _scores(
    plan: TrainingPlan, arrays: TrainingArrays, fold: Fold, cell: TrainedCell, scoring: Scoring
) -> CellScores:
    y, probability = arrays.y[cell.test_rows], cell.test_probability
    epsilon_buy, epsilon_hold = plan.epsilons[cell.levels[LABEL_SMOOTHING.name]]
    metrics = classification_metrics(
        y,
        probability,
        cell.threshold,
        seed=cell.seed,
        epsilon_buy=epsilon_buy,
        epsilon_hold=epsilon_hold,
    )
    trade_threshold = top_share_threshold(cell.validation_probability, scoring.trade_share)
    trades = trades_above(arrays, cell, trade_threshold, cost=scoring.cost)
    fits = seed_scores(y, cell.seed_probability, cell.seed_thresholds)
    return CellScores(
        metrics={
            **metrics,
            **seed_spread(fits),
            "threshold": cell.threshold,
            "breakeven_precision": breakeven_precision(
                arrays.label_return[fold.fit], arrays.y[fold.fit], scoring.cost
            ),
            "trade_threshold": trade_threshold,
            "trade_precision": precision_at(y, probability, trade_threshold),
            **trade_statistics(trades, fold.test_start, fold.test_end),
        },
        weeks=weekly_scores(arrays.start[cell.test_rows], y, probability, trades),
        fits=tuple({"repeat": repeat, **scores} for repeat, scores in enumerate(fits)),
        curve=confidence_curve(arrays, cell, cost=scoring.cost),
    )


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
