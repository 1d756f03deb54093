"""The fit engine: runs many fits side by side, none twice, and begins those of later stages early."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import Outcome
from ftf_assets.contracts.errors import StoreError
from ftf_assets.contracts.typed import typed
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_executors import FitExecutor
from ftf_assets.training.fit_queue import FitQueue
from ftf_assets.training.fit_task import FitTask


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

#: Seconds without the end of a fit after which ``on_wait`` is called.
SECONDS_BETWEEN_LOOKS = 10.0


#: The fits that the end of a fit makes possible, of a stage that comes later.
Unlocked = Callable[[FitTask, FitResult | Outcome], Iterable[FitTask]]


class FitEngine:
    """Runs fits on an executor, and stores them.

    Parameters
    ----------
    store
        Finished fits are looked up here before a fit, and stored here after it.
    executor
        Where the fits run.
    on_event
        Called in the calling thread for each fit that ends.
    on_wait
        Called in the calling thread after each ten seconds in which none has ended.
    """

    def __init__(
        self,
        store: FitStore,
        executor: FitExecutor,
        on_event: OnEvent,
        on_wait: Callable[[], None] = lambda: None,
    ) -> None:
        self.store = store
        self.on_event = on_event
        self.on_wait = on_wait
        self._queue = FitQueue(executor)
        #: Finished fits that no stage has asked for yet.
        self._early: dict[str, FitResult | Exception] = {}

    @typed
    def run(
        self,
        tasks: Iterable[FitTask],
        arrays: TrainingArrays,
        *,
        stage: str,
        early: Iterable[FitTask] = (),
        unlocked: Unlocked = lambda _task, _result: (),
    ) -> Mapping[str, FitResult | Outcome]:
        """Run tasks; tasks with equal keys run once.

        Each fit has its own seed and shares nothing that another changes, so the bits depend neither on the
        executor nor on the order. Slots that these tasks leave free take fits of later stages; they go on
        when this function has returned, and the stage that asks for them finds them running or finished.

        Parameters
        ----------
        tasks
            The fits to run.
        arrays
            The crypto's rows.
        stage
            ``error_stage`` of a fit that raises.
        early
            Fits of later stages that wait for nothing.
        unlocked
            Called with each of the tasks that has ended; returns the fits of later stages that it makes
            possible.

        Returns
        -------
        mapping
            Key to the result, or to the :class:`Outcome` of a fit that raised.

        Raises
        ------
        Exception
            The store or the executor raised, for instance because the disk is full. This is not the failure
            of one cell, so it stops the run. Fits that run are ended and stored, as after an interrupt.
        """
        arrays = self._queue.same_arrays(arrays)
        asked: dict[str, FitTask] = {}
        for task in tasks:
            asked.setdefault(task.key, task)
        waiting = dict(asked)
        results: dict[str, FitResult | Outcome] = {}

        def finish(key: str) -> None:
            results[key] = _outcome(self._early.pop(key), stage)
            self._start_early(unlocked(waiting.pop(key), results[key]), arrays)

        try:
            found = [key for key, task in asked.items() if self._find(task)]
            self._queue.add((task for key, task in asked.items() if key not in found), arrays, needed=True)
            self._start_early(early, arrays)
            for key in found:
                finish(key)
            while waiting:
                ended = self._queue.next_ended(SECONDS_BETWEEN_LOOKS)
                if ended is None:
                    self.on_wait()
                    continue
                task, result = ended
                self._keep(task, result)
                if task.key in waiting:
                    finish(task.key)
        except BaseException:
            # What ended the run is raised. A store that fails is not tried for each fit: that may take long.
            with suppress(StoreError, OSError):
                self._store_rest()
            raise
        return results

    def reporting(self, on_event: OnEvent, on_wait: Callable[[], None] = lambda: None) -> FitEngine:
        """Return this engine, with its running fits, for a stage that reports them elsewhere."""
        same = FitEngine.__new__(FitEngine)
        same.__dict__ |= {**self.__dict__, "on_event": on_event, "on_wait": on_wait}
        return same

    def close(self) -> None:
        """Drop the fits that nobody has asked for; those that run are ended and stored."""
        try:
            self._store_rest()
        finally:
            self._queue.close()

    def _store_rest(self) -> None:
        for task, result in self._queue.cancel():
            self.store.put(task.key, result)

    def _start_early(self, tasks: Iterable[FitTask], arrays: TrainingArrays) -> None:
        self._queue.add([task for task in tasks if not self._find(task)], arrays, needed=False)

    def _find(self, task: FitTask) -> bool:
        """Whether the fit is finished; it is then at hand."""
        if task.key in self._early:
            return True
        stored = self.store.get(task.key)
        if stored is not None:
            self._early[task.key] = stored
            self.on_event(_event("reused", task))
        return stored is not None

    def _keep(self, task: FitTask, result: FitResult | Exception) -> None:
        if isinstance(result, FitResult):
            self.store.put(task.key, result)
            self.on_event(_event("done", task))
        else:
            self.on_event(_event("failed", task, f"{type(result).__name__}: {result}"))
        self._early[task.key] = result


def _outcome(result: FitResult | Exception, stage: str) -> FitResult | Outcome:
    return result if isinstance(result, FitResult) else Outcome.failed(result, stage)


def _event(kind: Literal["done", "reused", "failed"], task: FitTask, error: str = "") -> FitEvent:
    return FitEvent(kind, task.key, task.crypto, task.fold, task.name, error)
