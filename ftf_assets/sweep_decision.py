"""From a sweep's rows to the gate's decision on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ftf_assets.config import SweepSettings
from ftf_assets.contracts.frames import contract_frame
from ftf_assets.contracts.gate import GateMetrics, GateVerdicts
from ftf_assets.contracts.results import OK
from ftf_assets.gate.decision import Decision, decide
from ftf_assets.gate.pairs import calendar_clusters
from ftf_assets.labels.factors import baseline_levels


def decide_sweep(
    rows: pd.DataFrame, settings: SweepSettings, sweep_id: str, *, broken_checks: Sequence[str] = ()
) -> Decision:
    """Judge every level of a sweep against its factor's baseline.

    Parameters
    ----------
    rows
        The sweep's rows of ``finetune_results``, whatever their order.
    settings
        The sweep's resolved settings: they say which cells are expected.
    sweep_id
        The sweep.
    broken_checks
        Contract checks that are red: with any, every verdict is ``INVALID``.

    Raises
    ------
    InputError
        A sweep whose rows hold no level to judge, or a level without its baseline.
    """
    records: list[dict[str, Any]] = [
        {str(name): value for name, value in row.items()} for row in rows.to_dict("records")
    ]
    clusters = None
    if settings.folds == "per_crypto":
        clusters = calendar_clusters(
            {
                (row["crypto"], row["fold"]): (row["test_start"].value, row["test_end"].value)
                for row in records
                if row["status"] == OK
            }
        )
    return decide(
        records,
        baseline_levels(),
        sweep_id=sweep_id,
        expected={(crypto, fold) for crypto in settings.crypto_names for fold in range(settings.n_folds)},
        clusters=clusters,
        broken_checks=broken_checks,
    )


def decision_frames(decision: Decision) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lay a decision out as rows of ``gate_metrics`` and ``gate_verdicts``."""
    now = pd.Timestamp.now("UTC")
    return (
        contract_frame(GateMetrics, decision.metric_rows()),
        contract_frame(GateVerdicts, decision.verdict_rows(now)),
    )
