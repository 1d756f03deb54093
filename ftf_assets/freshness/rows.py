"""Whether the rows of a crypto are current: made from today's inputs, complete, unchanged since checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ftf_assets.freshness.reason import NEVER_MADE, Reason
from ftf_assets.storage.home import Home
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training.fit_keys import cell_key

if TYPE_CHECKING:
    import dagster as dg
    import pandas as pd


def inputs_reason(sweep: Sweep, crypto: str, rows: pd.DataFrame) -> Reason | None:
    """Say why a crypto's rows of a sweep were not made from today's inputs.

    Reads the rows only, no artifact and no check record, so it is cheap enough for a sensor to call at every
    tick. :func:`rows_reason` does the rest.

    Parameters
    ----------
    sweep, crypto
        The sweep and the crypto.
    rows
        The crypto's rows of ``finetune_results`` in this sweep.
    """
    from ftf_assets.rows.finetune_results import row_identity
    from ftf_assets.rows.records import plain_records

    if rows.empty:
        return NEVER_MADE
    now = row_identity(sweep, crypto)
    for stored in plain_records(rows[list(now)].drop_duplicates()):
        if stored["data_fingerprint"] != now["data_fingerprint"]:
            return Reason("data", "data changed")
        if stored["code_version"] != now["code_version"]:
            return Reason("code", "code version changed")
        for name, value in now.items():
            if stored[name] != value:
                return Reason("settings", f"{name} changed ({stored[name]} to {value})")
    return _cells_reason(sweep, crypto, rows)


def _cells_reason(sweep: Sweep, crypto: str, rows: pd.DataFrame) -> Reason | None:
    plan = sweep.plan(crypto)
    expected = {
        (fold, variant.name): cell_key(plan, fold, variant)
        for fold in range(plan.n_folds)
        for variant in sweep.variants
    }
    stored = {(row.fold, row.variant): row.cell_key for row in rows.itertuples()}
    missing = [cell for cell in expected if cell not in stored]
    if missing:
        fold, variant = missing[0]
        text = f"{len(missing)} of {len(expected)} rows missing, first fold {fold} {variant}"
        return Reason("changed", text)
    return (
        None
        if stored == expected
        else Reason("settings", "the stored cells were computed with other settings")
    )


def rows_reason(sweep: Sweep, home: Home, instance: dg.DagsterInstance | None, crypto: str) -> Reason | None:
    """Say why a crypto's rows in the results are not what a run would write again, artifacts aside.

    Parameters
    ----------
    sweep, home, crypto
        The sweep, the home that stores its rows, and the crypto.
    instance
        Dagster's records of the checks; None if there are none yet.

    Returns
    -------
    Reason or None
        None if every cell is there and none failed, and every check has passed on the tables as they are:
        ``finetune_results`` and those of ``CELL_DETAILS``.

    Raises
    ------
    StoreError
        A results store that cannot be read.
    """
    if not home.has_results:
        return NEVER_MADE
    from ftf_assets.storage.results_store import ResultsStore

    store = ResultsStore(home)
    tables = store.partition(sweep.sweep_id, crypto)
    rows = tables["finetune_results"]
    return (
        inputs_reason(sweep, crypto, rows)
        or _failure_reason(rows)
        or _check_reason(sweep, tables, instance, crypto)
    )


def _failure_reason(rows: pd.DataFrame) -> Reason | None:
    failed = rows[rows["status"] == "training_failed"]
    if failed.empty:
        return None
    first = failed.iloc[0]
    error = f"{first['error_type']}: {first['error_message']}"
    return Reason("failed", f"fold {first['fold']} {first['variant']} failed: {error}")


def _check_reason(
    sweep: Sweep, tables: Mapping[str, pd.DataFrame], instance: dg.DagsterInstance | None, crypto: str
) -> Reason | None:
    from ftf_assets.freshness.checks import check_reason, latest_on_value, sweep_checks
    from ftf_assets.storage.table_versions import row_versions

    versions = row_versions(tables)
    for check in sweep_checks("finetune_results"):
        result = latest_on_value(sweep, instance, "finetune_results", check, crypto)
        reason = check_reason(check, result, versions)
        if reason is not None:
            return reason
    return None
