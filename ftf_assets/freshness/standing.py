"""What of a sweep stands as it is, so that the same command again has nothing to run for it."""

from __future__ import annotations

import dagster as dg
import pandas as pd

from ftf_assets.checks.domain_checks import DOMAIN_CHECKS
from ftf_assets.freshness.finished import unfinished_assets
from ftf_assets.freshness.staleness import why_rows
from ftf_assets.freshness.stored_sweeps import why_undecided
from ftf_assets.gate.decision import Decision
from ftf_assets.graph.check_history import (
    CONTRACT_CHECK,
    DECIDING_CHECKS,
    SWEEP_ID,
    FailedCheck,
    latest_check,
)
from ftf_assets.rows.cells import ROW_IDENTITY, row_identity
from ftf_assets.rows.decision import decision_from_rows
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.sweep import Sweep


def assets_to_make(sweep: Sweep, home: Home, crypto: str, instance: dg.DagsterInstance) -> list[str]:
    """Name the assets of a crypto that are not finished, in flow order, its rows among them."""
    checks = {asset: [check.name for check in of] for asset, of in DOMAIN_CHECKS.items()}
    return [*unfinished_assets(sweep, home, instance, crypto, checks), "finetune_results"]


def rows_stand(sweep: Sweep, home: Home, crypto: str, instance: dg.DagsterInstance) -> bool:
    """Whether a crypto's rows are what a run would write again: nothing behind them is other or damaged.

    Parameters
    ----------
    sweep, crypto
        Whose rows.
    home, instance
        Where rows, artifacts and the checks' history lie.

    Returns
    -------
    bool
        False where a cell is missing or failed, where anything that a row names has changed, where an
        artifact is missing or damaged, and where the checks did not pass on exactly these rows.
    """
    if not home.results.exists() or why_rows(sweep, home, crypto) is not None:
        return False
    rows = ResultsStore(home.results).read(sweep.sweep_id, crypto)
    if (rows["status"] == "training_failed").any() or _identities(rows) != [row_identity(sweep, crypto)]:
        return False
    judged = {
        name: latest_check(instance, "finetune_results", name, crypto, SWEEP_ID, sweep.sweep_id)
        for name in (CONTRACT_CHECK, *(check.name for check in DOMAIN_CHECKS["finetune_results"]))
    }
    (run_id,) = rows["run_id"].unique()
    if not all(one is not None and one.passed and one.run_id == run_id for one in judged.values()):
        return False
    return assets_to_make(sweep, home, crypto, instance) == ["finetune_results"]


def _identities(rows: pd.DataFrame) -> list[dict[str, str | None]]:
    """What rows say of sweep, data and code, each once; a missing value is None, as a run writes it."""
    different = rows[list(ROW_IDENTITY)].drop_duplicates()
    return [
        {str(name): None if pd.isna(value) else str(value) for name, value in one.items()}
        for one in different.to_dict("records")
    ]


def standing_decision(
    sweep: Sweep, home: Home, instance: dg.DagsterInstance
) -> tuple[Decision, list[FailedCheck]] | None:
    """Give the decision that covers a sweep's rows as they are, and what its checks found.

    Returns
    -------
    tuple of Decision and list of FailedCheck, or None
        None where the decision or the report is out of date, or where one of their checks never ran. What
        failed stays failed until something changes.
    """
    if not home.results.exists() or why_undecided(home, instance, sweep.sweep_id) is not None:
        return None
    failed = []
    for asset, names in DECIDING_CHECKS.items():
        for name in names:
            latest = latest_check(instance, asset, name, None, SWEEP_ID, sweep.sweep_id)
            if latest is None:
                return None
            if not latest.passed:
                failed.append(FailedCheck(None, asset, name, latest.description, latest.is_warning))
    return decision_from_rows(*ResultsStore(home.results).decision(sweep.sweep_id)), failed
