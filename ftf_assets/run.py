"""Running a sweep: the graph itself, in this process, once a crypto, on the persistent instance."""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import dagster as dg

from ftf_assets import progress
from ftf_assets.contracts.errors import InputError, RunError, StoreError
from ftf_assets.gate.decision import Decision
from ftf_assets.instance import open_instance, process_tags
from ftf_assets.jobs import DECIDE_JOB, SWEEP_JOB, SWEEP_TAG, sweep_config
from ftf_assets.preflight import check_inputs
from ftf_assets.progress import Listener
from ftf_assets.storage.home import Home
from ftf_assets.sweep import Sweep


class Interrupted(Exception):  # noqa: N818  the user's wish, not an error
    """The user stopped the sweep; what is finished stays finished."""


@dataclass
class SweepRun:
    """What a sweep's runs left behind.

    Attributes
    ----------
    run_ids
        Dagster run per crypto, in the order in which they ran.
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
    """Materialise the graph for every crypto of a sweep, one by one, then the gate and the report once.

    Parameters
    ----------
    sweep
        What to run.
    home
        Where everything lies.
    on_fit
        Told of every fit that ends.
    job
        Job that runs a crypto: the sweep's, or the smoke's with its additional checks.

    Raises
    ------
    InputError, StoreError
        What stopped a crypto's run, if it is ours: bad input, a full disk, a broken store.
    RunError
        Anything else that stopped it.
    Interrupted
        The user stopped it.
    """
    check_inputs(sweep)
    done = SweepRun()
    config = run_config(sweep, home)
    tags = {SWEEP_TAG: sweep.sweep_id, "ftf/phase": sweep.settings.phase}
    with open_instance(home) as instance, progress.listening(on_fit):
        for crypto in sweep.cryptos:
            result = run_job(job, instance, done.red_checks, config, tags, crypto)
            done.run_ids[crypto] = result.run_id
        if sweep.settings.design != "single":  # one variant alone has no level to compare
            result = run_job(DECIDE_JOB, instance, done.red_checks, config, tags)
            done.decision = result.output_for_node("gate_decision")
            done.report = home.report(sweep.sweep_id)
    return done


def run_job(
    name: str,
    instance: dg.DagsterInstance,
    red_checks: list[str],
    config: dict[str, Any],
    tags: dict[str, str],
    crypto: str | None = None,
) -> dg.ExecuteInProcessResult:
    """Run one job in this process.

    Parameters
    ----------
    name
        The job.
    instance
        Where Dagster keeps it.
    red_checks
        Checks that fail are added here.
    config
        From :func:`run_config`.
    tags
        Of the run, by which people and sensors find it.
    crypto
        The partition; None for a job that has none.

    Raises
    ------
    InputError, StoreError, RunError, Interrupted
        What stopped it.
    """
    result = (
        _definitions()
        .resolve_job_def(name)
        .execute_in_process(
            instance=instance,
            partition_key=crypto,
            raise_on_error=False,
            tags={**process_tags(), **tags},
            run_config=config,
        )
    )
    red = [
        f"{crypto or 'all'}: {check.asset_key.to_user_string()}: {check.check_name}: {check.description}"
        for check in result.get_asset_check_evaluations()
        if not check.passed
    ]
    red_checks += red
    if not result.success:
        _raise_what_stopped(result, crypto or name, red)
    return result


def run_config(sweep: Sweep, home: Home) -> dict[str, Any]:
    """The launchpad's configuration of a sweep: its resolved settings, and a silent console."""
    return {
        **sweep_config(sweep.settings, home),
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }


@functools.cache
def _definitions() -> dg.Definitions:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        warnings.simplefilter("ignore", dg.BetaWarning)
        from ftf_assets.definitions import defs
    return defs


def _raise_what_stopped(result: dg.ExecuteInProcessResult, name: str, red_checks: list[str]) -> NoReturn:
    failures = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
    causes = [cause for failure in failures for cause in _causes(failure)]
    for cause in causes:
        if cause.cls_name == "DagsterExecutionInterruptedError":
            raise Interrupted
        if cause.cls_name in ("InputError", "StoreError"):
            message = cause.message.partition(": ")[2].strip()
            raise (InputError if cause.cls_name == "InputError" else StoreError)(message)
    if red_checks:
        raise InputError("a blocking check is red: " + red_checks[0])
    if not causes:
        raise Interrupted
    raise RunError(f"{name}: {causes[-1].message.strip()} (run {result.run_id}, see ftf ui)")


def _causes(error: Any) -> list[Any]:
    chain = []
    while error is not None:
        chain.append(error)
        error = error.cause
    return chain
