"""The contract of regime_results: rows that break it are refused by the name of the rule."""

from __future__ import annotations

import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables.frames import contract_frame
from ftf_assets.contracts.tables.regime_results import RegimeResults
from ftf_assets_tests.support.results_rows import regimes_table


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"fold": -1}, "greater_than_or_equal_to"),
        ({"n_correct": 10**6}, "n_correct must not exceed"),
        ({"f1_buy": 1.5}, "less_than_or_equal_to"),
        ({"regime": ""}, "str_length"),
    ],
)
def test_rows_that_break_the_contract_are_refused_by_rule(change, rule):
    row = regimes_table().iloc[0].to_dict()
    with pytest.raises(InputError, match=rule):
        contract_frame(RegimeResults, [row | change])


def test_a_cell_has_each_regime_once():
    row = regimes_table().iloc[0].to_dict()
    with pytest.raises(InputError, match="must be unique"):
        contract_frame(RegimeResults, [row, row])
