"""Tuning: a seeded search for hyper-parameters that looks at a fold's fit part and nowhere else.

Tree-structured Parzen estimator (Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization") as
Optuna implements it (Akiba et al. 2019). A trial is scored on the inner folds of
:func:`~ftf_assets.training.folds.inner_folds.inner_folds`: expanding walk-forward blocks inside the fit part,
purged. So in time: inner fit < inner validation (stops the boosting) < scored block < outer validation
(rounds, threshold) < test. The validation slice that picks the threshold and the test rows belong to no inner
fold.

Within a study trials follow one another: each is asked for only when all before it are told, so what is tried
does not depend on the number of workers. Studies, and the inner folds of a trial, run side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import Outcome
from ftf_assets.contracts.errors import CellError
from ftf_assets.contracts.typed import Array, Float32, Int64, typed
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.engine import FitEngine, FitTask
from ftf_assets.training.fit_keys import trial_key
from ftf_assets.training.fit_seeds import sampler_seed, trial_seed
from ftf_assets.training.folds.inner_folds import inner_folds
from ftf_assets.training.folds.walk_forward import Fold
from ftf_assets.training.parameters import SEARCHABLE, Parameters
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.variants import Variant

if TYPE_CHECKING:
    import optuna

#: Trials before the estimator takes over: the defaults and random ones. No function of the number of trials,
#: so that a longer study goes on from a shorter one.
STARTUP_TRIALS = 6


@typed
@dataclass(frozen=True, eq=False)
class TuningTarget:
    """What one study tunes: a fold's model as one variant treats it.

    Attributes
    ----------
    fold
        The outer fold.
    variant
        Whose treatment it is.
    rows, labels, weight
        Rows of the fit part that the variant trains on, with its labels and weights. The inner validation and
        the scored blocks are hard labels of the whole fit part, whatever the variant.
    """

    fold: Fold
    variant: Variant
    rows: Int64[Array, " train"]
    labels: Float32[Array, " train"]
    weight: Float32[Array, " train"]


@dataclass(frozen=True)
class Tuned:
    """What a study found.

    Attributes
    ----------
    parameters
        Of the best trial, all of XGBoost's that are set; of equals, the first: the defaults win a draw.
    n_trials, best_trial
        How many trials there were, and the best one's number; 0 is the defaults.
    average_precision, default_average_precision
        Objective of the best trial and of the defaults: mean average precision over the inner folds.
    """

    parameters: Parameters
    n_trials: int
    best_trial: int
    average_precision: float
    default_average_precision: float


@dataclass
class _Study:
    target: TuningTarget
    inner: tuple[Fold, ...]
    optuna: optuna.Study
    tried: list[Parameters] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)


@typed
def tune(
    plan: TrainingPlan, arrays: TrainingArrays, targets: Sequence[TuningTarget], engine: FitEngine
) -> tuple[Tuned | Outcome, ...]:
    """Run a study of ``plan.tuning.trials`` trials for every target.

    The first trial is ``plan.parameters``, so a study is never worse than the defaults on its own objective.
    Finished fits come from the engine's store: an interrupted study asks the same questions again and goes on
    behind the last answer that was kept.

    Parameters
    ----------
    plan, arrays
        How to tune, and the crypto's rows.
    targets
        What to tune; folds whose history suffices to train on.
    engine
        Runs the fits.

    Returns
    -------
    tuple of Tuned or Outcome
        One a target. ``skipped_short_history`` where the fit part makes no inner folds; ``training_failed``,
        stage ``tuning``, where a fit or its score raised. One study's failure leaves the others as they are.
    """
    ends: list[Tuned | Outcome | None] = [None] * len(targets)
    studies: dict[int, _Study] = {}
    for number, target in enumerate(targets):
        try:
            studies[number] = _open(plan, arrays, target)
        except CellError as error:
            ends[number] = Outcome.skipped(str(error))
    for trial in range(plan.tuning.trials):
        tasks = {number: _ask(plan, study, trial) for number, study in studies.items()}
        results = engine.run([t for of in tasks.values() for t in of], arrays, stage="tuning")
        for number, study in list(studies.items()):
            failure = _tell(arrays, study, tasks[number], results)
            if failure is not None:
                ends[number] = failure
                del studies[number]
    for number, study in studies.items():
        ends[number] = _best(study)
    return tuple(end for end in ends if end is not None)


def _open(plan: TrainingPlan, arrays: TrainingArrays, target: TuningTarget) -> _Study:
    inner = inner_folds(
        arrays.start,
        arrays.end,
        arrays.y,
        target.fold.fit,
        n_folds=plan.tuning.folds,
        validation_fraction=plan.validation_fraction,
        embargo=plan.embargo(arrays),
    )
    # Optuna costs a third of a second to import, and only a study needs it.
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(
            seed=sampler_seed(plan, target.fold.index),
            n_startup_trials=STARTUP_TRIALS,
            multivariate=True,
            constant_liar=False,  # trials follow one another: none is running when the next is asked for
        ),
    )
    study.enqueue_trial({name: plan.parameters[name] for name, _ in plan.tuning.space})
    return _Study(target, inner, study)


def _ask(plan: TrainingPlan, study: _Study, trial: int) -> list[FitTask]:
    target, crypto_fold = study.target, study.target.fold.index
    asked = study.optuna.ask(_distributions(plan))
    parameters: Parameters = {**plan.parameters, **asked.params}
    study.tried.append(parameters)
    tasks = []
    for inner in study.inner:
        kept = np.isin(target.rows, inner.fit)
        tasks.append(
            FitTask(
                key=trial_key(plan, crypto_fold, target.variant, trial, inner.index),
                crypto=plan.crypto,
                fold=crypto_fold,
                name=f"{target.variant.name}, tuning trial {trial}, inner fold {inner.index}",
                rows=target.rows[kept],
                labels=target.labels[kept],
                weight=target.weight[kept],
                predict={"validation": inner.validation, "scored": inner.test},
                rounds=plan.rounds,
                parameters=parameters,
                seed=trial_seed(plan, crypto_fold, inner.index),
                device=plan.device,
                keep_booster=False,
            )
        )
    return tasks


def _tell(
    arrays: TrainingArrays,
    study: _Study,
    tasks: list[FitTask],
    results: Mapping[str, FitResult | Outcome],
) -> Outcome | None:
    from sklearn.metrics import average_precision_score

    scores = []
    for task in tasks:
        result = results[task.key]
        if isinstance(result, Outcome):
            return result
        try:
            score = average_precision_score(arrays.y[task.predict["scored"]], result.probabilities["scored"])
        except Exception as error:  # noqa: BLE001  a trial without a score is a failed study, recorded with its error
            return Outcome.failed(error, "tuning")
        scores.append(float(score))
    study.scores.append(float(np.mean(scores)))
    study.optuna.tell(len(study.scores) - 1, study.scores[-1])
    return None


def _best(study: _Study) -> Tuned:
    best = int(np.argmax(study.scores))
    return Tuned(
        parameters=study.tried[best],
        n_trials=len(study.scores),
        best_trial=best,
        average_precision=study.scores[best],
        default_average_precision=study.scores[0],
    )


def _distributions(plan: TrainingPlan) -> dict[str, Any]:
    from optuna.distributions import FloatDistribution, IntDistribution

    return {
        name: IntDistribution(int(low), int(high))
        if SEARCHABLE[name].integer
        else FloatDistribution(low, high, log=SEARCHABLE[name].log)
        for name, (low, high) in plan.tuning.space
    }
