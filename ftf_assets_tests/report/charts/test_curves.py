"""The curves: the same rows for every level, trades as the table counts them, bins of equal mass."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ftf_assets.contracts.bundles import Outcome, TrainedModels
from ftf_assets.report.charts.curves import pooled_curves, reliability
from ftf_assets.training.threshold import top_share_threshold
from ftf_assets.training.trades import simulate_trades
from ftf_assets_tests.support.report_rows import N_TEST, report_data, result_rows

CRYPTOS = ("OPUSDC", "LDOUSDC")


def test_a_cell_that_one_level_lacks_is_left_out_for_all():
    data = report_data(result_rows(CRYPTOS), artifacts=True).curves
    whole, n_whole = pooled_curves(data)
    models = data.cryptos["OPUSDC"].models
    failed = [
        dataclasses.replace(cell, outcome=Outcome.failed(RuntimeError("broken"), "fit"))
        if (cell.fold, cell.variant) == (0, "mild")
        else cell
        for cell in models.cells
    ]
    broken = dataclasses.replace(data.cryptos["OPUSDC"], models=TrainedModels(tuple(failed)))
    left, n_left = pooled_curves(dataclasses.replace(data, cryptos={**data.cryptos, "OPUSDC": broken}))
    assert (n_whole, n_left) == (4, 3)
    assert [len(one.y) for one in whole] == [4 * N_TEST] * 5
    assert [len(one.y) for one in left] == [3 * N_TEST] * 5


def test_equity_ends_where_the_compounded_trades_of_each_crypto_end():
    data = report_data(result_rows(CRYPTOS), artifacts=True, cost_bps=15, trade_share=0.2).curves
    curves, _ = pooled_curves(data)
    ends, trades = [], 0
    for crypto in CRYPTOS:
        arrays, value = data.cryptos[crypto].arrays, 1.0
        for fold in (0, 1):
            (cell,) = [
                c for c in data.cryptos[crypto].models.cells if (c.fold, c.variant) == (fold, "baseline")
            ]
            done = simulate_trades(
                arrays.start[cell.test_rows],
                arrays.end[cell.test_rows],
                arrays.label_return[cell.test_rows],
                cell.test_probability >= top_share_threshold(cell.validation_probability, 0.2),
                cost=0.0015,
            )
            value *= float(np.prod(1 + done.net_return))
            trades += len(done.net_return)
        ends.append(value)
    assert curves[0].equity[-1] == pytest.approx(np.mean(ends))
    assert curves[0].n_trades == trades
    assert len(curves[0].days) == len(curves[0].equity)


def test_reliability_of_probabilities_that_are_right_lies_on_the_diagonal():
    random = np.random.default_rng(0)
    probability = random.uniform(0.05, 0.5, 40_000)
    y = (random.random(40_000) < probability).astype(np.int8)
    mean, rate = reliability(y, probability)
    assert len(mean) == 10
    np.testing.assert_allclose(mean, rate, atol=0.03)
    assert (np.diff(mean) > 0).all()


def test_reliability_of_fewer_rows_than_bins_has_no_empty_bin():
    mean, rate = reliability(np.array([0, 1, 0], np.int8), np.array([0.1, 0.2, 0.3]))
    assert mean.tolist() == [0.1, 0.2, 0.3]
    assert rate.tolist() == [0, 1, 0]
