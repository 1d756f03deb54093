"""The ordered rules of the gate, as a table of hand-made numbers."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables.gate_decision import VERDICT_METRICS, VERDICTS
from ftf_assets.gate.thresholds import GateSettings
from ftf_assets.gate.verdict_rules import BaselineSignal, Coverage, MetricEvidence, outcome_of, verdict_of

SETTINGS = GateSettings()
FULL = Coverage(25, 25)
SIGNAL = BaselineSignal(0.35, 0.27, 25, 0.001)
NO_SIGNAL = BaselineSignal(0.270, 0.271, 25, 0.6)


def metric(name="f1_buy", mean=0.015, low=0.005, high=0.025, p=0.01, d=0.8, fold_t=4.0, fold_p=0.02):
    return MetricEvidence(name, mean, low, high, p, d, fold_t, fold_p)


def flat(name="f1_buy", mean=0.004, low=-0.01, high=0.018):
    return metric(name, mean, low, high, p=0.6, d=0.1, fold_t=0.4, fold_p=0.7)


def worse(name="f1_buy", **changed):
    return replace(metric(name, -0.015, -0.025, -0.005, 0.01, -0.8, -4.0, 0.02), **changed)


def untestable(name="f1_buy", mean=0.0):
    return MetricEvidence(name, mean, mean, mean, None, None, None, None)


OUTCOMES = [
    (metric(), "wins"),
    (metric(p=0.0499, d=0.3, fold_p=0.0499), "wins"),
    (metric(p=0.05), "neither"),
    (metric(d=0.299), "neither"),
    (metric(fold_p=0.05), "neither"),
    (metric(fold_t=-4.0), "neither"),  # significant over folds, but the other way
    (metric(fold_t=None, fold_p=None), "neither"),
    (worse(), "loses"),
    (worse(cohens_d=-0.29), "neither"),
    (worse(fold_p=0.4), "neither"),
    (worse(fold_t=4.0), "neither"),
    (untestable(), "neither"),
]


@pytest.mark.parametrize(("evidence", "outcome"), OUTCOMES)
def test_a_metric_wins_and_loses_by_the_same_bounds(evidence, outcome):
    assert outcome_of(evidence, SETTINGS) == outcome


F1, AP, EXPECTANCY, SORTINO = VERDICT_METRICS
WON = [metric(), metric(AP), flat(EXPECTANCY), flat(SORTINO)]
RULES = [
    # evidence, coverage, signal, verdict, words of the reason
    pytest.param(WON, FULL, SIGNAL, "LOCK", "f1_buy and average_precision win and none loses", id="two win"),
    pytest.param(WON, FULL, None, "LOCK", "none loses", id="always-BUY unknown: skipped"),
    pytest.param(
        [metric(m) for m in VERDICT_METRICS],
        FULL,
        SIGNAL,
        "LOCK",
        "f1_buy, average_precision, expectancy_net and sortino win",
        id="all win",
    ),
    pytest.param(
        [flat(), metric(AP), metric(SORTINO)],
        FULL,
        SIGNAL,
        "LOCK",
        "average_precision and sortino",
        id="two win without f1",
    ),
    pytest.param(
        WON,
        Coverage(25, 23, "OPUSDC fold 3, OPUSDC fold 4"),
        SIGNAL,
        "INVALID",
        "23 of 25 expected pairs.*95%.*OPUSDC fold 3",
        id="92 % of the pairs",
    ),
    pytest.param(WON, Coverage(20, 19), SIGNAL, "LOCK", "win", id="95 % of the pairs are enough"),
    pytest.param(WON, Coverage(0, 0), SIGNAL, "INVALID", "enough history", id="nothing expected"),
    pytest.param([], Coverage(25, 0, "all"), None, "INVALID", "0 of 25", id="all cells failed"),
    pytest.param(
        WON, replace(FULL, broken_checks=("no leak",)), SIGNAL, "INVALID", "no leak", id="failed check"
    ),
    pytest.param(
        WON,
        FULL,
        NO_SIGNAL,
        "NO_SIGNAL",
        r"\(0.270\).*\(0.271; 25 cells, one-sided p 0.6\)",
        id="no signal comes before LOCK",
    ),
    pytest.param(
        [worse()], FULL, NO_SIGNAL, "NO_SIGNAL", "no label treatment", id="no signal comes before harm"
    ),
    pytest.param(WON, FULL, replace(SIGNAL, p=None), "NO_SIGNAL", "cannot be tested", id="signal untestable"),
    pytest.param(WON, FULL, replace(SIGNAL, p=0.05), "NO_SIGNAL", "p 0.05", id="p at alpha is no signal"),
    pytest.param(
        [worse(), metric(AP), metric(SORTINO)],
        FULL,
        SIGNAL,
        "ABANDON",
        r"Harm: f1_buy -0.015 \(interval -0.025 to -0.005, corrected p 0.01, d -0.80, fold p 0.02\)\.",
        id="harm comes before LOCK",
    ),
    pytest.param(
        [worse(fold_p=0.5)], FULL, SIGNAL, "ABANDON", "fold test disagrees", id="harm needs less proof"
    ),
    pytest.param(
        [worse(fold_t=None, fold_p=None)],
        FULL,
        SIGNAL,
        "ABANDON",
        "Harm.*no fold test possible",
        id="harm in one fold",
    ),
    pytest.param(
        [worse(cohens_d=-0.2, ci_high=0.02)],
        FULL,
        SIGNAL,
        "KEEP_AVAILABLE",
        "no metric wins",
        id="too small to be harm",
    ),
    pytest.param(
        [metric(low=0.001, high=0.009), metric(AP)],
        FULL,
        SIGNAL,
        "ABANDON",
        r"Futility.*excludes a gain of \+0.01",
        id="two win, but too little",
    ),
    pytest.param(
        [metric(high=0.01), metric(AP)], FULL, SIGNAL, "LOCK", "win", id="the gain itself is not excluded"
    ),
    pytest.param([flat(high=0.0099)], FULL, SIGNAL, "ABANDON", "Futility", id="futility"),
    pytest.param([untestable()], FULL, SIGNAL, "ABANDON", "Futility.*no test possible", id="identical"),
    pytest.param(
        [untestable(mean=0.02)], FULL, SIGNAL, "KEEP_AVAILABLE", "no test possible", id="constant gain"
    ),
    pytest.param(
        [flat(), metric(AP)],
        FULL,
        SIGNAL,
        "KEEP_AVAILABLE",
        r"average_precision wins, 2 are needed; f1_buy \+0.004",
        id="one wins",
    ),
    pytest.param([metric()], FULL, SIGNAL, "KEEP_AVAILABLE", "f1_buy wins, 2 are needed.$", id="f1 alone"),
    pytest.param(
        [flat(), flat(AP), metric(EXPECTANCY), metric(SORTINO)],
        FULL,
        SIGNAL,
        "KEEP_AVAILABLE",
        "nearly the same thing",
        id="only trades win",
    ),
    pytest.param(
        [metric(), metric(AP), worse(SORTINO)],
        FULL,
        SIGNAL,
        "KEEP_AVAILABLE",
        "but sortino loses",
        id="one loses",
    ),
    pytest.param(
        [metric(), metric(AP), worse(SORTINO), worse(EXPECTANCY)],
        FULL,
        SIGNAL,
        "KEEP_AVAILABLE",
        "sortino and expectancy_net lose",
        id="two lose",
    ),
    pytest.param(
        [metric(AP), metric(SORTINO)], FULL, None, "KEEP_AVAILABLE", "without f1_buy", id="f1 absent"
    ),
    pytest.param(
        [MetricEvidence(F1, 0.02, *[None] * 6)],
        Coverage(1, 1),
        None,
        "KEEP_AVAILABLE",
        "One pair",
        id="one pair",
    ),
    pytest.param(
        [MetricEvidence(F1, *[None] * 7)],
        Coverage(25, 25),
        None,
        "KEEP_AVAILABLE",
        "without a pair",
        id="no number at all",
    ),
    pytest.param([metric(p=0.00001), metric(AP)], FULL, SIGNAL, "LOCK", "p < 0.0001", id="tiny p"),
]


@pytest.mark.parametrize(("evidence", "coverage", "signal", "verdict", "words"), RULES)
def test_the_first_rule_that_holds_decides(evidence, coverage, signal, verdict, words):
    found, reason = verdict_of(evidence, coverage, signal, SETTINGS)
    assert found == verdict, reason
    assert re.search(words, reason), reason


numbers = st.one_of(st.none(), st.floats(-3, 3))
shares = st.one_of(st.none(), st.floats(0, 1))


@st.composite
def evidences(draw: st.DrawFn) -> MetricEvidence:
    low, high = sorted((draw(st.floats(-1, 1)), draw(st.floats(-1, 1))))
    return MetricEvidence(
        draw(st.sampled_from(VERDICT_METRICS)), (low + high) / 2, low, high,
        draw(shares), draw(numbers), draw(numbers), draw(shares),
    )  # fmt: skip


def mirrored(one: MetricEvidence) -> MetricEvidence:
    return replace(
        one,
        cohens_d=None if one.cohens_d is None else -one.cohens_d,
        fold_t=None if one.fold_t is None else -one.fold_t,
    )


@given(evidences())
def test_swapping_the_sign_swaps_wins_and_loses(one):
    swapped = {"wins": "loses", "loses": "wins", "neither": "neither"}
    assert outcome_of(mirrored(one), SETTINGS) == swapped[outcome_of(one, SETTINGS)]


@given(st.lists(evidences(), max_size=4, unique_by=lambda one: one.metric), st.integers(0, 25))
def test_every_input_has_a_verdict_and_one_sentence(evidence, n_pairs):
    verdict, reason = verdict_of(evidence, Coverage(25, n_pairs), None, SETTINGS)
    assert verdict in VERDICTS
    assert reason.endswith(".")
    assert "nan" not in reason
    assert "\n" not in reason


@pytest.mark.parametrize(
    ("name", "value"),
    [("alpha", 0.0), ("alpha", 1.0), ("min_effect", -0.1), ("useful_gain", 0.0), ("min_pairs_share", 1.5)],
)
def test_bounds_out_of_range_are_refused(name, value):
    with pytest.raises(InputError, match=name):
        GateSettings(**{name: value})
