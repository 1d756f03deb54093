"""Models of the baseline trained on noisier labels, and on the true ones where a simulated market knows them.

What correct labels would be worth is extrapolated from these scores, by
:mod:`~ftf_assets.gate.label_ceiling`: training on more noise shows how much each dose of it costs, and the
curve is continued to less noise than there is.

Noise is added to the fit part only. Parameters, rounds and seed are those of the cell's baseline; validation
slice, test rows and test labels are untouched. At exposure 0 a fit *is* the baseline's, by its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import BaselineParameters, FoldBaseline, Outcome
from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array, Int8, typed
from ftf_assets.labels.added_noise import draw_hits
from ftf_assets.training.baseline import baseline_task
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.ceiling_plan import AddedNoise
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_keys import ceiling_fit_key, model_fit_key
from ftf_assets.training.fit_seeds import added_noise_seed, model_seed
from ftf_assets.training.fit_task import FitTask
from ftf_assets.training.folds.walk_forward import Fold
from ftf_assets.training.metrics import ranking_metrics
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.variants import BASELINE_VARIANT


@dataclass(frozen=True)
class CeilingScore:
    """One model of the ceiling and its scores on the test rows.

    Attributes
    ----------
    fold, repeat
        The cell, and the repeat of noise and fit seed.
    noise, exposure
        What was done to the labels, as :class:`~ftf_assets.training.ceiling_plan.AddedNoise` says it.
    outcome
        ``ok``, or why there is no score.
    fit_key, seed, rounds
        The fit, its seed, and its boosting rounds.
    n_fit, n_test
        Number of training rows and of test rows.
    buy_rate
        Share of BUY among the observed labels of the fit part.
    changed
        Share of the fit part's labels that differ from the observed ones.
    metrics
        ``roc_auc`` and ``average_precision`` on the observed test labels; with ``_true`` appended, on the
        true ones where they are known.
    """

    fold: int
    repeat: int
    noise: str
    exposure: float
    outcome: Outcome
    fit_key: str = ""
    seed: int = 0
    rounds: int = 0
    n_fit: int = 0
    n_test: int = 0
    buy_rate: float | None = None
    changed: float | None = None
    metrics: Mapping[str, float] | None = None


@typed
def measure_label_ceiling(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    baselines: BaselineParameters,
    engine: FitEngine,
    true_labels: Int8[Array, " rows"] | None = None,
) -> list[CeilingScore]:
    """Train the baseline of each fold on noisier labels, and score it on the untouched test rows.

    Parameters
    ----------
    plan, arrays, baselines
        The plan of the crypto, its rows, and the baseline of each fold.
    engine
        Runs the fits; those of the baseline are found by their keys.
    true_labels
        The true label of every row, where a simulated market knows it; used only where the plan asks for the
        truth. It is trained on and scored on here and nowhere else.

    Returns
    -------
    list of CeilingScore
        One for each fold, dose of noise and repeat; empty for a plan without a ceiling. A fit that raised,
        and every model of a fold without a baseline, has its outcome instead of scores.

    Raises
    ------
    InputError
        The plan asks for the truth and none is given.

    Warnings
    --------
    Test rows are scored and choose nothing.
    """
    if plan.ceiling is None:
        return []
    if plan.ceiling.truth and true_labels is None:
        raise input_error("the plan of the ceiling asks for true labels", crypto=plan.crypto, found="none")
    truth = true_labels if plan.ceiling.truth else None
    folds = {fold.index: fold for fold in plan.folds(arrays)}
    fits = [
        (baseline, noise, repeat, _labels(plan, arrays, folds[baseline.fold], noise, repeat, truth))
        for baseline in baselines.folds
        for noise, repeat in plan.ceiling.fits()
    ]
    tasks = [
        _task(plan, arrays, folds[baseline.fold], baseline, noise, repeat, labels)
        if baseline.outcome.status == "ok"
        else None
        for baseline, noise, repeat, labels in fits
    ]
    results = engine.run([task for task in tasks if task is not None], arrays, stage="label_ceiling")
    return [
        CeilingScore(baseline.fold, repeat, noise.pattern, noise.exposure, baseline.outcome)
        if task is None
        else _score(arrays, folds[baseline.fold], noise, repeat, labels, task, results[task.key], truth)
        for (baseline, noise, repeat, labels), task in zip(fits, tasks, strict=True)
    ]


def _labels(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    fold: Fold,
    noise: AddedNoise,
    repeat: int,
    truth: Array | None,
) -> Array:
    observed: Array = arrays.y[fold.fit]
    if noise.pattern == "truth":
        labels: Array = np.asarray(truth)[fold.fit]
        return labels
    if noise.pattern == "none" or not len(observed):
        return observed
    seed = added_noise_seed(plan, fold.index, noise.pattern, repeat)
    return draw_hits(observed, noise.pattern, seed).labels(noise.exposure)


def _task(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    fold: Fold,
    baseline: FoldBaseline,
    noise: AddedNoise,
    repeat: int,
    labels: Array,
) -> FitTask:
    first = baseline_task(plan, arrays, fold, baseline.parameters)
    if noise.pattern == "none" and repeat == 0:
        return first
    seed = model_seed(plan, fold.index, repeat)
    if noise.pattern == "none":
        rounds = plan.rounds if plan.stops_every_variant else baseline.rounds
        key = model_fit_key(plan, fold.index, BASELINE_VARIANT, repeat)
        return replace(first, key=key, rounds=rounds, seed=seed)
    return replace(
        first,
        key=ceiling_fit_key(plan, fold.index, noise, repeat),
        name=f"{noise.pattern} labels, exposure {noise.exposure:g}, repeat {repeat}",
        labels=labels.astype(np.float32),
        predict={"test": fold.test},
        rounds=baseline.rounds,
        seed=seed,
        keep_booster=False,
    )


def _score(
    arrays: TrainingArrays,
    fold: Fold,
    noise: AddedNoise,
    repeat: int,
    labels: Array,
    task: FitTask,
    result: FitResult | Outcome,
    truth: Array | None,
) -> CeilingScore:
    observed = arrays.y[fold.fit]
    score = CeilingScore(
        fold.index,
        repeat,
        noise.pattern,
        noise.exposure,
        outcome=Outcome(),
        fit_key=task.key,
        seed=task.seed,
        n_fit=len(fold.fit),
        n_test=len(fold.test),
        buy_rate=float(observed.mean()),
        changed=float((labels != observed).mean()),
    )
    if isinstance(result, Outcome):
        return replace(score, outcome=result)
    probability = result.probabilities["test"]
    try:
        metrics = ranking_metrics(arrays.y[fold.test], probability)
        if truth is not None:
            true = ranking_metrics(np.asarray(truth)[fold.test], probability)
            metrics |= {f"{name}_true": value for name, value in true.items()}
    except Exception as error:  # noqa: BLE001  a model that cannot be scored is recorded with its error
        return replace(score, outcome=Outcome.failed(error, "evaluation"))
    return replace(score, rounds=result.rounds, metrics=metrics)
