"""The reason names every input of a value that changed, down to the nested value, and the asset upstream."""

from __future__ import annotations

from typing import Any

import pytest

from ftf_assets.freshness.identity_changes import identity_change
from ftf_assets.freshness.reason import Reason

BEFORE: dict[str, Any] = {
    "data": "d1",
    "code": "c1",
    "libraries": {"numpy": "2.2", "xgboost": "3.2"},
    "source": "market",
    "upstream": {"candles": "k1", "smoothed_labels": "k2"},
    "settings": {"training.seed": 7, "variants": [["mild", {"epsilon": [0.1, 0.02]}], ["filter", {}]]},
}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"data": "d2"}, Reason("data", "data changed (d1 to d2)")),
        ({"code": "c2"}, Reason("code", "code version changed (c1 to c2)")),
        (
            {"libraries": {"numpy": "2.3", "xgboost": "3.2"}},
            Reason("libraries", "libraries.numpy 2.2 to 2.3"),
        ),
        ({"source": "candles"}, Reason("settings", "settings: source market to candles")),
        (
            {"settings": BEFORE["settings"] | {"training.seed": 8}},
            Reason("settings", "settings: training.seed 7 to 8"),
        ),
        (
            {
                "settings": {
                    "training.seed": 7,
                    "variants": [["mild", {"epsilon": [0.2, 0.02]}], ["filter", {}]],
                }
            },
            Reason("settings", "settings: variants.0.1.epsilon.0 0.1 to 0.2"),
        ),
        (
            {"data": "d2", "code": "c2"},
            Reason("data", "data changed (d1 to d2); code version changed (c1 to c2)"),
        ),
        ({}, Reason("settings", "an upstream asset was computed with other settings")),
    ],
    ids=["data", "code", "library", "source", "setting", "nested", "several", "nothing of its own"],
)
def test_each_changed_input_is_named(changed: dict[str, Any], reason: Reason):
    assert identity_change(BEFORE, BEFORE | changed, stale_upstream=()) == reason


def test_where_only_the_upstream_changed_the_stale_assets_there_are_named():
    found = identity_change(BEFORE, BEFORE, stale_upstream={"smoothed_labels", "feature_cache"})
    assert found == Reason("upstream", "upstream smoothed_labels is out of date")


def test_a_long_value_is_left_out():
    now = BEFORE | {"settings": BEFORE["settings"] | {"training.seed": "9" * 100}}
    assert identity_change(BEFORE, now, stale_upstream=()).text == "settings: training.seed changed"


def test_a_value_whose_inputs_were_not_recorded_says_so():
    assert (
        identity_change({}, BEFORE, stale_upstream=()).text == "the stored value does not record its inputs"
    )
