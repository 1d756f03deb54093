"""Running a sweep: the graph itself, once a crypto, cryptos side by side, on the persistent instance."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import dagster as dg

from ftf_assets import progress
from ftf_assets.checks.domain_checks import DOMAIN_CHECKS
from ftf_assets.children import Interrupted, run_side_by_side
from ftf_assets.contracts.errors import InputError, RunError, StoreError
from ftf_assets.gate.decision import Decision
from ftf_assets.instance import open_instance, process_tags
from ftf_assets.jobs import DECIDE_JOB, SWEEP_JOB, SWEEP_TAG, sweep_config
from ftf_assets.preflight import check_inputs
from ftf_assets.progress import Listener
from ftf_assets.storage.cores import n_cores
from ftf_assets.storage.finished import unfinished_assets
from ftf_assets.storage.home import Home
from ftf_assets.sweep import Sweep


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
    """Materialise the graph for every crypto of a sweep, side by side, then the gate and the report once.

    Each run is one of the job in process, in a child process: while one crypto is read, cleaned, checked or
    stored, the fits of another use the cores. The children share them through the home's core tokens.

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
        Anything else that stopped it, such as a child that was killed.
    Interrupted
        The user stopped it.
    """
    check_inputs(sweep)
    open_instance(home).dispose()  # made here, once; a connection must not be carried into a child
    _definitions()  # imported before the children fork, so that none of them has to

    @contextmanager
    def worker(tell: Listener) -> Iterator[Callable[[str], _JobEnd]]:
        with open_instance(home) as instance, progress.listening(tell):
            yield (
                lambda name: (
                    _run_job(DECIDE_JOB, sweep, home, instance, None)
                    if name == DECIDE_JOB
                    else _run_job(job, sweep, home, instance, name)
                )
            )

    children = min(len(sweep.cryptos), n_cores(sweep.settings.workers) + 1)
    ends = run_side_by_side(sweep.cryptos, worker, children=children, on_event=on_fit)
    done = SweepRun({crypto: end.run_id for crypto, end in ends.items()})
    if sweep.settings.design != "single":  # one variant alone has no level to compare
        ends |= run_side_by_side([DECIDE_JOB], worker, children=1, on_event=on_fit)
        done.decision, done.report = ends[DECIDE_JOB].decision, home.report(sweep.sweep_id)
    done.red_checks = [check for end in ends.values() for check in end.red_checks]
    return done


@dataclass(frozen=True)
class _JobEnd:
    run_id: str
    red_checks: list[str]
    decision: Decision | None


#: Checks of each asset besides the one that blocks.
_CHECKS = {asset: [check.name for check in checks] for asset, checks in DOMAIN_CHECKS.items()}


def _run_job(job: str, sweep: Sweep, home: Home, instance: dg.DagsterInstance, crypto: str | None) -> _JobEnd:
    left: list[str] = []
    if job == SWEEP_JOB and crypto is not None:
        left = [*unfinished_assets(sweep, home, instance, crypto, _CHECKS), "finetune_results"]
    result = _job(job, frozenset(left)).execute_in_process(
        instance=instance,
        partition_key=crypto,
        raise_on_error=False,
        tags={**process_tags(), SWEEP_TAG: sweep.sweep_id, "ftf/phase": sweep.settings.phase},
        run_config=run_config(sweep, home),
    )
    red = [
        f"{crypto or 'all'}: {check.asset_key.to_user_string()}: {check.check_name}: {check.description}"
        for check in result.get_asset_check_evaluations()
        if not check.passed
    ]
    if not result.success:
        _raise_what_stopped(result, crypto or sweep.sweep_id, red)
    return _JobEnd(result.run_id, red, result.output_for_node("gate_decision") if crypto is None else None)


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


@functools.cache
def _job(name: str, assets: frozenset[str]) -> dg.JobDefinition:
    """Resolve a job, cut to some of its assets with the checks that it holds them to; empty takes all."""
    job = _definitions().resolve_job_def(name)
    chosen = {dg.AssetKey(asset) for asset in assets}
    if not chosen or chosen >= job.asset_layer.selected_asset_keys:
        return job
    checks = {key for key in job.asset_layer.asset_graph.asset_check_keys if key.asset_key in chosen}
    return job.get_subset(asset_selection=chosen, asset_check_selection=checks)


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
