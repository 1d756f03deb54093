"""Runs of the graph's jobs in child processes, side by side, on the home's Dagster instance."""

from __future__ import annotations

import functools
import importlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from ftf_assets.graph import fit_events
from ftf_assets.graph.check_history import FailedCheck
from ftf_assets.graph.crypto_partitions import add_cryptos, partition_of
from ftf_assets.graph.fit_events import Listener
from ftf_assets.graph.instance import database_errors_as_store_errors, open_instance
from ftf_assets.graph.jobs import sweep_config
from ftf_assets.graph.run_processes import process_tags
from ftf_assets.running.child_processes import run_side_by_side
from ftf_assets.running.run_failures import raise_failure
from ftf_assets.storage.cpu_core_locks import n_cores
from ftf_assets.storage.home import Home
from ftf_assets.sweep.settings import SweepSettings
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training.device import is_gpu

#: Modules that the steps of every crypto import. Importing them starts no thread.
_HEAVY = (
    *("xgboost", "scipy.stats", "talib", "pyarrow.parquet", "pyarrow.pandas_compat"),
    # Pandera imports the second at its first validation, and with it Hypothesis where that is installed.
    *("pandera.backends.pandas.register", "pandera.backends.pandas.builtin_checks"),
    *("matplotlib.figure", "matplotlib.backends.backend_svg", "ftf_assets.graph.picture_metadata"),
    *("ftf_assets.report.collect", "ftf_assets.report.pictures_in_dagster_ui"),
    *("ftf_assets.rows.confidence_curve", "ftf_assets.sources.candles.feature_cache"),
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
        Tags of the Dagster run.
    crypto
        Which crypto; None for a job without partitions. The source of its partition is that of the settings.
    assets
        The assets to materialise; None materialises all assets of the job.
    libraries
        Modules that its steps import besides those that the steps of every crypto import.
    """

    job: str
    config: dict[str, Any]
    tags: dict[str, str]
    crypto: str | None = None
    assets: tuple[str, ...] | None = None
    libraries: tuple[str, ...] = ()

    @property
    def partition(self) -> str | None:
        """Its partition; None for a job without partitions."""
        source = self.config["resources"]["sweep"]["config"]["data"]["source"]
        return None if self.crypto is None else partition_of(self.crypto, source)

    @property
    def name(self) -> str:
        """Its crypto, or its job where it has none."""
        return self.crypto or self.job


@dataclass(frozen=True)
class JobResult:
    """What a run gave.

    Attributes
    ----------
    run_id
        Id of the Dagster run.
    failed_checks
        The asset checks that failed.
    """

    run_id: str
    failed_checks: list[FailedCheck] = field(default_factory=list)


@dataclass(frozen=True)
class _JobWorker:
    """Executes runs by name in a child process; it is pickled for a fresh one."""

    runs: dict[str, JobRun]
    home: Home

    def __call__(self, send: Listener) -> AbstractContextManager[Callable[[str], JobResult]]:
        return self._open(send)

    @contextmanager
    def _open(self, send: Listener) -> Iterator[Callable[[str], JobResult]]:
        with open_instance(self.home) as instance, fit_events.listening(send):

            def do(name: str) -> JobResult:
                with database_errors_as_store_errors(self.home):
                    return _execute(self.runs[name], instance)

            yield do


def run_jobs(
    runs: Sequence[JobRun],
    home: Home,
    *,
    settings: SweepSettings,
    on_fit: Listener,
    fits: bool = True,
    next_runs: Sequence[JobRun] = (),
) -> dict[str, JobResult]:
    """Execute jobs with Dagster's in-process executor, each in a child process, several at a time.

    While one crypto is read, cleaned, checked or stored, the fits of others use the cores, which the children
    share through the machine's core tokens. One child more than there are cores keeps all cores busy and
    bounds memory. Likewise one child more than fits at a time uses a GPU. Those are started fresh, and so are
    all where the home is a bucket: neither CUDA nor the client of a bucket survives a fork.

    Parameters
    ----------
    runs
        What to run, each crypto or job once.
    home
        Folder for results, models, caches and Dagster records.
    settings
        Of the sweep: where it fits, and how many fits at a time.
    on_fit
        Called with every fit that finishes.
    fits
        Whether the jobs fit models.
    next_runs
        What will be run after these, in forks of this process; their imports are made while these run.

    Returns
    -------
    dict
        Name of the run to its result, in the order of ``runs``.

    Raises
    ------
    InputError, StoreError
        Bad input, a full disk or a broken store stopped a run.
    RunError
        Anything else stopped it, such as a failed blocking check or a child that was killed.
    Interrupted
        The user stopped it.
    """
    with open_instance(home) as instance:  # closed before the children start: they must not inherit it
        add_cryptos(instance, [run.crypto for run in runs if run.crypto])
    on_gpu = fits and is_gpu(settings.training.device)
    fresh = on_gpu or home.bucket is not None
    if not fresh:
        _import_for_children(runs, *(["distributed"] if settings.run.fits else []))
    worker = _JobWorker({run.name: run for run in runs}, home)
    at_a_time = settings.run.gpu_fits if on_gpu else n_cores(settings.run.workers)
    return run_side_by_side(
        list(worker.runs),
        worker,
        children=at_a_time + 1,
        on_event=on_fit,
        fresh=fresh,
        meanwhile=lambda: _import_for_children(next_runs if home.bucket is None else ()),
    )


def run_config(sweep: Sweep, home: Home) -> dict[str, Any]:
    """Write the run configuration of a sweep: its resolved settings, and no log lines on the console."""
    return {
        **sweep_config(sweep.settings, home),
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }


def _execute(run: JobRun, instance: dg.DagsterInstance) -> JobResult:
    result = _job(run.job, run.assets).execute_in_process(
        instance=instance,
        partition_key=run.partition,
        raise_on_error=False,
        tags={**process_tags(), **run.tags},
        run_config=run.config,
    )
    failed = [
        FailedCheck.of(evaluation, run.crypto)
        for evaluation in result.get_asset_check_evaluations()
        if not evaluation.passed
    ]
    if not result.success:
        raise_failure(result, run.name, failed, Path(instance.root_directory))
    return JobResult(result.run_id, failed)


def _import_for_children(runs: Sequence[JobRun], *more: str) -> None:
    # Imported before the fork, once instead of once a child: together they take seconds.
    for run in runs:
        _job(run.job, run.assets)
    every_crypto = _HEAVY if any(run.crypto for run in runs) else ()
    for name in dict.fromkeys([*every_crypto, *(name for run in runs for name in run.libraries), *more]):
        importlib.import_module(name)


@functools.cache
def _job(name: str, assets: tuple[str, ...] | None) -> dg.JobDefinition:
    """Resolve a job, restricted to some of its assets and their checks."""
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
