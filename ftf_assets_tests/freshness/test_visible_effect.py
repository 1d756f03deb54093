"""What a planned sweep could see: its design counts, and the noise of the nearest sweep that is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from ftf_assets.freshness.visible_effect import PUBLISHED, design_of, visible_effect
from ftf_assets.gate.design import VarianceParts, smallest_visible
from ftf_assets.rows.gate_decision import decision_rows
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.support.gate_rows import decided, sweep_rows
from ftf_assets_tests.support.small_sweep import small_sweep

QUIET = VarianceParts(week_sd=0.02, week_correlation=0.1, seed_sd=0.005)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def decide_with(home: Home, noise: VarianceParts, **settings: object) -> str:
    """Store a decision on a sweep with these settings, whose noise was this; give its id."""
    sweep, store = small_sweep(**settings), ResultsStore(home)
    decision = replace(decided(sweep_rows(0.002)), sweep_id=sweep.sweep_id)
    parts = {
        "week_sd": noise.week_sd,
        "week_correlation": noise.week_correlation,
        "seed_sd": noise.seed_sd,
    }
    store.write_sweep(sweep.sweep_id, sweep.settings.model_dump_json())
    known = replace(decision, summary=replace(decision.summary, **parts))
    store.write_decision(decision_rows(known), sweep.sweep_id)
    return sweep.sweep_id


def test_a_fresh_home_takes_the_published_noise_and_names_it(home: Home):
    sweep = small_sweep()
    effect = visible_effect(sweep, home)
    assert effect.smallest == smallest_visible(PUBLISHED["market"], design_of(sweep))
    assert effect.noise_from == "the published sweep of the embedded market"
    assert not home.path.exists(), "planning writes nothing"


def test_a_home_with_a_sweep_of_the_same_data_takes_its_noise(home: Home):
    sweep = small_sweep()
    sweep_id = decide_with(home, QUIET, seed=9)
    effect = visible_effect(sweep, home)
    assert effect.noise_from == f"sweep {sweep_id}"
    assert effect.smallest == smallest_visible(QUIET, design_of(sweep))


def test_the_noise_is_that_of_the_sweep_that_wrote_last_whatever_its_clock_said(home: Home):
    store, now = ResultsStore(home), pd.Timestamp.now(tz="UTC")
    for days, seed in enumerate((9, 10, 9)):
        last = decide_with(home, QUIET, seed=seed)
        tables = store.decision(last)
        earlier = tables.summary.assign(created_at=now - pd.Timedelta(days=days))
        store.write_decision(tables._replace(summary=earlier), last)
        assert visible_effect(small_sweep(), home).noise_from == f"sweep {last}"


def test_a_negative_correlation_between_cryptos_counts_as_none(home: Home):
    decide_with(home, VarianceParts(0.02, -0.2, 0.005), seed=9)
    sweep = small_sweep()
    assert visible_effect(sweep, home).smallest == smallest_visible(
        VarianceParts(0.02, 0.0, 0.005), design_of(sweep)
    )


def test_noise_that_was_not_measured_is_not_taken(home: Home):
    sweep_id = decide_with(home, QUIET, seed=9)
    store = ResultsStore(home)
    tables = store.decision(sweep_id)
    store.write_decision(tables._replace(summary=tables.summary.assign(week_sd=float("nan"))), sweep_id)
    assert visible_effect(small_sweep(), home).noise_from.startswith("the published sweep")


def test_the_design_counts_cryptos_months_folds_and_seeds():
    sweep = small_sweep(seeds=3)
    design = design_of(sweep)
    edges = sweep.settings.folds.edges
    months = (edges[-1] - edges[0]).days / (365.25 / 12)
    assert (design.cryptos, design.folds, design.seeds) == (2, 2, 3)
    assert design.months == pytest.approx(months, abs=0.05)


def test_a_design_that_is_too_small_names_what_would_be_enough(home: Home):
    decide_with(home, VarianceParts(week_sd=0.05, week_correlation=0.0, seed_sd=0.02), seed=9)
    effect = visible_effect(small_sweep(), home)
    assert effect.smallest > effect.useful == 0.01
    assert "cryptos instead of 2" in effect.enough
