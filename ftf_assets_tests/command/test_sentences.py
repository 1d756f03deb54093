"""The lines that the command prints."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ftf_assets.command.sentences import plan_in_words
from ftf_assets.freshness.visible_effect import VisibleEffect

PLAN = {
    "sweep_id": "ftf_0123456789ab",
    "cryptos": "UNIUSDC, OPUSDC",
    "skipped": {},
    "data": [],
    "fits": 44,
    "fits_left": 22,
    "estimated_seconds": 61.2,
    "estimated_by": "this pace",
    "tuning_advice": None,
    "gpu_advice": None,
}


@pytest.mark.parametrize(
    ("changed", "time_left"),
    [
        ({}, "about 0:01:02 left, by this pace"),
        ({"fits_left": 0, "estimated_seconds": 0.0}, "none left"),
    ],
)
def test_a_plan_says_how_long_the_rest_takes(changed: dict[str, object], time_left: str):
    assert f"fitting time {time_left}" in plan_in_words(PLAN | changed, [], None)


def test_a_tuned_plan_says_what_leaving_the_tuning_out_would_save():
    advised = plan_in_words(PLAN | {"tuning_advice": "--trials 0 saves 30 of 44 fits"}, [], None)
    assert "advice       --trials 0 saves 30 of 44 fits" in advised
    assert "gpu advice   --device cpu" in plan_in_words(PLAN | {"gpu_advice": "--device cpu"}, [], None)
    assert not any(
        line.startswith(("advice", "tuning advice", "gpu advice")) for line in plan_in_words(PLAN, [], None)
    )


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
    assert plan_in_words(PLAN, stale, None)[-3:] == [
        "to make      OPUSDC: candles, trained_models (never made)",
        "to make      LDOUSDC: candles (data changed)",
        "to make      gate_decision (never judged)",
    ]


def test_a_plan_names_the_file_and_the_quote_that_serve_each_crypto():
    file = {"crypto": "OPUSDC", "file": "OPUSDT.parquet", "quote_currency": "USDT", "candles": None}
    lines = plan_in_words(PLAN | {"data": [file | {"passed_over": ["OPBTC.parquet"]}]}, [], None)
    assert "data         OPUSDC: OPUSDT.parquet, USDT serves USDC; ignores OPBTC.parquet" in lines


def test_a_plan_says_so_when_every_value_is_current():
    assert plan_in_words(PLAN, [], None)[-1] == "to make      nothing: every stored value is current"


def effect(smallest: float, enough: str = "") -> VisibleEffect:
    return VisibleEffect(smallest, 0.01, "sweep ftf_0123456789ab", enough)


@pytest.mark.parametrize(
    ("expected", "lines"),
    [
        (None, []),
        (
            effect(0.00412),
            [
                "could see    a gain of 0.0041 in AUC in 4 of 5 cases (noise of sweep ftf_0123456789ab); "
                "0.01 is useful"
            ],
        ),
        (
            effect(0.0183, "14 months of test history instead of 6.2"),
            [
                "could see    a gain of 0.0183 in AUC in 4 of 5 cases (noise of sweep ftf_0123456789ab)",
                "too small    to see a useful gain of 0.01 it would need 14 months of test history instead "
                "of 6.2",
            ],
        ),
        (
            effect(0.2),
            [
                "could see    a gain of 0.2000 in AUC in 4 of 5 cases (noise of sweep ftf_0123456789ab)",
                "too small    to see a useful gain of 0.01 it would need more than 60 months, 40 cryptos or "
                "32 seeds",
            ],
        ),
    ],
)
def test_a_plan_says_what_the_sweep_could_see_and_what_would_be_enough(expected, lines: list[str]):
    said = plan_in_words(PLAN, [], expected)
    assert [line for line in said if line.startswith(("could see", "too small"))] == lines


def test_a_plan_says_who_is_skipped_and_nothing_where_nobody_is():
    said = plan_in_words(PLAN | {"skipped": {"LDOUSDC": "no file"}}, [], None)
    assert "skipped      1 of 3 cryptos skipped: LDOUSDC: no file" in said
    assert not any(line.startswith("skipped") for line in plan_in_words(PLAN, [], None))
