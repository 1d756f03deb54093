"""The contracts of gate_metrics and gate_verdicts: good rows pass, and each broken one is named."""

from __future__ import annotations

import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables.frames import contract_frame, with_contract_dtypes
from ftf_assets.contracts.tables.gate_decision import GateMetrics, GateSummary, GateVerdicts

METRIC = {
    "sweep_id": "ftf_0123456789ab",
    "factor": "cleanlab",
    "level": "filter",
    "metric": "f1_buy",
    "role": "veto",
    "n_pairs": 25,
    "n_left_out": 0,
    "mean_difference": 0.01,
    "median_difference": 0.01,
    "ci_low": 0.001,
    "ci_high": 0.02,
    "bootstrap_low": 0.001,
    "bootstrap_high": 0.02,
    "clusters": "folds",
    "n_clusters": 5,
    "standard_error": 0.004,
    "week_error": None,
    "seed_error": None,
    "seed_source": None,
    "t": 3.0,
    "p_value": 0.01,
    "p_corrected": 0.02,
    "smallest_visible": 0.015,
    "true_difference": None,
    "cohens_d": 0.6,
    "cell_p": 0.01,
    "wilcoxon_p": 0.01,
    "fold_n": 5,
    "fold_t": 3.0,
    "fold_p": 0.04,
    "cryptos_better": 4,
    "cryptos_worse": 1,
    "outcome": "wins",
    "seed_n": 25,
    "seed_sd": 0.011,
    "seed_margin": 0.0045,
}
SHOWN = METRIC | {"metric": "log_loss", "outcome": None, "p_corrected": None, "role": "shown"}
VERDICT = {
    "sweep_id": "ftf_0123456789ab",
    "factor": "cleanlab",
    "level": "filter",
    "verdict": "LOCK",
    "ending": "lock",
    "reason": "Wins.",
    "advice": None,
    "warnings": None,
    "n_expected": 25,
    "n_pairs": 25,
    "n_trades": None,
    "min_trades_a_fold": None,
    "underpowered": None,
    "level_auc": 0.56,
    "signal_p": 0.001,
    "net_bps": -7.0,
    "trade_precision": 0.2,
    "breakeven_precision": 0.3,
    "tradable": False,
    "tuning": "baseline",
    "n_trials": 15,
    "rule": "primary_metric",
    "primary_metric": "roc_auc",
    "useful_gain": 0.01,
    "rows_fingerprint": "5f1d0c",
    "settings_fingerprint": "9a77e2",
    "settings": "{}",
    "created_at": pd.Timestamp("2024-01-02 03:04:05", tz="UTC"),
}
SUMMARY = {
    "sweep_id": "ftf_0123456789ab",
    "ending": "lock",
    "headline": "Cleaning (filter) helps.",
    "rule": "primary_metric",
    "primary_metric": "roc_auc",
    "useful_gain": 0.01,
    "signal_metric": "roc_auc",
    "signal_value": 0.56,
    "signal_p": 0.001,
    "signal_clusters": "weeks",
    "largest_factor": "cleanlab",
    "largest_level": "filter",
    "largest_difference": 0.02,
    "largest_low": 0.005,
    "largest_high": 0.035,
    "smallest_visible": 0.02,
    "clusters": "weeks",
    "n_clusters": 52,
    "n_cryptos": 5,
    "n_skipped": 1,
    "skipped": "LDOUSDC: no file",
    "n_folds": 5,
    "n_seeds": 4,
    "test_months": 12.0,
    "week_sd": 0.2,
    "week_correlation": 0.1,
    "seed_sd": 0.01,
    "truth_factor": None,
    "f1_buy": 0.3,
    "f1_always_buy": 0.27,
    "beats_always_buy": True,
    "net_bps": -7.0,
    "trade_precision": 0.2,
    "breakeven_precision": 0.3,
    "trade_share": 0.1,
    "tradable": False,
    "ceiling_low": None,
    "ceiling_estimate": None,
    "ceiling_bound": None,
    "ceiling_scenario": None,
    "created_at": pd.Timestamp("2024-01-02 03:04:05", tz="UTC"),
}
UNTESTED = dict.fromkeys(
    ("t", "p_value", "p_corrected", "cohens_d", "fold_t", "fold_p", "ci_low", "wilcoxon_p")
)


@pytest.mark.parametrize("model", [GateMetrics, GateVerdicts, GateSummary])
def test_every_column_says_what_it_is(model):
    assert [name for name, column in model.to_schema().columns.items() if not column.description] == []


@pytest.mark.parametrize(
    ("model", "rows"),
    [
        (GateMetrics, [METRIC, SHOWN]),
        (GateMetrics, [METRIC | UNTESTED | {"outcome": "neither"}]),
        (GateMetrics, []),
        (GateMetrics, [METRIC | {"seed_n": 0, "seed_sd": None, "seed_margin": None}]),
        (GateVerdicts, [VERDICT | {"tuning": "not stated", "n_trials": None}]),
        (GateVerdicts, [VERDICT, VERDICT | {"level": "reweight", "n_trades": 90, "underpowered": True}]),
        (GateVerdicts, []),
        (GateSummary, [SUMMARY]),
        (
            GateSummary,
            [SUMMARY | {"ceiling_estimate": 0.01, "ceiling_bound": 0.02, "ceiling_scenario": "10 % flips"}],
        ),
    ],
)
def test_good_rows_pass_and_keep_their_dtypes(model, rows):
    frame = contract_frame(model, rows)
    assert len(frame) == len(rows)
    assert list(frame) == list(model.to_schema().columns)
    pd.testing.assert_frame_equal(with_contract_dtypes(model, frame.astype(object)), frame)


@pytest.mark.parametrize(
    ("model", "rows", "message"),
    [
        (GateMetrics, [METRIC, METRIC], "must be unique"),
        (GateMetrics, [METRIC | {"p_value": 1.2}], "column 'p_value'.*found 1.2"),
        (GateMetrics, [METRIC | {"outcome": "won"}], "column 'outcome'"),
        (GateMetrics, [METRIC | {"outcome": None}], "only metrics that are not just shown"),
        (GateMetrics, [SHOWN | {"p_corrected": 0.01}], "only metrics that are not just shown"),
        (GateMetrics, [METRIC | {"t": float("inf")}], "infinite"),
        (GateMetrics, [METRIC | {"q": 1}], r"no such columns.*\['q'\]"),
        (GateVerdicts, [VERDICT, VERDICT], "must be unique"),
        (GateSummary, [SUMMARY, SUMMARY], "must be unique"),
        (GateSummary, [SUMMARY | {"ending": "good"}], "column 'ending'"),
        (GateSummary, [SUMMARY | {"ceiling_bound": 0.02}], "a ceiling has an estimate"),
        (GateVerdicts, [VERDICT | {"verdict": "MAYBE"}], "column 'verdict'"),
        (GateVerdicts, [VERDICT | {"tuning": "a little"}], "column 'tuning'"),
        (GateVerdicts, [VERDICT | {"n_pairs": 26}], "n_pairs must not exceed"),
        (GateVerdicts, [VERDICT | {"settings": "none"}], "JSON object"),
        (GateVerdicts, [VERDICT | {"settings": "{a"}], "JSON object"),
        (GateVerdicts, [VERDICT | {"useful_gain": float("inf")}], "infinite"),
    ],
)
def test_bad_rows_are_refused_by_name(model, rows, message):
    with pytest.raises(InputError, match=message):
        contract_frame(model, rows)
