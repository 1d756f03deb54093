"""The stored label ceiling: replaced per crypto, complete or not at all, off where the sweep says so."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.storage.stored_ceiling import stored_ceiling
from ftf_assets.sweep.settings import SweepSettings
from ftf_assets.training.ceiling_plan import CeilingPlan
from ftf_assets_tests.support.ceiling import rows_of, scores_of, with_ceiling
from ftf_assets_tests.support.production import CRYPTO, Trained
from ftf_assets_tests.support.results_rows import SWEEP
from ftf_assets_tests.support.settings import settings_of

OTHER = "LDOUSDC"


@pytest.fixture
def store(tmp_path: Path) -> ResultsStore:
    return ResultsStore(Home(tmp_path))


@pytest.fixture
def rows(standard_run: Trained) -> pd.DataFrame:
    run = with_ceiling(standard_run, CeilingPlan(exposures=(0.5, 1.0)))
    return rows_of(run, scores_of(run), SWEEP)


def of_crypto(rows: pd.DataFrame, crypto: str) -> pd.DataFrame:
    return rows.assign(crypto=crypto).astype({"crypto": "string"})


def settings(**changed: object) -> SweepSettings:
    return settings_of(**{"cryptos": f"{CRYPTO},{OTHER}", "n_folds": 2, **changed})


def test_rows_are_replaced_by_crypto_and_come_back_as_they_went_in(store: ResultsStore, rows: pd.DataFrame):
    store.write_ceiling(rows, SWEEP, CRYPTO)
    store.write_ceiling(of_crypto(rows, OTHER), SWEEP, OTHER)
    store.write_ceiling(rows.iloc[:3], SWEEP, CRYPTO)
    assert store.ceiling(SWEEP)["crypto"].value_counts().to_dict() == {OTHER: len(rows), CRYPTO: 3}
    key = ["crypto", "fold", "noise", "exposure", "repeat"]
    expected = of_crypto(rows, OTHER).sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(store.ceiling(SWEEP, OTHER), expected)
    store.write_ceiling(rows.iloc[:0], SWEEP, OTHER)
    assert store.ceiling(SWEEP, OTHER).empty


def test_rows_of_another_crypto_are_refused(store: ResultsStore, rows: pd.DataFrame):
    with pytest.raises(InputError, match="another sweep or crypto"):
        store.write_ceiling(rows, SWEEP, OTHER)


def test_a_ceiling_is_that_of_all_cryptos_or_none(store: ResultsStore, rows: pd.DataFrame):
    store.write_ceiling(rows, SWEEP, CRYPTO)
    assert stored_ceiling(store, SWEEP, settings()) is None, "one of two cryptos"
    store.write_ceiling(of_crypto(rows, OTHER), SWEEP, OTHER)
    found = stored_ceiling(store, SWEEP, settings())
    assert found is not None
    assert (found.n_cells, found.n_left_out) == (4, 0)
    assert found.bound is not None


def test_rows_of_an_earlier_run_do_not_count_where_the_ceiling_is_off(
    store: ResultsStore, rows: pd.DataFrame
):
    for crypto in (CRYPTO, OTHER):
        store.write_ceiling(of_crypto(rows, crypto), SWEEP, crypto)
    assert stored_ceiling(store, SWEEP, settings(enabled=False)) is None
