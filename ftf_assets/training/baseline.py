"""The baseline of each fold: fitted first, because its rounds hold for every variant."""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import BaselineParameters, FoldBaseline, Outcome
from ftf_assets.contracts.typed import typed
from ftf_assets.training.engine import FitEngine, FitTask
from ftf_assets.training.folds import Fold, short_history
from ftf_assets.training.plan import BASELINE_VARIANT, TrainingPlan


@typed
def fit_baselines(plan: TrainingPlan, arrays: TrainingArrays, engine: FitEngine) -> BaselineParameters:
    """Find the rounds of every fold's baseline by early stopping on its validation slice.

    Hard labels, base weights, nothing cleaned. Looks inside the training window only: test rows choose
    nothing.

    Parameters
    ----------
    plan, arrays
        What to fit, and the crypto's rows.
    engine
        Runs the fits.

    Returns
    -------
    BaselineParameters
        One a fold; a fold with too short a history is skipped, one whose fit raised has failed.
    """
    folds = plan.folds(arrays)
    too_short = {fold.index: short_history(fold, arrays.y) for fold in folds}
    tasks = {fold.index: baseline_task(plan, arrays, fold) for fold in folds if too_short[fold.index] is None}
    results = engine.run(tasks.values(), arrays, stage="baseline")
    baselines = []
    for fold in folds:
        reason = too_short[fold.index]
        if reason is not None:
            baselines.append(FoldBaseline(fold=fold.index, outcome=Outcome.skipped(reason)))
            continue
        result = results[tasks[fold.index].key]
        if isinstance(result, Outcome):
            baselines.append(FoldBaseline(fold=fold.index, outcome=result))
            continue
        baselines.append(
            FoldBaseline(
                fold=fold.index,
                outcome=Outcome(),
                rounds=result.rounds,
                parameters=plan.parameters,
                fit_key=tasks[fold.index].key,
            )
        )
    return BaselineParameters(tuple(baselines))


@typed
def baseline_task(plan: TrainingPlan, arrays: TrainingArrays, fold: Fold) -> FitTask:
    """Describe the baseline's fit of a fold: the one that stops early, and the baseline cell's model."""
    return FitTask(
        key=plan.model_fit_key(fold.index, BASELINE_VARIANT),
        crypto=plan.crypto,
        fold=fold.index,
        name=BASELINE_VARIANT.name,
        rows=fold.fit,
        labels=arrays.y[fold.fit].astype(np.float32),
        weight=arrays.base_weight[fold.fit],
        predict={"validation": fold.validation, "test": fold.test},
        rounds=plan.rounds,
        parameters=plan.parameters,
        seed=plan.model_seed(fold.index),
        device=plan.device,
    )
