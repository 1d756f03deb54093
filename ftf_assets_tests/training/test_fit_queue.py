"""The order of waiting fits: what a stage waits for, what unlocks others, the longest; bins are shared."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_queue import FitQueue
from ftf_assets_tests.support.fits import a_fit


class Executor:
    """Fits that end when the test says so."""

    def __init__(self, n_slots: int) -> None:
        self.n_slots = n_slots
        self.begun: list[str] = []
        self.running: dict[str, Future[FitResult | Exception]] = {}

    def submit(self, task, arrays):
        self.begun.append(task.key)
        self.running[task.key] = Future()
        return self.running[task.key]

    def end(self, key: str) -> None:
        self.running.pop(key).set_result(FitResult(b"", 1, 0.0))

    def close(self) -> None:
        pass


@pytest.fixture
def one_slot(training_arrays) -> tuple[FitQueue, Executor]:
    executor = Executor(1)
    queue = FitQueue(executor)
    queue.add([a_fit("first", 7)], training_arrays, needed=True)
    return queue, executor


def order(executor: Executor) -> list[str]:
    while executor.running:
        executor.end(executor.begun[-1])
    return executor.begun[1:]


def test_the_longest_fits_come_first(one_slot, training_arrays):
    queue, executor = one_slot
    queue.add([a_fit("short", 10), a_fit("long", 30), a_fit("middle", 20)], training_arrays, needed=True)
    assert order(executor) == ["long", "middle", "short"]


def test_fits_that_a_stage_waits_for_come_first_then_those_that_unlock_others(one_slot, training_arrays):
    queue, executor = one_slot
    early = [a_fit("model", 50), a_fit("block", 10, unlocks=True)]
    queue.add(early, training_arrays, needed=False)
    queue.add([a_fit("baseline", 5)], training_arrays, needed=True)
    assert order(executor) == ["baseline", "block", "model"]


def test_an_early_fit_that_a_stage_asks_for_runs_once_and_moves_forward(one_slot, training_arrays):
    queue, executor = one_slot
    queue.add([a_fit("early", 50), a_fit("asked for", 5)], training_arrays, needed=False)
    queue.add([a_fit("asked for", 5), a_fit("first", 7)], training_arrays, needed=True)
    assert order(executor) == ["asked for", "early"]
    assert [queue.next_ended()[0].key for _ in range(3)] == ["first", "asked for", "early"]


def test_a_fit_waits_for_another_on_the_same_rows_while_other_fits_can_run(training_arrays):
    executor = Executor(2)
    queue = FitQueue(executor)
    four = [a_fit("a", 100), a_fit("b", 100), a_fit("c", 60), a_fit("d", 100)]
    queue.add(four, training_arrays, needed=True)
    assert executor.begun == ["a", "c"]
    executor.end("c")
    assert executor.begun == ["a", "c", "b"], "nothing else can run"


def test_an_executor_that_breaks_stops_the_run(training_arrays, monkeypatch):
    def broken(*_):
        raise OSError("the scheduler is gone")

    executor = Executor(1)
    monkeypatch.setattr(executor, "submit", broken)
    queue = FitQueue(executor)
    queue.add([a_fit("a")], training_arrays, needed=True)
    with pytest.raises(OSError, match="the scheduler is gone"):
        queue.next_ended()


@pytest.mark.parametrize("breaks", [False, True], ids=["done at once", "refused"])
def test_thousands_of_fits_that_have_ended_at_once_do_not_nest(training_arrays, monkeypatch, breaks):
    executor = Executor(1)

    def submit(task, _arrays):
        executor.begun.append(task.key)
        if breaks:
            raise RuntimeError("can't start new thread")
        done: Future[FitResult | Exception] = Future()
        done.set_result(FitResult(b"", 1, 0.0))
        return done

    monkeypatch.setattr(executor, "submit", submit)
    queue = FitQueue(executor)
    queue.add((a_fit(str(number)) for number in range(3_000)), training_arrays, needed=True)
    assert len(executor.begun) == 3_000
    assert len(queue.cancel()) == (0 if breaks else 3_000)


def test_what_is_cancelled_never_begins_and_finished_fits_are_handed_back(one_slot, training_arrays):
    queue, executor = one_slot
    queue.add([a_fit("second")], training_arrays, needed=False)
    executor.n_slots = 0
    executor.end("first")
    assert [task.key for task, _ in queue.cancel()] == ["first"]
    assert executor.begun == ["first"]
