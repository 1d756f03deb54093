"""Fits that wait for a slot of an executor, in the order that ends them soonest."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.device import Device
from ftf_assets.training.fit_executors import FitExecutor
from ftf_assets.training.fit_task import FitTask, bins_of


@dataclass(eq=False)
class _Waiting:
    task: FitTask
    arrays: TrainingArrays
    bins: tuple[bytes, int, Device]
    needed: bool

    @property
    def order(self) -> tuple[bool, bool, int]:
        return not self.needed, not self.task.unlocks, -len(self.task.rows)


class FitQueue:
    """Gives fits to an executor as its slots become free, and keeps their results until they are asked for.

    First come the fits that a stage waits for, then those of later stages; in each group those that unlock
    other fits, then the longest. A fit on rows that a running fit uses lets others pass: only one fit at a
    time may use a binned matrix, so two fits on the same rows would bin them twice.

    Parameters
    ----------
    executor
        Where the fits run. A slot that becomes free is filled in the thread that ends the fit, so that the
        fits of later stages go on while nobody waits here.
    """

    def __init__(self, executor: FitExecutor) -> None:
        self._executor = executor
        self._arrays: TrainingArrays | None = None
        self._changed = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._running: dict[str, _Waiting] = {}
        self._filling = False
        self._ended: deque[tuple[FitTask, Future[FitResult | Exception]]] = deque()

    def same_arrays(self, arrays: TrainingArrays) -> TrainingArrays:
        """Return the rows of the stage before where these are the same, which each stage reads again.

        Their bins lie in memory, and fits of this stage may be running on them.
        """
        known = self._arrays
        if known is None or not _same_rows(known, arrays):
            self._arrays = known = arrays
        return known

    def add(self, tasks: Iterable[FitTask], arrays: TrainingArrays, *, needed: bool) -> None:
        """Add fits; those that are here already are not added again, but count as needed if they now are."""
        with self._changed:
            here = {one.task.key: one for one in (*self._waiting, *self._running.values())}
            ended = {task.key for task, _ in self._ended}
            for task in tasks:
                if task.key in here:
                    here[task.key].needed |= needed
                elif task.key not in ended:
                    here[task.key] = _Waiting(task, arrays, bins_of(task), needed)
                    self._waiting.append(here[task.key])
            self._waiting.sort(key=lambda one: one.order)
        self._fill()

    def next_ended(self, seconds: float | None = None) -> tuple[FitTask, FitResult | Exception] | None:
        """Wait until a fit ends, whoever added it; None if none has ended after so many seconds.

        Raises
        ------
        Exception
            The executor is broken.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._ended, seconds):
                return None
            task, future = self._ended.popleft()
        return task, future.result()

    def cancel(self) -> list[tuple[FitTask, FitResult]]:
        """Drop the fits that wait, wait for those that run, and return the finished ones."""
        with self._changed:
            self._waiting.clear()
            self._changed.wait_for(lambda: not self._running)
            ended = [(task, future.result()) for task, future in self._ended if not future.exception()]
            self._ended.clear()
        return [(task, result) for task, result in ended if isinstance(result, FitResult)]

    def close(self) -> None:
        """Wait for the fits that run, and end the executor."""
        self._executor.close()

    def _fill(self) -> None:
        """Give waiting fits to free slots."""
        while begun := self._begin():
            # Outside the lock: a fit that has ended already calls back at once. It fills no slot itself, or
            # thousands of such fits would nest; this loop looks again.
            try:
                for one, future in begun:
                    future.add_done_callback(lambda future, one=one: self._end(one, future))  # type: ignore[misc]
            finally:
                self._filling = False

    def _begin(self) -> list[tuple[_Waiting, Future[FitResult | Exception]]]:
        begun: list[tuple[_Waiting, Future[FitResult | Exception]]] = []
        with self._changed:
            while self._waiting and not self._filling and len(self._running) < self._executor.n_slots:
                one = self._next()
                self._running[one.task.key] = one
                begun.append((one, self._submit(one)))
            self._filling |= bool(begun)
        return begun

    def _submit(self, one: _Waiting) -> Future[FitResult | Exception]:
        try:
            return self._executor.submit(one.task, one.arrays)
        except Exception as error:  # noqa: BLE001  raised where the results are asked for
            broken: Future[FitResult | Exception] = Future()
            broken.set_exception(error)
            return broken

    def _next(self) -> _Waiting:
        in_use = {one.bins for one in self._running.values()}
        free = (number for number, one in enumerate(self._waiting) if one.bins not in in_use)
        return self._waiting.pop(next(free, 0))

    def _end(self, one: _Waiting, future: Future[FitResult | Exception]) -> None:
        with self._changed:
            del self._running[one.task.key]
            self._ended.append((one.task, future))
            self._changed.notify_all()
        self._fill()


def _same_rows(one: TrainingArrays, other: TrainingArrays) -> bool:
    return one is other or (np.array_equal(one.y, other.y) and np.array_equal(one.X, other.X, equal_nan=True))
