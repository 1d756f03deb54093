"""Rows by regime and suspects are stored with the cells of their crypto, in one transaction."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.contracts.tables.label_suspects import SUSPECTS_KEY
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.support.production import CRYPTO
from ftf_assets_tests.support.report_rows import some_suspects
from ftf_assets_tests.support.results_rows import SWEEP, partition, regimes_table, results_table


@pytest.fixture
def store(tmp_path: Path) -> ResultsStore:
    return ResultsStore(tmp_path / "results.duckdb")


def test_rows_by_regime_are_replaced_with_their_cells_and_come_back_as_they_went_in(store):
    rows, regimes = results_table(partition(CRYPTO, folds=2)), regimes_table(CRYPTO)
    store.write_partition(rows, SWEEP, CRYPTO, regimes=regimes)
    expected = regimes.sort_values(["crypto", "fold", "variant", "regime"], ignore_index=True)
    pd.testing.assert_frame_equal(store.regimes(SWEEP), expected)
    store.write_partition(rows, SWEEP, CRYPTO, regimes=regimes.head(3))
    assert len(store.regimes(SWEEP, CRYPTO)) == 3
    assert store.regimes(SWEEP, "ARBUSDC").empty
    assert store.regimes("ftf_ba9876543210").empty


def test_cells_and_rows_by_regime_are_stored_together_or_not_at_all(store):
    rows, regimes = results_table(partition(CRYPTO, folds=2)), regimes_table(CRYPTO)
    store.write_partition(rows, SWEEP, CRYPTO, regimes=regimes)
    # A row twice breaks the primary key inside the store.
    twice = pd.concat([regimes, regimes.head(1)], ignore_index=True)
    with pytest.raises(StoreError, match="DuckDB says"):
        store.write_partition(rows.head(1), SWEEP, CRYPTO, regimes=twice)
    assert len(store.read()) == len(rows)
    assert len(store.regimes(SWEEP)) == len(regimes)
    with pytest.raises(InputError, match="another sweep or crypto"):
        store.write_partition(rows, SWEEP, CRYPTO, regimes=regimes.assign(crypto="ARBUSDC"))


def test_suspects_are_replaced_with_their_cells_and_come_back_as_they_went_in(store):
    suspects = some_suspects([CRYPTO])
    other = suspects.assign(crypto="ARBUSDC").astype({"crypto": "string"})
    for frame, crypto in ((suspects, CRYPTO), (other, "ARBUSDC"), (suspects, CRYPTO)):
        store.write_partition(results_table(partition(crypto)), SWEEP, crypto, suspects=frame)
    order = [*SUSPECTS_KEY[1:-1], "label_quality", "timestamp"]
    expected = pd.concat([other, suspects]).sort_values(order, ignore_index=True)
    pd.testing.assert_frame_equal(store.suspects(SWEEP), expected)
    assert store.suspects(SWEEP, ["ARBUSDC"])["crypto"].unique().tolist() == ["ARBUSDC"]
    assert store.suspects("ftf_ba9876543210").empty
    store.write_partition(results_table(partition(CRYPTO)), SWEEP, CRYPTO)
    assert store.suspects(SWEEP, [CRYPTO]).empty
    with pytest.raises(InputError, match="another sweep or crypto"):
        store.write_partition(results_table(partition(CRYPTO)), SWEEP, CRYPTO, suspects=other)
