"""A sweep's tables and artifacts as the report reads them, without running one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import Outcome, TrainedCell, TrainedModels
from ftf_assets.contracts.gate_rows_coercion import coerce_result_rows
from ftf_assets.contracts.tables.confidence_curve import ConfidenceCurve
from ftf_assets.contracts.tables.frames import contract_frame
from ftf_assets.contracts.tables.label_suspects import LabelSuspects, suspects_frame
from ftf_assets.contracts.tables.regime_results import RegimeResults
from ftf_assets.contracts.tables.weekly_results import WeeklyResults
from ftf_assets.gate.decide import decide
from ftf_assets.gate.label_ceiling import summarise_ceiling
from ftf_assets.gate.sweep_facts import SweepFacts
from ftf_assets.labels.factor_registry import baseline_levels
from ftf_assets.report.data import (
    AuditData,
    CurveData,
    DecisionData,
    ReportData,
    SuspectData,
    TrainedCrypto,
)
from ftf_assets.rows.gate_decision import decision_rows
from ftf_assets.rows.records import plain_records
from ftf_assets_tests.support.audit_rows import frames, whole_audit
from ftf_assets_tests.support.ceiling import ceiling_records
from ftf_assets_tests.support.gate_rows import QUICK
from ftf_assets_tests.support.results_rows import (
    LEVELS,
    SWEEP,
    confidence_table,
    failed_row,
    ok_row,
    regimes_table,
    results_table,
)
from ftf_assets_tests.support.settings import settings_of

DECIDED_AT = pd.Timestamp("2024-01-02 03:04:05", tz="UTC")
START = pd.Timestamp("2024-01-01", tz="UTC")
N_BARS = 1_200
N_TEST = 200


def result_rows(cryptos: Sequence[str] = ("OPUSDC", "LDOUSDC"), folds: int = 2) -> list[dict]:
    """Cells whose metrics differ by crypto, fold and variant, as measured ones do."""
    rows = []
    for i, crypto in enumerate(cryptos):
        for fold in range(folds):
            for j, variant in enumerate(LEVELS):
                shift = 0.004 * np.sin(3 * i + 5 * fold + 7 * j) + 0.002 * j
                rows.append(
                    ok_row(
                        crypto,
                        fold,
                        variant,
                        f1_buy=0.30 + shift,
                        average_precision=0.20 + shift / 2,
                        expectancy_net=-14.0 + 900 * shift,
                        sortino=-4.0 + 80 * shift,
                        log_loss=0.44 - shift / 3,
                    )
                )
    return rows


def cell_of(row: dict) -> dict[str, Any]:
    return {name: row[name] for name in ("crypto", "fold", "variant", "label_smoothing", "cleanlab")}


def decision_data(rows: list[dict]) -> DecisionData:
    """What a decision on these rows is explained from; the verdicts are the gate's own."""
    frame = results_table(rows)
    cryptos, folds = tuple(dict.fromkeys(frame["crypto"])), int(frame["fold"].max()) + 1
    decision = decide(
        coerce_result_rows(frame, baseline_levels()),
        baseline_levels(),
        sweep_id=SWEEP,
        settings=QUICK,
        facts=SweepFacts(expected={(crypto, fold) for crypto in cryptos for fold in range(folds)}),
    )
    metrics, verdicts, summary = decision_rows(decision)
    return DecisionData(
        cryptos,
        folds,
        frame,
        metrics,
        verdicts.assign(created_at=DECIDED_AT),
        summary.assign(created_at=DECIDED_AT),
    )


def report_data(
    rows: list[dict],
    *,
    suspects: pd.DataFrame | None = None,
    artifacts: bool = False,
    candles: bool = True,
    regimes: pd.DataFrame | None = None,
    confidence: pd.DataFrame | None = None,
    weekly: pd.DataFrame | None = None,
    audit: AuditData | None = None,
    **settings: Any,
) -> ReportData:
    """What ``load_report_data`` gives for these rows; the verdicts are the gate's own."""
    decision = decision_data(rows)
    chosen = settings_of(**{"n_folds": decision.n_folds, **settings})
    stored = (
        {name: crypto_artifacts(n, decision.n_folds, candles) for n, name in enumerate(decision.cryptos)}
        if artifacts
        else {}
    )
    unavailable = (
        {} if stored else dict.fromkeys(decision.cryptos, "there is no artifact. Materialise it first")
    )
    return ReportData(
        sweep_id=SWEEP,
        settings=chosen,
        decision=decision,
        curves=CurveData(
            decision.levels,
            {name: trained for name, (trained, _) in stored.items()},
            chosen.evaluation.scoring,
        ),
        suspects=SuspectData(
            no_suspects() if suspects is None else suspects,
            {name: bars for name, (_, bars) in stored.items()},
            unavailable,
            chosen.labels.barriers,
        ),
        regimes=contract_frame(RegimeResults, []) if regimes is None else regimes,
        confidence=contract_frame(ConfidenceCurve, []) if confidence is None else confidence,
        weekly=contract_frame(WeeklyResults, []) if weekly is None else weekly,
        unavailable=unavailable,
        audit=audit or AuditData(),
    )


