"""Seed noise: how far the baseline differs from itself under another seed, shown beside every difference."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ftf_assets.gate.decide import decide
from ftf_assets.gate.seed_noise import seed_noise, seed_noise_in_words
from ftf_assets_tests.support.gate_rows import BASELINES, QUICK, columns, metric_of, sweep_rows


def baseline_cells(spreads, **changed):
    cells = [{"crypto": "OPUSDC", "fold": i, "f1_buy_seed_sd": s} | changed for i, s in enumerate(spreads)]
    return columns(cells)


def test_the_noise_of_a_difference_is_recovered_from_two_fits_a_cell():
    random = np.random.default_rng(5)
    first, second = random.normal(0.3, 0.011 / np.sqrt(2), (2, 4_000))
    spreads = np.std([first, second], axis=0, ddof=1)
    noise = seed_noise(baseline_cells(spreads), "f1_buy")
    assert noise.sd == pytest.approx(0.011, rel=0.03)
    assert noise.sd == pytest.approx(np.sqrt(np.mean((first - second) ** 2)))
    assert noise.n_cells == 4_000


def test_averaging_fits_divides_the_noise_by_the_root_of_their_number():
    one = seed_noise(baseline_cells([0.01, 0.02]), "f1_buy")
    four = seed_noise(baseline_cells([0.01, 0.02], n_seeds=4), "f1_buy")
    assert four.sd == pytest.approx(one.sd / 2)
    assert (one.n_fits, four.n_fits) == (1, 4)


def test_cells_that_were_not_repeated_are_left_out_and_counted():
    noise = seed_noise(baseline_cells([0.01, None, float("nan"), 0.01]), "f1_buy")
    assert (noise.n_cells, noise.sd) == (2, pytest.approx(0.01 * np.sqrt(2)))
    assert seed_noise(baseline_cells([None, None]), "f1_buy") is None
    assert seed_noise(columns([{"crypto": "OPUSDC"}]), "f1_buy") is None
    assert seed_noise(baseline_cells([0.01]), "sortino") is None, "only f1 and average precision are repeated"


def test_the_margin_holds_the_mean_differences_that_the_seed_alone_makes():
    random = np.random.default_rng(6)
    noise = seed_noise(baseline_cells([0.01] * 25), "f1_buy")
    margin = noise.margin(25, 0.95)
    assert margin == pytest.approx(stats.t.ppf(0.975, 25) * 0.01 * np.sqrt(2) / 5)
    means = random.normal(0, noise.sd, (20_000, 25)).mean(axis=1)
    assert np.mean(np.abs(means) <= margin) == pytest.approx(0.96, abs=0.01)
    assert noise.margin(0, 0.95) is None


def test_the_decision_shows_the_noise_beside_every_difference_of_its_metric_and_no_verdict_moves():
    quiet = sweep_rows(0.02)
    noisy = [
        row | ({"f1_buy_seed_sd": 0.008, "n_seeds": 1} if row["cleanlab"] == "off" else {}) for row in quiet
    ]
    before = decide(columns(quiet), BASELINES, sweep_id="x", settings=QUICK)
    after = decide(columns(noisy), BASELINES, sweep_id="x", settings=QUICK)
    f1 = metric_of(after, "f1_buy")
    others = [one for one in after.metrics if one is not f1]
    assert f1.seed_n == 25
    assert f1.seed_sd == pytest.approx(0.008 * np.sqrt(2))
    assert f1.seed_margin == pytest.approx(stats.t.ppf(0.975, 25) * f1.seed_sd / 5)
    assert all((one.seed_n, one.seed_sd, one.seed_margin) == (0, None, None) for one in others)
    assert after.verdicts == before.verdicts
    assert after.rows_fingerprint != before.rows_fingerprint, "it is part of what the decision says"


def test_one_line_states_the_noise_or_that_it_is_unknown():
    rows = [row | ({"f1_buy_seed_sd": 0.008} if row["cleanlab"] == "off" else {}) for row in sweep_rows(0.0)]
    known = decide(columns(rows), BASELINES, sweep_id="x", settings=QUICK)
    said = seed_noise_in_words(known.metric_rows())
    assert said == "seed noise: another seed alone can move a mean difference by ±0.0047 in f1 of BUY"
    unknown = decide(columns(sweep_rows(0.0)), BASELINES, sweep_id="x", settings=QUICK)
    assert seed_noise_in_words(unknown.metric_rows()) == (
        "seed noise: unknown, because no cell of these results was fitted more than once"
    )
