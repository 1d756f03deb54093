"""The ordered rules: which verdict the numbers of a level deserve, and in one sentence why.

The order is a gatekeeping procedure: a question is asked only after the one before it is answered. Can the
numbers be trusted (else ``INVALID``)? Does the baseline or the level rank (else ``NO_SIGNAL``)? Does the
level harm? Does it gain? Is a gain worth having still possible [1]_?

References
----------
.. [1] Lakens (2017), "Equivalence Tests: A Practical Primer for t Tests, Correlations, and Meta-Analyses",
   Social Psychological and Personality Science 8: an interval that excludes the smallest gain of interest is
   evidence of its absence, which a large p-value is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ftf_assets.contracts.gate_bounds import TWO_METRICS_RULE
from ftf_assets.contracts.tables.gate_decision import (
    ABANDON,
    COUNTED,
    ENDS_HARM,
    ENDS_INVALID,
    ENDS_LOCK,
    ENDS_NO_SIGNAL,
    ENDS_NOTHING_USEFUL,
    ENDS_UNDECIDED,
    INVALID,
    KEEP_AVAILABLE,
    LOCK,
    LOSES,
    NEITHER,
    NO_SIGNAL,
    PRIMARY,
    SHOWN,
    WINS,
)
from ftf_assets.contracts.typed import typed
from ftf_assets.gate.signal import Signal
from ftf_assets.gate.thresholds import GateSettings

#: Harm in this metric abandons a level, whatever the primary metric says: it is what the team reports.
HARM_METRIC = "f1_buy"

#: Begins the reason of a verdict that is INVALID because of contract or leak checks, which it names.
BROKEN_CHECKS = "A check failed, so the numbers cannot be trusted: "


@dataclass(frozen=True)
class MetricEvidence:
    """The numbers of one metric that decide; None where nothing could be tested.

    Attributes
    ----------
    metric, role
        The metric, for which higher is better, and what it does in the decision.
    mean_difference, ci_low, ci_high
        Level minus baseline with its clustered interval.
    p_corrected
        After the correction over the levels.
    cohens_d
        Of the paired differences; None with a p-value where every pair differs by the same.
    n_clusters, clusters
        Number and kind of the clusters, for the words.
    """

    metric: str
    role: str
    mean_difference: float | None
    ci_low: float | None
    ci_high: float | None
    p_corrected: float | None
    cohens_d: float | None
    n_clusters: int = 0
    clusters: str | None = None


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
class Judgement:
    """A verdict, how the level ended, and the sentence that gives the reason."""

    verdict: str
    ending: str
    reason: str


@typed
def outcome_of(evidence: MetricEvidence, settings: GateSettings) -> str | None:
    """Say whether a metric ``wins``, ``loses`` or does ``neither``; None for a metric that is only shown.

    It wins where the corrected p-value is below alpha and Cohen's d is large enough; it loses likewise. Where
    every pair differs by the same, d is infinite and large enough.
    """
    if evidence.role == SHOWN:
        return None
    p, d, mean = evidence.p_corrected, evidence.cohens_d, evidence.mean_difference
    if p is None or not mean or p >= settings.alpha or (d is not None and abs(d) < settings.min_effect):
        return NEITHER
    return WINS if mean > 0 else LOSES


@typed
def verdict_of(
    evidence: Sequence[MetricEvidence],
    coverage: Coverage,
    signals: Mapping[str, Signal],
    settings: GateSettings,
) -> Judgement:
    """Give the first verdict that holds, with its reason.

    Parameters
    ----------
    evidence
        One item for each metric in the results that is not only shown.
    coverage
        How complete the results are.
    signals
        Whether baseline and level rank, by their names; without those of which the results cannot say.
    settings
        The bounds, and the rule.
    """
    invalid = _invalid(coverage, settings)
    if invalid:
        return Judgement(INVALID, ENDS_INVALID, invalid)
    tested = {name: one for name, one in signals.items() if one.p is not None}
    if tested and not any(one.ranks(settings.alpha) for one in tested.values()):
        return Judgement(NO_SIGNAL, ENDS_NO_SIGNAL, _no_signal(tested))
    if settings.rule == TWO_METRICS_RULE:
        return _by_two_metrics(evidence, settings)
    return _by_primary_metric(evidence, settings)


def _by_primary_metric(evidence: Sequence[MetricEvidence], settings: GateSettings) -> Judgement:
    primary = next(one for one in evidence if one.role == PRIMARY)
    losers = [one for one in evidence if outcome_of(one, settings) == LOSES]
    harm = [one for one in losers if one.role == PRIMARY or one.metric == HARM_METRIC]
    if harm:
        return Judgement(ABANDON, ENDS_HARM, f"Harm: {'; '.join(map(in_numbers, harm))}.")
    wins = outcome_of(primary, settings) == WINS
    excluded = primary.ci_high is not None and primary.ci_high < settings.useful_gain
    if wins and not losers and not excluded:
        return Judgement(LOCK, ENDS_LOCK, f"{in_numbers(primary)}; no other metric loses.")
    if excluded:
        return Judgement(
            ABANDON,
            ENDS_NOTHING_USEFUL,
            f"No useful effect: the interval ends below a gain of {settings.useful_gain:+.3g}: "
            f"{in_numbers(primary)}.",
        )
    if wins:
        return Judgement(
            KEEP_AVAILABLE,
            ENDS_UNDECIDED,
            f"{in_numbers(primary)}, but another metric loses: {'; '.join(map(in_numbers, losers))}.",
        )
    if primary.mean_difference is not None and primary.p_corrected is None:
        return Judgement(
            KEEP_AVAILABLE,
            ENDS_UNDECIDED,
            f"Nothing can be tested, neither gain nor harm: {in_numbers(primary)}.",
        )
    return Judgement(
        KEEP_AVAILABLE, ENDS_UNDECIDED, f"Neither shown to help nor to harm: {in_numbers(primary)}."
    )


def _by_two_metrics(evidence: Sequence[MetricEvidence], settings: GateSettings) -> Judgement:
    """Apply the team's rule: two metrics win for ``LOCK``; two lose for ``ABANDON``, their rule mirrored."""
    counted = [one for one in evidence if one.role == COUNTED]
    winners = [one for one in counted if outcome_of(one, settings) == WINS]
    losers = [one for one in counted if outcome_of(one, settings) == LOSES]
    needed = settings.min_winning_metrics
    won, lost = "; ".join(map(in_numbers, winners)), "; ".join(map(in_numbers, losers))
    if len(winners) >= needed:
        return Judgement(LOCK, ENDS_LOCK, f"By the rule of two metrics: {won}.")
    if len(losers) >= needed:
        return Judgement(ABANDON, ENDS_HARM, f"Harm, by the rule of two metrics: {lost}.")
    found = f": {won}" if winners else ""
    return Judgement(
        KEEP_AVAILABLE,
        ENDS_UNDECIDED,
        f"By the rule of two metrics: {len(winners)} of {len(counted)} metrics win, {needed} are needed"
        f"{found}.",
    )