def crypto_artifacts(seed: int, folds: int, candles: bool) -> tuple[TrainedCrypto, pd.DataFrame]:
    """The stored values of one crypto: its trained cells with their rows, and its candles."""
    random = np.random.default_rng(seed)
    index = pd.date_range(START, periods=N_BARS, freq="h", tz="UTC", name="timestamp")
    start = index.to_numpy("datetime64[ns]").view(np.int64)
    y = (random.random(N_BARS) < 0.2).astype(np.int8)
    arrays = TrainingArrays(
        X=np.zeros((N_BARS, 1), np.float32),
        y=y,
        start=start,
        end=start + 2 * 3_600_000_000_000,
        label_return=np.where(y == 1, 0.012, -0.004).astype(np.float32),
        base_weight=np.ones(N_BARS, np.float32),
        feature_names=("flat",),
    )
    cells = [
        TrainedCell(
            fold=fold,
            variant=variant,
            levels=baseline_levels() | {"label_smoothing": smoothing, "cleanlab": cleaner},
            outcome=Outcome(),
            threshold=0.2,
            validation_probability=random.beta(2, 8, N_TEST),
            test_rows=np.arange(600 + N_TEST * fold, 600 + N_TEST * (fold + 1)),
            test_probability=random.beta(2, 8, N_TEST),
        )
        for fold in range(folds)
        for variant, (smoothing, cleaner) in LEVELS.items()
    ]
    bars = some_candles(random, index if candles else index[:0])
    return TrainedCrypto(arrays, TrainedModels(tuple(cells))), bars


def some_candles(random: np.random.Generator, index: pd.DatetimeIndex) -> pd.DataFrame:
    close = 10.0 * np.exp(np.cumsum(random.normal(0, 0.01, len(index))))
    opened = np.concatenate([[10.0], close[:-1]])[: len(index)]
    return pd.DataFrame(
        {
            "open": opened,
            "high": np.maximum(opened, close) * 1.004,
            "low": np.minimum(opened, close) * 0.996,
            "close": close,
            "volume": 5.0,
        },
        index=index,
    )


def some_suspects(
    cryptos: Sequence[str], count: int = 40, cleaners: Sequence[str] = ("filter", "reweight")
) -> pd.DataFrame:
    """The same suspects for every cleaner: the lower the number, the worse, three BUY for each HOLD."""
    parts = [
        pd.DataFrame(
            {
                "crypto": crypto,
                "fold": 1,
                "variant": cleaner,
                "cleaner": cleaner,
                "timestamp": START + pd.to_timedelta(60 + 11 * np.arange(count), unit="h"),
                "label": (np.arange(count) % 4 != 0).astype(np.int64),
                "p_buy": np.where(np.arange(count) % 4 == 0, 0.7, 0.01 + 0.002 * np.arange(count)),
                "label_quality": 0.01 + 0.002 * np.arange(count),
                "dropped": cleaner == "filter",
                "relabelled": cleaner == "relabel",
                "weight": 0.0 if cleaner == "filter" else 0.1,
            }
        )
        for crypto in cryptos
        for cleaner in cleaners
    ]
    frame = pd.concat(parts, ignore_index=True).assign(sweep_id=SWEEP)
    return suspects_frame({name: frame[name] for name in frame})


def no_suspects() -> pd.DataFrame:
    return suspects_frame({name: [] for name in LabelSuspects.to_schema().columns})


def whole_report() -> ReportData:
    """A report in which every section has something to show: every table and every picture."""
    cryptos = ("OPUSDC", "LDOUSDC")
    rows = result_rows(cryptos, folds=3)
    rows[2] = failed_row(**cell_of(rows[2]))
    curve = pd.concat([confidence_table(crypto) for crypto in cryptos], ignore_index=True)
    found, effects = [], []
    for crypto in cryptos:
        of_crypto = frames(*whole_audit(crypto))
        found += plain_records(of_crypto[0])
        effects += plain_records(of_crypto[1])
    data = report_data(
        rows,
        suspects=some_suspects(cryptos),
        artifacts=True,
        confidence=curve,
        regimes=regimes_table(),
        audit=AuditData(found, effects),
    )
    return replace(data, ceiling=summarise_ceiling(ceiling_records(truth=True)))
