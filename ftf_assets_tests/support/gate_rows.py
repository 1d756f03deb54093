"""Result rows as the gate takes them: a baseline, levels at stated distances from it, published means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from ftf_assets.contracts.gate_rows import ResultRows
from ftf_assets.contracts.gate_rows_coercion import coerce_result_rows
from ftf_assets.contracts.tables.frames import contract_frame
from ftf_assets.contracts.tables.gate_decision import GateMetrics, GateSummary, GateVerdicts
from ftf_assets.gate.decide import decide
from ftf_assets.gate.decision import Decision, MetricComparison
from ftf_assets.gate.sweep_facts import SweepFacts
from ftf_assets.gate.thresholds import GateSettings

BASELINES = {"label_smoothing": "none", "cleanlab": "off"}
CRYPTOS = ("AAVEUSDC", "ARBUSDC", "LDOUSDC", "OPUSDC", "UNIUSDC")

NOW = pd.Timestamp("2024-01-02 03:04:05", tz="UTC")
#: The standard bounds, with few bootstrap draws: no verdict depends on them.
QUICK = GateSettings(bootstrap_draws=50)

#: Wiggles of mean 0 over five folds, so that neither cells nor folds all differ by the same.
WIGGLE = (-0.002, -0.001, 0.0, 0.001, 0.002)


def columns(rows: Sequence[Mapping[str, object]], factors: Sequence[str] = tuple(BASELINES)) -> ResultRows:
    """The rows as the gate takes them; what a row leaves out is empty."""
    names = dict.fromkeys(name for row in rows for name in row)
    frame = pd.DataFrame({name: pd.Series([row.get(name) for row in rows], dtype=object) for name in names})
    return coerce_result_rows(frame, factors)


def measured(
    crypto: str,
    fold: int | str | None,
    shift: float = 0.0,
    *,
    factor: str = "",
    level: str = "",
    **changed: object,
) -> dict[str, object]:
    """One measured cell, its metrics better than the baseline's by the shift (trade metrics: times 1000)."""
    place = (sum(map(ord, crypto)) + 7 * (fold if isinstance(fold, int) else 0)) % 11
    row: dict[str, object] = {"crypto": crypto, "fold": fold, **BASELINES, "status": "ok"}
    row |= {
        "roc_auc": 0.55 + 0.002 * place + shift,
        "f1_buy": 0.35 + 0.004 * place + shift,
        "average_precision": 0.25 + 0.003 * place + shift,
        "expectancy_net": -3.0 + place + 1000 * shift,
        "sortino": -1.0 + 0.2 * place + 10 * shift,
        "ece_debiased": 0.02 + 0.001 * place,
        "log_loss": 0.44 + 0.002 * place,
        "f1_always_buy": 0.27 + 0.001 * place,
        "n_trades": 60,
        "buy_rate_test": 0.16,
    }
    if factor:
        row[factor] = level
    return row | changed


def sweep_rows(
    shift: float | Callable[[int, int], float] = 0.0,
    *,
    cryptos: Sequence[str] = CRYPTOS,
    folds: int = 5,
    factor: str = "cleanlab",
    level: str = "filter",
) -> list[dict[str, object]]:
    """Baseline and one level on every (crypto, fold); a number shifts all cells, with a small wiggle."""
    rows = []
    for i, crypto in enumerate(cryptos):
        for fold in range(folds):
            by = shift(i, fold) if callable(shift) else shift + WIGGLE[(i + fold) % 5] + WIGGLE[fold % 5] / 4
            rows.append(measured(crypto, fold))
            rows.append(measured(crypto, fold, by, factor=factor, level=level))
    return rows


def failed(row: dict[str, object]) -> dict[str, object]:
    """The same cell without its metrics."""
    identity = ("crypto", "fold", *BASELINES)
    return {name: row[name] if name in identity else None for name in row} | {"status": "training_failed"}


def skipped(row: dict[str, object]) -> dict[str, object]:
    return failed(row) | {"status": "skipped_short_history"}


def changed_rows(
    change: Callable[[Mapping[str, object]], dict[str, object]],
    rows: Sequence[Mapping[str, object]] | None = None,
) -> list[dict[str, object]]:
    """Each row with what ``change`` says of it; by default the rows of a clear gain."""
    return [{**row, **change(row)} for row in (rows or sweep_rows(0.02))]


def decided(
    rows: Sequence[Mapping[str, object]], settings: GateSettings = QUICK, **facts: object
) -> Decision:
    """Decide with few bootstrap draws; the tables of the decision keep their contract and hold no NaN."""
    decision = decide(
        columns(rows),
        BASELINES,
        sweep_id="ftf_0123456789ab",
        settings=settings,
        facts=SweepFacts(**facts),  # type: ignore[arg-type]
    )
    for model, table in (
        (GateMetrics, decision.metric_rows()),
        (GateVerdicts, decision.verdict_rows(NOW)),
        (GateSummary, [decision.summary_row(NOW)]),
    ):
        kind = (model.__name__, *(_kind(row) for row in table))
        if kind not in _held:
            contract_frame(model, table)
            _held.add(kind)
        assert not any(
            isinstance(value, float) and np.isnan(value) for row in table for value in row.values()
        )
    return decision


#: Kinds of tables that were held to their contract in this process: Pandera takes 0.1 s for one decision.
_held: set[tuple[object, ...]] = set()


def _kind(row: Mapping[str, object]) -> tuple[object, ...]:
    """Two rows of one kind differ in their numbers and sentences only."""
    return tuple(value if name in ("verdict", "outcome") else type(value) for name, value in row.items())


def metric_of(decision: Decision, name: str) -> MetricComparison:
    """The first level's comparison in one metric."""
    return next(one for one in decision.metrics if one.metric == name)
