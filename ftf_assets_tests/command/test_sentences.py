"""The lines that the command prints."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ftf_assets.command.sentences import plan_in_words

PLAN = {
    "sweep_id": "ftf_0123456789ab",
    "fits": 44,
    "fits_left": 22,
    "estimated_seconds": 61.2,
    "estimated_by": "this pace",
    "tuning_advice": None,
}


@pytest.mark.parametrize(
    ("changed", "time_left"),
    [
        ({}, "about 0:01:02 left, by this pace"),
        ({"fits_left": 0, "estimated_seconds": 0.0}, "none left"),
    ],
)
def test_a_plan_says_how_long_the_rest_takes(changed: dict[str, object], time_left: str):
    assert f"fitting time {time_left}" in plan_in_words(PLAN | changed, [])


def test_a_tuned_plan_says_what_leaving_the_tuning_out_would_save():
    advised = plan_in_words(PLAN | {"tuning_advice": "--trials 0 saves 30 of 44 fits"}, [])
    assert "advice       --trials 0 saves 30 of 44 fits" in advised
    assert not any(line.startswith(("advice", "tuning advice")) for line in plan_in_words(PLAN, []))


def test_a_plan_names_what_has_to_be_made_by_crypto_and_reason():
    stale = [
        SimpleNamespace(crypto=crypto, asset=asset, why=why)
        for crypto, asset, why in [
            ("OPUSDC", "candles", "never made"),
            ("OPUSDC", "trained_models", "never made"),
            ("LDOUSDC", "candles", "data changed"),
            ("", "gate_decision", "never judged"),
        ]
    ]
    assert plan_in_words(PLAN, stale)[-3:] == [
        "to make      OPUSDC: candles, trained_models (never made)",
        "to make      LDOUSDC: candles (data changed)",
        "to make      gate_decision (never judged)",
    ]


def test_a_plan_says_so_when_every_value_is_current():
    assert plan_in_words(PLAN, [])[-1] == "to make      nothing: every stored value is current"
