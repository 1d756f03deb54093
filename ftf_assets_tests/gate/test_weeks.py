"""Deciding by calendar weeks and seeds: what the rows must hold, what counts, and what is said without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ftf_assets.contracts.gate_rows import ResultRows, WeeklyInfluence
from ftf_assets.gate.clusters import clusters_of
from ftf_assets.gate.compare import compare_with_control
from ftf_assets.gate.decide import decide
from ftf_assets.gate.decision import Decision
from ftf_assets.gate.pairs import pair_levels
from ftf_assets.gate.sweep_facts import SweepFacts
from ftf_assets.gate.thresholds import GateSettings
from ftf_assets_tests.support.gate_rows import BASELINES, QUICK, columns, metric_of, sweep_rows

WEEK = 7 * 24 * 3600 * 1_000_000_000


def with_weeks(
    rows: ResultRows,
    *,
    spread: float = 0.02,
    seeds: float = 0.002,
    repeats: int = 4,
    weeks: int = 5,
    paired: bool = True,
) -> ResultRows:
    """Influence of five weeks a fold with this spread, and scores of single fits with this one."""
    rng = np.random.default_rng(5)
    n_weeks = weeks * max(len(rows.fold.names), 1)
    influence = np.full((len(rows), n_weeks), np.nan)
    for row in range(len(rows)):
        first = weeks * max(int(rows.fold.codes[row]), 0)
        drawn = rng.normal(0, spread / weeks**0.5, weeks)
        influence[row, first : first + weeks] = drawn - drawn.mean()
    scores = 0.55 + rng.normal(0, seeds, (len(rows), repeats))
    if not paired:
        scores[rows.factors["cleanlab"].codes != rows.factors["cleanlab"].code_of("off")] = np.nan
    instants = np.arange(n_weeks, dtype=np.int64) * WEEK
    return replace(
        rows, weekly=WeeklyInfluence(instants, influence), repeats={"roc_auc": scores} if repeats else {}
    )


def decided(rows: ResultRows, settings: GateSettings = QUICK, facts: SweepFacts | None = None) -> Decision:
    return decide(rows, BASELINES, sweep_id="x", settings=settings, facts=facts)


def test_weeks_and_seeds_are_the_parts_of_the_error():
    auc = metric_of(decided(with_weeks(columns(sweep_rows(0.02)))), "roc_auc")
    assert (auc.clusters, auc.n_clusters, auc.seed_source) == ("weeks", 25, "paired")
    assert auc.standard_error == pytest.approx(np.hypot(auc.week_error, auc.seed_error))
    assert auc.week_error == pytest.approx(0.02 * 2**0.5 / 25**0.5, rel=0.5)
    assert auc.seed_error == pytest.approx(0.002 * 2**0.5 / 4**0.5 / 25**0.5, rel=0.3)
    assert auc.fold_n == 5, "the test by folds is shown beside it"
    assert auc.ci_high - auc.mean_difference == pytest.approx(2.086 * auc.standard_error, rel=1e-3)


def test_other_metrics_are_judged_by_folds():
    decision = decided(with_weeks(columns(sweep_rows(0.02))))
    assert {one.clusters for one in decision.metrics if one.metric not in ("roc_auc",)} <= {"folds", "pairs"}


def test_noisy_weeks_take_a_lock_away():
    rows = columns(sweep_rows(0.02))
    assert decided(with_weeks(rows)).verdicts[0].verdict == "LOCK"
    found = decided(with_weeks(rows, spread=0.15)).verdicts[0]
    assert (found.verdict, found.ending) == ("KEEP_AVAILABLE", "undecided")


def test_an_undecided_level_says_what_would_decide_it_and_what_could_not_be_seen():
    decision = decided(with_weeks(columns(sweep_rows(0.02)), spread=0.06))
    (found,) = decision.verdicts
    assert "months of test history instead of 5.7" in found.advice
    assert any("would often have been missed" in warning for warning in found.warnings)
    assert found.advice in decision.summary.headline
    assert decision.summary.smallest_visible > 0.01
    assert (decision.summary.n_clusters, decision.summary.n_cryptos, decision.summary.n_folds) == (25, 5, 5)
    assert decision.summary.test_months == pytest.approx(25 / 4.348, abs=0.01)


def test_a_useful_gain_that_the_interval_excludes_is_not_called_missed():
    decision = decided(with_weeks(columns(sweep_rows(-0.04)), spread=0.06))
    (found,), auc = decision.verdicts, metric_of(decision, "roc_auc")
    assert auc.smallest_visible > 0.01 > auc.ci_high
    assert not any("would often have been missed" in warning for warning in found.warnings)


def test_a_treatment_is_held_against_its_control_by_the_test_that_holds_levels_against_the_baseline():
    control = [row for row in sweep_rows(0.005, level="filter_random") if row["cleanlab"] != "off"]
    rows = with_weeks(columns([*sweep_rows(0.02), *control]))
    pairing = pair_levels(rows, BASELINES)
    by_name = {pairs.level: pairs for pairs in pairing.levels}
    clusters = clusters_of(pairing.cells, None)
    found = compare_with_control(by_name["filter"], by_name["filter_random"], pairing, clusters, QUICK)

    of = rows.factors["cleanlab"]
    without_baseline = rows.take(np.flatnonzero(of.codes != of.code_of("off")))
    expected = metric_of(
        decide(without_baseline, BASELINES | {"cleanlab": "filter_random"}, sweep_id="x", settings=QUICK),
        "roc_auc",
    )
    assert found.mean_difference == pytest.approx(0.015)
    for name in ("mean_difference", "ci_low", "ci_high", "p_value", "clusters", "n_clusters", "seed_source"):
        assert getattr(found, name) == getattr(expected, name), name
    assert f"95 % interval {found.ci_low:+.4f} to" in decided(rows).summary.headline


def test_one_fold_is_judged_by_the_same_weeks():
    auc = metric_of(decided(with_weeks(columns(sweep_rows(0.02, folds=1)), weeks=20)), "roc_auc")
    assert (auc.clusters, auc.n_clusters) == ("weeks", 20)
    assert auc.ci_high - auc.mean_difference == pytest.approx(2.093 * auc.standard_error, rel=1e-3)  # df 19


@pytest.mark.parametrize(
    ("weekly", "words"),
    [
        ({"paired": False}, "seed is taken from the baseline's seed check"),
        ({"repeats": 0}, "one fit a cell and no seed check"),
    ],
    ids=["only the baseline was fitted twice", "one fit a cell"],
)
def test_where_seeds_are_not_paired_the_verdict_says_so(weekly, words):
    decision = decided(with_weeks(columns(sweep_rows(0.02)), **weekly))
    assert any(words in warning for warning in decision.verdicts[0].warnings)
    paired = decided(with_weeks(columns(sweep_rows(0.02))))
    unpaired_error = metric_of(decision, "roc_auc").seed_error
    assert unpaired_error is None or unpaired_error > metric_of(paired, "roc_auc").seed_error


def test_a_cell_without_weeks_falls_back_to_folds_and_says_so():
    rows = with_weeks(columns(sweep_rows(0.02)))
    rows.weekly.influence[7] = np.nan
    decision = decided(rows)
    assert metric_of(decision, "roc_auc").clusters == "folds"
    assert any("no weekly results of roc_auc" in warning for warning in decision.verdicts[0].warnings)


def test_the_signal_is_tested_by_weeks_of_baseline_and_level():
    decision = decided(with_weeks(columns(sweep_rows(0.02))))
    assert (decision.summary.signal_metric, decision.summary.signal_clusters) == ("roc_auc", "weeks")
    assert decision.summary.signal_p < 0.001
    assert decision.verdicts[0].signal_p < 0.001
    blind = [row | {"roc_auc": row["roc_auc"] - 0.09} for row in sweep_rows(0.02)]
    assert decided(with_weeks(columns(blind))).verdicts[0].verdict == "NO_SIGNAL"
    only_level = [row | {"roc_auc": row["roc_auc"] + 0.09 * (row["cleanlab"] != "off")} for row in blind]
    assert decided(with_weeks(columns(only_level))).verdicts[0].verdict == "LOCK"


def test_pairs_without_a_trade_are_left_out_and_counted():
    rows = sweep_rows(0.02)
    rows[3] = rows[3] | {"expectancy_net": None}
    expectancy = metric_of(decided(columns(rows)), "expectancy_net")
    assert (expectancy.n_pairs, expectancy.n_left_out) == (24, 1)
    assert decided(columns(rows)).verdicts[0].verdict == "LOCK"


def test_trades_that_lose_are_a_fact_and_no_verdict():
    rows = [
        row | {"trade_precision": 0.2, "breakeven_precision": 0.3, "expectancy_net": -7.0 + row["fold"]}
        for row in sweep_rows(0.02)
    ]
    decision = decided(columns(rows), facts=SweepFacts(trade_share=0.10))
    summary = decision.summary
    assert summary.tradable is False
    assert (summary.trade_precision, summary.breakeven_precision) == pytest.approx((0.2, 0.3))
    assert summary.net_bps == pytest.approx(-5.0)
    assert "Not tradable after costs" in summary.headline
    assert decision.verdicts[0].verdict == "LOCK"


def test_an_operating_point_like_always_buy_is_a_fact_and_no_verdict():
    rows = [row | {"f1_always_buy": row["f1_buy"] + 0.001 * row["fold"]} for row in sweep_rows(0.02)]
    decision = decided(columns(rows))
    assert decision.summary.beats_always_buy is False
    assert decision.verdicts[0].verdict == "LOCK"


def test_two_metrics_are_counted_by_pairs_and_auc_is_shown():
    decision = decided(
        columns(sweep_rows(0.02)), settings=GateSettings(bootstrap_draws=50, rule="two_metrics")
    )
    roles = {one.metric: one.role for one in decision.metrics}
    assert roles["roc_auc"] == "shown"
    assert {name for name, role in roles.items() if role == "counted"} == {
        *("f1_buy", "average_precision", "expectancy_net", "sortino")
    }
    assert "By the rule of two metrics" in decision.verdicts[0].reason