def _invalid(coverage: Coverage, settings: GateSettings) -> str | None:
    if coverage.broken_checks:
        return f"{BROKEN_CHECKS}{', '.join(coverage.broken_checks)}."
    if not coverage.n_expected:
        return "No pair is expected: no cell of the sweep has enough history."
    if coverage.n_pairs / coverage.n_expected < settings.min_pairs_share:
        return (
            f"{coverage.n_pairs} of {coverage.n_expected} expected pairs are there, at least "
            f"{settings.min_pairs_share:.0%} are needed; missing: {coverage.missing}."
        )
    return None


def _no_signal(signals: Mapping[str, Signal]) -> str:
    said = "; ".join(
        f"{name} {one.metric} {one.score:.3f} against {one.chance:.3f} by chance, one-sided p {p_text(one.p)}"
        for name, one in signals.items()
    )
    return (
        f"Neither the baseline nor the level ranks better than chance: {said}. "
        "Without a signal in the model, no label treatment can be judged."
    )


@typed
def in_numbers(one: MetricEvidence) -> str:
    """Write a metric's difference with its interval, p-value and effect size."""
    if one.mean_difference is None:
        return f"{one.metric} without a pair"
    words = [f"{one.metric} {difference_text(one.mean_difference)}"]
    if one.ci_low is not None and one.ci_high is not None:
        words.append(f"interval {difference_text(one.ci_low)} to {difference_text(one.ci_high)}")
    if one.p_corrected is None:
        words.append("no test possible")
    else:
        words.append(f"corrected p {p_text(one.p_corrected)}")
        words.append("every pair the same" if one.cohens_d is None else f"d {one.cohens_d:+.2f}")
    if one.clusters is not None and one.p_corrected is not None:
        words.append(f"{one.n_clusters} {one.clusters}")
    return f"{words[0]} ({', '.join(words[1:])})" if len(words) > 1 else words[0]


@typed
def difference_text(value: float) -> str:
    """Write a difference with its sign: three significant digits, to at most four places.

    >>> difference_text(-0.0123), difference_text(27.908), difference_text(-0.0000498)
    ('-0.0123', '+27.9', '0')
    """
    rounded = float(f"{round(value, 4):.3g}")
    return f"{rounded:+.4f}".rstrip("0").rstrip(".") if rounded else "0"


@typed
def p_text(p: float | None) -> str:
    """Write a p-value with two digits, a tiny one as a bound."""
    if p is None:
        return "unknown"
    return "< 0.0001" if p < 0.0001 else f"{p:.2g}"
