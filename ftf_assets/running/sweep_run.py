"""A run of a sweep: the graph once for each crypto, then the decision and the report."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path

from ftf_assets.freshness.standing import assets_to_make, rows_stand, standing_decision
from ftf_assets.gate.decision import Decision
from ftf_assets.graph.check_history import FailedCheck
from ftf_assets.graph.fit_events import Listener
from ftf_assets.graph.instance import open_instance
from ftf_assets.graph.jobs import DECIDE_JOB, SWEEP_JOB, SWEEP_TAG
from ftf_assets.labels.factor import RowFactor
from ftf_assets.running.job_runs import JobRun, run_config, run_jobs
from ftf_assets.running.preflight import check_inputs
from ftf_assets.storage.home import Home
from ftf_assets.sweep.sweep import Sweep


@dataclass
class SweepRun:
    """What running a sweep gave; its rows lie in the results store.

    Attributes
    ----------
    run_ids
        Id of the Dagster run by crypto, for the cryptos that had something to run.
    decision
        The gate's decision; None for a sweep that compares nothing.
    report
        The HTML file that shows the decision; None without a decision.
    failed_checks
        The asset checks that failed.
    """

    run_ids: dict[str, str] = field(default_factory=dict)
    decision: Decision | None = None
    report: Path | None = None
    failed_checks: list[FailedCheck] = field(default_factory=list)


def run_sweep(
    sweep: Sweep,
    home: Home,
    *,
    on_fit: Listener,
    job: str = SWEEP_JOB,
) -> SweepRun:
    """Materialise the graph for every crypto of a sweep, side by side, then decide and report once.

    Rows, decision and report that are current are not made again.

    Parameters
    ----------
    sweep
        What to run.
    home
        Folder of all state.
    on_fit
        Called with every fit that finishes.
    job
        Job that runs a crypto: ``SWEEP_JOB`` makes what is not current; ``SMOKE_JOB`` goes through every
        stage, and also runs the checks that need fits of their own.

    Raises
    ------
    InputError, StoreError, RunError, Interrupted
        As :func:`~ftf_assets.running.job_runs.run_jobs`.
    """
    check_inputs(sweep, home)
    config, workers = run_config(sweep, home), sweep.settings.run.workers
    tags = {SWEEP_TAG: sweep.sweep_id, "ftf/phase": sweep.settings.run.phase}
    resumed = job == SWEEP_JOB
    runs = [
        JobRun(
            job,
            config,
            tags,
            crypto,
            assets=functools.partial(assets_to_make, sweep, home, crypto) if resumed else None,
            libraries=_libraries(sweep),
        )
        for crypto in (_unfinished(sweep, home) if resumed else sweep.longest_first)
    ]
    results = run_jobs(runs, home, workers=workers, on_fit=on_fit) if runs else {}
    done = SweepRun({crypto: results[crypto].run_id for crypto in sweep.cryptos if crypto in results})
    done.failed_checks = [check for result in results.values() for check in result.failed_checks]
    if not sweep.settings.compares_variants:  # one variant alone has nothing to be compared with
        return done
    done.report = home.report(sweep.sweep_id)
    with open_instance(home) as instance:
        current = standing_decision(sweep, home, instance)
    if current is not None:
        done.decision, failed_checks = current
    else:
        deciding = JobRun(DECIDE_JOB, config, tags, output="gate_decision")
        result = run_jobs([deciding], home, workers=workers, on_fit=on_fit)[DECIDE_JOB]
        done.decision, failed_checks = result.output, result.failed_checks
    done.failed_checks += failed_checks
    return done


def _libraries(sweep: Sweep) -> tuple[str, ...]:
    cleans = any(variant.only(RowFactor).moved for variant in sweep.variants)
    return (*(["cleanlab.filter"] if cleans else []), *(["optuna"] if sweep.tuning.active else []))


def _unfinished(sweep: Sweep, home: Home) -> list[str]:
    if not home.results.exists():
        return list(sweep.longest_first)
    with open_instance(home) as instance:
        return [crypto for crypto in sweep.longest_first if not rows_stand(sweep, home, crypto, instance)]
