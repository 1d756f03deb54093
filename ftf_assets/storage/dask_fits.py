"""Fits on the workers of a Dask cluster, with the bits of threads on this machine.

Only fits leave the process: looking up finished ones, storing new ones and everything beside fits stay with
the client. A worker that is lost costs its running fits once more elsewhere; after some tries a fit is given
up, which is the failure of one cell. A cluster that is gone stops the run.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
import uuid
from concurrent.futures import Future
from typing import TYPE_CHECKING

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.errors import FtfError, RunError
from ftf_assets.storage.dask_cluster import cluster_of, drop_cluster, require_scheduler
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.device import Device
from ftf_assets.training.fit_executors import useful_threads
from ftf_assets.training.fit_task import FitTask

if TYPE_CHECKING:
    import distributed

logger = logging.getLogger(__name__)

#: Seconds without any worker, or without the scheduler, after which the run stops.
SECONDS_WITHOUT_WORKERS = 60.0
#: How often a fit is sent whose rows or result are lost with every worker that held them.
MOST_TRIES = 3
#: Seconds in which fits gather that are given one after another: how many there are decides their threads.
_SECONDS_TO_GATHER = 0.01
_SECONDS_BETWEEN_LOOKS = 1.0


class LostFitError(RuntimeError):
    """A fit that was lost with its worker time after time: the failure of one cell."""


class DaskFitExecutor:
    """Runs fits on the workers of a Dask cluster.

    A fit takes one thread of a worker where as many fits run as there are threads, and its share of them
    where fewer do.

    Parameters
    ----------
    address
        ``dask://host:port`` or ``tls://host:port`` of the scheduler. Certificates for TLS come from
        distributed's own configuration.
    device
        Where the fits are asked to run.

    Raises
    ------
    InputError
        The scheduler cannot be reached, has no worker, a worker differs in a version that decides bits, or
        the device is a GPU.

    Warnings
    --------
    Opens sockets and starts threads, so the process must not fork afterwards.
    """

    def __init__(self, address: str, device: Device = "cpu") -> None:
        self.address = address
        require_scheduler(address, device)
        self._cluster = cluster_of(address)
        self._threads = self._cluster.threads()
        self._unsent: list[_Fit] = []
        self._running: dict[str, _Fit] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._sender = threading.Thread(target=self._send_and_watch, daemon=True, name="dask-fits")
        self._sender.start()

    @property
    def n_slots(self) -> int:
        """Fits that it can be given at a time: one a thread, and one more a worker, which waits there.

        A worker then never idles while a result travels. Workers that join or leave change the number.
        """
        return max(sum(self._threads.values()) + len(self._threads), 1)

    def submit(self, task: FitTask, arrays: TrainingArrays) -> Future[FitResult | Exception]:
        """Send a fit to the cluster.

        Returns
        -------
        Future
            The result, or the error of a fit that raised or was lost with its workers.

        Raises
        ------
        RunError, InputError
            By the future: the cluster is gone, or a worker that joined later differs in a version.
        """
        fit = _Fit(task, arrays)
        with self._changed:
            self._running[fit.name] = fit
            self._unsent.append(fit)
            self._changed.notify_all()
        return fit.answer

    def close(self) -> None:
        """Take back the fits that have not ended. Those that a worker has begun end there, for nobody."""
        with self._changed:
            self._closed = True
            left, self._running, self._unsent = list(self._running.values()), {}, []
            self._changed.notify_all()
        self._sender.join()
        self._cluster.cancel([fit.sent for fit in left if fit.sent is not None])
        for fit in left:
            fit.answer.cancel()

    def _send_and_watch(self) -> None:
        """Send fits as they come, and look every second whether the cluster is still there."""
        last_look = last_seen = time.monotonic()
        while True:
            with self._changed:
                self._changed.wait_for(self._has_work, _SECONDS_BETWEEN_LOOKS)
                gather = bool(self._unsent)
            if self._closed:
                return
            if gather:
                time.sleep(_SECONDS_TO_GATHER)
            now = time.monotonic()
            if not self._threads or now - last_look > _SECONDS_BETWEEN_LOOKS:
                self._threads, last_look = self._cluster.threads(), now
                if self._threads or not self._running:
                    last_seen = now
                elif self._cluster.closed or now - last_seen > SECONDS_WITHOUT_WORKERS:
                    self._give_up()
            self._send_all()

    def _has_work(self) -> bool:
        return self._closed or bool(self._unsent and self._threads)

    def _send_all(self) -> None:
        threads = self._threads
        if not threads:
            return
        with self._changed:
            unsent, self._unsent = self._unsent, []
            share = sum(threads.values()) // max(len(self._running), 1)
        for fit in unsent:
            self._send(fit, min(share, max(threads.values())))

    def _send(self, fit: _Fit, share: int) -> None:
        fit.tries += 1
        n_threads = max(1, min(share, useful_threads(len(fit.task.rows) * fit.arrays.X.shape[1])))
        try:
            fit.sent = self._cluster.send(dataclasses.replace(fit.task, threads=n_threads), fit.arrays)
        except Exception as error:  # noqa: BLE001  whoever waits for the fit must hear of it
            self._threads = {}  # look for the cluster before the next fit is sent
            if fit.tries < MOST_TRIES:
                self._lost(fit, error)
            else:
                reason = " ".join(str(error).split()) or type(error).__name__
                self._answer(
                    fit, _StopsTheRun(RunError(f"the Dask cluster {self.address} takes no fits: {reason}"))
                )
            return
        fit.sent.add_done_callback(lambda sent: self._received(fit, sent))

    def _received(self, fit: _Fit, sent: distributed.Future) -> None:
        if sent.status == "finished":
            try:
                result: FitResult | Exception = sent.result()
            except Exception as error:  # noqa: BLE001  lost after its end, or it cannot be read
                self._lost(fit, error)
            else:
                self._answer(fit, result)
        elif sent.status == "error":
            self._answer(fit, _error_of(sent.exception()))
        else:
            self._lost(fit, None)

    def _lost(self, fit: _Fit, error: Exception | None) -> None:
        """Send a fit again whose rows or result were lost with a worker, or with the connection."""
        with self._changed:
            if fit.name not in self._running:
                return
        if fit.tries >= MOST_TRIES:
            reason = f" ({type(error).__name__}: {error})" if error else ""
            self._answer(fit, LostFitError(f"lost with its Dask worker {fit.tries} times{reason}"))
            return
        logger.warning("event=dask_fit_lost fit=%s action=again try=%d", fit.task.name, fit.tries + 1)
        self._cluster.forget(fit.arrays)
        with self._changed:
            self._unsent.append(fit)
            self._changed.notify_all()

    def _answer(self, fit: _Fit, result: FitResult | Exception) -> None:
        with self._changed:
            if self._running.pop(fit.name, None) is None:
                return
        fit.sent = None  # the cluster lets go of the result
        if isinstance(result, _StopsTheRun):
            fit.answer.set_exception(result.error)
        else:
            fit.answer.set_result(result)

    def _give_up(self) -> None:
        """Fail all fits: Dask alone would wait for ever."""
        drop_cluster(self.address)
        seconds = f"{SECONDS_WITHOUT_WORKERS:.0f} s"
        error = RunError(
            f"the Dask cluster {self.address} is gone, or has had no worker for {seconds}. Finished fits are "
            "kept; start it and run the same command again"
        )
        with self._changed:
            running, self._unsent = list(self._running.values()), []
        for fit in running:
            self._answer(fit, _StopsTheRun(error))


class _Fit:
    """A fit that has no answer yet."""

    def __init__(self, task: FitTask, arrays: TrainingArrays) -> None:
        self.name = uuid.uuid4().hex
        self.task = task
        self.arrays = arrays
        self.answer: Future[FitResult | Exception] = Future()
        self.sent: distributed.Future | None = None
        self.tries = 0


class _StopsTheRun(Exception):  # noqa: N818  never raised: it carries an error to the future
    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def _error_of(error: BaseException) -> Exception:
    """Say what an error that is not a fit's own means: for one cell, or for the run."""
    from distributed import KilledWorker

    if isinstance(error, KilledWorker):
        died = error.allowed_failures + 1
        return LostFitError(f"{died} Dask workers died while they ran this fit, perhaps for lack of memory")
    if isinstance(error, FtfError):
        return _StopsTheRun(error)
    return _StopsTheRun(RunError(f"a Dask worker cannot run fits: {type(error).__name__}: {error}"))
