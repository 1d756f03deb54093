"""The baseline fitted once more, on features that are one bar older, to see what of its AUC survives.

A model that ranks far better than chance on honest features knows the state of the market, which changes
slowly, so features of the bar before rank nearly as well. A feature that knows the bars after its row loses
that knowledge when it is lagged.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import BaselineParameters, Outcome
from ftf_assets.contracts.typed import Array, Float32, typed
from ftf_assets.training.baseline import baseline_task
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_keys import model_fit_key
from ftf_assets.training.fit_seeds import model_seed
from ftf_assets.training.fit_task import FitTask
from ftf_assets.training.keys import key_of_crypto
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.variants import BASELINE_VARIANT


@typed
def lagged(X: Float32[Array, "rows features"]) -> Float32[Array, "rows features"]:
    """Give each row the features of the row before; the first row has none, so they are missing there.

    Examples
    --------
    >>> lagged(np.array([[1, 2], [3, 4]], np.float32))
    array([[nan, nan],
           [ 1.,  2.]], dtype=float32)
    """
    older = np.empty_like(X)
    older[:1], older[1:] = np.nan, X[:-1]
    return older


@typed
def baseline_again(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    baselines: BaselineParameters,
    engine: FitEngine,
    *,
    on_lagged: bool,
) -> Mapping[int, Array | Outcome]:
    """Fit the baseline of each trained fold again: same rows, parameters, rounds and seeds.

    The fits are stored by key like all others, so a repeated check reuses them.

    Parameters
    ----------
    plan, arrays, baselines
        The plan of the crypto, its rows, and the parameters and rounds of its baselines.
    engine
        Runs the fits.
    on_lagged
        Whether on features that are one bar older; without it as a baseline's cell would be, for a sweep that
        has none, such as the smoke.

    Returns
    -------
    mapping
        Fold to P(BUY) of its test rows, float64, a mean over the plan's seeds; or to the outcome of a fit
        that failed.
    """
    role = "lagged_features" if on_lagged else "features_to_lag"
    used = dataclasses.replace(arrays, X=lagged(arrays.X)) if on_lagged else arrays
    folds = {fold.index: fold for fold in plan.folds(arrays)}
    tasks: dict[int, list[FitTask]] = {}
    for one in baselines.folds:
        if one.outcome.status != "ok":
            continue
        first = baseline_task(plan, arrays, folds[one.fold], one.parameters)
        tasks[one.fold] = [
            dataclasses.replace(
                first,
                key=key_of_crypto(
                    plan.crypto,
                    {
                        "role": role,
                        "of": model_fit_key(plan, one.fold, BASELINE_VARIANT, repeat),
                        "rounds": one.rounds,
                    },
                ),
                name=f"baseline on {role.replace('_', ' ')}",
                predict={"test": first.predict["test"]},
                rounds=one.rounds,
                seed=model_seed(plan, one.fold, repeat),
                keep_booster=False,
            )
            for repeat in range(plan.seeds)
        ]
    results = engine.run([task for of in tasks.values() for task in of], used, stage="lag")
    return {fold: _mean([results[task.key] for task in of]) for fold, of in tasks.items()}


def _mean(results: list[FitResult | Outcome]) -> Array | Outcome:
    failed = next((one for one in results if isinstance(one, Outcome)), None)
    if failed is not None:
        return failed
    fits = [one for one in results if isinstance(one, FitResult)]
    return np.asarray(np.mean([fit.probabilities["test"] for fit in fits], axis=0, dtype=np.float64))
