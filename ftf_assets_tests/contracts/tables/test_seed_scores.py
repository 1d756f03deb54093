"""The contract of seed_scores: rows that break it are refused by the name of the rule."""

from __future__ import annotations

import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables.frames import contract_frame
from ftf_assets.contracts.tables.seed_scores import SeedScores
from ftf_assets_tests.support.results_rows import seed_scores_table


def rows(**first: object) -> list[dict]:
    """Good rows; the first one with these values."""
    one, *others = seed_scores_table().to_dict("records")
    return [one | first, *others]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"repeat": -1}, "greater_than_or_equal_to"),
        ({"variant": "lonely"}, "two fits or more"),
        ({"roc_auc": 1.5}, "less_than_or_equal_to"),
        ({"f1_buy": None}, "not_nullable"),
    ],
)
def test_rows_that_break_the_contract_are_refused_by_rule(change, rule):
    with pytest.raises(InputError, match=rule):
        contract_frame(SeedScores, rows(**change))


def test_a_row_may_not_come_twice():
    with pytest.raises(InputError, match="must be unique"):
        contract_frame(SeedScores, [*rows(), rows()[0]])
