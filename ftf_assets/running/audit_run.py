"""A run of a noise audit: its own job, once for each crypto."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ftf_assets.graph.check_history import FailedCheck
from ftf_assets.graph.fit_events import Listener
from ftf_assets.graph.jobs import AUDIT_JOB, AUDIT_TAG
from ftf_assets.running.job_runs import JobRun, run_config, run_jobs
from ftf_assets.running.preflight import check_inputs
from ftf_assets.storage.audit_store import AuditStore
from ftf_assets.storage.home import Home
from ftf_assets.sweep.noise_audit import Audit


@dataclass(frozen=True)
class AuditRun:
    """What running an audit gave.

    Attributes
    ----------
    run_ids
        Id of the Dagster run by crypto, in the order in which they ran.
    failed_checks
        The asset checks that failed.
    found, effects
        Rows of ``noise_audit`` and ``noise_audit_effects`` of all cryptos.
    """

    run_ids: dict[str, str]
    failed_checks: list[FailedCheck]
    found: pd.DataFrame
    effects: pd.DataFrame


def run_noise_audit(audit: Audit, home: Home, *, on_fit: Listener) -> AuditRun:
    """Materialise the audit of every crypto, side by side.

    Parameters
    ----------
    audit
        What to run; the caller has already checked the confirmation of a long audit.
    home
        Folder for results, models, caches and Dagster records.
    on_fit
        Called with every fit that finishes.

    Raises
    ------
    InputError, StoreError, RunError, Interrupted
        As :func:`~ftf_assets.running.job_runs.run_jobs`.
    """
    check_inputs(audit.sweep, home)
    # The run config includes the sweep's settings. The sweep itself does not run, so its limit on fits must
    # not stop the audit.
    confirmed = audit.sweep.settings.with_changes(run={"confirm_long_run": True})
    config = run_config(audit.sweep, home)
    config["resources"] |= {
        "sweep": {"config": confirmed.model_dump(mode="json")},
        "audit": {"config": audit.settings.model_dump(mode="json")},
    }
    runs = [
        JobRun(AUDIT_JOB, config, {AUDIT_TAG: audit.audit_id(crypto)}, crypto, libraries=("cleanlab.filter",))
        for crypto in audit.sweep.longest_first
    ]
    results = run_jobs(runs, home, settings=confirmed, on_fit=on_fit)
    run_ids = {crypto: result.run_id for crypto, result in results.items()}
    failed_checks = [check for result in results.values() for check in result.failed_checks]
    keys = {crypto: audit.arrays_key(crypto) for crypto in audit.sweep.cryptos}
    return AuditRun(run_ids, failed_checks, *AuditStore(home).audits(keys))
