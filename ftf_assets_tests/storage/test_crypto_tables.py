"""What breaks cells down, and suspects, are stored with the cells of their crypto, in one transaction."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables.cell_details import CELL_DETAILS
from ftf_assets.contracts.tables.label_suspects import SUSPECTS_KEY
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.storage.table_versions import row_versions
from ftf_assets_tests.support.production import CRYPTO
from ftf_assets_tests.support.report_rows import some_suspects
from ftf_assets_tests.support.results_rows import (
    SWEEP,
    confidence_table,
    partition,
    regimes_table,
    results_table,
    seed_scores_table,
    weekly_table,
)


@pytest.fixture
def store(tmp_path: Path) -> ResultsStore:
    return ResultsStore(Home(tmp_path))


def test_rows_by_regime_are_replaced_with_their_cells_and_come_back_as_they_went_in(store):
    rows, regimes = results_table(partition(CRYPTO, folds=2)), regimes_table(CRYPTO)
    store.write_partition(rows, SWEEP, CRYPTO, {"regime_results": regimes})
    expected = regimes.sort_values(["crypto", "fold", "variant", "regime"], ignore_index=True)
    pd.testing.assert_frame_equal(store.details("regime_results", SWEEP), expected)
    store.write_partition(rows, SWEEP, CRYPTO, {"regime_results": regimes.head(3)})
    assert len(store.details("regime_results", SWEEP, CRYPTO)) == 3
    assert store.details("regime_results", SWEEP, "ARBUSDC").empty
    assert store.details("regime_results", "ftf_ba9876543210").empty


def test_cells_and_rows_by_regime_are_stored_together_or_not_at_all(store):
    rows, regimes = results_table(partition(CRYPTO, folds=2)), regimes_table(CRYPTO)
    store.write_partition(rows, SWEEP, CRYPTO, {"regime_results": regimes})
    # Two rows of one key, which differ in their score.
    twice = pd.concat([regimes, regimes.head(1).assign(f1_always_buy=0.3)], ignore_index=True)
    with pytest.raises(InputError, match="must be unique by"):
        store.write_partition(rows.head(1), SWEEP, CRYPTO, {"regime_results": twice})
    assert len(store.read()) == len(rows)
    assert len(store.details("regime_results", SWEEP)) == len(regimes)
    with pytest.raises(InputError, match="another sweep or crypto"):
        store.write_partition(rows, SWEEP, CRYPTO, {"regime_results": regimes.assign(crypto="ARBUSDC")})


def test_suspects_are_replaced_with_their_cells_and_come_back_as_they_went_in(store):
    suspects = some_suspects([CRYPTO])
    other = suspects.assign(crypto="ARBUSDC").astype({"crypto": "string"})
    for frame, crypto in ((suspects, CRYPTO), (other, "ARBUSDC"), (suspects, CRYPTO)):
        store.write_partition(results_table(partition(crypto)), SWEEP, crypto, {"label_suspects": frame})
    order = [*SUSPECTS_KEY[1:-1], "label_quality", "timestamp"]
    expected = pd.concat([other, suspects]).sort_values(order, ignore_index=True)
    pd.testing.assert_frame_equal(store.suspects(SWEEP), expected)
    assert store.suspects(SWEEP, ["ARBUSDC"])["crypto"].unique().tolist() == ["ARBUSDC"]
    assert store.suspects("ftf_ba9876543210").empty
    store.write_partition(results_table(partition(CRYPTO)), SWEEP, CRYPTO)
    assert store.suspects(SWEEP, [CRYPTO]).empty
    with pytest.raises(InputError, match="another sweep or crypto"):
        store.write_partition(results_table(partition(CRYPTO)), SWEEP, CRYPTO, {"label_suspects": other})


def details(crypto: str = CRYPTO) -> dict[str, pd.DataFrame]:
    return {
        "regime_results": regimes_table(crypto),
        "weekly_results": weekly_table(crypto),
        "seed_scores": seed_scores_table(crypto),
        "confidence_curve": confidence_table(crypto),
        "label_suspects": some_suspects([crypto]),
    }


def test_every_table_of_details_has_rows_here():
    assert details().keys() == CELL_DETAILS.keys()


@pytest.mark.parametrize("table", CELL_DETAILS)
def test_details_are_replaced_with_their_cells_and_come_back_as_they_went_in(store, table: str):
    rows, written = results_table(partition(CRYPTO, folds=2)), details()
    store.write_partition(rows, SWEEP, CRYPTO, written)
    store.write_partition(results_table(partition("ARBUSDC")), SWEEP, "ARBUSDC", details("ARBUSDC"))
    store.write_partition(rows, SWEEP, CRYPTO, written)
    _, key = CELL_DETAILS[table]
    expected = written[table].sort_values(list(key), ignore_index=True)
    pd.testing.assert_frame_equal(store.details(table, SWEEP, CRYPTO), expected)
    pd.testing.assert_frame_equal(store.partition(SWEEP, CRYPTO)[table], expected)
    assert len(store.details(table, SWEEP)) == 2 * len(expected)
    assert store.details(table, "ftf_ba9876543210").empty
    store.write_partition(rows, SWEEP, CRYPTO, {table: written[table].head(1)})
    assert len(store.details(table, SWEEP, CRYPTO)) == 1
    store.write_partition(rows, SWEEP, CRYPTO)
    assert store.details(table, SWEEP, CRYPTO).empty
    assert len(store.details(table, SWEEP, "ARBUSDC")) == len(expected)


@pytest.mark.parametrize("table", CELL_DETAILS)
def test_cells_and_details_are_stored_together_or_not_at_all(store, table: str):
    rows, written = results_table(partition(CRYPTO, folds=2)), details()
    store.write_partition(rows, SWEEP, CRYPTO, written)
    twice = pd.concat([written[table], written[table].head(1)], ignore_index=True)
    with pytest.raises(InputError, match="must be unique by"):
        store.write_partition(rows.head(1), SWEEP, CRYPTO, written | {table: twice})
    assert len(store.read()) == len(rows)
    for name, frame in written.items():
        assert len(store.details(name, SWEEP)) == len(frame)


def test_the_content_of_every_table_has_a_version_of_its_own(store):
    rows, written = results_table(partition(CRYPTO, folds=2)), details()
    store.write_partition(rows, SWEEP, CRYPTO, written)
    before = row_versions(store.partition(SWEEP, CRYPTO))
    assert set(before) == {"finetune_results", *CELL_DETAILS}
    for table in CELL_DETAILS:
        store.write_partition(rows, SWEEP, CRYPTO, written | {table: written[table].iloc[1:]})
        now = row_versions(store.partition(SWEEP, CRYPTO))
        assert {name for name in now if now[name] != before[name]} - {"finetune_results"} == {table}


def test_a_table_that_the_store_does_not_have_is_refused_by_name(store):
    with pytest.raises(InputError, match=r"no such tables of details.*yearly_results.*weekly_results"):
        store.write_partition(
            results_table(partition(CRYPTO)), SWEEP, CRYPTO, {"yearly_results": regimes_table()}
        )
