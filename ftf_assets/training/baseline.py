"""The baseline of each fold. It is fitted first, because every variant uses its parameters and rounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import BaselineParameters, FoldBaseline, Outcome
from ftf_assets.contracts.typed import typed
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


@typed
def fit_baselines(plan: TrainingPlan, arrays: TrainingArrays, engine: FitEngine) -> BaselineParameters:
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
    results = engine.run(tasks.values(), arrays, stage="baseline")
    baselines = []
    for fold in folds:
        one = chosen[fold.index]
        if isinstance(one, Outcome):
            baselines.append(FoldBaseline(fold=fold.index, outcome=one))
            continue
        result = results[tasks[fold.index].key]
        if isinstance(result, Outcome):
            baselines.append(FoldBaseline(fold=fold.index, outcome=result))
            continue
        baselines.append(replace(one, rounds=result.rounds, fit_key=tasks[fold.index].key))
    return BaselineParameters(tuple(baselines))


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
    )
