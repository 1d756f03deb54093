"""An audit's rows as the store holds them, without running one."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ftf_assets.audit.detectors import DETECTORS
from ftf_assets.audit.treatments import TREATMENTS
from ftf_assets.contracts.tables.frames import contract_frame
from ftf_assets.contracts.tables.noise_audit import NoiseAudit, NoiseAuditEffects

AUDITED_AT = pd.Timestamp("2024-01-02 03:04:05", tz="UTC")


def found_row(crypto: str = "OPUSDC", **changes: Any) -> dict[str, Any]:
    """cleanlab on bursts among the observed BUYs."""
    return {
        "audit_id": "audit_0123456789ab",
        "arrays_key": f"rows of {crypto}",
        "crypto": crypto,
        "kind": "bursts",
        "detector": "cleanlab",
        "role": "cleaner",
        "given_label": "BUY",
        "status": "ok",
        "n_seeds": 5,
        "n_rows": 4_600,
        "n_wrong": 1_500,
        "n_bursts": 70,
        "average_precision": 0.35,
        "lift": 1.07,
        "lift_low": 0.92,
        "lift_high": 1.22,
        "hardest_control": "rolling_mean",
        "margin": -1.9,
        "margin_low": -2.2,
        "margin_high": -1.6,
        "p_value": 0.99,
        "p_corrected": 1.0,
        "beats_controls": False,
        "rounds": 20,
        "settings": "{}",
        "data_source": "market",
        "data_fingerprint": "f" * 16,
        "code_version": "0" * 12,
        "run_id": "run",
        "created_at": AUDITED_AT,
        **changes,
    }


def effect_row(crypto: str = "OPUSDC", **changes: Any) -> dict[str, Any]:
    """filter on bursts that cost something."""
    return {
        "audit_id": "audit_0123456789ab",
        "arrays_key": f"rows of {crypto}",
        "crypto": crypto,
        "kind": "bursts",
        "treatment": "filter",
        "control": False,
        "status": "ok",
        "n_seeds": 5,
        "n_test": 4_472,
        "clean": 0.1931,
        "noisy": 0.1795,
        "treated": 0.1826,
        **interval("lost", 0.0136, 0.01),
        "nothing_lost": False,
        **interval("won", 0.0031, 0.009),
        **interval("recovered", 0.228, 0.7),
        **interval("over_random", 0.0075, 0.006),
        **interval("over_lowest_p", 0.0, 0.0),
        "created_at": AUDITED_AT,
        **changes,
    }


def interval(name: str, value: float | None, half: float = 0.0) -> dict[str, float | None]:
    if value is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {name: value, f"{name}_low": value - half, f"{name}_high": value + half}


NOTHING_LOST = {"nothing_lost": True, **interval("lost", 0.001, 0.01), **interval("recovered", None)}


def whole_audit(
    crypto: str = "OPUSDC", kinds: tuple[str, ...] = ("bursts", "independent")
) -> tuple[list, list]:
    """Every detector, observed label and treatment of some kinds."""
    found = [
        found_row(
            crypto,
            kind=kind,
            detector=name,
            role=detector.role,
            given_label=label,
            lift=1.0 + 0.1 * i + 0.01 * j,
            **(
                {"beats_controls": i == 0}
                if detector.role != "control" and label != "all"
                else {"beats_controls": None, "p_value": None, "p_corrected": None, "hardest_control": None}
            ),
            estimated_noise_rate=0.08 if label == "all" and detector.role != "control" else None,
        )
        for kind in kinds
        for i, (name, detector) in enumerate(DETECTORS.items())
        for j, label in enumerate(("BUY", "HOLD", "all"))
    ]
    effects = [
        effect_row(
            crypto,
            kind=kind,
            treatment=name,
            control=one.control,
            **({} if kind == "bursts" else NOTHING_LOST),
        )
        for kind in kinds
        for name, one in TREATMENTS.items()
    ]
    return found, effects


def frames(found: list[dict], effects: list[dict]) -> tuple[pd.DataFrame, pd.DataFrame]:
    return contract_frame(NoiseAudit, found), contract_frame(NoiseAuditEffects, effects)
