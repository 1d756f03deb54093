"""A decision goes into its tables and comes back as it was, without being made again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ftf_assets.gate.ceiling import CeilingBound
from ftf_assets.rows.gate_decision import (
    SweepRows,
    decide_sweep,
    decision_from_rows,
    decision_rows,
    sweep_fingerprints,
)
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.support.results_rows import SWEEP, partition, results_table
from ftf_assets_tests.support.small_sweep import small_sweep

METRICS = ("roc_auc", "average_precision", "f1_buy")
CASES = {
    "whole": {},
    "one crypto of two is missing": {"cryptos": "OPUSDC,LDOUSDC"},
    "per crypto folds": {"calendar": "per_crypto"},
}


@pytest.fixture
def store(tmp_path: Path) -> ResultsStore:
    store = ResultsStore(Home(tmp_path))
    store.write_partition(results_table(partition("OPUSDC")), SWEEP, "OPUSDC")
    return store


@pytest.mark.parametrize("changes", CASES.values(), ids=CASES)
@pytest.mark.parametrize("broken", [(), ("cleanlab_masks of OPUSDC: 3 rows outside",)], ids=["green", "red"])
def test_a_decision_comes_back_from_the_store_as_it_was(
    store: ResultsStore, changes: dict, broken: tuple[str, ...]
):
    settings = small_sweep(**{"cryptos": "OPUSDC", "n_folds": 5, **changes}).settings
    decision = decide_sweep(SweepRows(store.read(SWEEP)), settings, SWEEP, broken_checks=broken)
    store.write_decision(decision_rows(decision), SWEEP)
    assert decision_from_rows(store.decision(SWEEP)) == decision


@pytest.mark.parametrize("changes", CASES.values(), ids=CASES)
def test_the_fingerprints_are_those_of_the_decision_and_change_with_rows_and_failed_checks(
    store: ResultsStore, changes: dict
):
    cells = store.read(SWEEP)
    settings = small_sweep(**{"cryptos": "OPUSDC", "n_folds": 5, **changes}).settings
    rows = SweepRows(cells, *weeks_and_seeds(cells))
    decision = decide_sweep(rows, settings, SWEEP)
    found = sweep_fingerprints(rows, settings)
    assert found == (decision.rows_fingerprint, decision.settings_fingerprint)
    shuffled = SweepRows(
        *(table.sample(frac=1, random_state=3) for table in (cells, rows.weekly, rows.seeds))
    )
    assert sweep_fingerprints(shuffled, settings) == found
    assert decide_sweep(shuffled, settings, SWEEP) == decision
    for moved in (
        SweepRows(cells.assign(f1_buy=cells["f1_buy"] + 1e-9), rows.weekly, rows.seeds),
        SweepRows(cells, rows.weekly.assign(auc_influence=rows.weekly["auc_influence"] / 2), rows.seeds),
        SweepRows(cells, rows.weekly, rows.seeds.assign(roc_auc=rows.seeds["roc_auc"] / 2)),
        SweepRows(cells, rows.weekly),
    ):
        assert sweep_fingerprints(moved, settings)[0] != found[0]
    assert sweep_fingerprints(rows, settings, broken_checks=("red",))[0] != found[0]
    ceiling = CeilingBound(0.004, 0.009, "10 % flips")
    assert sweep_fingerprints(rows, settings, ceiling=ceiling)[0] != found[0]


def test_the_same_rows_judged_by_another_rule_are_another_decision_of_the_same_sweep(store: ResultsStore):
    rows = SweepRows(store.read(SWEEP))
    sweep = small_sweep(cryptos="OPUSDC", n_folds=5)
    other = small_sweep(cryptos="OPUSDC", n_folds=5, rule="two_metrics")
    assert other.sweep_id == sweep.sweep_id
    found, again = (sweep_fingerprints(rows, one.settings) for one in (sweep, other))
    assert found[0] == again[0]
    assert found[1] != again[1]
    assert decide_sweep(rows, other.settings, SWEEP).rule == "two_metrics"


def test_on_the_embedded_market_differences_are_shown_on_the_scale_of_the_truth(store: ResultsStore):
    rows = SweepRows(store.read(SWEEP))
    little = decide_sweep(rows, small_sweep(cryptos="OPUSDC", n_folds=5, market_noise=0.05).settings, SWEEP)
    much = decide_sweep(rows, small_sweep(cryptos="OPUSDC", n_folds=5, market_noise=0.25).settings, SWEEP)
    auc = next(one for one in little.metrics if one.metric == "roc_auc")
    assert little.summary.truth_factor > 0.7
    assert auc.true_difference == pytest.approx(auc.mean_difference / little.summary.truth_factor)
    assert much.summary.truth_factor < 0.3
    assert {one.true_difference for one in much.metrics} == {None}
    assert [one.verdict for one in little.verdicts] == [one.verdict for one in much.verdicts]


def weeks_and_seeds(cells: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of ``weekly_results`` and ``seed_scores``, as far as the gate reads them."""
    rng = np.random.default_rng(3)
    key = ["sweep_id", "crypto", "fold", "variant"]
    measured = cells.loc[cells["status"] == "ok", key]
    weekly, seeds = [], []
    for one in measured.to_dict("records"):
        influence = rng.normal(0, 0.01, 6)
        start = pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(weeks=5 * one["fold"])
        weekly += [
            one | {"week": start + pd.Timedelta(weeks=number), "n_test": 100, "auc_influence": value}
            for number, value in enumerate(influence - influence.mean())
        ]
        seeds += [
            one | {"repeat": repeat, **dict.fromkeys(METRICS, 0.5 + value)}
            for repeat, value in enumerate(rng.normal(0, 0.01, 3))
        ]
    return pd.DataFrame(weekly), pd.DataFrame(seeds)
