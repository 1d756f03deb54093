"""The baseline of each fold. It is fitted first, because every variant uses its parameters and rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import BaselineParameters, FoldBaseline, Outcome
from ftf_assets.contracts.typed import typed
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_keys import model_fit_key
from ftf_assets.training.fit_seeds import model_seed
from ftf_assets.training.fit_task import FitTask
from ftf_assets.training.folds.short_history import short_history
from ftf_assets.training.folds.walk_forward import Fold
from ftf_assets.training.parameters import Parameters
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.tuning import Tuned, TuningTarget, tune
from ftf_assets.training.variants import BASELINE_VARIANT

#: Returns the fits of later stages that a baseline with known parameters and rounds makes possible.
AfterBaseline = Callable[[Fold, FoldBaseline], Iterable[FitTask]]


@typed
def no_fits_after_baseline(_fold: Fold, _baseline: FoldBaseline) -> Iterable[FitTask]:
    """Begin nothing early."""
    return ()


@typed
def fit_baselines(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    engine: FitEngine,
    early: AfterBaseline = no_fits_after_baseline,
) -> BaselineParameters:
    """Find the hyper-parameters and boosting rounds of the baseline of each fold.

    The parameters come from a study on inner folds of the fit part where the plan tunes, and are the defaults
    otherwise. The rounds come from early stopping on the validation slice. The baseline trains on hard labels
    and base weights, without cleaning.

    Parameters
    ----------
    plan, arrays
        The plan of the crypto, and its rows.
    engine
        Runs the fits.
    early
        Names the fits that may begin as soon as a baseline is known, such as
        :meth:`~ftf_assets.training.early_fits.EarlyFits.after_baseline`. They are begun and not waited for.

    Returns
    -------
    BaselineParameters
        One baseline for each fold. A fold with too short a history is skipped; one whose study or fit raised
        has failed.

    Warnings
    --------
    Only rows of the training window are read. A test row chooses neither parameters nor rounds.
    """
    folds = plan.folds(arrays)
    chosen = _choose_parameters(plan, arrays, folds, engine)
    tasks = {
        fold.index: baseline_task(plan, arrays, fold, one.parameters)
        for fold in folds
        if not isinstance(one := chosen[fold.index], Outcome)
    }
    known = [
        replace(one, rounds=plan.rounds.maximum, fit_key=tasks[number].key)
        for number, one in chosen.items()
        if plan.rounds.are_fixed and not isinstance(one, Outcome)
    ]
    by_number = {fold.index: fold for fold in folds}

    def unlocked(task: FitTask, result: FitResult | Outcome) -> Iterable[FitTask]:
        baseline = _baseline(chosen[task.fold], task, result)
        if known or baseline.outcome.status != "ok":
            return ()
        return early(by_number[task.fold], baseline)

    results = engine.run(
        tasks.values(),
        arrays,
        stage="baseline",
        early=[task for one in known for task in early(by_number[one.fold], one)],
        unlocked=unlocked,
    )
    return BaselineParameters(
        tuple(
            FoldBaseline(fold=number, outcome=one)
            if isinstance(one, Outcome)
            else _baseline(one, tasks[number], results[tasks[number].key])
            for number, one in chosen.items()
        )
    )


def _baseline(chosen: FoldBaseline | Outcome, task: FitTask, result: FitResult | Outcome) -> FoldBaseline:
    if isinstance(chosen, Outcome):
        return FoldBaseline(fold=task.fold, outcome=chosen)
    if isinstance(result, Outcome):
        return FoldBaseline(fold=task.fold, outcome=result)
    return replace(chosen, rounds=result.rounds, fit_key=task.key)


def _choose_parameters(
    plan: TrainingPlan, arrays: TrainingArrays, folds: tuple[Fold, ...], engine: FitEngine
) -> dict[int, FoldBaseline | Outcome]:
    chosen: dict[int, FoldBaseline | Outcome] = {}
    for fold in folds:
        reason = short_history(fold, arrays.y)
        chosen[fold.index] = (
            FoldBaseline(fold=fold.index, outcome=Outcome(), parameters=plan.parameters)
            if reason is None
            else Outcome.skipped(reason)
        )
    if not plan.tuning.active:
        return chosen
    targets = [
        TuningTarget(
            fold=fold,
            variant=BASELINE_VARIANT,
            rows=fold.fit,
            labels=arrays.y[fold.fit].astype(np.float32),
            weight=arrays.base_weight[fold.fit],
        )
        for fold in folds
        if not isinstance(chosen[fold.index], Outcome)
    ]
    for target, found in zip(targets, tune(plan, arrays, targets, engine), strict=True):
        number = target.fold.index
        chosen[number] = _tuned_baseline(number, found) if isinstance(found, Tuned) else found
    return chosen


def _tuned_baseline(fold: int, found: Tuned) -> FoldBaseline:
    return FoldBaseline(
        fold=fold,
        outcome=Outcome(),
        parameters=found.parameters,
        provenance="tuned",
        n_trials=found.n_trials,
        best_trial=found.best_trial,
        roc_auc=found.roc_auc,
        default_roc_auc=found.default_roc_auc,
    )


@typed
def baseline_task(plan: TrainingPlan, arrays: TrainingArrays, fold: Fold, parameters: Parameters) -> FitTask:
    """Return the task of a fold's baseline fit, which stops early and is the model of the baseline cell."""
    return FitTask(
        key=model_fit_key(plan, fold.index, BASELINE_VARIANT),
        crypto=plan.crypto,
        fold=fold.index,
        name=BASELINE_VARIANT.name,
        rows=fold.fit,
        labels=arrays.y[fold.fit].astype(np.float32),
        weight=arrays.base_weight[fold.fit],
        predict={"validation": fold.validation, "test": fold.test},
        rounds=plan.rounds,
        parameters=parameters,
        seed=model_seed(plan, fold.index),
        device=plan.device,
        unlocks=True,
    )
