"""Running a sweep: the graph itself, once a crypto, then the gate and the report."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path

from ftf_assets.freshness.standing import assets_to_make, rows_stand, standing_decision
from ftf_assets.gate.decision import Decision
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
    """What a sweep's runs left behind.

    Attributes
    ----------
    run_ids
        Dagster run per crypto that had something to run.
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

    What stands as it is, rows or decision, is not made again.

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
    ends = run_jobs(runs, home, workers=workers, on_fit=on_fit) if runs else {}
    done = SweepRun({crypto: ends[crypto].run_id for crypto in sweep.cryptos if crypto in ends})
    done.red_checks = [check for end in ends.values() for check in end.red_checks]
    if not sweep.settings.compares_variants:  # one variant alone has no level to compare
        return done
    done.report = home.report(sweep.sweep_id)
    with open_instance(home) as instance:
        standing = standing_decision(sweep, home, instance)
    if standing is not None:
        done.decision, red_checks = standing
    else:
        deciding = JobRun(DECIDE_JOB, config, tags, output="gate_decision")
        end = run_jobs([deciding], home, workers=workers, on_fit=on_fit)[DECIDE_JOB]
        done.decision, red_checks = end.output, end.red_checks
    done.red_checks += red_checks
    return done


def _libraries(sweep: Sweep) -> tuple[str, ...]:
    cleans = any(variant.only(RowFactor).moved for variant in sweep.variants)
    return (*(["cleanlab.filter"] if cleans else []), *(["optuna"] if sweep.tuning.active else []))


def _unfinished(sweep: Sweep, home: Home) -> list[str]:
    if not home.results.exists():
        return list(sweep.longest_first)
    with open_instance(home) as instance:
        return [crypto for crypto in sweep.longest_first if not rows_stand(sweep, home, crypto, instance)]
