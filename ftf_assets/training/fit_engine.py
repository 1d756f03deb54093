"""The fit engine: runs many fits side by side, on cores or on a GPU, and reuses finished ones."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import FlipRates, Outcome
from ftf_assets.contracts.typed import Array, Float32, Int64, typed
from ftf_assets.training import boosting
from ftf_assets.training.binning import binned_bytes, matrices_of
from ftf_assets.training.boosting import FitResult, ValidationSlice
from ftf_assets.training.device import Device, is_gpu
from ftf_assets.training.fit_memory import BINNING_ROOM, binning_bytes
from ftf_assets.training.gpu import is_out_of_memory, peak_bytes
from ftf_assets.training.parameters import Parameters, Rounds, max_bins

logger = logging.getLogger(__name__)


@typed
@dataclass(frozen=True, eq=False)
class FitTask:
    """Everything that one fit needs besides the arrays.

    Attributes
    ----------
    key
        Content address: equal keys are equal fits.
    crypto, fold, name
        The fit in words, for people and logs; ``name`` is the variant or the out-of-fold block.
    rows
        Positions of the training rows, increasing, shape (n_train,).
    labels, weight
        Hard or soft labels and weights of these rows, shape (n_train,).
    predict
        Name of a row set to the positions of the rows to predict.
    rounds
        Number of boosting rounds, or :class:`Rounds` to stop early on the rows of ``predict["validation"]``.
    parameters, seed, device, flip_rates
        See :func:`~ftf_assets.training.boosting.fit_booster`.
    keep_booster
        Whether to store the model itself. A tuning trial needs its probabilities only.
    keep_bins
        Whether to keep the binned rows, because another fit may train on the same ones.
    threads
        Threads of the CPU; the bits do not depend on it.
    """

    key: str
    crypto: str
    fold: int
    name: str
    rows: Int64[Array, " train"]
    labels: Float32[Array, " train"]
    weight: Float32[Array, " train"]
    predict: dict[str, Array]
    rounds: int | Rounds
    parameters: Parameters
    seed: int
    device: Device
    flip_rates: FlipRates | None = None
    keep_booster: bool = True
    keep_bins: bool = True
    threads: int = 1


@dataclass(frozen=True)
class FitEvent:
    """The end of one fit.

    Attributes
    ----------
    kind
        ``done``, ``reused`` (found in the store) or ``failed``.
    key, crypto, fold, name
        As in :class:`FitTask`.
    error
        ``Type: message`` of a failed fit, else "".
    """

    kind: Literal["done", "reused", "failed"]
    key: str
    crypto: str
    fold: int
    name: str
    error: str = ""


@runtime_checkable
class FitStore(Protocol):
    """A store of finished fits, by key."""

    def get(self, key: str) -> FitResult | None:
        """Return a finished fit, or None if it is not stored."""

    def put(self, key: str, result: FitResult) -> None:
        """Store a finished fit. Several processes may store the same fit at once."""


OnEvent = Callable[[FitEvent], None]


@typed
def execute_fit(task: FitTask, arrays: TrainingArrays) -> FitResult:
    """Run one task: bin its rows, fit, predict. Fits on the same rows share their bins.

    Parameters
    ----------
    task
        The fit to run.
    arrays
        The crypto's rows; labels and weights come from the task.
    """
    clock = time.thread_time if task.device == "cpu" else time.perf_counter
    begin = clock()
    # The copy of the rows is freed as soon as they are binned.
    n_bytes = binned_bytes(len(task.rows), arrays.X.shape[1], task.device) if task.keep_bins else None
    with (
        BINNING_ROOM.fit(arrays.X.nbytes),
        matrices_of(arrays, task.device).borrow(
            _bins_of(task), n_bytes, lambda: _bin_rows(task, arrays)
        ) as binned,
    ):
        fitted = boosting.fit_booster(
            binned,
            task.labels,
            task.weight,
            parameters=task.parameters,
            rounds=task.rounds,
            validation=_validation(task, arrays),
            seed=task.seed,
            device=task.device,
            threads=task.threads,
            flip_rates=task.flip_rates,
        )
    probabilities = {name: fitted.predict(_take(arrays.X, rows)) for name, rows in task.predict.items()}
    return FitResult(
        booster=fitted.to_ubjson() if task.keep_booster else b"",
        rounds=fitted.rounds,
        seconds=clock() - begin,
        probabilities=probabilities,
        n_rows=len(task.labels),
        device=task.device,
    )


def _bin_rows(task: FitTask, arrays: TrainingArrays) -> boosting.BinnedFeatures:
    on_gpu = is_gpu(task.device)
    n_bytes = 0 if on_gpu else binning_bytes(len(task.rows), arrays.X.shape[1], max_bins(task.parameters))
    with BINNING_ROOM.bin(n_bytes):
        return boosting.bin_features(_take(arrays.X, task.rows), task.parameters, task.device, task.threads)


def _take(X: Array, rows: Array) -> Array:
    """Return the rows at these positions; without a copy where they follow each other."""
    in_one_piece = len(rows) > 0 and bool((np.diff(rows) == 1).all())
    taken: Array = X[slice(rows[0], rows[-1] + 1) if in_one_piece else rows]
    return taken


def _bins_of(task: FitTask) -> tuple[bytes, int, Device]:
    """Return a key of what a fit's bins are computed from; fits with equal keys share their bins."""
    return hashlib.blake2b(task.rows.tobytes()).digest(), max_bins(task.parameters), task.device


def _validation(task: FitTask, arrays: TrainingArrays) -> ValidationSlice | None:
    if not isinstance(task.rounds, Rounds):
        return None
    rows = task.predict["validation"]
    return ValidationSlice(_take(arrays.X, rows), arrays.y[rows])


