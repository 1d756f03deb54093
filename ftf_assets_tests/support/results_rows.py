"""Rows of finetune_results and regime_results as a sweep writes them, one of each kind to start from."""

from __future__ import annotations

import pandas as pd

from ftf_assets.contracts.tables.frames import contract_frame, unvalidated_frame
from ftf_assets.contracts.tables.regime_results import RegimeResults
from ftf_assets.labels.factor_registry import baseline_levels
from ftf_assets.rows.factor_columns import finetune_results_contract
from ftf_assets.training.regimes import regime_scores

SWEEP = "ftf_0123456789ab"

#: Variant to its levels of label_smoothing and cleanlab; the other factors are at their baseline.
LEVELS = {
    "baseline": ("none", "off"),
    "mild": ("mild", "off"),
    "aggressive": ("aggressive", "off"),
    "filter": ("none", "filter"),
    "reweight": ("none", "reweight"),
}


def ok_row(crypto: str = "OPUSDC", fold: int = 3, variant: str = "reweight", **changed: object) -> dict:
    label_smoothing, cleanlab = LEVELS[variant]
    return {
        "sweep_id": SWEEP,
        "crypto": crypto,
        "fold": fold,
        "variant": variant,
        **baseline_levels(),
        "label_smoothing": label_smoothing,
        "cleanlab": cleanlab,
        "status": "ok",
        "f1_buy": 0.27,
        "precision_buy": 0.17,
        "recall_buy": 0.81,
        "average_precision": 0.19,
        "roc_auc": 0.55,
        "log_loss": 0.44,
        "brier": 0.13,
        "ece": 0.03,
        "ece_debiased": 0.004,
        "ece_smoothing_corrected": 0.03,
        "ece_debiased_smoothing_corrected": 0.0,
        "mcc": 0.03,
        "threshold": 0.1375,
        "f1_always_buy": 0.271,
        "predicted_buy_rate": 0.81,
        "breakeven_precision": 0.35,
        "f1_buy_seed_sd": 0.008 if variant == "baseline" else None,
        "average_precision_seed_sd": 0.002 if variant == "baseline" else None,
        "n_trades": 310,
        "win_rate": 0.3,
        "expectancy_net": -14.2,
        "return_net": -0.36,
        "sortino": -4.1,
        "sortino_capped": False,
        "max_drawdown": 0.37,
        "n_train": 8_000,
        "n_train_buy": 1_300,
        "n_kept": 8_000,
        "weight_sum": 7_900.5,
        "n_suspects": 130,
        "n_suspects_buy": 130,
        "n_dropped": 0,
        "n_dropped_buy": 0,
        "n_test": 2_100,
        "buy_rate_train": 0.1625,
        "buy_rate_test": 0.157,
        "train_start": pd.Timestamp("2021-04-01 01:00", tz="UTC"),
        "train_end": pd.Timestamp("2023-03-01", tz="UTC"),
        "test_start": pd.Timestamp("2023-03-01 01:00", tz="UTC"),
        "test_end": pd.Timestamp("2023-05-27 04:00", tz="UTC"),
        "best_iteration": 41,
        "params": '{"max_depth": 4, "eta": 0.05}',
        "tuning": "baseline",
        "n_trials": 15,
        "seed": 7,
        "n_seeds": 1,
        "fit_seconds": 0.8,
        "data_source": "candles",
        "source_file": "OPUSDT_1h.csv",
        "quote_currency": "USDT",
        "data_fingerprint": "5f1d0c",
        "cell_key": "9a77e2",
        "code_version": "0.1.0",
        "run_id": "3c9f6f0e-0b7e-4a52-9df5-5d2c5d3d6d6e",
        "phase": "manual",
        "created_at": pd.Timestamp("2024-01-02 03:04:05.678901", tz="UTC"),
    } | changed


def unmeasured_row(status: str, **changed: object) -> dict:
    """A row that has the cell's identity and provenance but neither metrics nor counts."""
    last_identity, first_provenance = "status", "tuning"
    names = list(ok_row())
    kept = {*names[: names.index(last_identity) + 1], *names[names.index(first_provenance) :]}
    return {name: value for name, value in ok_row().items() if name in kept} | {"status": status} | changed


def failed_row(**changed: object) -> dict:
    error = {
        "error_type": "XGBoostError",
        "error_message": "Check failed: preds.size() == info.labels.Size()",
        "error_stage": "fit",
    }
    return unmeasured_row("training_failed", **(error | changed))


def skipped_row(**changed: object) -> dict:
    reason = {"error_message": "412 fit rows, 1000 needed"}
    return unmeasured_row("skipped_short_history", **(reason | changed))


def partition(crypto: str = "OPUSDC", *, folds: int = 5, **changed: object) -> list[dict]:
    """Every cell of one crypto in the standard protocol: 5 folds x 5 variants."""
    return [ok_row(crypto, fold, variant, **changed) for fold in range(folds) for variant in LEVELS]


def results_table(rows: list[dict]) -> pd.DataFrame:
    """The rows as the table has them."""
    return unvalidated_frame(finetune_results_contract(), rows)


def regimes_table(crypto: str = "OPUSDC", *, folds: int = 2) -> pd.DataFrame:
    """Every cell of one crypto by regime: in "up" more of the calls are right than in "down"."""
    cells = [
        (fold, variant, regime) for fold in range(folds) for variant in LEVELS for regime in ("up", "down")
    ]
    rows = []
    for place, (fold, variant, regime) in enumerate(cells):
        n_correct = (30 if regime == "up" else 10) + place % 7
        counts = {"n": 200, "n_buy": 40, "n_called": 60, "n_correct": n_correct}
        row = {"sweep_id": SWEEP, "crypto": crypto, "fold": fold, "variant": variant, "regime": regime}
        rows.append(row | counts | regime_scores(**counts))
    return contract_frame(RegimeResults, rows)
