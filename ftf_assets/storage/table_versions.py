"""Content hashes of result tables: a check records those that it judged, so that a change is noticed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ftf_assets.storage.content_version import content_version

if TYPE_CHECKING:
    import pandas as pd

    from ftf_assets.contracts.tables.gate_decision import DecisionTables


def row_versions(partition: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Hash the rows of one crypto in one sweep, by table, as the results store gives them."""
    return {table: content_version(rows) for table, rows in partition.items()}


def decision_versions(decision: DecisionTables) -> dict[str, str]:
    """Hash a stored decision, by table."""
    return {f"gate_{name}": content_version(rows) for name, rows in decision._asdict().items()}


def audit_versions(found: pd.DataFrame) -> dict[str, str]:
    """Hash the noise audits of a sweep's data, by table."""
    return {"noise_audit": content_version(found)}


def ceiling_versions(rows: pd.DataFrame) -> dict[str, str]:
    """Hash the label ceiling of one crypto in one sweep, by table."""
    return {"label_ceiling": content_version(rows)}
