"""The contract of confidence_curve: rows that break it are refused by the name of the rule."""

from __future__ import annotations

import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables.confidence_curve import ConfidenceCurve
from ftf_assets.contracts.tables.frames import contract_frame
from ftf_assets_tests.support.results_rows import confidence_table


def rows(**first: object) -> list[dict]:
    """Good rows; the first one with these values."""
    one, *others = confidence_table().to_dict("records")
    return [one | first, *others]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"top_share": 0.0}, "greater_than"),
        ({"threshold": 1.5}, "less_than_or_equal_to"),
        ({"n_correct": 10**6}, "must not exceed n_called"),
        ({"n_trades": 10**6}, "must not exceed n_called"),
        ({"precision": None}, "there exactly where rows are called"),
        ({"expectancy_net": None}, "there exactly where rows are called"),
        (
            {"n_called": 0, "n_correct": 0, "n_trades": 0, "expectancy_net": None},
            "there exactly where rows are called",
        ),
        (
            {"n_called": 0, "n_correct": 0, "n_trades": 0, "precision": None},
            "there exactly where rows are called",
        ),
    ],
)
def test_rows_that_break_the_contract_are_refused_by_rule(change, rule):
    with pytest.raises(InputError, match=rule):
        contract_frame(ConfidenceCurve, rows(**change))


def test_a_row_may_not_come_twice():
    with pytest.raises(InputError, match="must be unique"):
        contract_frame(ConfidenceCurve, [*rows(), rows()[0]])


def test_a_share_at_which_no_row_is_called_is_good():
    nothing = {"n_called": 0, "n_correct": 0, "n_trades": 0, "precision": None, "expectancy_net": None}
    assert contract_frame(ConfidenceCurve, rows(**nothing))["precision"].isna().sum() == 1
