"""Deciding on a sweep: which verdict its rows lead to, and what the rows of both tables say."""

from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftf_assets.gate.decide import decide
from ftf_assets.gate.thresholds import GateSettings
from ftf_assets_tests.support.gate_rows import (
    BASELINES,
    CRYPTOS,
    changed_rows,
    columns,
    decided,
    failed,
    measured,
    metric_of,
    skipped,
    sweep_rows,
)
from ftf_assets_tests.support.results_rows import partition, results_table

SWEEPS = [
    pytest.param(sweep_rows(0.02), "LOCK", "no other metric loses", id="gain in every cell"),
    pytest.param(sweep_rows(-0.02), "ABANDON", "Harm", id="harm in every cell"),
    pytest.param(sweep_rows(0.0), "ABANDON", "No useful effect", id="no effect, well measured"),
    pytest.param(
        sweep_rows(lambda i, j: 0.0),
        "ABANDON",
        "No useful.*every pair the same",
        id="identical to the baseline",
    ),
    pytest.param(
        sweep_rows(lambda i, j: 0.02),
        "LOCK",
        "p < 0.0001, every pair the same",
        id="the same gain everywhere",
    ),
    pytest.param(
        sweep_rows(lambda i, j: 0.02, folds=1, cryptos=CRYPTOS[:4]),
        "KEEP_AVAILABLE",
        "corrected p 0.12, every pair the same",
        id="the same gain in four cells",
    ),
    pytest.param(
        sweep_rows(lambda i, j: (-1) ** (i + j) * 0.05), "KEEP_AVAILABLE", "Neither shown", id="noise"
    ),
    pytest.param(
        sweep_rows(lambda i, j: 0.02 + 0.06 * (j - 2) + 0.001 * i),
        "KEEP_AVAILABLE",
        "Neither shown",
        id="two folds out of five say no",
    ),
    pytest.param(
        changed_rows(lambda row: {"roc_auc": 0.5 + (row["fold"] - 2) / 1000}),
        "NO_SIGNAL",
        "baseline roc_auc 0.500 .*; level roc_auc 0.500",
        id="no signal",
    ),
    pytest.param(
        changed_rows(lambda row: {"f1_always_buy": row["f1_buy"] + 0.001}),
        "LOCK",
        "",
        id="always-BUY has the better f1, which decides nothing",
    ),
    pytest.param([failed(row) for row in sweep_rows(0.02)], "INVALID", "0 of 25", id="all cells failed"),
    pytest.param([skipped(row) for row in sweep_rows(0.02)], "INVALID", "history", id="all histories short"),
    pytest.param(
        [failed(row) if i in (1, 3) else row for i, row in enumerate(sweep_rows(0.02))],
        "INVALID",
        "23 of 25.*missing: AAVEUSDC fold 0, AAVEUSDC fold 1",
        id="two failed cells",
    ),
    pytest.param(sweep_rows(0.02, cryptos=CRYPTOS[:1]), "LOCK", "5 folds", id="one crypto"),
    pytest.param(sweep_rows(0.02, folds=1), "LOCK", "5 cryptos", id="one fold"),
    pytest.param(
        sweep_rows(0.02, cryptos=CRYPTOS[:1], folds=1),
        "KEEP_AVAILABLE",
        "Nothing can be tested",
        id="one cell",
    ),
    pytest.param(
        changed_rows(lambda row: {"roc_auc": 0.55}), "ABANDON", "No useful effect", id="constant metric"
    ),
]


@pytest.mark.parametrize(("rows", "verdict", "words"), SWEEPS)
def test_the_rows_of_a_sweep_lead_to_their_verdict(rows, verdict, words):
    (found,) = decided(rows).verdicts
    assert found.verdict == verdict, found.reason
    assert re.search(words, found.reason), found.reason


def test_the_numbers_of_a_metric_by_hand():
    # Differences .01 .02 .03 .04 .05 over five folds of one crypto: t = 3 / sqrt(0.5), d = 3 / sqrt(2.5).
    rows = [measured("OPUSDC", fold) for fold in range(5)]
    rows += [
        measured("OPUSDC", fold, (fold + 1) / 100, factor="cleanlab", level="filter") for fold in range(5)
    ]
    f1 = metric_of(decided(rows), "f1_buy")
    assert (f1.n_pairs, f1.fold_n, f1.cryptos_better, f1.cryptos_worse) == (5, 5, 1, 0)
    assert f1.mean_difference == pytest.approx(0.03)
    assert f1.median_difference == pytest.approx(0.03)
    assert f1.t == pytest.approx(4.242641)
    assert f1.fold_t == pytest.approx(4.242641)
    assert f1.cohens_d == pytest.approx(1.897367)
    assert f1.p_value == pytest.approx(0.013236, abs=1e-5)
    assert f1.cell_p == pytest.approx(f1.p_value)
    assert f1.standard_error == pytest.approx(0.03 / 4.242641)
    assert f1.smallest_visible == pytest.approx((2.776445 + 0.940965) * f1.standard_error, rel=1e-5)
    assert (f1.ci_low, f1.ci_high) == pytest.approx((0.010367, 0.049633), abs=1e-5)
    assert f1.wilcoxon_p == pytest.approx(0.0625)
    assert f1.p_corrected == pytest.approx(f1.p_value)  # the only level


