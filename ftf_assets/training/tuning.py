"""Tuning: a seeded search for hyper-parameters that reads only the fit part of a fold.

The sampler is the tree-structured Parzen estimator (Bergstra et al. 2011, "Algorithms for Hyper-Parameter
Optimization") of Optuna (Akiba et al. 2019). A trial is scored on the inner folds of
:func:`~ftf_assets.training.folds.inner_folds.inner_folds`: expanding walk-forward blocks inside the fit part,
purged. In time: inner fit < inner validation (stops the boosting) < scored block < outer validation (rounds,
threshold) < test. No inner fold contains a row of the outer validation or test part.

A trial is scored by the mean ROC AUC over inner folds and seeds. Few inner scores of a weak signal pick
noise, so a trial replaces the defaults only if it clearly beats them (:func:`best_trial`). The studies of a
crypto run in the order of its folds, and each tries the winners of earlier folds first: what helped on older
data needs no luck to be found again.

The trials of a study run one after the other: a trial is sampled only after all earlier ones are scored, so
the tried parameters do not depend on the number of workers. The inner folds and seeds of a trial, and the
studies of several variants of one fold, run side by side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import FlipRates, Outcome
from ftf_assets.contracts.errors import CellError
from ftf_assets.contracts.typed import Array, Float32, Float64, Int64, typed
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_keys import trial_key
from ftf_assets.training.fit_rows import weight_without
from ftf_assets.training.fit_seeds import sampler_seed, trial_seed
from ftf_assets.training.fit_task import FitTask
from ftf_assets.training.folds.inner_folds import inner_folds
from ftf_assets.training.folds.walk_forward import Fold
from ftf_assets.training.metrics import ranking_metrics
from ftf_assets.training.parameters import SEARCHABLE, Parameters
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.variants import Variant

if TYPE_CHECKING:
    import optuna

#: Standard errors by which a trial must beat the defaults. With 6 scores, the best of 14 independent trials
#: that are no better exceeds one standard error in 94 % of studies, two in 52 % and three in 19 %
#: (t-distribution).
STANDARD_ERRORS = 3.0

#: Trials before the estimator takes over: the defaults, winners of earlier folds, then random ones. It does
#: not depend on the number of trials, so that in the first fold a longer study continues a shorter one.
STARTUP_TRIALS = 6


@typed
@dataclass(frozen=True, eq=False)
class TuningTarget:
    """The model that one study tunes: one fold, with the treatment of one variant.

    Attributes
    ----------
    fold
        The outer fold.
    variant
        The variant whose treatment is applied.
    rows, labels, weight
        Rows of the fit part that the variant trains on, with its labels and weights. The inner validation and
        the scored blocks use hard labels and all rows of the fit part, for every variant.
    flip_rates
        Rates of wrong labels that the variant's loss is corrected for; None where it is not.
    """

    fold: Fold
    variant: Variant
    rows: Int64[Array, " train"]
    labels: Float32[Array, " train"]
    weight: Float32[Array, " train"]
    flip_rates: FlipRates | None = None


@dataclass(frozen=True)
class Tuned:
    """Result of a study.

    Attributes
    ----------
    parameters
        XGBoost parameters of the best trial.
    n_trials, best_trial
        Number of trials, and the number of the best one; 0 is the defaults.
    roc_auc, default_roc_auc
        Mean ROC AUC over inner folds and seeds, of the best trial and of the defaults.
    tried, scores
        Parameters of each trial, and its ROC AUC in each inner fold and seed, in that order.
    """

    parameters: Parameters
    n_trials: int
    best_trial: int
    roc_auc: float
    default_roc_auc: float
    tried: tuple[Parameters, ...] = field(default=(), repr=False)
    scores: tuple[tuple[float, ...], ...] = field(default=(), repr=False)


@dataclass
class _Study:
    target: TuningTarget
    inner: tuple[Fold, ...]
    optuna: optuna.Study
    tried: list[Parameters] = field(default_factory=list)
    scores: list[tuple[float, ...]] = field(default_factory=list)


@typed
def tune(
    plan: TrainingPlan, arrays: TrainingArrays, targets: Sequence[TuningTarget], engine: FitEngine
) -> tuple[Tuned | Outcome, ...]:
    """Run a study of ``plan.tuning.trials`` trials for every target, fold by fold.

    The first trial is ``plan.parameters``, the next ones are what earlier folds of the same variant chose
    instead of them. No study is worse than the defaults on its own objective. Finished fits come from the
    engine's store: an interrupted study samples the same trials again and continues after the last one that
    was stored.

    Parameters
    ----------
    plan, arrays
        The settings of tuning, and the crypto's rows.
    targets
        The models to tune, in folds with enough history to train on.
    engine
        Runs the fits.

    Returns
    -------
    tuple of Tuned or Outcome
        One for each target. ``skipped_short_history`` where the fit part is too short for inner folds;
        ``training_failed``, stage ``tuning``, where a fit or its score raised. The failure of a study does
        not affect the others; later folds then do without its winner.

    Warnings
    --------
    No look-ahead: the winners of earlier folds come from older rows, all of which precede the fold's test
    span.
    """
    outcomes: dict[int, Tuned | Outcome] = {}
    winners: dict[Variant, list[Parameters]] = defaultdict(list)
    for fold in sorted({target.fold.index for target in targets}):
        of_fold = {number: one for number, one in enumerate(targets) if one.fold.index == fold}
        found = _run_studies(plan, arrays, of_fold, winners, engine)
        outcomes |= found
        for number, target in of_fold.items():
            one = found[number]
            if (
                isinstance(one, Tuned)
                and one.best_trial > 0
                and one.parameters not in winners[target.variant]
            ):
                winners[target.variant].append(one.parameters)
    return tuple(outcomes[number] for number in range(len(targets)))


def _run_studies(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    targets: Mapping[int, TuningTarget],
    winners: Mapping[Variant, list[Parameters]],
    engine: FitEngine,
) -> dict[int, Tuned | Outcome]:
    """Run the studies of one fold side by side; by the number of the target."""
    outcomes: dict[int, Tuned | Outcome] = {}
    studies: dict[int, _Study] = {}
    for number, target in targets.items():
        try:
            studies[number] = _new_study(plan, arrays, target, winners[target.variant])
        except CellError as error:
            outcomes[number] = Outcome.skipped(str(error))
    for trial in range(plan.tuning.trials):
        tasks = {number: _sample_trial(plan, arrays, study, trial) for number, study in studies.items()}
        results = engine.run([t for of in tasks.values() for t in of], arrays, stage="tuning")
        for number, study in list(studies.items()):
            failure = _score_trial(arrays, study, tasks[number], results)
            if failure is not None:
                outcomes[number] = failure
                del studies[number]
    return outcomes | {number: _best(study) for number, study in studies.items()}


def _new_study(
    plan: TrainingPlan, arrays: TrainingArrays, target: TuningTarget, winners: Iterable[Parameters]
) -> _Study:
    inner = inner_folds(
        arrays.start,
        arrays.end,
        arrays.y,
        target.fold.fit,
        n_folds=plan.tuning.folds,
        validation_fraction=plan.validation_fraction,
        embargo=plan.embargo(arrays),
    )
    # Optuna takes a third of a second to import, and only a study needs it.
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(
            seed=sampler_seed(plan, target.fold.index),
            n_startup_trials=STARTUP_TRIALS,
            multivariate=True,
            constant_liar=False,  # trials run one after the other: none is running when the next is sampled
        ),
    )
    for parameters in (plan.parameters, *winners):
        study.enqueue_trial({name: parameters[name] for name, _ in plan.tuning.space})
    return _Study(target, inner, study)


def _sample_trial(plan: TrainingPlan, arrays: TrainingArrays, study: _Study, trial: int) -> list[FitTask]:
    target, crypto_fold = study.target, study.target.fold.index
    asked = study.optuna.ask(_distributions(plan))
    parameters: Parameters = {**plan.parameters, **asked.params}
    study.tried.append(parameters)
    tasks = []
    for inner in study.inner:
        kept = np.isin(target.rows, inner.fit)
        weight = weight_without(
            arrays, target.variant, target.rows[kept], target.weight[kept], inner.validation, inner.test
        )
        tasks += [
            FitTask(
                key=trial_key(plan, crypto_fold, target.variant, trial, inner.index, repeat),
                crypto=plan.crypto,
                fold=crypto_fold,
                name=f"{target.variant.name}, tuning trial {trial}, inner fold {inner.index}, seed {repeat}",
                rows=target.rows[kept],
                labels=target.labels[kept],
                weight=weight,
                flip_rates=target.flip_rates,
                predict={"validation": inner.validation, "scored": inner.test},
                rounds=plan.rounds,
                parameters=parameters,
                seed=trial_seed(plan, crypto_fold, inner.index, repeat),
                device=plan.device,
                keep_booster=False,
            )
            for repeat in range(plan.tuning.seeds)
        ]
    return tasks


def _score_trial(
    arrays: TrainingArrays,
    study: _Study,
    tasks: list[FitTask],
    results: Mapping[str, FitResult | Outcome],
) -> Outcome | None:
    scores = []
    for task in tasks:
        result = results[task.key]
        if isinstance(result, Outcome):
            return result
        try:
            y = arrays.y[task.predict["scored"]]
            scores.append(ranking_metrics(y, result.probabilities["scored"], stage="tuning")["roc_auc"])
        except Exception as error:  # noqa: BLE001  a trial without a score is a failed study, recorded with its error
            return Outcome.failed(error, "tuning")
    study.scores.append(tuple(scores))
    study.optuna.tell(len(study.scores) - 1, float(np.mean(scores)))
    return None


def _best(study: _Study) -> Tuned:
    best = best_trial(np.array(study.scores))
    mean = np.mean(study.scores, axis=1)
    return Tuned(
        parameters=study.tried[best],
        n_trials=len(study.scores),
        best_trial=best,
        roc_auc=float(mean[best]),
        default_roc_auc=float(mean[0]),
        tried=tuple(study.tried),
        scores=tuple(study.scores),
    )


@typed
def best_trial(scores: Float64[Array, "trials scores"]) -> int:
    """Choose the trial with the best mean among those that beat the defaults by three standard errors.

    Parameters
    ----------
    scores
        Score of each trial in each inner fold and seed; trial 0 is the defaults. Shape
        (n_trials, n_inner_folds * n_seeds).

    Returns
    -------
    int
        Number of the trial; 0 if none qualifies, or if a single score leaves the error unknown. Of equal
        trials the first.

    Notes
    -----
    The rule of one standard error (Breiman et al. 1984, *Classification and Regression Trees*, section
    3.4.3), on paired differences: a gain within the noise of its estimate is no reason to leave the simpler
    choice. One error suffices for one comparison; the best of many trials needs more. docs/tuning.md compares
    one, two and three out of sample.

    Examples
    --------
    Trial 1 has the better mean, by luck in one inner fold; trial 2 is a little better in each:

    >>> best_trial(np.array([[0.50, 0.50, 0.50], [0.56, 0.49, 0.49], [0.51, 0.51, 0.512]]))
    2
    """
    if scores.shape[1] < 2:
        return 0
    difference = scores - scores[0]
    mean = difference.mean(axis=1)
    error = difference.std(axis=1, ddof=1) / np.sqrt(scores.shape[1])
    return int(np.argmax(np.where(mean > STANDARD_ERRORS * error, mean, 0.0)))


def _distributions(plan: TrainingPlan) -> dict[str, Any]:
    from optuna.distributions import FloatDistribution, IntDistribution

    return {
        name: IntDistribution(int(low), int(high))
        if SEARCHABLE[name].integer
        else FloatDistribution(low, high, log=SEARCHABLE[name].log)
        for name, (low, high) in plan.tuning.space
    }
