"""The cells: one model a fold and variant, differing in nothing but the variant's treatment."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import (
    BaselineParameters,
    CleanlabMasks,
    FoldBaseline,
    Outcome,
    SmoothedLabels,
    TrainedCell,
    TrainedModels,
)
from ftf_assets.contracts.typed import Array, typed
from ftf_assets.labels.confident_learning import CLEANLAB
from ftf_assets.training.baseline import baseline_task
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.engine import FitEngine, FitTask
from ftf_assets.training.folds import Fold
from ftf_assets.training.plan import BASELINE_VARIANT, TrainingPlan
from ftf_assets.training.threshold import f1_optimal_threshold
from ftf_assets.training.variants import Variant


@typed
def train_cells(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    soft_labels: SmoothedLabels,
    baselines: BaselineParameters,
    masks: CleanlabMasks,
    engine: FitEngine,
) -> TrainedModels:
    """Train every cell of the plan, or record why it could not be trained.

    A cell trains on the fit part as its variant treats it and keeps the baseline's rounds; its threshold is
    F1-optimal on the validation slice, whose labels are hard and rows untouched. Test rows choose
    nothing.

    Parameters
    ----------
    plan, arrays, soft_labels, baselines, masks
        What to train, the crypto's rows, and what the stages before decided.
    engine
        Runs the fits.

    Returns
    -------
    TrainedModels
        One cell a fold and variant, in that order.
    """
    folds = {fold.index: fold for fold in plan.folds(arrays)}
    tasks: dict[tuple[int, Variant], list[FitTask] | Outcome] = {}
    for baseline in baselines.folds:
        for variant in plan.variants:
            tasks[baseline.fold, variant] = _cell_tasks(
                plan, arrays, soft_labels, baseline, masks, folds[baseline.fold], variant
            )
    results = engine.run(
        [task for cell in tasks.values() if not isinstance(cell, Outcome) for task in cell],
        arrays,
        stage="fit",
    )
    return TrainedModels(
        tuple(
            _cell(plan, arrays, folds[number], variant, cell_tasks, results)
            for (number, variant), cell_tasks in tasks.items()
        )
    )


def _cell_tasks(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    soft_labels: SmoothedLabels,
    baseline: FoldBaseline,
    masks: CleanlabMasks,
    fold: Fold,
    variant: Variant,
) -> list[FitTask] | Outcome:
    if baseline.outcome.status != "ok":
        return baseline.outcome
    smoothing, cleaner = variant["label_smoothing"], variant["cleanlab"]
    rows, weight = fold.fit, arrays.base_weight[fold.fit]
    if cleaner != CLEANLAB.baseline:
        mask = masks.find(fold.index, smoothing, cleaner)
        if mask.outcome.status != "ok":
            return mask.outcome
        rows, weight = mask.rows[mask.keep], mask.weight[mask.keep]
    tasks = []
    for repeat in range(plan.seeds):
        if variant == BASELINE_VARIANT and repeat == 0:
            tasks.append(baseline_task(plan, arrays, fold))
            continue
        tasks.append(
            FitTask(
                key=plan.model_fit_key(fold.index, variant, repeat),
                crypto=plan.crypto,
                fold=fold.index,
                name=variant.name,
                rows=rows,
                labels=soft_labels.levels[smoothing][rows],
                weight=weight,
                predict={"validation": fold.validation, "test": fold.test},
                rounds=plan.rounds if plan.rounds_mode == "per_variant" else baseline.rounds,
                parameters=baseline.parameters,
                seed=plan.model_seed(fold.index, repeat),
                device=plan.device,
            )
        )
    return tasks


def _cell(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    fold: Fold,
    variant: Variant,
    tasks: list[FitTask] | Outcome,
    results: Mapping[str, FitResult | Outcome],
) -> TrainedCell:
    def without_model(outcome: Outcome) -> TrainedCell:
        return TrainedCell(
            fold=fold.index,
            variant=variant.name,
            levels=dict(variant.levels),
            outcome=outcome,
            cell_key=plan.cell_key(fold.index, variant),
            seed=plan.model_seed(fold.index),
        )

    if isinstance(tasks, Outcome):
        return without_model(tasks)
    fits: list[FitResult] = []
    for task in tasks:
        result = results[task.key]
        if isinstance(result, Outcome):
            return without_model(result)
        fits.append(result)
    try:
        threshold = f1_optimal_threshold(arrays.y[fold.validation], _mean(fits, "validation"))
    except Exception as error:  # noqa: BLE001  a cell without a threshold is a failed cell, recorded with its error
        return without_model(Outcome.failed(error, "threshold"))
    return TrainedCell(
        fold=fold.index,
        variant=variant.name,
        levels=dict(variant.levels),
        outcome=Outcome(),
        cell_key=plan.cell_key(fold.index, variant),
        fit_keys=tuple(task.key for task in tasks),
        rounds=fits[0].rounds,
        threshold=threshold,
        seed=plan.model_seed(fold.index),
        fit_seconds=sum(fit.seconds for fit in fits),
        n_kept=len(tasks[0].rows),
        weight_sum=float(tasks[0].weight.sum(dtype=np.float64)),
        test_rows=fold.test,
        test_probability=_mean(fits, "test"),
    )


def _mean(fits: list[FitResult], name: str) -> Array:
    return np.asarray(np.mean([fit.probabilities[name] for fit in fits], axis=0, dtype=np.float64))
