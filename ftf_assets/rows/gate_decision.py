"""From a sweep's rows to the gate's decision, and between a decision and its rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ftf_assets.contracts.gate_rows import ResultRows
from ftf_assets.contracts.gate_rows_coercion import coerce_result_rows
from ftf_assets.contracts.tables.finetune_results import OK
from ftf_assets.contracts.tables.frames import contract_frame
from ftf_assets.contracts.tables.gate_decision import DecisionTables, GateMetrics, GateSummary, GateVerdicts
from ftf_assets.gate.ceiling import CeilingBound
from ftf_assets.gate.clusters import calendar_clusters
from ftf_assets.gate.decide import decide
from ftf_assets.gate.decision import Decision, DecisionSummary, LevelVerdict, MetricComparison
from ftf_assets.gate.fingerprint import decision_fingerprints
from ftf_assets.gate.sweep_facts import SweepFacts
from ftf_assets.gate.truth_scale import LabelNoise, balanced_noise
from ftf_assets.labels.factor_registry import baseline_levels
from ftf_assets.rows.records import plain_records
from ftf_assets.sweep.settings import SweepSettings
from ftf_assets.training.variants import BASELINE


@dataclass(frozen=True, eq=False)
class SweepRows:
    """Everything about the cells of a sweep that the gate reads, in any order.

    Attributes
    ----------
    cells
        Rows of ``finetune_results``.
    weekly, seeds
        Rows of ``weekly_results`` and ``seed_scores``; None where there are none.
    """

    cells: pd.DataFrame
    weekly: pd.DataFrame | None = None
    seeds: pd.DataFrame | None = None


def decide_sweep(
    rows: SweepRows,
    settings: SweepSettings,
    sweep_id: str,
    *,
    broken_checks: tuple[str, ...] = (),
    ceiling: CeilingBound | None = None,
) -> Decision:
    """Judge every level of a sweep against its factor's baseline.

    Parameters
    ----------
    rows
        The sweep's rows.
    settings
        The sweep's resolved settings, which define the expected cells, the rule and the useful gain.
    sweep_id
        The sweep.
    broken_checks
        Failed contract checks; any makes every verdict ``INVALID``.
    ceiling
        What correct training labels would be worth at most; None where not measured.

    Raises
    ------
    InputError
        Rows without a level to judge, or a level without its baseline.
    """
    baselines = baseline_levels()
    return decide(
        _coerced(rows, baselines),
        baselines,
        sweep_id=sweep_id,
        settings=settings.gate.bounds,
        facts=_facts(rows.cells, settings, broken_checks, ceiling),
    )


def sweep_fingerprints(
    rows: SweepRows,
    settings: SweepSettings,
    *,
    broken_checks: tuple[str, ...] = (),
    ceiling: CeilingBound | None = None,
) -> tuple[str, str]:
    """Give the fingerprints of rows and settings that :func:`decide_sweep` would store, without deciding.

    Parameters and errors are those of :func:`decide_sweep`.
    """
    baselines = baseline_levels()
    return decision_fingerprints(
        _coerced(rows, baselines),
        baselines,
        settings=settings.gate.bounds,
        facts=_facts(rows.cells, settings, broken_checks, ceiling),
    )


def _coerced(rows: SweepRows, baselines: Mapping[str, str]) -> ResultRows:
    return coerce_result_rows(rows.cells, baselines, weekly=rows.weekly, repeats=rows.seeds)


def _facts(
    rows: pd.DataFrame,
    settings: SweepSettings,
    broken_checks: tuple[str, ...],
    ceiling: CeilingBound | None,
) -> SweepFacts:
    clusters = None
    if settings.folds.calendar == "per_crypto":
        measured = rows[rows["status"] == OK].drop_duplicates(["crypto", "fold"], keep="last")
        spans = measured[["crypto", "fold", "test_start", "test_end"]].itertuples(index=False, name=None)
        clusters = calendar_clusters(
            {(crypto, fold): (start.value, end.value) for crypto, fold, start, end in spans}
        )
    cells = {
        (crypto, fold) for crypto in settings.data.crypto_names for fold in range(settings.folds.n_folds)
    }
    return SweepFacts(
        expected=cells,
        clusters=clusters,
        broken_checks=broken_checks,
        ceiling=ceiling,
        trade_share=settings.evaluation.trade_share,
        label_noise=_label_noise(rows, settings),
        skipped=settings.data.skipped or {},
    )


def _label_noise(rows: pd.DataFrame, settings: SweepSettings) -> LabelNoise | None:
    """Give the noise of the test labels where the source knows it: the embedded market makes it."""
    tested = rows[(rows["status"] == OK) & (rows["variant"] == BASELINE)]
    if settings.data.source != "market" or tested.empty:
        return None
    buy_rate = float(np.average(tested["buy_rate_test"], weights=tested["n_test"]))
    if not 0 < buy_rate < 1:
        return None
    return balanced_noise(settings.data.market_noise, buy_rate)


def decision_from_rows(tables: DecisionTables) -> Decision:
    """Read a decision back from the rows of its tables.

    Parameters
    ----------
    tables
        From :func:`decision_rows`, or of one sweep as the store gives them; at least one verdict.
    """
    metrics, verdicts, summary = tables
    shared = plain_records(verdicts)[0]
    return Decision(
        metrics=tuple(MetricComparison(**_fields(row, MetricComparison)) for row in plain_records(metrics)),
        verdicts=tuple(
            LevelVerdict(
                **{**_fields(row, LevelVerdict), "warnings": tuple((row["warnings"] or "").splitlines())}
            )
            for row in plain_records(verdicts)
        ),
        summary=DecisionSummary(**_fields(plain_records(summary)[0], DecisionSummary)),
        **{
            field.name: shared[field.name]
            for field in dataclasses.fields(Decision)
            if field.name not in ("metrics", "verdicts", "summary")
        },
    )


def _fields(
    row: Mapping[str, Any], kind: type[MetricComparison | LevelVerdict | DecisionSummary]
) -> dict[str, Any]:
    return {field.name: row[field.name] for field in dataclasses.fields(kind)}


def decision_rows(decision: Decision) -> DecisionTables:
    """Lay out a decision as rows of its tables, stamped with the time."""
    now = pd.Timestamp.now("UTC")
    return DecisionTables(
        metrics=contract_frame(GateMetrics, decision.metric_rows()),
        verdicts=contract_frame(GateVerdicts, decision.verdict_rows(now)),
        summary=contract_frame(GateSummary, [decision.summary_row(now)]),
    )
