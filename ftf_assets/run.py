"""Running a sweep: the graph itself, once a crypto, then the gate and the report."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg

from ftf_assets.checks.domain_checks import DOMAIN_CHECKS
from ftf_assets.gate.decision import Decision
from ftf_assets.jobs import DECIDE_JOB, SWEEP_JOB, SWEEP_TAG
from ftf_assets.preflight import check_inputs
from ftf_assets.progress import Listener
from ftf_assets.run_jobs import JobRun, run_config, run_jobs
from ftf_assets.storage.finished import unfinished_assets
from ftf_assets.storage.home import Home
from ftf_assets.sweep import Sweep


@dataclass
class SweepRun:
    """What a sweep's runs left behind.

    Attributes
    ----------
    run_ids
        Dagster run per crypto.
    decision
        The gate's; None where there was nothing to compare.
    report
        The HTML file that shows the decision; None without one.
    red_checks
        Asset checks that failed, ``crypto: asset: check: description``.
    """

    run_ids: dict[str, str] = field(default_factory=dict)
    decision: Decision | None = None
    report: Path | None = None
    red_checks: list[str] = field(default_factory=list)


def run_sweep(
    sweep: Sweep,
    home: Home,
    *,
    on_fit: Listener,
    job: str = SWEEP_JOB,
) -> SweepRun:
    """Materialise the graph for every crypto of a sweep, side by side, then the gate and the report once.

    Parameters
    ----------
    sweep
        What to run.
    home
        Where everything lies.
    on_fit
        Told of every fit that ends.
    job
        Job that runs a crypto: the sweep's, which makes what is not finished, or the smoke's, which goes
        through every stage with additional checks.

    Raises
    ------
    InputError, StoreError, RunError, Interrupted
        As :func:`~ftf_assets.run_jobs.run_jobs`.
    """
    check_inputs(sweep, home)
    config, workers = run_config(sweep, home), sweep.settings.workers
    tags = {SWEEP_TAG: sweep.sweep_id, "ftf/phase": sweep.settings.phase}
    runs = [
        JobRun(
            job,
            config,
            tags,
            crypto,
            assets=functools.partial(_assets_to_make, sweep, home, crypto) if job == SWEEP_JOB else None,
        )
        for crypto in sweep.longest_first
    ]
    ends = run_jobs(runs, home, workers=workers, on_fit=on_fit)
    done = SweepRun({crypto: ends[crypto].run_id for crypto in sweep.cryptos})
    if sweep.settings.design != "single":  # one variant alone has no level to compare
        deciding = JobRun(DECIDE_JOB, config, tags, output="gate_decision")
        ends |= run_jobs([deciding], home, workers=workers, on_fit=on_fit)
        done.decision, done.report = ends[DECIDE_JOB].output, home.report(sweep.sweep_id)
    done.red_checks = [check for end in ends.values() for check in end.red_checks]
    return done


def _assets_to_make(sweep: Sweep, home: Home, crypto: str, instance: dg.DagsterInstance) -> list[str]:
    checks = {asset: [check.name for check in of] for asset, of in DOMAIN_CHECKS.items()}
    return [*unfinished_assets(sweep, home, instance, crypto, checks), "finetune_results"]
