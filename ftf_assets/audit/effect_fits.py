"""The fits behind the effects: models of clean, noisy and cleaned labels, scored on the same test rows."""

from __future__ import annotations

from collections.abc import Sequence

from ftf_assets.audit.detector import Evidence
from ftf_assets.audit.effects import Effect, Score, measure_effects, score, week_resamples
from ftf_assets.audit.fits import Results, model_task
from ftf_assets.audit.noise import NoiseKind, NoisyLabels
from ftf_assets.audit.plan import AuditPlan
from ftf_assets.audit.treatments import TREATMENTS, treat
from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import Outcome
from ftf_assets.contracts.typed import Array, typed
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_task import FitTask
from ftf_assets.training.folds.walk_forward import Fold

CLEAN, NOISY = "clean", "noisy"

#: Draws of one kind of noise: for each seed the noisy labels, and what the detectors may look at.
Draws = tuple[Sequence[NoisyLabels], Sequence[Evidence]]


@typed
def effects_of(
    plan: AuditPlan,
    arrays: TrainingArrays,
    fold: Fold,
    draws: dict[NoiseKind, Draws],
    baseline: FitTask,
    engine: FitEngine,
) -> list[Effect]:
    """Fit and score the two references and every treatment, for every kind of noise that has wrong labels.

    Parameters
    ----------
    plan, arrays, fold
        The audit, the crypto's rows and their fold.
    draws
        Labels and evidence by kind of noise.
    baseline
        The fit that all others copy but for rows, labels, weights and seed; its rounds are a number.
    engine
        Runs the fits.

    Returns
    -------
    list of Effect
        One item a kind and treatment. A model that fails in any draw fails its treatment; a reference that
        fails, fails all treatments of its kind.
    """
    tasks = {
        (kind, name): [
            _task(plan, arrays, fold, kind, seed, name, labels, shown, baseline)
            for seed, (labels, shown) in enumerate(zip(*of, strict=True))
        ]
        for kind, of in draws.items()
        for name in (CLEAN, NOISY, *plan.treatments)
    }
    wanted = [one for of in tasks.values() for one in of if isinstance(one, FitTask)]
    results = engine.run(wanted, arrays, stage="fit")
    y = arrays.y[fold.test]
    times = week_resamples(arrays.start[fold.test], plan.resampling_generator("test"))
    scores = {which: _scores(of, results, y, times) for which, of in tasks.items()}
    effects: list[Effect] = []
    for kind in draws:
        clean, noisy = scores[kind, CLEAN], scores[kind, NOISY]
        treated = {name: scores[kind, name] for name in plan.treatments}
        if isinstance(clean, Outcome) or isinstance(noisy, Outcome):
            failed = clean if isinstance(clean, Outcome) else noisy
            treated = dict.fromkeys(plan.treatments, failed)
            clean = noisy = []
        effects += measure_effects(kind.name, clean, noisy, treated, n_test=len(y))
    return effects


def _task(
    plan: AuditPlan,
    arrays: TrainingArrays,
    fold: Fold,
    kind: NoiseKind,
    seed: int,
    name: str,
    labels: NoisyLabels,
    evidence: Evidence,
    baseline: FitTask,
) -> FitTask | Outcome:
    weight = arrays.base_weight[fold.fit]
    trained_on = labels.true if name == CLEAN else labels.given
    cleaning = None
    if name in TREATMENTS:
        try:
            cleaning = treat(TREATMENTS[name], evidence)
        except Exception as error:  # noqa: BLE001  recorded by name; the other cleaners go on
            return Outcome.failed(error, "cleaning")
    return model_task(plan, fold, f"{kind.name} {seed}, {name}", seed, trained_on, weight, baseline, cleaning)


def _scores(
    tasks: Sequence[FitTask | Outcome], results: Results, y: Array, times: Array
) -> list[Score] | Outcome:
    scores = []
    for task in tasks:
        result = task if isinstance(task, Outcome) else results[task.key]
        if isinstance(result, Outcome):
            return result
        scores.append(score(y, result.probabilities["test"], times))
    return scores
