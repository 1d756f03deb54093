"""The resources of the graph: the settings of a sweep and of an audit, and the home folder."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import dagster as dg
from pydantic import Field, PrivateAttr, create_model

from ftf_assets.audit.settings import AuditSettings, audit_settings
from ftf_assets.contracts.errors import FtfError, InputError, input_error
from ftf_assets.graph.backfill_settings import BACKFILL_TAG, settings_of_backfill
from ftf_assets.graph.crypto_partitions import PARTITION_TAG, crypto_and_source, partition_of
from ftf_assets.graph.fit_events import FitReport
from ftf_assets.graph.jobs import AUDIT_JOB, CRYPTO_JOBS, PART_TAG, sweep_tags
from ftf_assets.graph.launchpad import launchpad_fields, launchpad_group
from ftf_assets.graph.step_failures import NotPartOfSweepError
from ftf_assets.storage.cpu_core_locks import CoreTokens, n_cores
from ftf_assets.storage.fit_store import KeyedStore, fit_store, score_store
from ftf_assets.storage.gpu_places import GpuPlaces
from ftf_assets.storage.home import Home
from ftf_assets.storage.home_lock import shared_lock
from ftf_assets.storage.time_estimate import require_confirmed_audit, require_confirmed_sweep
from ftf_assets.sweep.settings import SweepSettings, sweep_settings
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets.training.boosting import require_device
from ftf_assets.training.evaluation import CellScores
from ftf_assets.training.fit_engine import FitEngine, OnEvent
from ftf_assets.training.fit_executors import FitExecutor, GpuFitExecutor, ThreadFitExecutor
from ftf_assets.training.fit_progress import FitProgress
from ftf_assets.training.planned_fits import planned_fit_keys

if TYPE_CHECKING:
    from ftf_assets.storage.audit_store import AuditStore
    from ftf_assets.storage.results_store import ResultsStore
    from ftf_assets.sweep.noise_audit import Audit


logger = logging.getLogger(__name__)


class HomeResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The home folder: artifacts, finished fits and results."""

    path: str = Field(
        "", description="Home folder or bucket; empty = the variable FTF_HOME, else .ftf where Dagster runs."
    )

    _engine: FitEngine | None = PrivateAttr(default=None)
    _report: FitReport | None = PrivateAttr(default=None)

    @property
    def home(self) -> Home:
        """The home."""
        return Home.locate(self.path)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[HomeResource]:  # noqa: ARG002
        """Hold the lock of the home for the run, so that its new values are not pruned meanwhile.

        Fits that were begun early and that no step has asked for end with the run. The finished
        ones of a step that failed are uploaded.
        """
        with shared_lock(self.home):
            try:
                yield self
            finally:
                if self._engine is not None:
                    self._engine.close()
                    self._upload_fits()

    def _upload_fits(self) -> None:
        # Of a step that failed; one that succeeded has uploaded its own.
        try:
            fit_store(self.home).finish()
        except (FtfError, OSError) as error:  # the error of the step is the one to see
            logger.warning("event=fits_not_uploaded action=next_run error=%s", error)

    def fit_engine(
        self, settings: SweepSettings, on_event: OnEvent, on_wait: Callable[[], None] = lambda: None
    ) -> FitEngine:
        """Return the run's engine, which stores its fits in the home and shares cores or GPU with other runs.

        The steps of a run share it, so that one step finds what another has begun.

        Parameters
        ----------
        settings
            Of the sweep: its device, and the fits at a time.
        on_event, on_wait
            Called when a fit ends, and where none has ended for a while.

        Raises
        ------
        InputError
            The sweep's GPU does not exist, or its Dask cluster cannot be used. Where it can, CUDA or sockets
            are open afterwards, so this process must not fork.
        """
        if self._engine is None:
            self._engine = FitEngine(fit_store(self.home), _executor(settings), on_event)
        return self._engine.reporting(on_event, on_wait)

    def sweep_fit_engine(self, sweep: Sweep, crypto: str, log: dg.DagsterLogManager) -> FitEngine:
        """Make the engine of a sweep's fits. A long run is refused here, before its first fit.

        Only the first call of a run estimates its time: the fits of the run itself must not stop it.

        Parameters
        ----------
        sweep, crypto
            The sweep and the partition that is run.
        log
            Of the step: failed fits and progress are logged there.

        Raises
        ------
        InputError
            A long run that was not confirmed.
        """
        if self._report is None:
            require_confirmed_sweep(sweep, self.home, crypto)
            self._report = FitReport(crypto, self._progress(sweep, crypto))
        return self._reporting_engine(sweep.settings, self._report, log)

    def audit_fit_engine(self, audit: Audit, crypto: str, log: dg.DagsterLogManager) -> FitEngine:
        """Make the engine of an audit's fits; as :meth:`sweep_fit_engine`, a long audit is refused here."""
        require_confirmed_audit(audit, self.home, crypto)
        n_fits = audit.plan(crypto).n_fits
        log.info(f"event=audit_started audit_id={audit.audit_id(crypto)} crypto={crypto} fits={n_fits}")
        return self._reporting_engine(audit.sweep.settings, FitReport(crypto, FitProgress(n_fits)), log)

    def fits_in_words(self, sweep: Sweep, crypto: str) -> str:
        """Count the fits of a run, and those of them that the home lacks, as fields of a log line."""
        try:
            progress = self._progress(sweep, crypto)
        except InputError:  # the step that reads the crypto says what is wrong with its data
            return "fits=unknown"
        return f"fits={progress.n_fits} to_make={progress.n_fits - progress.n_fits_ended}"

    def _progress(self, sweep: Sweep, crypto: str) -> FitProgress:
        store, keys = fit_store(self.home), planned_fit_keys(sweep.plan(crypto))
        return FitProgress(len(keys), done=[key for key in keys if key in store])

    def _reporting_engine(
        self, settings: SweepSettings, report: FitReport, log: dg.DagsterLogManager
    ) -> FitEngine:
        return self.fit_engine(
            settings,
            on_event=functools.partial(report.on_event, log),
            on_wait=functools.partial(report.on_wait, log),
        )

    @property
    def score_store(self) -> KeyedStore[CellScores]:
        """The scores of finished cells."""
        return score_store(self.home)

    @property
    def results(self) -> ResultsStore:
        """The results of all sweeps."""
        from ftf_assets.storage.results_store import ResultsStore

        return ResultsStore(self.home)

    @property
    def audits(self) -> AuditStore:
        """The results of noise audits."""
        from ftf_assets.storage.audit_store import AuditStore

        return AuditStore(self.home)


