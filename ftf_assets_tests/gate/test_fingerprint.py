"""The fingerprints of a decision change with everything it was made from and with, and with nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from ftf_assets.gate.thresholds import GateSettings
from ftf_assets_tests.support.gate_rows import (
    BASELINES,
    CRYPTOS,
    NOW,
    QUICK,
    changed_rows,
    decided,
    measured,
    sweep_rows,
)


def test_the_fingerprints_change_with_rows_failed_checks_and_bounds():
    first = decided(sweep_rows(0.02))
    rows = sweep_rows(0.02)
    rows[4] = rows[4] | {"f1_buy": rows[4]["f1_buy"] + 1e-9}
    assert decided(rows).rows_fingerprint != first.rows_fingerprint
    assert decided(sweep_rows(0.02), broken_checks=("x",)).rows_fingerprint != first.rows_fingerprint
    stricter = decided(sweep_rows(0.02), settings=GateSettings(alpha=0.01, bootstrap_draws=50))
    assert stricter.rows_fingerprint == first.rows_fingerprint
    assert stricter.settings_fingerprint != first.settings_fingerprint
    stored = json.loads(first.settings)
    assert stored["bounds"] == asdict(QUICK)
    assert stored["baselines"] == BASELINES


def with_seeds(**changed):
    rows = changed_rows(lambda row: {"n_seeds": 2, "f1_buy_seed_sd": 0.01, "tuning": "off", "n_trials": 0})
    rows[7] = rows[7] | changed
    return rows


@pytest.mark.parametrize(
    "changed",
    [
        {"crypto": "ZRXUSDC"}, {"fold": 9}, {"status": None}, {"f1_buy": 0.5}, {"average_precision": 0.5},
        {"expectancy_net": 0.5}, {"sortino": 0.5}, {"ece_debiased": 0.5}, {"log_loss": 0.5},
        {"f1_always_buy": 0.1}, {"n_trades": 61}, {"n_seeds": 3}, {"f1_buy_seed_sd": 0.02},
        {"f1_buy_seed_sd": None}, {"average_precision_seed_sd": 0.02}, {"n_trials": 1},
    ],
    ids=str,
)  # fmt: skip
def test_the_rows_fingerprint_changes_with_every_value_that_decides(changed):
    everything = {(crypto, fold) for crypto in (*CRYPTOS, "ZRXUSDC") for fold in range(10)}
    first = decided(with_seeds(), expected=everything)
    assert decided(with_seeds(**changed), expected=everything).rows_fingerprint != first.rows_fingerprint


def test_rows_that_are_not_compared_do_not_enter_the_fingerprint():
    rows = sweep_rows(0.02)
    interaction = measured("ZRXUSDC", 7, factor="cleanlab", level="filter", label_smoothing="mild")
    assert decided([*rows, interaction]).rows_fingerprint == decided(rows).rows_fingerprint


def test_a_number_written_as_text_gives_the_same_decision():
    written = changed_rows(lambda row: {"f1_buy": str(row["f1_buy"]), "n_trades": f"{row['n_trades']}.0"})
    assert decided(written) == decided(sweep_rows(0.02))


def test_columns_that_decide_nothing_do_not_enter_the_fingerprint():
    noted = changed_rows(lambda row: {"row": 3, "fit_seconds": 0.7, "created_at": NOW})
    assert decided(noted) == decided(sweep_rows(0.02))
