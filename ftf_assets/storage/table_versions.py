"""Content hashes of result tables: a check records those that it judged, so that a change is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftf_assets.storage.content_version import content_version

if TYPE_CHECKING:
    import pandas as pd


def row_versions(cells: pd.DataFrame, regimes: pd.DataFrame, suspects: pd.DataFrame) -> dict[str, str]:
    """Hash the rows of one crypto in one sweep, by table, as the results store gives them."""
    return {
        "finetune_results": content_version(cells),
        "regime_results": content_version(regimes),
        "label_suspects": content_version(suspects),
    }


def decision_versions(metrics: pd.DataFrame, verdicts: pd.DataFrame) -> dict[str, str]:
    """Hash a stored decision, by table."""
    return {"gate_metrics": content_version(metrics), "gate_verdicts": content_version(verdicts)}


def audit_versions(found: pd.DataFrame) -> dict[str, str]:
    """Hash the noise audits of a sweep's data, by table."""
    return {"noise_audit": content_version(found)}
