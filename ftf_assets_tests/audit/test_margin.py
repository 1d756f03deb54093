"""The margin of a label, bar by bar: how much of the way to the other barrier was left."""

from __future__ import annotations

import numpy as np
import pytest

from ftf_assets.audit.margin import barrier_margin
from ftf_assets.contracts.arrays import CandleArrays
from ftf_assets.labels.triple_barrier import triple_barrier
from ftf_assets_tests.support.audit_labels import HOUR

BARRIERS = {"stop_multiple": 0.5, "target_multiple": 1.5, "horizon": 2}


def margin_of(*bars: tuple[float, float, float, float]) -> tuple[int, float]:
    """Label and margin of the first of some bars (open, high, low, close), with an ATR of 10."""
    table = np.array([(100.0, 100.0, 100.0, 100.0), *bars])
    candles = CandleArrays(
        close_time=np.arange(len(table), dtype=np.int64) * HOUR,
        open=table[:, 0], high=table[:, 1], low=table[:, 2], close=table[:, 3],
        volume=np.ones(len(table)), bar=HOUR,
    )  # fmt: skip
    atr = np.full(len(table), 10.0)
    labels = triple_barrier(candles, atr, **BARRIERS)
    return int(labels.label[0]), float(barrier_margin(candles, labels, atr, **BARRIERS)[0])


@pytest.mark.parametrize(
    ("bars", "label", "margin"),
    [
        # Entry 100, stop 95, target 115.
        ([(100, 116, 99, 110), (110, 110, 110, 110)], 1, 4 / 5),
        ([(100, 101, 96, 100), (100, 116, 99, 110)], 1, 1 / 5),
        # A BUY is over at the target: what falls later does not count.
        ([(100, 116, 99, 110), (110, 110, 50, 60)], 1, 4 / 5),
        ([(100, 112, 99, 100), (100, 100, 94, 95)], 0, 3 / 15),
        ([(100, 100, 94, 95), (95, 130, 95, 130)], 0, 1.0),
        # Both barriers in one bar: a stop that touched the target.
        ([(100, 116, 94, 100), (100, 100, 100, 100)], 0, 0.0),
        # No barrier within the horizon.
        ([(100, 103, 97, 100), (100, 106, 97, 101)], 0, 9 / 15),
    ],
)
def test_the_margin_by_hand(bars, label, margin):
    assert margin_of(*bars) == (label, pytest.approx(margin))


def test_a_bar_without_a_label_has_no_close_call():
    assert margin_of((100, 101, 99, 100)) == (0, np.inf)