def _executor(settings: SweepSettings) -> FitExecutor:
    if settings.run.fits is not None:
        from ftf_assets.storage.dask_fits import DaskFitExecutor

        return DaskFitExecutor(settings.run.fits, settings.training.device)
    n_workers = n_cores(settings.run.workers)
    gpu = require_device(settings.training.device)
    if gpu is None:
        return ThreadFitExecutor(n_workers, CoreTokens(n_workers))
    n_fits = settings.run.gpu_fits
    return GpuFitExecutor(n_fits, GpuPlaces(gpu.bus, n_fits, gpu.total_bytes, n_workers))


class _OpensSweep(dg.ConfigurableResource):  # type: ignore[type-arg]
    if TYPE_CHECKING:
        home: HomeResource

    _sweep: Sweep | None = PrivateAttr(default=None)
    _given: SweepSettings | None = PrivateAttr(default=None)
    _context: dg.InitResourceContext | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Look at the run before its first step.

        Raises
        ------
        InputError
            A run of a job that runs one crypto, and no crypto: every asset would fail.
        """
        self._context = context
        run = context.run
        if run is not None and run.job_name in CRYPTO_JOBS and PARTITION_TAG not in run.tags:
            raise input_error(
                f"a run of {run.job_name} covers one crypto, and this run names none",
                fix="Choose a partition in the launchpad, or a backfill for several.",
            )

    def open(self) -> Sweep:
        """Validate and resolve the settings; the first call of a run does it, the others get the same sweep.

        What the settings leave open is resolved once for a backfill, whatever its other runs find in files
        that change meanwhile. The run gets the tags of the sweep, however it was started.

        Raises
        ------
        InputError
            A setting or path that is not allowed.
        """
        return self._open(None)

    def open_partition(self, partition: str) -> tuple[str, Sweep]:
        """Open the sweep for a run of one partition.

        Parameters
        ----------
        partition
            Its name, of crypto and source.

        Returns
        -------
        crypto, sweep
            The crypto, which is part of the sweep.

        Raises
        ------
        NotPartOfSweepError
            The sweep has other cryptos, and the run belongs to a backfill.
        InputError
            The same in a run of one partition; the sweep has another source; or as :meth:`open`.
        """
        crypto, source = crypto_and_source(partition)
        _require_source(self._settings(), source, crypto)
        sweep = self._open(crypto)
        try:
            sweep.require_member(crypto)
        except InputError as error:
            self._refuse_partition(error)
        return crypto, sweep

    def _settings(self) -> SweepSettings:
        if self._given is None:
            groups = {name: dict(getattr(self, name)) for name in SweepSettings.model_fields}
            self._given = sweep_settings(groups)
        return self._given

    def _open(self, crypto: str | None) -> Sweep:
        if self._sweep is None:
            settings, run = self._settings(), self._run
            if run is not None and BACKFILL_TAG in run.tags:
                settings = settings_of_backfill(run.tags[BACKFILL_TAG], settings, self.home.home)
            self._sweep = open_sweep(settings)
            self._tag_run(sweep_tags(self._sweep.sweep_id, self._sweep.settings))
            self._log_start(self._sweep, crypto)
        return self._sweep

    @property
    def _run(self) -> dg.DagsterRun | None:
        return None if self._context is None else self._context.run

    def _tag_run(self, tags: dict[str, str]) -> None:
        run = self._run
        new = {} if run is None else {tag: value for tag, value in tags.items() if run.tags.get(tag) != value}
        if run is not None and new and self._context is not None and self._context.instance is not None:
            self._context.instance.add_run_tags(run.run_id, new)

    def _log_start(self, sweep: Sweep, crypto: str | None) -> None:
        if self._context is None or self._context.log is None or self._run is None:
            return
        tags = sweep_tags(sweep.sweep_id, sweep.settings).values()
        line = "event=run_started sweep_id={} source={} phase={}".format(*tags)
        if crypto in sweep.cryptos:
            line += f" crypto={crypto}"
            if self._run.job_name != AUDIT_JOB:
                line += f" {self.home.fits_in_words(sweep, crypto)}"
        self._context.log.info(line)

    def _refuse_partition(self, error: InputError) -> NoReturn:
        if self._run is None or BACKFILL_TAG not in self._run.tags:
            raise error
        self._tag_run({PART_TAG: "no"})
        raise NotPartOfSweepError(str(error)) from error


def _require_source(settings: SweepSettings, source: str, crypto: str) -> None:
    if source != settings.data.source:
        raise input_error(
            f"this partition is one of the source {source}, and data.source is {settings.data.source}",
            crypto=crypto,
            fix=f"Choose {partition_of(crypto, settings.data.source)}, or set data.source.",
        )


class _OpensAudit(dg.ConfigurableResource):  # type: ignore[type-arg]
    def open(self, sweep: Sweep) -> Audit:
        """Validate the settings of the audit of a sweep's data.

        Raises
        ------
        InputError
            A setting that is not allowed.
        """
        from ftf_assets.sweep.noise_audit import Audit

        return Audit(
            sweep, audit_settings({name: getattr(self, name) for name in AuditSettings.model_fields})
        )


# The launchpad's blocks are generated from the settings, so they cannot differ from them.
if TYPE_CHECKING:
    SweepResource = _OpensSweep
    AuditResource = _OpensAudit
else:
    AuditResource = create_model(
        "AuditResource",
        __base__=_OpensAudit,
        __doc__="The settings of the noise audit: what is put into the labels, and how often.",
        **launchpad_fields(AuditSettings),
    )
    SweepResource = create_model(
        "SweepResource",
        __base__=_OpensSweep,
        __doc__="The settings of the sweep, in groups; the same settings are the same sweep.",
        home=(HomeResource, ...),
        **{
            name: (launchpad_group(group.annotation), Field(description=group.annotation.__doc__))
            for name, group in SweepSettings.model_fields.items()
        },
    )
