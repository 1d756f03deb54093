"""The confidence curve: quantiles of the validation slice, counts and trades on the test rows."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ftf_assets.training.confidence_curve import TOP_SHARES, confidence_curve
from ftf_assets.training.trades import simulate_trades

COST = 0.0015


def test_a_curve_as_written_out(standard_run):
    arrays, cell = standard_run.arrays, standard_run.cell("mild", 1)
    curve = confidence_curve(arrays, cell, cost=COST)
    assert [point["top_share"] for point in curve] == [0.01, 0.02, 0.05, 0.10, 0.20, 0.50]
    rows = cell.test_rows
    for point in curve:
        validation = cell.validation_probability
        assert point["threshold"] in validation
        above = (validation >= point["threshold"]).mean()
        assert point["top_share"] <= above + 1 / len(validation)
        assert (validation > point["threshold"]).mean() <= point["top_share"]
        called = cell.test_probability >= point["threshold"]
        assert point["n_called"] == called.sum()
        assert point["n_correct"] == arrays.y[rows][called].sum()
        trades = simulate_trades(
            arrays.start[rows], arrays.end[rows], arrays.label_return[rows], called, cost=COST
        )
        assert point["n_trades"] == len(trades.net_return)
        if called.any():
            assert point["precision"] == point["n_correct"] / point["n_called"]
            assert point["expectancy_net"] == pytest.approx(trades.net_return.mean() * 1e4)
    assert np.all(np.diff([point["n_called"] for point in curve]) >= 0)


def test_where_no_test_row_is_as_confident_as_the_validation_slice_nothing_is_called(standard_run):
    cell = standard_run.cell("baseline", 0)
    timid = dataclasses.replace(cell, test_probability=np.zeros_like(cell.test_probability))
    for point in confidence_curve(standard_run.arrays, timid, cost=COST):
        assert (point["n_called"], point["n_correct"], point["n_trades"]) == (0, 0, 0)
        assert point["precision"] is point["expectancy_net"] is None


def test_the_shares_rise_up_to_half_of_the_rows():
    assert list(TOP_SHARES) == sorted(TOP_SHARES)
    assert 0 < TOP_SHARES[0] < TOP_SHARES[-1] == 0.5
