"""From the models of the label ceiling to rows of ``label_ceiling``, and from these to its bound."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from ftf_assets.audit.detectors.temporal import TEMPORAL
from ftf_assets.contracts.tables.frames import contract_frame
from ftf_assets.contracts.tables.label_ceiling import LabelCeiling
from ftf_assets.gate.label_ceiling import CeilingSummary, summarise_ceiling
from ftf_assets.rows.records import plain_records
from ftf_assets.sweep.asset_inputs import CEILING
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training.label_ceiling import CeilingScore


def ceiling_rows(sweep: Sweep, crypto: str, scores: Sequence[CeilingScore], *, run_id: str) -> pd.DataFrame:
    """Lay out the label ceiling of one crypto as rows of ``label_ceiling``.

    Parameters
    ----------
    sweep, crypto
        The sweep and the crypto.
    scores
        From :func:`~ftf_assets.training.label_ceiling.measure_label_ceiling`; none where the ceiling is off.
    run_id
        Dagster run that writes them.

    Returns
    -------
    DataFrame
        Satisfies ``LabelCeiling``; failed and skipped models are rows too.
    """
    common = {
        "sweep_id": sweep.sweep_id,
        "crypto": crypto,
        "arrays_key": sweep.artifact_key("coerced_arrays", crypto),
        "inputs": json.dumps(sweep.artifact_identity(CEILING, crypto), sort_keys=True),
        "run_id": run_id,
        "created_at": pd.Timestamp.now("UTC"),
    }
    return contract_frame(LabelCeiling, [{**common, **_row(one)} for one in scores])


def _row(score: CeilingScore) -> dict[str, Any]:
    outcome = score.outcome
    reason = outcome.error_message
    if outcome.status == "training_failed":
        reason = f"{outcome.error_stage}: {outcome.error_type}: {outcome.error_message}"
    return {
        "fold": score.fold,
        "noise": score.noise,
        "exposure": score.exposure,
        "repeat": score.repeat,
        "status": outcome.status,
        "reason": reason or None,
        "n_fit": score.n_fit,
        "n_test": score.n_test,
        "buy_rate": score.buy_rate,
        "changed": score.changed,
        "rounds": score.rounds,
        "seed": score.seed,
        "fit_key": score.fit_key or None,
        **(score.metrics or {}),
    }


def ceiling_of_sweep(rows: pd.DataFrame, audit: pd.DataFrame) -> CeilingSummary | None:
    """Extrapolate what correct labels would be worth in a sweep.

    Parameters
    ----------
    rows
        The sweep's rows of ``label_ceiling``; none where the ceiling is off.
    audit
        Rows of ``noise_audit`` of the same data; none where they were never audited.

    Returns
    -------
    CeilingSummary or None
        None where too few models were measured.
    """
    return summarise_ceiling(plain_records(rows), _share_of_audit(audit)) if len(rows) else None


def _share_of_audit(audit: pd.DataFrame) -> float | None:
    """Average over cryptos what the cleaner that knows time estimates on the labels as they are."""
    estimates = audit.loc[
        (audit["kind"] == "none") & (audit["detector"] == TEMPORAL.name), "estimated_noise_rate"
    ].dropna()
    return float(estimates.mean()) if len(estimates) else None
