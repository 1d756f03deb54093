"""Rows of finetune_results and of what breaks cells down as a sweep writes them, some of each kind."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import pandas as pd

from ftf_assets.contracts.tables.confidence_curve import ConfidenceCurve
from ftf_assets.contracts.tables.frames import contract_frame, unvalidated_frame
from ftf_assets.contracts.tables.regime_results import RegimeResults
from ftf_assets.contracts.tables.seed_scores import SeedScores
from ftf_assets.contracts.tables.weekly_results import WeeklyResults
from ftf_assets.labels.factor_registry import baseline_levels
from ftf_assets.rows.factor_columns import finetune_results_contract
from ftf_assets.training.confidence_curve import TOP_SHARES
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
        "roc_auc_seed_sd": 0.003 if variant == "baseline" else None,
        "trade_threshold": 0.21,
        "trade_precision": 0.22,
        "n_trades": 110,
        "win_rate": 0.3,
        "expectancy_net": -14.2,
        "return_net": -0.36,
        "sortino": -14.1,
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


def weekly_table(crypto: str = "OPUSDC", *, folds: int = 2, weeks: int = 4) -> pd.DataFrame:
    """Every cell of one crypto by week; the influences of a cell alternate in sign and sum to 0."""
    rows = []
    for place, (fold, variant, week) in enumerate(_cells(folds, range(weeks))):
        start = pd.Timestamp("2023-03-06", tz="UTC") + pd.Timedelta(weeks=weeks * fold + week)
        influence = (-1) ** week * (0.001 + 0.0001 * fold)
        row = {"sweep_id": SWEEP, "crypto": crypto, "fold": fold, "variant": variant, "week": start}
        counts = {"n_test": 168, "n_buy": 24 + place % 5, "n_trades": 7}
        rows.append(row | counts | {"auc_influence": influence, "net_return": -0.01 + 0.001 * (place % 9)})
    return contract_frame(WeeklyResults, rows)


def seed_scores_table(crypto: str = "OPUSDC", *, folds: int = 2, repeats: int = 2) -> pd.DataFrame:
    """The single fits of every cell of one crypto."""
    rows = []
    for place, (fold, variant, repeat) in enumerate(_cells(folds, range(repeats))):
        row = {"sweep_id": SWEEP, "crypto": crypto, "fold": fold, "variant": variant, "repeat": repeat}
        shift = 0.002 * (place % 7)
        scores = {"roc_auc": 0.54 + shift, "average_precision": 0.19 + shift, "f1_buy": 0.27 + shift}
        rows.append(row | scores)
    return contract_frame(SeedScores, rows)


def confidence_table(crypto: str = "OPUSDC", *, folds: int = 2) -> pd.DataFrame:
    """The confidence curve of every cell of one crypto: the more confident, the more precise."""
    rows = []
    for place, (fold, variant, share) in enumerate(_cells(folds, TOP_SHARES)):
        called = int(2_000 * share)
        correct = int(called * (0.34 - 0.2 * share) + place % 3)
        row = {"sweep_id": SWEEP, "crypto": crypto, "fold": fold, "variant": variant, "top_share": share}
        measured = {
            "threshold": 0.3 - 0.2 * share,
            "n_called": called,
            "n_correct": correct,
            "precision": correct / called,
            "n_trades": called // 2,
            "expectancy_net": -3.0 - 20.0 * share + place % 4,
        }
        rows.append(row | measured)
    return contract_frame(ConfidenceCurve, rows)


def _cells(folds: int, parts: Iterable[Any]) -> list[tuple[int, str, Any]]:
    return list(itertools.product(range(folds), LEVELS, parts))
