"""The resources of the graph: the settings of a sweep and of an audit, and the home folder."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field, PrivateAttr, create_model

from ftf_assets.audit.settings import AuditSettings, audit_settings
from ftf_assets.contracts.errors import FtfError, input_error
from ftf_assets.graph.backfill_settings import BACKFILL_TAG, settings_of_backfill
from ftf_assets.graph.jobs import CRYPTO_JOBS, PARTITION_TAG
from ftf_assets.graph.launchpad import launchpad_fields, launchpad_group
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

    _estimated: set[tuple[str, str]] = PrivateAttr(default_factory=set)
    _engine: FitEngine | None = PrivateAttr(default=None)

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

    def fit_engine(self, settings: SweepSettings, on_event: OnEvent) -> FitEngine:
        """Return the run's engine, which stores its fits in the home and shares cores or GPU with other runs.

        The steps of a run share it, so that one step finds what another has begun.

        Parameters
        ----------
        settings
            Of the sweep: its device, and the fits at a time.
        on_event
            Called when a fit finishes.

        Raises
        ------
        InputError
            The sweep's GPU does not exist, or its Dask cluster cannot be used. Where it can, CUDA or sockets
            are open afterwards, so this process must not fork.
        """
        if self._engine is None:
            self._engine = FitEngine(fit_store(self.home), _executor(settings), on_event)
        return self._engine.reporting(on_event)

    def sweep_fit_engine(self, sweep: Sweep, crypto: str, on_event: OnEvent) -> FitEngine:
        """Make the engine of a sweep's fits. A long run is refused here, before its first fit.

        Only the first call of a run estimates its time: the fits of the run itself must not stop it.

        Parameters
        ----------
        sweep, crypto
            The sweep and the partition that is run.
        on_event
            Called when a fit finishes.

        Raises
        ------
        InputError
            A long run that was not confirmed.
        """
        if (sweep.sweep_id, crypto) not in self._estimated:
            require_confirmed_sweep(sweep, self.home, crypto)
            self._estimated.add((sweep.sweep_id, crypto))
        return self.fit_engine(sweep.settings, on_event)

    def audit_fit_engine(self, audit: Audit, crypto: str, on_event: OnEvent) -> FitEngine:
        """Make the engine of an audit's fits; as :meth:`sweep_fit_engine`, a long audit is refused here."""
        require_confirmed_audit(audit, self.home, crypto)
        return self.fit_engine(audit.sweep.settings, on_event)

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
    _backfill: str | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Look at the run before its first step.

        Raises
        ------
        InputError
            A run of a job that runs one crypto, and no crypto: every asset would fail.
        """
        run = context.run
        if run is None:
            return
        if run.job_name in CRYPTO_JOBS and PARTITION_TAG not in run.tags:
            raise input_error(
                f"a run of {run.job_name} covers one crypto, and this run names none",
                fix="Choose a partition in the launchpad, or a backfill for several.",
            )
        self._backfill = run.tags.get(BACKFILL_TAG)

    def open(self, crypto: str | None = None) -> Sweep:
        """Validate and resolve the settings; the first call of a run does it, the others get the same sweep.

        What the settings leave open is resolved once for a backfill, whatever its other runs find in files
        that change meanwhile.

        Parameters
        ----------
        crypto
            The partition that is run.

        Raises
        ------
        InputError
            A setting or path that is not allowed, or a crypto that the sweep does not have.
        """
        if self._sweep is None:
            groups = {name: dict(getattr(self, name)) for name in SweepSettings.model_fields}
            settings = sweep_settings(groups)
            if self._backfill is not None:
                settings = settings_of_backfill(self._backfill, settings, self.home.home)
            sweep = open_sweep(settings)
            if crypto is not None:
                sweep.require_member(crypto)
            self._sweep = sweep
        if crypto is not None:
            self._sweep.require_member(crypto)
        return self._sweep


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