def test_one_family_for_all_levels_of_the_sweep():
    alone = metric_of(decided(sweep_rows(0.003)), "f1_buy")
    noise = sweep_rows(lambda i, j: (-1) ** (i + j) * 0.05, factor="label_smoothing", level="mild")
    both = [row for row in noise if row["label_smoothing"] == "mild"]
    together = decided(sweep_rows(0.003) + both)
    f1 = next(one for one in together.metrics if (one.level, one.metric) == ("filter", "f1_buy"))
    assert f1.p_value == alone.p_value
    assert f1.p_corrected == pytest.approx(2 * alone.p_corrected, rel=1e-6)
    assert [one.level for one in together.verdicts] == ["mild", "filter"]


def test_calibration_is_shown_lower_is_better_and_decides_nothing():
    rows = changed_rows(
        lambda row: {"log_loss": 0.4 + 0.1 * (row["cleanlab"] == "filter") + row["fold"] / 1000}
    )
    shown = metric_of(decided(rows), "log_loss")
    assert (shown.cryptos_better, shown.cryptos_worse) == (0, 5)
    assert (shown.role, shown.outcome, shown.p_corrected) == ("shown", None, None)
    assert decided(rows).verdicts[0].verdict == "LOCK"


def test_one_fold_clusters_by_crypto_and_says_so():
    decision = decided(sweep_rows(0.02, folds=1))
    assert metric_of(decision, "f1_buy").fold_n == 5
    assert (metric_of(decision, "roc_auc").clusters, decision.summary.clusters) == ("cryptos", "cryptos")
    assert "takes 5 cryptos as the sample" in "".join(decision.verdicts[0].warnings)


def test_published_means_without_fold_or_roc_auc_are_judged_by_average_precision():
    rows = [
        {name: row[name] for name in ("crypto", *BASELINES, "f1_buy", "average_precision")}
        for row in sweep_rows(0.02, folds=1)
    ]
    decision = decided(rows)
    (found,) = decision.verdicts
    assert (decision.primary_metric, found.verdict) == ("average_precision", "LOCK")
    assert (found.n_trades, found.underpowered, found.signal_p) == (None, None, None)
    said = "\n".join(found.warnings)
    for words in (
        "takes 5 cryptos as the sample",
        "whether the model ranks was not tested",
        "the results lack roc_auc, so average_precision decides",
        "metrics missing from the results: roc_auc, expectancy_net",
    ):
        assert words in said


def test_one_metric_alone_decides_by_the_primary_metric_and_never_locks_by_two_metrics():
    rows = [
        {name: row[name] for name in ("crypto", "fold", *BASELINES, "f1_buy")} for row in sweep_rows(0.02)
    ]
    assert (decided(rows).primary_metric, decided(rows).verdicts[0].verdict) == ("f1_buy", "LOCK")
    (found,) = decided(rows, settings=GateSettings(bootstrap_draws=50, rule="two_metrics")).verdicts
    assert found.verdict == "KEEP_AVAILABLE"
    assert "1 of 1 metrics win, 2 are needed" in found.reason


def test_too_few_trades_are_a_warning_and_change_no_verdict():
    (found,) = decided(changed_rows(lambda row: {"n_trades": 2 + (row["cleanlab"] == "off")})).verdicts
    assert found.verdict == "LOCK"
    assert (found.n_trades, found.min_trades_a_fold, found.underpowered) == (50, 10, True)
    assert "cleanlab = filter has 50 trades (at least 63) and 10 trades in fold 0" in found.warnings[0]
    assert "the baseline has 15 trades in fold 0" in found.warnings[1]


def test_enough_trades_leave_no_warning():
    (found,) = decided(sweep_rows(0.02)).verdicts
    assert (found.n_trades, found.min_trades_a_fold, found.underpowered) == (25 * 60, 300, False)
    assert not any("underpowered" in warning for warning in found.warnings)


