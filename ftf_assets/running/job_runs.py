"""Running jobs of the graph in child processes, side by side, on the persistent instance."""

from __future__ import annotations

import functools
import importlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import dagster as dg

from ftf_assets.contracts.errors import InputError, Interrupted, RunError, StoreError
from ftf_assets.graph import fit_events
from ftf_assets.graph.fit_events import Listener
from ftf_assets.graph.instance import broken_records, open_instance, process_tags, records_in_words
from ftf_assets.graph.jobs import sweep_config
from ftf_assets.running.child_processes import run_side_by_side
from ftf_assets.storage.core_tokens import n_cores
from ftf_assets.storage.home import Home
from ftf_assets.sweep.sweep import Sweep

#: What the steps of every crypto import sooner or later. None of them starts a thread before it works.
_HEAVY = (
    *("xgboost", "sklearn.metrics", "scipy.stats", "talib", "pandera.backends.pandas.register"),
    *("matplotlib.figure", "matplotlib.backends.backend_svg", "pyarrow.parquet"),
)


@dataclass(frozen=True)
class JobRun:
    """One run of a job.

    Attributes
    ----------
    job
        Name of the job.
    config
        From :func:`run_config`.
    tags
        Of the run, by which people and sensors find it.
    crypto
        The partition; None for a job that has none.
    assets
        Names the assets to make, asked in the run's own process just before; None makes all of the job's.
    output
        The asset whose value comes back.
    libraries
        Modules that its steps import besides those that the steps of every crypto do.
    """

    job: str
    config: dict[str, Any]
    tags: dict[str, str]
    crypto: str | None = None
    assets: Callable[[dg.DagsterInstance], Sequence[str]] | None = None
    output: str | None = None
    libraries: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What people call it: its crypto, else its job."""
        return self.crypto or self.job


@dataclass(frozen=True)
class JobEnd:
    """What a run left behind.

    Attributes
    ----------
    run_id
        Dagster's.
    red_checks
        Asset checks that failed, ``crypto: asset: check: description``.
    output
        The value that was asked for.
    """

    run_id: str
    red_checks: list[str] = field(default_factory=list)
    output: Any = None


def run_jobs(
    runs: Sequence[JobRun], home: Home, *, workers: int | None, on_fit: Listener
) -> dict[str, JobEnd]:
    """Execute jobs in process, each in a child process, several at a time.

    While one crypto is read, cleaned, checked or stored, the fits of another use the cores. The children
    share these through the home's core tokens; one child more than cores keeps them busy, and bounds memory.

    Parameters
    ----------
    runs
        What to run, each crypto or job once.
    home
        Where everything lies.
    workers
        The sweep's setting: fits at a time, None = one a core.
    on_fit
        Told of every fit that ends.

    Returns
    -------
    dict
        Name of the run to its end, in the order of ``runs``.

    Raises
    ------
    InputError, StoreError
        What stopped a run, if it is ours: bad input, a full disk, a broken store.
    RunError
        Anything else that stopped it, such as a child that was killed.
    Interrupted
        The user stopped it.
    """
    with open_instance(home):
        pass  # made here, once; a connection must not be carried into a child
    _import_for_children(runs)
    by_name = {run.name: run for run in runs}

    @contextmanager
    def worker(tell: Listener) -> Iterator[Callable[[str], JobEnd]]:
        with open_instance(home) as instance, fit_events.listening(tell):

            def do(name: str) -> JobEnd:
                with records_in_words(home):
                    return _execute(by_name[name], instance)

            yield do

    return run_side_by_side(list(by_name), worker, children=n_cores(workers) + 1, on_event=on_fit)


def run_config(sweep: Sweep, home: Home) -> dict[str, Any]:
    """The launchpad's configuration of a sweep: its resolved settings, and a silent console."""
    return {
        **sweep_config(sweep.settings, home),
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }


def _execute(run: JobRun, instance: dg.DagsterInstance) -> JobEnd:
    assets = None if run.assets is None else frozenset(run.assets(instance))
    result = _job(run.job, assets).execute_in_process(
        instance=instance,
        partition_key=run.crypto,
        raise_on_error=False,
        tags={**process_tags(), **run.tags},
        run_config=run.config,
    )
    red = [
        f"{run.crypto or 'all'}: {check.asset_key.to_user_string()}: {check.check_name}: {check.description}"
        for check in result.get_asset_check_evaluations()
        if not check.passed
    ]
    if not result.success:
        _raise_what_stopped(result, run.name, red, Path(instance.root_directory))
    return JobEnd(result.run_id, red, result.output_for_node(run.output) if run.output else None)


def _import_for_children(runs: Sequence[JobRun]) -> None:
    # Imported once, before the children fork, so that none of them has to: each import costs a second.
    _definitions()
    every_crypto = _HEAVY if any(run.crypto for run in runs) else ()
    for name in dict.fromkeys([*every_crypto, *(name for run in runs for name in run.libraries)]):
        importlib.import_module(name)


@functools.cache
def _job(name: str, assets: frozenset[str] | None) -> dg.JobDefinition:
    """Resolve a job, cut to some of its assets with the checks that it holds them to."""
    job = _definitions().resolve_job_def(name)
    chosen = {dg.AssetKey(asset) for asset in assets or ()}
    if assets is None or chosen >= job.asset_layer.selected_asset_keys:
        return job
    checks = {key for key in job.asset_layer.asset_graph.asset_check_keys if key.asset_key in chosen}
    return job.get_subset(asset_selection=chosen, asset_check_selection=checks)


@functools.cache
def _definitions() -> dg.Definitions:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        warnings.simplefilter("ignore", dg.BetaWarning)
        from ftf_assets.definitions import defs
    return defs


def _raise_what_stopped(
    result: dg.ExecuteInProcessResult, name: str, red_checks: list[str], records: Path
) -> NoReturn:
    failures = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
    causes = [cause for failure in failures for cause in _causes(failure)]
    for cause in causes:
        if cause.cls_name == "DagsterExecutionInterruptedError":
            raise Interrupted
        if cause.cls_name in ("InputError", "StoreError", "StoreBusyError"):
            message = cause.message.partition(": ")[2].strip()
            raise (InputError if cause.cls_name == "InputError" else StoreError)(message)
        # Dagster writes its records within a step too, and then takes their failure for the step's.
        if cause.message.startswith("sqlite3."):
            raise broken_records(records, cause.message.partition(": ")[2].strip())
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
