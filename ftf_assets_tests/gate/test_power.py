"""A variant with fewer than 63 trades in all, or fewer than 30 in a fold, gets a warning."""

from __future__ import annotations

import pytest

from ftf_assets.gate.power import TradePower, trade_power
from ftf_assets.gate.thresholds import GateSettings

CASES = [
    ({0: 32, 1: 31}, TradePower(63, 31, None)),
    ({0: 30, 1: 30, 2: 30}, TradePower(90, 30, None)),
    ({0: 62}, TradePower(62, 62, "underpowered: filter has 62 trades (at least 63)")),
    (
        {0: 100, 1: 29},
        TradePower(129, 29, "underpowered: filter has 29 trades in fold 1 (at least 30 per fold)"),
    ),
    (
        {"a": 3, "b": 0},
        TradePower(
            3,
            0,
            "underpowered: filter has 3 trades (at least 63) and 0 trades in fold b (at least 30 per fold)",
        ),
    ),
    (
        {},
        TradePower(
            0, 0, "underpowered: filter has 0 trades (at least 63) and 0 trades (at least 30 per fold)"
        ),
    ),
]


@pytest.mark.parametrize(("trades", "expected"), CASES)
def test_too_few_trades_are_named(trades, expected):
    assert trade_power("filter", trades) == expected


def test_other_settings_have_other_bounds():
    assert trade_power("filter", {0: 5}, GateSettings(min_trades=5, min_trades_a_fold=5)).warning is None
