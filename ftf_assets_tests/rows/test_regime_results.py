"""A sweep by market regime: every measured test row counted once, in the store beside its cell."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from ftf_assets.contracts.tables.finetune_results import OK
from ftf_assets.contracts.tables.regime_results import UNAVAILABLE
from ftf_assets.rows.regime_results import pooled_by_regime, rows_by_regime
from ftf_assets.training.regimes import regime_scores
from ftf_assets_tests.support.production import CRYPTO, Trained
from ftf_assets_tests.support.results_rows import SWEEP, failed_row, ok_row, results_table


def cells(run: Trained, **changed: object) -> pd.DataFrame:
    rows = [ok_row(crypto=CRYPTO, fold=cell.fold, variant=cell.variant) for cell in run.models.cells]
    return results_table([row | changed for row in rows])


@pytest.fixture(scope="module")
def regimes(standard_run: Trained) -> pd.DataFrame:
    return rows_by_regime(SWEEP, CRYPTO, standard_run.arrays, standard_run.models, cells(standard_run))


def test_every_test_row_of_every_cell_is_counted_in_one_regime(regimes, standard_run) -> None:
    for cell in standard_run.models.cells:
        mine = regimes[(regimes["fold"] == cell.fold) & (regimes["variant"] == cell.variant)]
        assert sorted(mine["regime"]) == ["down", "up"]
        assert mine["n"].sum() == len(cell.test_rows)
        assert mine["n_buy"].sum() == standard_run.arrays.y[cell.test_rows].sum()
        assert mine["n_called"].sum() == (cell.test_probability >= cell.threshold).sum()


def test_the_scores_are_those_of_the_regimes_rows_against_hard_labels(regimes, standard_run) -> None:
    arrays = standard_run.arrays
    for one in regimes.itertuples():
        cell = standard_run.cell(one.variant, one.fold)
        inside = arrays.regime[cell.test_rows] == arrays.regime_names.index(one.regime)
        y, called = arrays.y[cell.test_rows][inside], (cell.test_probability >= cell.threshold)[inside]
        assert one.f1_buy == pytest.approx(f1_score(y, called))
        assert one.precision_buy == pytest.approx(precision_score(y, called))
        assert one.recall_buy == pytest.approx(recall_score(y, called))
        assert one.f1_always_buy == pytest.approx(f1_score(y, np.ones(len(y))))


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param((10, 4, 5, 2), (4 / 9, 2 / 5, 2 / 4, 8 / 14), id="all defined"),
        pytest.param((10, 0, 5, 0), (0.0, 0.0, None, None), id="no BUY among the rows"),
        pytest.param((10, 4, 0, 0), (0.0, None, 0.0, 8 / 14), id="nothing called"),
        pytest.param((10, 0, 0, 0), (None, None, None, None), id="neither"),
    ],
)
def test_a_score_without_a_denominator_is_null_and_not_zero(counts, expected) -> None:
    names = ("n", "n_buy", "n_called", "n_correct")
    assert tuple(regime_scores(**dict(zip(names, counts, strict=True))).values()) == pytest.approx(expected)


def test_without_regimes_there_is_one_row_a_cell_that_says_so(standard_run) -> None:
    ready = dataclasses.replace(standard_run.arrays, regime=None, regime_names=())
    found = rows_by_regime(SWEEP, CRYPTO, ready, standard_run.models, cells(standard_run))
    assert set(found["regime"]) == {UNAVAILABLE}
    assert len(found) == len(standard_run.models.cells)
    assert found["n"].sum() == sum(len(cell.test_rows) for cell in standard_run.models.cells)


def test_a_cell_that_was_not_measured_has_no_regimes(standard_run) -> None:
    rows = cells(standard_run)
    failed = results_table(
        [failed_row(crypto=CRYPTO, fold=0, variant="mild", label_smoothing="mild", cleanlab="off")]
    )
    rows = pd.concat([rows[(rows["fold"] != 0) | (rows["variant"] != "mild")], failed], ignore_index=True)
    found = rows_by_regime(SWEEP, CRYPTO, standard_run.arrays, standard_run.models, rows)
    pairs = set(zip(found["fold"], found["variant"], strict=True))
    good = rows[rows["status"] == OK]
    assert pairs == set(zip(good["fold"], good["variant"], strict=True))


def test_a_sweep_adds_counts_up_so_that_every_row_weighs_the_same(regimes) -> None:
    pooled = pooled_by_regime(regimes)
    assert pooled["variant"].tolist()[0] == "baseline"
    assert len(pooled) == 2 * 5
    one = pooled[(pooled["regime"] == "up") & (pooled["variant"] == "filter")].iloc[0]
    mine = regimes[(regimes["regime"] == "up") & (regimes["variant"] == "filter")]
    assert one["n_cells"] == 2
    assert one["n"] == mine["n"].sum()
    assert one["precision_buy"] == pytest.approx(mine["n_correct"].sum() / mine["n_called"].sum())
    assert pooled_by_regime(regimes.head(0)).empty
