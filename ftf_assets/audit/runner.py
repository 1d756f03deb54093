"""The audit of one crypto: draw noise, fit models, let every detector judge the labels, measure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ftf_assets.audit.detector import Detection
from ftf_assets.audit.detectors import DETECTORS
from ftf_assets.audit.effect_fits import Draws, effects_of
from ftf_assets.audit.effects import Effect
from ftf_assets.audit.findings import Finding, correct, measure_kind
from ftf_assets.audit.fits import gather_evidence, out_of_fold_tasks
from ftf_assets.audit.noise import NEEDS_IN_WORDS, AuditLabels, NoiseKind, NoisyLabels
from ftf_assets.audit.plan import AuditPlan
from ftf_assets.contracts.arrays import CandleArrays, TrainingArrays
from ftf_assets.contracts.bundles import Outcome
from ftf_assets.contracts.errors import CellError
from ftf_assets.contracts.typed import typed
from ftf_assets.training.baseline import baseline_task
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_task import FitTask
from ftf_assets.training.folds.short_history import short_history
from ftf_assets.training.folds.walk_forward import Fold


@dataclass(frozen=True)
class AuditResult:
    """What the audit of one crypto measured.

    Attributes
    ----------
    found
        One item a kind of noise, detector and observed label; a kind that failed has one item a detector.
    effects
        One item a kind of noise and treatment.
    unavailable
        Kinds that the source does not allow, with the reason.
    rounds
        Boosting rounds of every model; 0 where there was none.
    """

    found: list[Finding]
    effects: list[Effect]
    unavailable: dict[str, str]
    rounds: int = 0


@typed
def run_audit(
    plan: AuditPlan,
    arrays: TrainingArrays,
    labels: AuditLabels,
    engine: FitEngine,
    candles: CandleArrays | None = None,
) -> AuditResult:
    """Audit one crypto.

    All models have the parameters of the clean baseline, and as many rounds as it had when it stopped early
    on the validation slice. Where drawing noise or a fit fails, its kind of noise is recorded as failed and
    the others go on; a detector that fails is recorded alone.

    Parameters
    ----------
    plan, arrays
        The audit, and the crypto's rows.
    labels
        The labels of the audit's fit part, with what is known about them.
    engine
        Runs the fits.
    candles
        The crypto's bars. A judge may learn how labels follow each other from those that closed by the end of
        the fit part. None if the source has none.
    """
    fold = plan.fold(arrays)
    unavailable = {kind.name: NEEDS_IN_WORDS[kind.needs] for kind in plan.unavailable}
    reason = short_history(fold, arrays.y)
    if reason is not None:
        return _nothing(plan, Outcome.skipped(reason), unavailable)
    first = baseline_task(plan.training, arrays, fold, plan.training.parameters)
    fitted = engine.run([first], arrays, stage="baseline")[first.key]
    if isinstance(fitted, Outcome):
        return _nothing(plan, fitted, unavailable)
    baseline = replace(first, rounds=fitted.rounds, keep_booster=False)
    drawn = {kind: _draw(plan, kind, labels) for kind in plan.available}
    draws, failed = _judge_by_models(plan, arrays, fold, drawn, baseline, engine, candles)
    found = [one for kind, of in draws.items() for one in _detect(plan, kind, of)]
    with_errors = {kind: of for kind, of in draws.items() if any(one.wrong.any() for one in of[0])}
    effects = effects_of(plan, arrays, fold, with_errors, baseline, engine)
    for kind, outcome in failed.items():
        found += _not_found(plan, kind, outcome)
        effects += _no_effects(plan, kind, outcome)
    return AuditResult(correct(found), effects, unavailable, fitted.rounds)


def _draw(plan: AuditPlan, kind: NoiseKind, labels: AuditLabels) -> list[NoisyLabels] | Outcome:
    try:
        return [
            kind.inject(labels, plan.share, plan.noise_generator(kind.name, seed))
            for seed in range(plan.seeds)
        ]
    except CellError as error:
        return Outcome.failed(error, "noise")


def _judge_by_models(
    plan: AuditPlan,
    arrays: TrainingArrays,
    fold: Fold,
    drawn: dict[NoiseKind, list[NoisyLabels] | Outcome],
    baseline: FitTask,
    engine: FitEngine,
    candles: CandleArrays | None,
) -> tuple[dict[NoiseKind, Draws], dict[NoiseKind, Outcome]]:
    """Fit the out-of-fold models of all draws at once; a failed fit fails its kind of noise."""
    tasks = [
        task
        for kind, of in drawn.items()
        if not isinstance(of, Outcome)
        for seed, labels in enumerate(of)
        for task in out_of_fold_tasks(plan, arrays, fold, kind, seed, labels, baseline)
    ]
    results = engine.run(tasks, arrays, stage="out_of_fold")
    draws: dict[NoiseKind, Draws] = {}
    failed: dict[NoiseKind, Outcome] = {}
    for kind, of in drawn.items():
        if isinstance(of, Outcome):
            failed[kind] = of
            continue
        seen = []
        for seed, labels in enumerate(of):
            evidence = gather_evidence(plan, arrays, fold, kind, seed, labels, results, candles)
            if isinstance(evidence, Outcome):
                failed[kind] = evidence
                break
            seen.append(evidence)
        else:
            draws[kind] = (of, seen)
    return draws, failed


def _detect(plan: AuditPlan, kind: NoiseKind, draws: Draws) -> list[Finding]:
    drawn, evidence = draws
    said: dict[str, list[Detection]] = {}
    failures: list[Finding] = []
    for name in plan.detectors:
        try:
            said[name] = [DETECTORS[name].detect(one) for one in evidence]
        except Exception as error:  # noqa: BLE001  recorded by name; the other detectors go on
            failures.append(Finding(kind.name, name, "all", Outcome.failed(error, "detection")))
    # Noise that is not drawn is the same in every seed, and so must be its resamples.
    generators = [
        plan.resampling_generator(kind.name, seed if kind.drawn else 0) for seed in range(plan.seeds)
    ]
    return [*measure_kind(kind, drawn, said, generators), *failures]


def _nothing(plan: AuditPlan, outcome: Outcome, unavailable: dict[str, str]) -> AuditResult:
    found = [one for kind in plan.available for one in _not_found(plan, kind, outcome)]
    effects = [one for kind in plan.available for one in _no_effects(plan, kind, outcome)]
    return AuditResult(found, effects, unavailable)


def _not_found(plan: AuditPlan, kind: NoiseKind, outcome: Outcome) -> list[Finding]:
    return [Finding(kind.name, name, "all", outcome) for name in plan.detectors]


def _no_effects(plan: AuditPlan, kind: NoiseKind, outcome: Outcome) -> list[Effect]:
    return [Effect(kind.name, name, outcome) for name in plan.treatments if kind.name != "none"]
