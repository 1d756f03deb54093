"""From rows to a selection: complete cells in order of time, and a portfolio that holds every crypto."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.tables.frames import contract_frame
from ftf_assets.contracts.tables.weekly_results import WeeklyResults
from ftf_assets.rows import selection
from ftf_assets.rows.selection import selection_of
from ftf_assets_tests.support.results_rows import SWEEP, failed_row, ok_row, results_table

CRYPTOS, FOLDS = ("OPUSDC", "LDOUSDC"), range(4)
NO_WEEK = contract_frame(WeeklyResults, [])


def cells(**auc: float) -> list[dict]:
    """Two cryptos and four folds of variants by their AUC."""
    return [
        ok_row(crypto, fold, variant, roc_auc=value + 0.001 * fold)
        for crypto in CRYPTOS
        for fold in FOLDS
        for variant, value in auc.items()
    ]


def week(crypto: str, variant: str, number: int, net_return: float, fold: int = 0) -> dict:
    start = pd.Timestamp("2023-03-06", tz="UTC") + pd.Timedelta(weeks=number)
    counts = {"n_test": 168, "n_buy": 25, "auc_influence": 0.0, "n_trades": 3}
    key = {"sweep_id": SWEEP, "crypto": crypto, "fold": fold, "variant": variant, "week": start}
    return key | counts | {"net_return": net_return}


def test_the_best_mean_is_picked_from_all_variants_with_the_baseline_first():
    found = selection_of(results_table(cells(reweight=0.56, baseline=0.55, mild=0.54)), NO_WEEK)
    assert (found.metric, found.picked) == ("roc_auc", "reweight")
    assert found.variants == ("baseline", "mild", "reweight")
    assert found.overfitting.n_cells == 8
    assert found.sharpe is None


def test_a_cell_that_a_variant_lacks_takes_no_part():
    rows = cells(baseline=0.55, mild=0.56)
    rows[1] = failed_row(crypto="OPUSDC", fold=0, variant="mild")
    assert selection_of(results_table(rows), NO_WEEK).overfitting.n_cells == 7


def test_a_portfolio_averages_the_cryptos_of_a_week_and_a_week_without_a_trade_is_0(
    monkeypatch: pytest.MonkeyPatch,
):
    given = {}
    monkeypatch.setattr(selection, "select", lambda *of: given.update(returns=of[3]))
    weekly = contract_frame(
        WeeklyResults,
        [
            week("OPUSDC", "baseline", 1, 0.02),
            week("LDOUSDC", "baseline", 1, 0.04),
            week("OPUSDC", "mild", 1, 0.01),
            week("LDOUSDC", "mild", 1, 0.0),
            week("OPUSDC", "baseline", 0, -0.01),
            week("OPUSDC", "mild", 2, 0.03),
            week("OPUSDC", "mild", 0, 0.5, fold=9),  # of a cell that was not measured
        ],
    )
    selection_of(results_table(cells(baseline=0.55, mild=0.56)), weekly)
    np.testing.assert_allclose(given["returns"], [[-0.01, 0.0], [0.03, 0.005], [0.0, 0.03]])


def test_rows_without_a_measured_baseline_have_nothing_to_pick_from():
    assert selection_of(results_table([failed_row(variant="baseline")]), NO_WEEK) is None
