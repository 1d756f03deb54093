"""Whether the label ceiling of a crypto is current: made from today's inputs, without a failure, checked."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import TYPE_CHECKING

from ftf_assets.freshness.identity_changes import identity_change
from ftf_assets.freshness.reason import NEVER_MADE, Reason, upstream_out_of_date
from ftf_assets.storage.home import Home
from ftf_assets.sweep.asset_inputs import CEILING
from ftf_assets.sweep.sweep import Sweep

if TYPE_CHECKING:
    import dagster as dg


def ceiling_reason(
    sweep: Sweep, home: Home, instance: dg.DagsterInstance | None, crypto: str, stale: Collection[str]
) -> Reason | None:
    """Say why the rows of ``label_ceiling`` of a crypto are not what a run would write again.

    Parameters
    ----------
    sweep, home, crypto
        The sweep, the home that stores its rows, and the crypto.
    instance
        Dagster's records of the checks; None if there are none yet.
    stale
        Artifacts of the crypto that are not current.

    Returns
    -------
    Reason or None
        None where the rows are current, and where the ceiling is off: a sweep then does not make it.

    Raises
    ------
    StoreError
        A results store that cannot be read.
    """
    if not sweep.settings.ceiling.enabled:
        return None
    if not home.has_results:
        return NEVER_MADE
    from ftf_assets.storage.results_store import ResultsStore
    from ftf_assets.storage.table_versions import ceiling_versions

    rows = ResultsStore(home).ceiling(sweep.sweep_id, crypto)
    if rows.empty:
        return NEVER_MADE
    now = json.loads(json.dumps(sweep.artifact_identity(CEILING, crypto)))
    for text in rows["inputs"].unique():
        if (before := json.loads(text)) != now:
            return identity_change(before, now, stale)
    failed = rows[rows["status"] == "training_failed"]
    if len(failed):
        first = failed.iloc[0]
        where = f"fold {first['fold']}, noise {first['noise']}, exposure {first['exposure']:g}"
        return Reason("failed", f"{where} failed: {first['reason']}")
    inputs = [name for name in sweep.artifact_identity(CEILING, crypto)["upstream"] if name in stale]
    if inputs:
        return upstream_out_of_date(inputs)
    return _why_not_checked(sweep, instance, crypto, ceiling_versions(rows))


def _why_not_checked(
    sweep: Sweep, instance: dg.DagsterInstance | None, crypto: str, versions: dict[str, str]
) -> Reason | None:
    from ftf_assets.freshness.checks import check_reason, latest_on_value, sweep_checks

    for check in sweep_checks(CEILING):
        result = latest_on_value(sweep, instance, CEILING, check, crypto)
        reason = check_reason(check, result, versions)
        if reason is not None:
            return reason
    return None
