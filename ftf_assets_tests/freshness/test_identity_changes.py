"""A changed identity is described by what changed, short enough for a line of ``ftf plan``."""

from __future__ import annotations

from typing import Any

import pytest

from ftf_assets.freshness.identity_changes import identity_change

IDENTITY: dict[str, Any] = {
    "data": "0a", "code": "1b", "libraries": {"numpy": "2.0", "xgboost": "3.0"}, "source": "market",
    "settings": {"training.seed": 7, "variants": [["baseline", {"level": "x" * 80}]]},
    "upstream": ["coerced_arrays"],
}  # fmt: skip


def changed(**settings: object) -> dict[str, Any]:
    return {**IDENTITY, "settings": {**IDENTITY["settings"], **settings}}


@pytest.mark.parametrize(
    ("now", "text"),
    [
        (changed(**{"training.seed": 8}), "settings: training.seed 7 to 8"),
        (changed(variants=[]), "settings: variants changed"),
        (changed(variants=[["baseline", {"level": "y" * 80}]]), "settings: variants.0.1.level changed"),
        ({**IDENTITY, "data": "0c"}, "data changed (0a to 0c)"),
        ({**IDENTITY, "code": "1d"}, "code version changed (1b to 1d)"),
        ({**IDENTITY, "libraries": {"numpy": "2.1", "xgboost": "3.0"}}, "libraries.numpy 2.0 to 2.1"),
    ],
)
def test_a_change_names_what_changed_and_leaves_long_values_out(now: dict[str, Any], text: str):
    assert identity_change(IDENTITY, now, ()).text == text