class GpuPlaces(Protocol):
    """Where fits run on a GPU: they wait for the memory that they need, over all processes of a home."""

    def threads(self, n_values: int) -> int:
        """Return how many threads of the CPU a fit on so many values takes."""

    def hold(self, n_bytes: int) -> AbstractContextManager[None]:
        """Wait until a fit that needs so many bytes has room, and keep the room while the context lasts."""

    def alone(self) -> AbstractContextManager[None]:
        """Wait until no other fit runs on the GPU, and let none begin while the context lasts."""


@dataclass(frozen=True)
class FitEngine:
    """Runs fits on threads of this process.

    Attributes
    ----------
    store
        Finished fits are looked up here before a fit, and stored here after it.
    workers
        Number of fits at a time.
    on_event
        Called in the calling thread for each fit that ends.
    core
        Returns the context in which a fit runs, such as a core token where several processes share a machine.
    places
        The same for fits on a GPU, which take no core token; None where no task needs a GPU.
    """

    store: FitStore
    workers: int
    on_event: OnEvent
    core: Callable[[], AbstractContextManager[object]] = nullcontext
    places: GpuPlaces | None = None

    @typed
    def run(
        self, tasks: Iterable[FitTask], arrays: TrainingArrays, *, stage: str
    ) -> Mapping[str, FitResult | Outcome]:
        """Run tasks, longest first; tasks with equal keys run once.

        Each fit has its own seed and shares nothing that another changes, so the bits do not depend on the
        number of workers. A fit that finds no memory left on a GPU is run again, alone there.

        Parameters
        ----------
        tasks
            The fits to run.
        arrays
            The crypto's rows.
        stage
            ``error_stage`` of a fit that raises.

        Returns
        -------
        mapping
            Key to the result, or to the :class:`Outcome` of a fit that raised.

        Raises
        ------
        Exception
            The store raised, for instance because the disk is full. This is not the failure of one cell, so
            it stops the run.
        """
        results: dict[str, FitResult | Outcome] = {}
        waiting: dict[str, FitTask] = {}
        for task in tasks:
            if task.key in results or task.key in waiting:
                continue
            found = self.store.get(task.key)
            if found is None:
                waiting[task.key] = task
                continue
            results[task.key] = found
            self.on_event(_event("reused", task))
        if not waiting:
            return results
        # XGBoost releases the GIL while it fits, so threads use all cores and share the arrays.
        queue = _Queue(waiting.values())
        with ThreadPoolExecutor(max_workers=self.workers, thread_name_prefix="fit") as executor:
            futures = [executor.submit(self._execute_next, queue, arrays) for _ in waiting]
            try:
                for future in as_completed(futures):
                    task, result = future.result()
                    if isinstance(result, FitResult):
                        self.store.put(task.key, result)
                        results[task.key] = result
                        self.on_event(_event("done", task))
                    else:
                        results[task.key] = Outcome.failed(result, stage)
                        self.on_event(_event("failed", task, f"{type(result).__name__}: {result}"))
            except BaseException:
                executor.shutdown(cancel_futures=True)
                raise
        return results

    def _execute_next(self, queue: _Queue, arrays: TrainingArrays) -> tuple[FitTask, FitResult | Exception]:
        if self.places is not None:
            with queue.next() as task:
                return task, _execute_on_gpu(task, arrays, self.places)
        with self.core(), queue.next() as task:
            return task, _attempt(task, arrays)


def _attempt(task: FitTask, arrays: TrainingArrays) -> FitResult | Exception:
    try:
        return execute_fit(task, arrays)
    except Exception as error:  # noqa: BLE001  a failed cell, recorded by the caller
        # Frames that the error keeps alive would hold the fit's matrix.
        return error.with_traceback(None)


def _execute_on_gpu(task: FitTask, arrays: TrainingArrays, places: GpuPlaces) -> FitResult | Exception:
    n_rows = max(len(task.rows), *(len(rows) for rows in task.predict.values()), 0)
    needed = peak_bytes(n_rows, arrays.X.shape[1], task.parameters)
    task = dataclasses.replace(task, threads=places.threads(n_rows * arrays.X.shape[1]))
    with places.hold(needed):
        result = _attempt(task, arrays)
    if isinstance(result, FitResult) or not is_out_of_memory(result):
        return result
    logger.warning("event=gpu_out_of_memory fit=%s action=again_alone error=%s", task.name, result)
    with places.alone():
        matrices_of(arrays, task.device).clear()
        return _attempt(task, arrays)


class _Queue:
    """Tasks that wait for a worker, longest first; tasks on rows that no running fit uses come before others.

    Only one fit at a time may use a binned matrix, so two fits on the same rows would bin them twice.
    """

    def __init__(self, tasks: Iterable[FitTask]) -> None:
        longest_first = sorted(tasks, key=lambda task: -len(task.rows))
        self._waiting = [(_bins_of(task), task) for task in longest_first]
        self._running: list[tuple[bytes, int, Device]] = []
        self._lock = threading.Lock()

    @contextmanager
    def next(self) -> Iterator[FitTask]:
        """Return the next task, which counts as running until the context ends."""
        with self._lock:
            free = (n for n, (bins, _) in enumerate(self._waiting) if bins not in self._running)
            bins, task = self._waiting.pop(next(free, 0))
            self._running.append(bins)
        try:
            yield task
        finally:
            with self._lock:
                self._running.remove(bins)


def _event(kind: Literal["done", "reused", "failed"], task: FitTask, error: str = "") -> FitEvent:
    return FitEvent(kind, task.key, task.crypto, task.fold, task.name, error)
