"""The ordered rules: which verdict the numbers of a level deserve, and in one sentence why.

The order is a gatekeeping procedure: a question is asked only after the one before it is answered. Can the
numbers be trusted (else ``INVALID``)? Does the model beat always-BUY (else ``NO_SIGNAL`` [1]_)? Does the
level harm [2]_? Does it gain? Is a gain worth having still possible [3]_?

References
----------
.. [1] Lipton, Elkan & Naryanaswamy (2014), "Optimal Thresholding of Classifiers to Maximize F1 Measure",
   ECML PKDD: where the scores carry no information, calling every row positive maximises F1. At base rate b
   that scores 2 b / (1 + b): beating it is the least that a model must do before its labels are treated.
.. [2] DeMets & Ware (1982), "Asymmetric group sequential boundaries for monitoring clinical trials",
   Biometrika 69: harm stops a treatment on less proof than benefit needs, here without the fold test.
.. [3] Lakens (2017), "Equivalence Tests: A Practical Primer for t Tests, Correlations, and Meta-Analyses",
   Social Psychological and Personality Science 8: an interval that excludes the smallest gain of interest is
   evidence of its absence, which a large p-value is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ftf_assets.contracts.tables.gate_decision import (
    ABANDON,
    INVALID,
    KEEP_AVAILABLE,
    LOCK,
    LOSES,
    NEITHER,
    NO_SIGNAL,
    WINS,
)
from ftf_assets.contracts.typed import typed
from ftf_assets.gate.thresholds import PRIMARY_METRIC, TRADE_METRICS, GateSettings


@dataclass(frozen=True)
class MetricEvidence:
    """The numbers of one verdict metric that decide; None where nothing could be tested.

    Attributes
    ----------
    metric
        One for which higher is better.
    mean_difference, ci_low, ci_high
        Level minus baseline with its t interval.
    p_corrected
        After the correction over the whole sweep.
    cohens_d
        Of the paired differences.
    fold_t, fold_p
        With the fold means as the sample.
    """

    metric: str
    mean_difference: float | None
    ci_low: float | None
    ci_high: float | None
    p_corrected: float | None
    cohens_d: float | None
    fold_t: float | None
    fold_p: float | None


@dataclass(frozen=True)
class Coverage:
    """How complete the results behind a level's verdict are.

    Attributes
    ----------
    n_expected, n_pairs
        Number of expected pairs, and of pairs found.
    missing
        The pairs not found, in words; "" for none.
    broken_checks
        Failed contract or leak checks, in words.
    """

    n_expected: int
    n_pairs: int
    missing: str = ""
    broken_checks: Sequence[str] = ()


@dataclass(frozen=True)
class BaselineSignal:
    """The baseline's f1_buy compared with that of calling every bar BUY.

    Attributes
    ----------
    f1_baseline, f1_always_buy
        Means over the baseline's cells; None where it has none.
    n_cells
        Cells of the baseline.
    p
        One-sided paired p-value of baseline above always-BUY; None where it cannot be tested.
    """

    f1_baseline: float | None
    f1_always_buy: float | None
    n_cells: int
    p: float | None


@typed
def outcome_of(evidence: MetricEvidence, settings: GateSettings) -> str:
    """Say whether a metric ``wins``, ``loses`` or does ``neither``.

    It wins where the corrected p-value is below alpha, Cohen's d is large enough, and the fold means, taken
    as the sample, differ significantly in the same direction; it loses likewise.
    """
    side = _shown_side(evidence, settings)
    if side == 0 or evidence.fold_t is None or evidence.fold_p is None:
        return NEITHER
    if evidence.fold_p >= settings.alpha or evidence.fold_t * side <= 0:
        return NEITHER
    return WINS if side > 0 else LOSES


@typed
def verdict_of(
    evidence: Sequence[MetricEvidence],
    coverage: Coverage,
    signal: BaselineSignal | None,
    settings: GateSettings,
) -> tuple[str, str]:
    """Give the first verdict that holds, with its reason.

    Parameters
    ----------
    evidence
        One item for each verdict metric in the results.
    coverage
        How complete the results are.
    signal
        None skips the comparison with always-BUY: the results lack its columns.
    settings
        The bounds.

    Returns
    -------
    tuple
        ``INVALID``, ``NO_SIGNAL``, ``ABANDON``, ``LOCK`` or ``KEEP_AVAILABLE``, and one sentence.
    """
    outcomes = {one.metric: outcome_of(one, settings) for one in evidence}
    winners = [one for one in evidence if outcomes[one.metric] == WINS]
    losers = [one for one in evidence if outcomes[one.metric] == LOSES]
    f1 = next((one for one in evidence if one.metric == PRIMARY_METRIC), None)
    gain_excluded = f1 is not None and f1.ci_high is not None and f1.ci_high < settings.useful_gain

    invalid = _invalid(coverage, settings)
    if invalid:
        return INVALID, invalid
    if signal is not None and not _beats_always_buy(signal, settings):
        return NO_SIGNAL, _no_signal(signal)
    if f1 is not None and _shown_side(f1, settings) < 0:
        doubt = (
            ""
            if outcomes[PRIMARY_METRIC] == LOSES
            else "; the fold test disagrees, but harm needs less proof"
        )
        return ABANDON, f"Harm: {_numbers(f1)}{doubt}."
    obstacle = _obstacle(winners, losers, f1, settings)
    if obstacle is None and not gain_excluded:
        return LOCK, f"{_names(winners)} win and none loses: {'; '.join(map(_numbers, winners))}."
    if f1 is not None and gain_excluded:
        return ABANDON, (
            f"Futility: the interval of the f1_buy difference excludes a gain of "
            f"{settings.useful_gain:+.3g}: {_numbers(f1)}."
        )
    if coverage.n_pairs < 2:
        return KEEP_AVAILABLE, "One pair only: nothing can be tested, neither gain nor harm."
    return KEEP_AVAILABLE, f"Neither shown to help nor to harm: {obstacle}."


def _shown_side(evidence: MetricEvidence, settings: GateSettings) -> int:
    """Give 1 or -1 where corrected p and d show a difference over the cells, else 0."""
    p, d = evidence.p_corrected, evidence.cohens_d
    if p is None or d is None or p >= settings.alpha or abs(d) < settings.min_effect:
        return 0
    return 1 if d > 0 else -1


def _invalid(coverage: Coverage, settings: GateSettings) -> str | None:
    if coverage.broken_checks:
        return f"A check failed, so the numbers cannot be trusted: {', '.join(coverage.broken_checks)}."
    if not coverage.n_expected:
        return "No pair is expected: no cell of the sweep has enough history."
    if coverage.n_pairs / coverage.n_expected < settings.min_pairs_share:
        return (
            f"{coverage.n_pairs} of {coverage.n_expected} expected pairs are there, at least "
            f"{settings.min_pairs_share:.0%} are needed; missing: {coverage.missing}."
        )
    return None


def _beats_always_buy(signal: BaselineSignal, settings: GateSettings) -> bool:
    return signal.p is not None and signal.p < settings.alpha


def _no_signal(signal: BaselineSignal) -> str:
    tested = "this cannot be tested" if signal.p is None else f"one-sided p {_p(signal.p)}"
    return (
        f"The baseline's f1_buy ({signal.f1_baseline:.3f}) does not significantly beat calling every bar BUY "
        f"({signal.f1_always_buy:.3f}; {signal.n_cells} cells, {tested}). "
        "Without a signal in the model, no label treatment can be judged."
    )


def _obstacle(
    winners: Sequence[MetricEvidence],
    losers: Sequence[MetricEvidence],
    f1: MetricEvidence | None,
    settings: GateSettings,
) -> str | None:
    """Say in words what prevents ``LOCK``; None where nothing does."""
    won = f"{_names(winners)} {'wins' if len(winners) == 1 else 'win'}" if winners else "no metric wins"
    if len(winners) < settings.min_winning_metrics:
        closest = f"; {_numbers(f1)}" if f1 is not None and f1 not in winners else ""
        return f"{won}, {settings.min_winning_metrics} are needed{closest}"
    if {one.metric for one in winners} <= TRADE_METRICS:
        return f"{won}, but they measure nearly the same thing; a metric of the classifier must win too"
    if losers:
        return f"{won}, but {_names(losers)} {'loses' if len(losers) == 1 else 'lose'}: {_numbers(losers[0])}"
    if f1 is None:
        return f"{won}, but without f1_buy harm cannot be ruled out"
    return None


def _numbers(one: MetricEvidence) -> str:
    if one.mean_difference is None:
        return f"{one.metric} without a pair"
    words = [f"{one.metric} {one.mean_difference:+.3g}"]
    if one.ci_low is not None and one.ci_high is not None:
        words.append(f"interval {one.ci_low:+.3g} to {one.ci_high:+.3g}")
    if one.p_corrected is None or one.cohens_d is None:
        words.append("no test possible")
    else:
        words.append(f"corrected p {_p(one.p_corrected)}")
        words.append(f"d {one.cohens_d:+.2f}")
        words.append("no fold test possible" if one.fold_p is None else f"fold p {_p(one.fold_p)}")
    return f"{words[0]} ({', '.join(words[1:])})"


def _p(p: float) -> str:
    return "< 0.0001" if p < 0.0001 else f"{p:.2g}"


def _names(evidence: Sequence[MetricEvidence]) -> str:
    names = [one.metric for one in evidence]
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
