"""The fit engine: many one-thread fits side by side, each a pure function of its task, none of them twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, runtime_checkable

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import Outcome
from ftf_assets.contracts.typed import Array, Float32, Int64, typed
from ftf_assets.training import boosting
from ftf_assets.training.binning import matrices_of
from ftf_assets.training.boosting import FitResult, TrainingSet, ValidationSlice
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
    X = arrays.X[task.rows]
    key = (hashlib.blake2b(task.rows.tobytes()).digest(), boosting.max_bins(task.parameters))
    # A bin's number fits into a byte.
    with matrices_of(arrays).borrow(key, X.size, lambda: boosting.bin_features(X, task.parameters)) as binned:
        return _fit(task, arrays, X, binned)


def _fit(task: FitTask, arrays: TrainingArrays, X: Array, binned: Any) -> FitResult:
    validation = None
    if isinstance(task.rounds, Rounds):
        rows = task.predict["validation"]
        validation = ValidationSlice(arrays.X[rows], arrays.y[rows])
    result = boosting.fit_booster(
        TrainingSet(X, task.labels, task.weight),
        {name: arrays.X[rows] for name, rows in task.predict.items()},
        parameters=task.parameters,
        rounds=task.rounds,
        validation=validation,
        seed=task.seed,
        device=task.device,
        binned=binned,
    )
    return result if task.keep_booster else replace(result, booster=b"")


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
        with ThreadPoolExecutor(max_workers=self.workers, thread_name_prefix="fit") as executor:
            longest_first = sorted(waiting.values(), key=lambda task: -len(task.rows))
            futures = {executor.submit(self._execute, task, arrays): task for task in longest_first}
            try:
                for future in as_completed(futures):
                    task = futures[future]
                    error = future.exception()
                    if error is None:
                        result = future.result()
                        self.store.put(task.key, result)
                        results[task.key] = result
                        self.on_event(_event("done", task))
                    elif isinstance(error, Exception):
                        results[task.key] = Outcome.failed(error, stage)
                        self.on_event(_event("failed", task, f"{type(error).__name__}: {error}"))
                    else:
                        raise error
            except BaseException:
                executor.shutdown(cancel_futures=True)
                raise
        return results

    def _execute(self, task: FitTask, arrays: TrainingArrays) -> FitResult:
        with self.core():
            return execute_fit(task, arrays)


def _event(kind: Literal["done", "reused", "failed"], task: FitTask, error: str = "") -> FitEvent:
    return FitEvent(kind, task.key, task.crypto, task.fold, task.name, error)
