"""The verdict names the tuning mode of the rows, and refuses rows of several."""

from __future__ import annotations

from typing import get_args

import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables.finetune_results import TUNE_MODES
from ftf_assets.contracts.tables.frames import contract_frame
from ftf_assets.contracts.tables.gate_decision import GateVerdicts
from ftf_assets.gate.decide import decide
from ftf_assets.gate.thresholds import GateSettings
from ftf_assets.gate.tuning import tuning_in_words, tuning_of
from ftf_assets.training.parameters import TuneMode
from ftf_assets_tests.support.gate_rows import BASELINES, columns, sweep_rows


def rows_of(**stated):
    return [row | stated for row in sweep_rows(0.02)]


MODES = [
    ({"tuning": "baseline", "n_trials": 15}, ("baseline", 15), "15 trials per crypto and fold, on the base"),
    ({"tuning": "per_variant", "n_trials": 30}, ("per_variant", 30), "30 trials .* each variant of its own"),
    ({"tuning": "off", "n_trials": 0}, ("off", 0), "no tuning"),
    ({"tuning": "baseline", "n_trials": 0}, ("baseline", None), "unknown trials .* on the baseline"),
    ({}, ("not stated", None), "not stated$"),
    ({"n_trials": "15"}, ("not stated", 15), "not stated; 15 trials in the rows"),
    ({"tuning": None, "n_trials": None}, ("not stated", None), "not stated$"),
    ({"tuning": pd.NA, "n_trials": float("nan")}, ("not stated", None), "not stated$"),
]


@pytest.mark.parametrize(("stated", "found", "words"), MODES)
def test_the_verdict_names_the_mode_that_its_rows_state(stated, found, words):
    decision = decide(
        columns(rows_of(**stated)), BASELINES, sweep_id="x", settings=GateSettings(bootstrap_draws=50)
    )
    assert (decision.tuning, decision.n_trials) == found
    stored = contract_frame(GateVerdicts, decision.verdict_rows(pd.Timestamp("2024-01-02", tz="UTC")))
    assert stored["tuning"].tolist() == [found[0]]
    assert stored["n_trials"].isna().tolist() == [found[1] is None]
    said = tuning_in_words(decision.tuning, decision.n_trials)
    assert pd.Series([said]).str.contains(words).all(), said


def test_rows_that_were_tuned_in_different_ways_are_refused():
    mixed = [row | {"tuning": "off" if row["cleanlab"] == "off" else "baseline"} for row in rows_of()]
    with pytest.raises(InputError, match=r"column 'tuning': .*different ways.*found baseline, off"):
        tuning_of(columns(mixed))
    with pytest.raises(InputError, match="found not stated, off"):
        tuning_of(
            columns([row | {"tuning": "off" if row["cleanlab"] == "off" else None} for row in rows_of()])
        )


def test_an_unknown_mode_is_refused_by_row():
    with pytest.raises(
        InputError, match=r"AAVEUSDC, column 'tuning', row 3: .*found grid; allowed: baseline"
    ):
        tuning_of(columns([row | {"tuning": "grid", "row": 3} for row in rows_of()]))


def test_contracts_and_settings_know_the_same_modes():
    assert get_args(TuneMode) == TUNE_MODES
