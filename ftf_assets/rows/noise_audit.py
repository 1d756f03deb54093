"""From an audit's measurements to rows of ``noise_audit`` and ``noise_audit_effects``."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ftf_assets.audit.detectors import DETECTORS
from ftf_assets.audit.effects import Effect
from ftf_assets.audit.findings import Finding
from ftf_assets.audit.intervals import Estimate
from ftf_assets.audit.kinds import NOISE_KINDS
from ftf_assets.audit.noise import NEEDS_IN_WORDS, Needs
from ftf_assets.audit.runner import AuditResult
from ftf_assets.audit.treatments import TREATMENTS
from ftf_assets.contracts.bundles import Outcome
from ftf_assets.contracts.tables.frames import contract_frame
from ftf_assets.contracts.tables.noise_audit import FAILED, UNAVAILABLE, NoiseAudit, NoiseAuditEffects
from ftf_assets.sweep.noise_audit import Audit
from ftf_assets.training.keys import code_version

Row = dict[str, Any]


def audit_rows(
    audit: Audit, crypto: str, result: AuditResult, *, run_id: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lay out the audit of one crypto as rows of its two tables.

    Parameters
    ----------
    audit, crypto
        The audit and the crypto.
    result
        The measurements.
    run_id
        Dagster run that writes it.

    Returns
    -------
    tuple of DataFrame
        Satisfy ``NoiseAudit`` and ``NoiseAuditEffects``. A kind of noise that the source does not allow has
        rows with the status ``unavailable`` and the reason.
    """
    identity: Row = {
        "audit_id": audit.audit_id(crypto),
        "arrays_key": audit.arrays_key(crypto),
        "crypto": crypto,
        "created_at": pd.Timestamp.now("UTC"),
    }
    provenance = audit.sweep.provenance(crypto)
    made: Row = {
        "rounds": result.rounds,
        "settings": audit.settings.model_dump_json(),
        "data_source": provenance.source,
        "source_file": provenance.file or None,
        "data_fingerprint": provenance.fingerprint,
        "code_version": code_version(),
        "run_id": run_id,
    }
    plan = audit.plan(crypto)
    found, effects = [_found(one) for one in result.found], [_effect(one) for one in result.effects]
    measured = {(row["kind"], row["detector"]) for row in found}
    found += [
        {
            "kind": kind,
            "detector": name,
            "given_label": "all",
            **_NOT_COUNTED,
            **_unavailable(kind, detector.needs),
        }
        for kind in plan.kinds
        for name, detector in DETECTORS.items()
        if (kind, name) not in measured
    ]
    treated = {(row["kind"], row["treatment"]) for row in effects}
    effects += [
        {
            "kind": kind,
            "treatment": name,
            "n_seeds": 0,
            "n_test": 0,
            **_unavailable(kind, DETECTORS[one.detector].needs),
        }
        for kind in plan.kinds
        for name, one in TREATMENTS.items()
        if kind != "none" and (kind, name) not in treated
    ]
    roles: dict[str, str] = {name: detector.role for name, detector in DETECTORS.items()}
    return (
        contract_frame(
            NoiseAudit, [{**identity, **made, "role": roles[row["detector"]], **row} for row in found]
        ),
        contract_frame(
            NoiseAuditEffects,
            [{**identity, "control": TREATMENTS[row["treatment"]].control, **row} for row in effects],
        ),
    )


_NOT_COUNTED = {"n_seeds": 0, "n_rows": 0, "n_wrong": 0, "n_bursts": 0}


def _found(one: Finding) -> Row:
    return {
        "kind": one.kind,
        "detector": one.detector,
        "given_label": one.given_label,
        **_status(one.outcome),
        "n_seeds": one.n_seeds,
        "n_rows": one.n_rows,
        "n_wrong": one.n_wrong,
        "n_bursts": one.n_bursts,
        "average_precision": one.average_precision,
        **_interval("lift", one.lift),
        "hardest_control": one.hardest_control,
        **_interval("margin", one.margin),
        "p_value": one.p_value,
        "p_corrected": one.p_corrected,
        "beats_controls": one.beats_controls,
        "estimated_noise_rate": one.estimated_noise_rate,
    }


def _effect(one: Effect) -> Row:
    return {
        "kind": one.kind,
        "treatment": one.treatment,
        **_status(one.outcome),
        "n_seeds": one.n_seeds,
        "n_test": one.n_test,
        "clean": one.clean,
        "noisy": one.noisy,
        "treated": one.treated,
        **_interval("lost", one.lost),
        "nothing_lost": None if one.lost is None else one.recovered is None,
        **_interval("won", one.won),
        **_interval("recovered", one.recovered),
        **_interval("over_random", one.over_random),
        **_interval("over_lowest_p", one.over_lowest_p),
    }


def _unavailable(kind: str, detector_needs: Needs) -> Row:
    """Say what the source lacks for a kind of noise, or else for a detector."""
    needs = NOISE_KINDS[kind].needs
    return {"status": UNAVAILABLE, "reason": NEEDS_IN_WORDS[detector_needs if needs == "labels" else needs]}


def _status(outcome: Outcome) -> Row:
    if outcome.status == "training_failed":
        return {
            "status": FAILED,
            "reason": f"{outcome.error_stage}: {outcome.error_type}: {outcome.error_message}",
        }
    return {"status": outcome.status, "reason": outcome.error_message or None}


def _interval(name: str, estimate: Estimate | None) -> Row:
    if estimate is None:
        return {}
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
