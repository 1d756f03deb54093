"""The fit engine: many one-thread fits side by side, each a pure function of its task, none of them twice."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import Outcome
from ftf_assets.contracts.typed import Array, Float32, Int64, typed
from ftf_assets.training import boosting
from ftf_assets.training.binning import matrices_of
from ftf_assets.training.boosting import FitResult, ValidationSlice
from ftf_assets.training.parameters import Device, Parameters, Rounds


@typed
@dataclass(frozen=True, eq=False)
class FitTask:
    """Everything that one fit needs besides the arrays.

    Attributes
    ----------
    key
        Content address: equal keys are equal fits.
    crypto, fold, name
        Whose fit it is, for people and logs; ``name`` is the variant or the out-of-fold block.
    rows
        Training rows, increasing.
    labels, weight
        Hard or soft labels and weights of those rows.
    predict
        Name to row numbers whose P(BUY) is wanted.
    rounds
        A number, or :class:`Rounds` to stop early on the rows of ``predict["validation"]``.
    parameters, seed, device
        As :func:`~ftf_assets.training.boosting.fit_booster` takes them.
    keep_booster
        Whether the model itself is wanted; a tuning trial only needs its probabilities.
    keep_bins
        Whether another fit may train on the same rows, so that it is worth keeping them binned.
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
    keep_booster: bool = True
    keep_bins: bool = True


@dataclass(frozen=True)
class FitEvent:
    """One fit came to an end.

    Attributes
    ----------
    kind
        ``done``, ``reused`` (found in the store) or ``failed``.
    key, crypto, fold, name
        The task's.
    error
        ``Type: message`` of a failed fit.
    """

    kind: Literal["done", "reused", "failed"]
    key: str
    crypto: str
    fold: int
    name: str
    error: str = ""


@runtime_checkable
class FitStore(Protocol):
    """Where finished fits are kept, by key."""

    def get(self, key: str) -> FitResult | None:
        """Return a finished fit, or None."""

    def put(self, key: str, result: FitResult) -> None:
        """Keep a finished fit; safe when several processes finish the same one."""


OnEvent = Callable[[FitEvent], None]


@typed
def execute_fit(task: FitTask, arrays: TrainingArrays) -> FitResult:
    """Run one task: gather its rows, fit, predict. Fits on the same rows share their bins, bit for bit.

    Parameters
    ----------
    task
        What to fit.
    arrays
        The crypto's rows; labels and weights come from the task.
    """
    clock = time.thread_time if task.device == "cpu" else time.perf_counter
    begin = clock()
    # The rows are gathered only to be binned, and gone once they are: what stays is a byte a value.
    n_bytes = len(task.rows) * arrays.X.shape[1] if task.keep_bins else None
    with matrices_of(arrays).borrow(
        _bins_of(task), n_bytes, lambda: boosting.bin_features(arrays.X[task.rows], task.parameters)
    ) as binned:
        fitted = boosting.fit_booster(
            binned,
            task.labels,
            task.weight,
            parameters=task.parameters,
            rounds=task.rounds,
            validation=_validation(task, arrays),
            seed=task.seed,
            device=task.device,
        )
    probabilities = {name: fitted.predict(arrays.X[rows]) for name, rows in task.predict.items()}
    return FitResult(
        booster=fitted.to_ubjson() if task.keep_booster else b"",
        rounds=fitted.rounds,
        seconds=clock() - begin,
        probabilities=probabilities,
        n_rows=len(task.labels),
    )


def _bins_of(task: FitTask) -> tuple[bytes, int]:
    """Name what a fit's bins are made from: fits of one name share them."""
    return hashlib.blake2b(task.rows.tobytes()).digest(), boosting.max_bins(task.parameters)


def _validation(task: FitTask, arrays: TrainingArrays) -> ValidationSlice | None:
    if not isinstance(task.rounds, Rounds):
        return None
    rows = task.predict["validation"]
    return ValidationSlice(arrays.X[rows], arrays.y[rows])


@dataclass(frozen=True)
class FitEngine:
    """Runs fits on threads of this process; the bits do not depend on how.

    Attributes
    ----------
    store
        Finished fits: what is there is reused, what ends is kept.
    workers
        Fits at a time.
    on_event
        Called in the calling thread for every fit that ends.
    core
        Gives the context in which a fit runs: a core token where several processes share a machine.
    """

    store: FitStore
    workers: int
    on_event: OnEvent
    core: Callable[[], AbstractContextManager[object]] = nullcontext

    @typed
    def run(
        self, tasks: Iterable[FitTask], arrays: TrainingArrays, *, stage: str
    ) -> Mapping[str, FitResult | Outcome]:
        """Run tasks, longest first, each key once.

        Every fit runs on one thread with its own seed, so the bits do not depend on the number of workers.

        Parameters
        ----------
        tasks
            Tasks; those with equal keys run once.
        arrays
            The crypto's rows.
        stage
            The ``error_stage`` of a fit that raises.

        Returns
        -------
        mapping
            Key to result, or to the :class:`Outcome` of a fit that raised.

        Raises
        ------
        Exception
            What the store raises: a full disk is not a cell's failure and stops the run.
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
        # XGBoost releases the GIL while it fits, so threads use every core without copying the arrays.
        queue = _Queue(waiting.values())
        with ThreadPoolExecutor(max_workers=self.workers, thread_name_prefix="fit") as executor:
            futures = [executor.submit(self._execute_next, queue, arrays) for _ in waiting]
            try:
                for future in as_completed(futures):
                    task, end = future.result()
                    if isinstance(end, FitResult):
                        self.store.put(task.key, end)
                        results[task.key] = end
                        self.on_event(_event("done", task))
                    else:
                        results[task.key] = Outcome.failed(end, stage)
                        self.on_event(_event("failed", task, f"{type(end).__name__}: {end}"))
            except BaseException:
                executor.shutdown(cancel_futures=True)
                raise
        return results

    def _execute_next(self, queue: _Queue, arrays: TrainingArrays) -> tuple[FitTask, FitResult | Exception]:
        with self.core(), queue.next() as task:
            try:
                return task, execute_fit(task, arrays)
            except Exception as error:  # noqa: BLE001  a failed cell, recorded by the caller
                return task, error


class _Queue:
    """Tasks that wait for a worker: the longest first, and not beside one on the same rows if another waits.

    A matrix is lent to one fit at a time, so two at once would bin their rows twice.
    """

    def __init__(self, tasks: Iterable[FitTask]) -> None:
        longest_first = sorted(tasks, key=lambda task: -len(task.rows))
        self._waiting = [(_bins_of(task), task) for task in longest_first]
        self._running: list[tuple[bytes, int]] = []
        self._lock = threading.Lock()

    @contextmanager
    def next(self) -> Iterator[FitTask]:
        """Give the next task; it runs while the context lasts."""
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
