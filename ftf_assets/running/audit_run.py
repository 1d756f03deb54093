"""Running a noise audit: its own job, once a crypto."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ftf_assets.graph.fit_events import Listener
from ftf_assets.graph.jobs import AUDIT_JOB, AUDIT_TAG
from ftf_assets.running.job_runs import JobRun, run_config, run_jobs
from ftf_assets.running.preflight import check_inputs
from ftf_assets.storage.audit_store import AuditStore
from ftf_assets.storage.home import Home
from ftf_assets.sweep.noise_audit import Audit


@dataclass(frozen=True)
class AuditRun:
    """What an audit's runs left behind.

    Attributes
    ----------
    run_ids
        Dagster run per crypto, in the order in which they ran.
    red_checks
        Asset checks that failed, ``crypto: asset: check: description``.
    found, effects
        Rows of ``noise_audit`` and ``noise_audit_effects`` of all cryptos.
    """

    run_ids: dict[str, str]
    red_checks: list[str]
    found: pd.DataFrame
    effects: pd.DataFrame


def run_noise_audit(audit: Audit, home: Home, *, on_fit: Listener) -> AuditRun:
    """Materialise the audit of every crypto, side by side.

    Parameters
    ----------
    audit
        What to run; a long one must be confirmed before.
    home
        Where everything lies.
    on_fit
        Told of every fit that ends.

    Raises
    ------
    InputError, StoreError, RunError, Interrupted
        As :func:`~ftf_assets.running.job_runs.run_jobs`.
    """
    check_inputs(audit.sweep, home)
    # The audit was confirmed as a whole: what its partitions would ask for as a sweep is not run.
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
    ends = run_jobs(runs, home, workers=confirmed.run.workers, on_fit=on_fit)
    run_ids = {crypto: end.run_id for crypto, end in ends.items()}
    red_checks = [check for end in ends.values() for check in end.red_checks]
    keys = [audit.arrays_key(crypto) for crypto in audit.sweep.cryptos]
    return AuditRun(run_ids, red_checks, *AuditStore(home.results).audits(keys))
