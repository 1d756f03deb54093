"""A decision goes into its two tables and comes back as it was, without being made again."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftf_assets.rows.gate_decision import decide_sweep, decision_from_rows, decision_rows, sweep_fingerprints
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.support.results_rows import SWEEP, partition, results_table
from ftf_assets_tests.support.small_sweep import small_sweep

CASES = {
    "whole": {},
    "one crypto of two is missing": {"cryptos": "OPUSDC,LDOUSDC"},
    "per crypto folds": {"calendar": "per_crypto"},
}


@pytest.fixture
def store(tmp_path: Path) -> ResultsStore:
    store = ResultsStore(tmp_path / "results.duckdb")
    store.write_partition(results_table(partition("OPUSDC")), SWEEP, "OPUSDC")
    return store


@pytest.mark.parametrize("changes", CASES.values(), ids=CASES)
@pytest.mark.parametrize("broken", [[], ["cleanlab_masks of OPUSDC: 3 rows outside"]], ids=["green", "red"])
def test_a_decision_comes_back_from_the_store_as_it_was(
    store: ResultsStore, changes: dict, broken: list[str]
):
    settings = small_sweep(**{"cryptos": "OPUSDC", "n_folds": 5, **changes}).settings
    decision = decide_sweep(store.read(SWEEP), settings, SWEEP, broken_checks=broken)
    store.write_decision(decision_rows(decision), SWEEP)
    assert decision_from_rows(store.decision(SWEEP)) == decision


@pytest.mark.parametrize("changes", CASES.values(), ids=CASES)
def test_the_fingerprints_are_those_of_the_decision_and_change_with_rows_and_failed_checks(
    store: ResultsStore, changes: dict
):
    rows, settings = store.read(SWEEP), small_sweep(**{"cryptos": "OPUSDC", "n_folds": 5, **changes}).settings
    decision = decide_sweep(rows, settings, SWEEP)
    found = sweep_fingerprints(rows, settings)
    assert found == (decision.rows_fingerprint, decision.settings_fingerprint)
    assert sweep_fingerprints(rows.sample(frac=1, random_state=3), settings) == found
    moved = rows.assign(f1_buy=rows["f1_buy"] + 1e-9)
    assert sweep_fingerprints(moved, settings)[0] != found[0]
    assert sweep_fingerprints(rows, settings, broken_checks=["red"])[0] != found[0]
