"""Whole sweeps in which the right answer is known: the gate must not see what is not there, and see what is.

The full version is ``python -m benchmarks.gate_pipelines``; these are some of its markets with fewer cells,
seeds and rounds.
"""

from __future__ import annotations

import pytest

from benchmarks.gate_pipelines import (
    LevelResult,
    MarketResult,
    error_table,
    gain_table,
    judged,
    markets,
    months_to_see,
    power_table,
    rate,
)
from ftf_assets.contracts.tables.gate_decision import LOCK
from ftf_assets_tests.support.settings import dotted

#: Two cryptos of four folds, two seeds and shorter fits than the defaults: seconds in place of a minute.
SMALL = dotted({"cryptos": "OPUSDC,LDOUSDC", "n_folds": 4, "max_rounds": 80, "seeds": 2})


@pytest.mark.slow
def test_other_seeds_of_the_baseline_are_neither_locked_nor_harmful(tmp_path):
    ((seed, settings),) = markets("null", 1)
    found = judged("null", seed, {**settings, **SMALL}, tmp_path)
    assert [level.level for level in found.levels] == [
        "reseeded=again",
        "reseeded=again_2",
        "reseeded=again_3",
        "reseeded=again_4",
    ]
    assert not [level for level in found.levels if level.ending in ("lock", "harm", "invalid")]
    assert judged("null", seed, {**settings, **SMALL}, tmp_path) == found, "read again, not run again"


@pytest.mark.slow
def test_true_labels_are_locked_where_they_are_worth_having(tmp_path):
    seed, settings = next(markets("truth", 1))
    fewer = dotted({"max_rounds": 200, "seeds": 2})
    (truth,) = judged("truth", seed, {**settings, **fewer}, tmp_path).levels
    assert truth.verdict == LOCK
    assert truth.low > 0


@pytest.mark.slow
def test_no_treatment_is_locked_on_a_market_without_a_wrong_label(tmp_path):
    ((seed, settings),) = markets("clean", 1)
    found = judged("clean", seed, {**settings, **SMALL}, tmp_path)
    assert len(found.levels) == 4
    assert found.noise == 0
    assert not [level for level in found.levels if level.ending in ("lock", "invalid")]


def test_each_experiment_has_markets_of_its_own():
    seeds = [seed for name in ("null", "clean", "truth") for seed, _ in markets(name, 100)]
    assert len(seeds) == len(set(seeds)) == 100 + 100 + 600


def test_a_short_run_of_the_positive_control_covers_the_whole_grid():
    points = {tuple(settings.values()) for _, settings in markets("truth", 1)}
    assert points == {(edge, noise) for edge in (0.3, 0.6, 0.9) for noise in (0.10, 0.25)}


def test_rates_are_counted_by_sweep_and_by_level_with_exact_intervals():
    good = LevelResult("f=a", "ABANDON", "nothing_useful", 0.001, -0.002, 0.004, 0.5, 0.004, 0.001, 0.001)
    false = LevelResult("f=b", "LOCK", "lock", 0.02, 0.01, 0.03, 0.001, 0.01, 0.003, 0.001)
    results = [
        MarketResult(1, 0.3, 0.1, 0.1, "ftf_1", 6.0, (good, false)),
        MarketResult(2, 0.3, 0.1, 0.1, "ftf_2", 6.0, (good, good)),
    ]
    lines = error_table(results)
    assert "| sweeps with any | 1 of 2, 50 % (1 to 99) | 0 of 2, 0 % (0 to 84) | |" in lines
    assert "| levels | 1 of 4, 25 % (1 to 81) | 0 of 4, 0 % (0 to 60) | 1 of 4, 25 % (1 to 81) |" in lines
    assert rate([]) == "0 of 0"


def test_the_positive_control_shows_what_the_truth_is_worth():
    errors = {"week_error": 0.005, "seed_error": 0.001}
    one = LevelResult("label_truth=x", "LOCK", "lock", 0.03, 0.02, 0.05, 0.001, visible=0.012, **errors)
    other = LevelResult(
        "label_truth=x", "KEEP_AVAILABLE", "undecided", 0.01, -0.01, 0.03, 0.3, visible=0.016, **errors
    )
    results = [
        MarketResult(1, 0.9, 0.25, 0.1, "ftf_1", 6.0, (one,)),
        MarketResult(2, 0.9, 0.25, 0.1, "ftf_2", 6.0, (other,)),
    ]
    # 6 months * 0.005² / ((0.02 / 2.8)² - 0.001²)
    assert power_table(results)[2] == (
        "| 0.9 | 25% | 2 | +0.0200 | 0.0141 | 1 of 2, 50 % (1 to 99) | 0 of 2, 0 % (0 to 84) | 0.0140 | 3 |"
    )
    assert months_to_see(0.002, results) == "no number", "the seeds alone hide it"


def test_what_cleaners_are_worth_is_shown_by_share_of_wrong_labels_and_cap():
    errors = {"visible": 0.012, "week_error": 0.005, "seed_error": 0.001}
    levels = [
        LevelResult("cleanlab=filter", "ABANDON", "nothing_useful", gain, -0.01, 0.009, 0.3, **errors)
        for gain in (0.001, 0.003, -0.002)
    ]
    results = [
        MarketResult(1, 0.9, 0.25, 0.2, "ftf_1", 6.0, (levels[0],)),
        MarketResult(2, 1.2, 0.25, 0.2, "ftf_2", 6.0, (levels[1],)),
        MarketResult(3, 0.9, 0.15, 0.1, "ftf_3", 6.0, (levels[2],)),
    ]
    assert gain_table(results)[2:] == ["| 15% | 0.1 | -0.0020 |", "| 25% | 0.2 | +0.0020 |"]


def test_the_grid_of_cleaners_has_a_market_of_its_own_for_every_point():
    planned = list(markets("real", 2))
    assert len({seed for seed, _ in planned}) == len(planned) == 2 * 24
    assert len({tuple(settings.values()) for _, settings in planned}) == 24
