"""Where fits run: on threads of this process, on a GPU, or wherever another executor sends them."""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.typed import typed
from ftf_assets.training.binning import matrices_of
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_task import FitTask, attempt_fit
from ftf_assets.training.gpu import is_out_of_memory, peak_bytes
from ftf_assets.training.openmp import threads_wait_passively

logger = logging.getLogger(__name__)

#: Most threads that a fit takes on the CPU, and the values of its matrix that each thread is worth.
MOST_THREADS = 8
VALUES_PER_THREAD = 150_000


class FitExecutor(Protocol):
    """Runs fits, several at a time; the same task has the same bits on every executor."""

    @property
    def n_slots(self) -> int:
        """Fits that it can be given at a time; the others wait in the engine, in their order."""

    def submit(self, task: FitTask, arrays: TrainingArrays) -> Future[FitResult | Exception]:
        """Begin a fit.

        Returns
        -------
        Future
            Of the result, or of the error that fails this one cell. A future that raises stops the run: the
            executor itself is broken.
        """

    def close(self) -> None:
        """Wait for the fits that run, and give back what they hold."""


class Cores(Protocol):
    """The cores that the fits of several processes share."""

    def hold(self, share: Callable[[int], int]) -> AbstractContextManager[int]:
        """Wait for a free core, hold it while the context lasts, and return how many are held.

        Parameters
        ----------
        share
            From the number of cores that are free, at least 1, to how many of them to hold. Cores beyond the
            first are never waited for.
        """


class GpuPlaces(Protocol):
    """Where fits run on a GPU: they wait for the memory that they need, over all processes of a machine."""

    def threads(self, n_values: int) -> int:
        """Return how many threads of the CPU a fit on so many values takes."""

    def hold(self, n_bytes: int) -> AbstractContextManager[None]:
        """Wait until a fit that needs so many bytes has room, and keep the room while the context lasts."""

    def alone(self) -> AbstractContextManager[None]:
        """Wait until no other fit runs on the GPU, and let none begin while the context lasts."""


class _Threads:
    """Fits on threads. XGBoost releases the GIL while it fits, so they use all cores and share the arrays."""

    def __init__(self, n_slots: int) -> None:
        self.n_slots = n_slots
        self._pool = ThreadPoolExecutor(max_workers=n_slots, thread_name_prefix="fit")

    def close(self) -> None:
        """Wait for the fits that run."""
        self._pool.shutdown(cancel_futures=True)


class ThreadFitExecutor(_Threads):
    """Fits on the cores of this machine, one thread each where as many fits wait as cores are free.

    Where fewer wait, each takes its share of the free cores. The bits do not depend on the threads.

    Parameters
    ----------
    n_slots
        Fits at a time.
    cores
        The machine's cores, where several processes share them. Without, every fit takes one thread.
    """

    def __init__(self, n_slots: int, cores: Cores | None = None) -> None:
        super().__init__(n_slots)
        self._cores = cores
        self._n_waiting = 0
        self._lock = threading.Lock()

    def submit(self, task: FitTask, arrays: TrainingArrays) -> Future[FitResult | Exception]:
        """Begin a fit as soon as a core is free."""
        self._count(1)
        return self._pool.submit(self._execute, task, arrays)

    def _execute(self, task: FitTask, arrays: TrainingArrays) -> FitResult | Exception:
        useful = useful_threads(len(task.rows) * arrays.X.shape[1])
        held = (
            nullcontext(1)
            if self._cores is None
            else self._cores.hold(lambda n_free: min(useful, max(1, n_free // self._n_waiting)))
        )
        with held as n_threads:
            self._count(-1)
            return attempt_fit(dataclasses.replace(task, threads=n_threads), arrays)

    def _count(self, change: int) -> None:
        with self._lock:
            self._n_waiting += change


@typed
def useful_threads(n_values: int) -> int:
    """Return how many threads a fit on so many values takes at most: more would wait for each other."""
    if not threads_wait_passively():
        return 1
    return max(1, min(MOST_THREADS, n_values // VALUES_PER_THREAD))


class GpuFitExecutor(_Threads):
    """Fits on a GPU. They take no core of their own; a fit that finds no memory left runs again, alone there.

    Parameters
    ----------
    n_slots
        Fits at a time.
    places
        The places on the GPU.
    """

    def __init__(self, n_slots: int, places: GpuPlaces) -> None:
        super().__init__(n_slots)
        self._places = places

    def submit(self, task: FitTask, arrays: TrainingArrays) -> Future[FitResult | Exception]:
        """Begin a fit as soon as the GPU has room for it."""
        return self._pool.submit(self._execute, task, arrays)

    def _execute(self, task: FitTask, arrays: TrainingArrays) -> FitResult | Exception:
        n_rows = max(len(task.rows), *(len(rows) for rows in task.predict.values()), 0)
        needed = peak_bytes(n_rows, arrays.X.shape[1], task.parameters)
        task = dataclasses.replace(task, threads=self._places.threads(n_rows * arrays.X.shape[1]))
        with self._places.hold(needed):
            result = attempt_fit(task, arrays)
        if isinstance(result, FitResult) or not is_out_of_memory(result):
            return result
        logger.warning("event=gpu_out_of_memory fit=%s action=again_alone error=%s", task.name, result)
        with self._places.alone():
            matrices_of(arrays, task.device).clear()
            return attempt_fit(task, arrays)
