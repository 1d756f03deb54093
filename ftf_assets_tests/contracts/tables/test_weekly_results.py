"""The contract of weekly_results: rows that break it are refused by the name of the rule."""

from __future__ import annotations

import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables.frames import contract_frame
from ftf_assets.contracts.tables.weekly_results import WeeklyResults
from ftf_assets_tests.support.results_rows import weekly_table


def rows(**first: object) -> list[dict]:
    """Good rows; the first one with these values."""
    one, *others = weekly_table().to_dict("records")
    return [one | first, *others]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"week": pd.Timestamp("2023-03-07", tz="UTC")}, "must start on Monday 00:00 UTC"),
        ({"week": pd.Timestamp("2023-03-06 01:00", tz="UTC")}, "must start on Monday 00:00 UTC"),
        ({"n_buy": 169}, "n_buy must not exceed n_test"),
        ({"auc_influence": 0.002}, "auc_influence must sum to 0"),
        ({"n_trades": -1}, "greater_than_or_equal_to"),
        ({"net_return": None}, "not_nullable"),
    ],
)
def test_rows_that_break_the_contract_are_refused_by_rule(change, rule):
    with pytest.raises(InputError, match=rule):
        contract_frame(WeeklyResults, rows(**change))


def test_a_row_may_not_come_twice():
    with pytest.raises(InputError, match="must be unique"):
        contract_frame(WeeklyResults, [*rows(), rows()[0]])
