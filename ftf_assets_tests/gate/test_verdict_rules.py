"""The ordered rules of the gate, as a table of hand-made numbers."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables.gate_decision import LEVEL_ENDINGS, VERDICT_METRICS, VERDICTS
from ftf_assets.gate.signal import Signal
from ftf_assets.gate.thresholds import GateSettings
from ftf_assets.gate.verdict_rules import Coverage, MetricEvidence, outcome_of, verdict_of

SETTINGS = GateSettings()
TWO_METRICS = GateSettings(rule="two_metrics")
FULL = Coverage(25, 25)
AUC, AP, F1, EXPECTANCY = VERDICT_METRICS


def signal(p=0.001, metric=AUC, score=0.56, chance=0.5):
    return Signal(metric, score, chance, p, "weeks")


RANKS = {"baseline": signal(), "level": signal()}
BLIND = {"baseline": signal(0.4, score=0.502), "level": signal(0.3, score=0.503)}


def metric(name=AUC, mean=0.015, low=0.005, high=0.025, p=0.01, d=0.8, role=None):
    return MetricEvidence(
        name, role or ("primary" if name == AUC else "veto"), mean, low, high, p, d, 27, "weeks"
    )


def flat(name=AUC, mean=0.004, low=-0.01, high=0.018, **changed):
    return replace(metric(name, mean, low, high, p=0.6, d=0.1), **changed)


def worse(name=AUC, **changed):
    return replace(metric(name, -0.015, -0.025, -0.005, 0.01, -0.8), **changed)


def untestable(name=AUC, mean=0.0):
    return replace(flat(name, mean), ci_low=None, ci_high=None, p_corrected=None, cohens_d=None)


def constant(mean, p):
    """Every pair differs by the same: no variance, no d, the p-value is that of the sign-flip test."""
    return replace(metric(mean=mean, low=mean, high=mean, p=p), cohens_d=None, clusters="pairs")


OUTCOMES = [
    (metric(), "wins"),
    (metric(p=0.0499, d=0.3), "wins"),
    (metric(p=0.05), "neither"),
    (metric(d=0.299), "neither"),
    (worse(), "loses"),
    (worse(cohens_d=-0.29), "neither"),
    (worse(p_corrected=0.05), "neither"),
    (untestable(), "neither"),
    (constant(0.02, 0.001), "wins"),
    (constant(-0.02, 0.001), "loses"),
    (constant(0.02, 0.0625), "neither"),
    (constant(0.0, 1.0), "neither"),
    (metric(role="shown"), None),
]


@pytest.mark.parametrize(("evidence", "outcome"), OUTCOMES)
def test_a_metric_wins_and_loses_by_the_same_bounds(evidence, outcome):
    assert outcome_of(evidence, SETTINGS) == outcome


NULLS = [flat(AP), flat(F1), flat(EXPECTANCY)]
WON = [metric(), *NULLS]
RULES = [
    # evidence, coverage, signals, verdict, ending, words of the reason
    pytest.param(
        WON,
        FULL,
        RANKS,
        ("LOCK", "lock"),
        r"roc_auc \+0.015 \(interval \+0.005 to \+0.025, corrected p 0.01, d \+0.80, 27 weeks\); no other",
        id="the primary metric wins",
    ),
    pytest.param(WON, FULL, {}, ("LOCK", "lock"), "no other metric loses", id="signal unknown: skipped"),
    pytest.param([metric()], FULL, RANKS, ("LOCK", "lock"), "", id="no other metric measured"),
    pytest.param(
        [flat(), metric(AP), metric(F1), metric(EXPECTANCY)],
        FULL,
        RANKS,
        ("KEEP_AVAILABLE", "undecided"),
        "Neither shown to help nor to harm: roc_auc",
        id="all win but the primary one",
    ),
    pytest.param(
        WON,
        Coverage(25, 23, "OPUSDC fold 3, OPUSDC fold 4"),
        RANKS,
        ("INVALID", "invalid"),
        "23 of 25 expected pairs.*95%.*OPUSDC fold 3",
        id="92 % of the pairs",
    ),
    pytest.param(WON, Coverage(20, 19), RANKS, ("LOCK", "lock"), "", id="95 % of the pairs are enough"),
    pytest.param(WON, Coverage(0, 0), RANKS, ("INVALID", "invalid"), "enough history", id="none expected"),
    pytest.param(
        [untestable()], Coverage(25, 0, "all"), {}, ("INVALID", "invalid"), "0 of 25", id="all cells failed"
    ),
    pytest.param(
        WON,
        replace(FULL, broken_checks=("no leak",)),
        BLIND,
        ("INVALID", "invalid"),
        "no leak",
        id="a failed check comes first",
    ),
    pytest.param(
        WON,
        FULL,
        BLIND,
        ("NO_SIGNAL", "no_signal"),
        r"baseline roc_auc 0.502 against 0.500 by chance, one-sided p 0.4; level roc_auc 0.503.*p 0.3\.",
        id="no signal comes before LOCK",
    ),
    pytest.param([worse()], FULL, BLIND, ("NO_SIGNAL", "no_signal"), "", id="no signal comes before harm"),
    pytest.param(
        WON, FULL, BLIND | {"level": signal(0.049)}, ("LOCK", "lock"), "", id="the level ranks, it is enough"
    ),
    pytest.param(
        [worse()], FULL, BLIND | {"baseline": signal(0.049)}, ("ABANDON", "harm"), "", id="the baseline ranks"
    ),
    pytest.param(
        WON,
        FULL,
        BLIND | {"baseline": signal(0.05)},
        ("NO_SIGNAL", "no_signal"),
        "p 0.05",
        id="p at alpha is no signal",
    ),
    pytest.param(
        WON,
        FULL,
        {"baseline": signal(None), "level": signal(None)},
        ("LOCK", "lock"),
        "",
        id="a signal that cannot be tested is skipped",
    ),
    pytest.param(
        [worse(), metric(AP)],
        FULL,
        RANKS,
        ("ABANDON", "harm"),
        r"Harm: roc_auc -0.015 \(interval -0.025 to -0.005, corrected p 0.01, d -0.80",
        id="the primary metric loses",
    ),
    pytest.param(
        [metric(), flat(AP), worse(F1)],
        FULL,
        RANKS,
        ("ABANDON", "harm"),
        "Harm: f1_buy",
        id="f1 loses, whatever the primary metric does",
    ),
    pytest.param(
        [worse(), worse(F1)], FULL, RANKS, ("ABANDON", "harm"), "Harm: roc_auc.*; f1_buy", id="both lose"
    ),
    pytest.param(
        [worse(cohens_d=-0.2, ci_high=0.02)],
        FULL,
        RANKS,
        ("KEEP_AVAILABLE", "undecided"),
        "Neither",
        id="too small to be harm",
    ),
    pytest.param(
        [metric(), worse(AP)],
        FULL,
        RANKS,
        ("KEEP_AVAILABLE", "undecided"),
        r"roc_auc \+0.015 .*, but another metric loses: average_precision -0.015",
        id="average precision vetoes",
    ),
    pytest.param(
        [metric(), worse(EXPECTANCY)],
        FULL,
        RANKS,
        ("KEEP_AVAILABLE", "undecided"),
        "another metric loses: expectancy_net",
        id="the expectancy vetoes",
    ),
    pytest.param(
        [metric(low=0.001, high=0.009)],
        FULL,
        RANKS,
        ("ABANDON", "nothing_useful"),
        r"No useful effect: the interval ends below a gain of \+0.01",
        id="wins, but too little",
    ),
    pytest.param([metric(high=0.01)], FULL, RANKS, ("LOCK", "lock"), "", id="the gain itself is reached"),
    pytest.param([flat(high=0.0099)], FULL, RANKS, ("ABANDON", "nothing_useful"), "", id="nothing useful"),
    pytest.param(
        [flat(high=0.0099), worse(AP)],
        FULL,
        RANKS,
        ("ABANDON", "nothing_useful"),
        "No useful effect",
        id="nothing useful, and average precision loses",
    ),
    pytest.param(
        [constant(0.0, 1.0)],
        FULL,
        RANKS,
        ("ABANDON", "nothing_useful"),
        "every pair the same",
        id="identical",
    ),
    pytest.param([constant(0.02, 2.0**-24)], FULL, RANKS, ("LOCK", "lock"), "p < 0.0001", id="constant gain"),
    pytest.param(
        [constant(-0.02, 2.0**-24)], FULL, RANKS, ("ABANDON", "harm"), "every pair", id="constant loss"
    ),
    pytest.param(
        [untestable(mean=0.02)],
        Coverage(1, 1),
        {},
        ("KEEP_AVAILABLE", "undecided"),
        "Nothing can be tested",
        id="one pair",
    ),
    pytest.param(
        [replace(metric(AP), role="primary"), flat(F1)],
        FULL,
        {},
        ("LOCK", "lock"),
        "average_precision",
        id="average precision is primary",
    ),
]


@pytest.mark.parametrize(("evidence", "coverage", "signals", "verdict", "words"), RULES)
def test_the_first_rule_that_holds_decides(evidence, coverage, signals, verdict, words):
    found = verdict_of(evidence, coverage, signals, SETTINGS)
    assert (found.verdict, found.ending) == verdict, found.reason
    assert re.search(words, found.reason), found.reason


def counted(*evidence):
    return [replace(one, role="counted") for one in evidence]


SORTINO = "sortino"
TEAM_RULES = [
    pytest.param(counted(metric(F1), metric(AP)), ("LOCK", "lock"), "two metrics: f1_buy.*; a", id="two win"),
    pytest.param(
        counted(metric(EXPECTANCY), metric(SORTINO), worse(F1)), ("LOCK", "lock"), "", id="any two, one loses"
    ),
    pytest.param(
        counted(metric(F1), flat(AP)), ("KEEP_AVAILABLE", "undecided"), "1 of 2 .* 2 are needed: f1", id="one"
    ),
    pytest.param(counted(worse(F1), worse(AP)), ("ABANDON", "harm"), "Harm, by the rule", id="two lose"),
    pytest.param(counted(worse(F1), flat(AP)), ("KEEP_AVAILABLE", "undecided"), "0 of 2", id="one loses"),
    pytest.param(
        [metric(role="shown"), *counted(flat(AP, high=0.001))], ("KEEP_AVAILABLE", "undecided"), "", id="AUC"
    ),
]


@pytest.mark.parametrize(("evidence", "verdict", "words"), TEAM_RULES)
def test_the_teams_rule_asks_for_two_metrics(evidence, verdict, words):
    found = verdict_of(evidence, FULL, RANKS, TWO_METRICS)
    assert (found.verdict, found.ending) == verdict, found.reason
    assert re.search(words, found.reason), found.reason


@pytest.mark.parametrize(
    ("coverage", "signals", "verdict"),
    [(Coverage(25, 20, "x"), RANKS, "INVALID"), (FULL, BLIND, "NO_SIGNAL")],
)
def test_the_teams_rule_is_asked_after_the_same_questions(coverage, signals, verdict):
    assert verdict_of(counted(metric(F1), metric(AP)), coverage, signals, TWO_METRICS).verdict == verdict


shares = st.one_of(st.none(), st.floats(0, 1))
numbers = st.one_of(st.none(), st.floats(-3, 3))


@st.composite
def evidences(draw: st.DrawFn, name: str) -> MetricEvidence:
    low, high = sorted((draw(st.floats(-1, 1)), draw(st.floats(-1, 1))))
    role = "primary" if name == AUC else "veto"
    return MetricEvidence(name, role, (low + high) / 2, low, high, draw(shares), draw(numbers))


def mirrored(one: MetricEvidence) -> MetricEvidence:
    d = one.cohens_d
    return replace(one, mean_difference=-one.mean_difference, cohens_d=None if d is None else -d)


@given(evidences(F1))
def test_swapping_the_sign_swaps_wins_and_loses(one):
    swapped = {"wins": "loses", "loses": "wins", "neither": "neither"}
    assert outcome_of(mirrored(one), SETTINGS) == swapped[outcome_of(one, SETTINGS)]


@given(st.tuples(*(evidences(name) for name in VERDICT_METRICS)), st.integers(0, 25))
def test_every_input_has_a_verdict_and_one_sentence(evidence, n_pairs):
    found = verdict_of(list(evidence), Coverage(25, n_pairs), {}, SETTINGS)
    assert found.verdict in VERDICTS
    assert found.ending in LEVEL_ENDINGS
    assert found.reason.endswith(".")
    assert "nan" not in found.reason
    assert "\n" not in found.reason


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alpha", 0.0),
        ("alpha", 1.0),
        ("min_effect", -0.1),
        ("useful_gain", 0.0),
        ("min_pairs_share", 1.5),
        ("rule", "three_metrics"),
    ],
)
def test_bounds_out_of_range_are_refused(name, value):
    with pytest.raises(InputError, match=name):
        GateSettings(**{name: value})