def test_a_missing_pair_within_the_allowance_is_named():
    rows = sweep_rows(0.02)
    rows[3] = failed(rows[3])
    (found,) = decided(rows).verdicts
    assert (found.verdict, found.n_expected, found.n_pairs) == ("LOCK", 25, 24)
    assert "missing pairs: AAVEUSDC fold 1" in found.warnings


def test_many_missing_pairs_are_counted():
    (found,) = decided([failed(row) for row in sweep_rows()]).verdicts
    assert "and 20 more" in found.reason


def test_interactions_of_a_factorial_design_are_left_out_with_a_warning():
    rows = sweep_rows(0.02)
    rows += [measured(c, f, -0.5, factor="cleanlab", level="filter", label_smoothing="mild")
             for c in CRYPTOS for f in range(5)]  # fmt: skip
    (found,) = decided(rows).verdicts
    assert found.verdict == "LOCK"
    assert "25 cells differ in more than one factor and were not used" in found.warnings


def test_a_failed_check_makes_every_verdict_invalid():
    (found,) = decided(sweep_rows(0.02), broken_checks=("cleanlab_masks: no leak",)).verdicts
    assert (found.verdict, "no leak" in found.reason) == ("INVALID", True)


def test_an_interrupted_sweep_is_invalid():
    everything = {(crypto, fold) for crypto in CRYPTOS for fold in range(5)}
    (found,) = decided(sweep_rows(0.02, cryptos=CRYPTOS[:3]), expected=everything).verdicts
    assert (found.verdict, found.n_expected, found.n_pairs) == ("INVALID", 25, 15)


@settings(max_examples=10)
@given(st.randoms(use_true_random=False), st.sampled_from([sweep_rows(0.004), sweep_rows(-0.02)]))
def test_row_order_never_matters(random, rows):
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert decided(shuffled) == decided(rows)


cells = st.lists(st.floats(-0.1, 0.1), min_size=25, max_size=25)


@settings(max_examples=10)
@given(cells)
def test_swapping_level_and_baseline_swaps_wins_and_loses(shifts):
    rows = sweep_rows(lambda i, j: shifts[5 * i + j])
    other = {"off": "filter", "filter": "off"}
    swapped = [row | {"cleanlab": other[row["cleanlab"]]} for row in rows]
    mirror = {"wins": "loses", "loses": "wins", "neither": "neither", None: None}
    forward, backward = decided(rows), decided(swapped)
    assert [mirror[one.outcome] for one in forward.metrics] == [one.outcome for one in backward.metrics]
    assert [one.cryptos_better for one in forward.metrics] == [one.cryptos_worse for one in backward.metrics]


@settings(max_examples=10)
@given(st.floats(0, 1), st.integers(1, 5), st.integers(1, 6))
def test_a_level_identical_to_its_baseline_is_neither_locked_nor_called_harmful(f1, n_cryptos, n_folds):
    rows = sweep_rows(lambda i, j: 0.0, cryptos=CRYPTOS[:n_cryptos], folds=n_folds)
    rows = [row | {"roc_auc": f1 / (1 + row["fold"])} for row in rows]
    (found,) = decided(rows).verdicts
    assert found.verdict != "LOCK"
    assert "Harm" not in found.reason


def seconds_of(n_cryptos):
    """Processor time of a decision over five folds a crypto; the draws of the bootstrap are not its size."""
    names = [f"C{number}" for number in range(n_cryptos)]
    rows = columns(sweep_rows(0.02, cryptos=names))
    times = []
    for _ in range(3):
        begin = time.process_time()
        decide(rows, BASELINES, sweep_id="x", settings=GateSettings(bootstrap_draws=10))
        times.append(time.process_time() - begin)
    return min(times)


def test_time_grows_with_the_rows_and_not_with_their_square():
    decided(sweep_rows(0.02))  # imports are no part of it
    assert seconds_of(2_000) < 2 * 10 * seconds_of(200)


def test_rows_of_the_results_store_are_judged_as_they_are():
    rows = [row for crypto in CRYPTOS for row in partition(crypto)]
    decision = decided(results_table(rows).to_dict("records"))
    assert [one.level for one in decision.verdicts] == ["aggressive", "mild", "filter", "reweight"]
    assert {one.verdict for one in decision.verdicts} == {"ABANDON"}  # every cell has the same numbers


def test_the_default_bounds_are_a_gain_of_one_hundredth_and_an_effect_of_three_tenths():
    decision = decide(columns(sweep_rows(0.02)), BASELINES, sweep_id="x")
    assert decision.useful_gain == 0.01
    assert json.loads(decision.settings)["bounds"]["min_effect"] == 0.3
