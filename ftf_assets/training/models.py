"""The models of the cells: one per fold and variant, which differ only in the variant's treatment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

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
from ftf_assets.training.baseline import baseline_task
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_keys import cell_key, model_fit_key
from ftf_assets.training.fit_seeds import model_seed
from ftf_assets.training.fit_task import FitTask
from ftf_assets.training.folds.walk_forward import Fold
from ftf_assets.training.parameters import Parameters
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.threshold import f1_optimal_threshold
from ftf_assets.training.treated_fit_part import treat_fit_part
from ftf_assets.training.tuning import TuningTarget, tune
from ftf_assets.training.variants import BASELINE_VARIANT, Variant


@typed
def train_cells(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    soft_labels: SmoothedLabels,
    baselines: BaselineParameters,
    masks: CleanlabMasks,
    engine: FitEngine,
) -> TrainedModels:
    """Train each cell of the plan, or record why it could not be trained.

    A cell trains on the fit part with the treatment of its variant. It uses the parameters and rounds of the
    baseline, unless the plan gives each variant its own. Its threshold is F1-optimal on the validation slice,
    whose labels are hard and whose rows are not treated.

    Parameters
    ----------
    plan, arrays, soft_labels, baselines, masks
        The plan of the crypto, its rows, and the results of the stages before.
    engine
        Runs the fits.

    Returns
    -------
    TrainedModels
        One cell for each fold and variant, in that order.

    Warnings
    --------
    Test rows are predicted and choose nothing: neither parameters, rounds nor threshold.
    """
    folds = {fold.index: fold for fold in plan.folds(arrays)}
    cells = {
        (baseline.fold, variant): _treat(
            plan, arrays, soft_labels, baseline, masks, folds[baseline.fold], variant
        )
        for baseline in baselines.folds
        for variant in plan.variants
    }
    if plan.tuning.per_variant:
        cells |= _tune_each(plan, arrays, cells, engine)
    tasks = {
        cell: _cell_tasks(plan, arrays, treated)
        for cell, treated in cells.items()
        if not isinstance(treated, Outcome)
    }
    results = engine.run([task for of in tasks.values() for task in of], arrays, stage="fit")
    by_fold = {baseline.fold: baseline for baseline in baselines.folds}
    return TrainedModels(
        tuple(
            _without_model(plan, by_fold[number], variant, treated)
            if isinstance(treated, Outcome)
            else _cell(plan, arrays, treated, tasks[number, variant], results)
            for (number, variant), treated in cells.items()
        )
    )


@typed
def model_fits(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    soft_labels: SmoothedLabels,
    baseline: FoldBaseline,
    masks: CleanlabMasks,
    fold: Fold,
    variants: Iterable[Variant],
) -> list[FitTask]:
    """Return the fits of some cells of one fold; a cell that cannot be trained has none.

    A variant with a study of its own has none either: its parameters are not known yet.
    """
    if plan.tuning.per_variant:
        variants = [variant for variant in variants if variant == BASELINE_VARIANT]
    cells = [_treat(plan, arrays, soft_labels, baseline, masks, fold, variant) for variant in variants]
    return [task for cell in cells if isinstance(cell, _Treated) for task in _cell_tasks(plan, arrays, cell)]


@dataclass(frozen=True, eq=False)
class _Treated:
    """A cell that can be trained: its treated fit part and its parameters."""

    target: TuningTarget
    baseline: FoldBaseline
    parameters: Parameters
    n_trials: int


def _treat(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    soft_labels: SmoothedLabels,
    baseline: FoldBaseline,
    masks: CleanlabMasks,
    fold: Fold,
    variant: Variant,
) -> _Treated | Outcome:
    if baseline.outcome.status != "ok":
        return baseline.outcome
    part = treat_fit_part(plan, arrays, soft_labels, masks, fold, variant)
    if isinstance(part, Outcome):
        return part
    return _Treated(
        TuningTarget(fold, variant, part.rows, part.labels, part.weight, part.flip_rates),
        baseline,
        baseline.parameters,
        baseline.n_trials,
    )


def _tune_each(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    cells: Mapping[tuple[int, Variant], _Treated | Outcome],
    engine: FitEngine,
) -> dict[tuple[int, Variant], _Treated | Outcome]:
    # The baseline's study has already run: its parameters were needed to make the masks.
    waiting = {
        cell: treated
        for cell, treated in cells.items()
        if not isinstance(treated, Outcome) and treated.target.variant != BASELINE_VARIANT
    }
    studies = tune(plan, arrays, [treated.target for treated in waiting.values()], engine)
    return {
        cell: found
        if isinstance(found, Outcome)
        else replace(treated, parameters=found.parameters, n_trials=found.n_trials)
        for (cell, treated), found in zip(waiting.items(), studies, strict=True)
    }


def _cell_tasks(plan: TrainingPlan, arrays: TrainingArrays, treated: _Treated) -> list[FitTask]:
    target = treated.target
    fold, variant = target.fold, target.variant
    tasks = []
    for repeat in range(plan.repeats(variant)):
        if variant == BASELINE_VARIANT and repeat == 0:
            tasks.append(baseline_task(plan, arrays, fold, treated.parameters))
            continue
        tasks.append(
            FitTask(
                key=model_fit_key(plan, fold.index, variant, repeat),
                crypto=plan.crypto,
                fold=fold.index,
                name=variant.name,
                rows=target.rows,
                labels=target.labels,
                weight=target.weight,
                flip_rates=target.flip_rates,
                predict={"validation": fold.validation, "test": fold.test},
                rounds=plan.rounds if plan.stops_every_variant else treated.baseline.rounds,
                parameters=treated.parameters,
                seed=model_seed(plan, fold.index, repeat, variant),
                device=plan.device,
            )
        )
    return tasks


def _without_model(
    plan: TrainingPlan, baseline: FoldBaseline, variant: Variant, outcome: Outcome
) -> TrainedCell:
    uses_baseline_parameters = not plan.tuning.per_variant or variant == BASELINE_VARIANT
    return TrainedCell(
        fold=baseline.fold,
        variant=variant.name,
        levels=variant.levels,
        outcome=outcome,
        cell_key=cell_key(plan, baseline.fold, variant),
        seed=model_seed(plan, baseline.fold, variant=variant),
        parameters=baseline.parameters if uses_baseline_parameters else {},
        n_trials=baseline.n_trials if uses_baseline_parameters else 0,
    )


def _cell(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    treated: _Treated,
    tasks: list[FitTask],
    results: Mapping[str, FitResult | Outcome],
) -> TrainedCell:
    fold, variant = treated.target.fold, treated.target.variant
    failed = _without_model(plan, treated.baseline, variant, Outcome())
    failed = replace(failed, parameters=treated.parameters, n_trials=treated.n_trials)
    outcomes = [results[task.key] for task in tasks]
    for result in outcomes[: plan.seeds]:
        if isinstance(result, Outcome):
            return replace(failed, outcome=result)
    # The engine has reported a failed seed check. Without it the seed noise of the cell stays unknown.
    repeats = [result for result in outcomes if isinstance(result, FitResult)]
    fits, y = repeats[: plan.seeds], arrays.y[fold.validation]
    several = repeats if len(repeats) > 1 else []
    try:
        validation_probability = _mean(fits, "validation")
        threshold = f1_optimal_threshold(y, validation_probability)
        seed_thresholds = [f1_optimal_threshold(y, fit.probabilities["validation"]) for fit in several]
    except Exception as error:  # noqa: BLE001  a cell without a threshold is a failed cell, recorded with its error
        return replace(failed, outcome=Outcome.failed(error, "threshold"))
    return TrainedCell(
        fold=fold.index,
        variant=variant.name,
        levels=variant.levels,
        outcome=Outcome(),
        cell_key=cell_key(plan, fold.index, variant),
        fit_keys=tuple(task.key for task in tasks[: plan.seeds]),
        rounds=fits[0].rounds,
        threshold=threshold,
        seed=model_seed(plan, fold.index, variant=variant),
        fit_seconds=sum(fit.seconds for fit in fits),
        n_kept=len(tasks[0].rows),
        weight_sum=float(tasks[0].weight.sum(dtype=np.float64)),
        parameters=treated.parameters,
        n_trials=treated.n_trials,
        validation_probability=validation_probability,
        test_rows=fold.test,
        test_probability=_mean(fits, "test"),
        seed_thresholds=np.array(seed_thresholds, dtype=np.float64),
        seed_probability=np.reshape([fit.probabilities["test"] for fit in several], (-1, len(fold.test))),
    )


def _mean(fits: list[FitResult], name: str) -> Array:
    return np.asarray(np.mean([fit.probabilities[name] for fit in fits], axis=0, dtype=np.float64))
