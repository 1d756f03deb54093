"""The fit engine: the same bits on any number of workers, no fit twice, every failure recorded."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import numpy as np
import pytest

from ftf_assets.contracts.bundles import Outcome
from ftf_assets.contracts.errors import CellError, InputError, StoreError
from ftf_assets.training import fit_task
from ftf_assets.training.binning import matrices_of
from ftf_assets.training.boosting import FitResult, require_device
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_executors import GpuFitExecutor, ThreadFitExecutor
from ftf_assets.training.fit_task import FitTask, execute_fit
from ftf_assets.training.gpu import GpuMemoryError, peak_bytes
from ftf_assets.training.parameters import Rounds
from ftf_assets_tests.support.production import CRYPTO, QUICK, MemoryFitStore


@pytest.fixture
def tasks(training_arrays) -> list[FitTask]:
    return [
        FitTask(
            key=f"key_{number}",
            crypto=CRYPTO,
            fold=number % 2,
            name=f"fit {number}",
            rows=np.arange(600 + 40 * number),
            labels=training_arrays.y[: 600 + 40 * number].astype(np.float32),
            weight=training_arrays.base_weight[: 600 + 40 * number],
            predict={"validation": np.arange(1_600, 1_800), "test": np.arange(1_800, 2_000)},
            rounds=Rounds(2, 20, 3) if number % 2 else 6,
            parameters=QUICK,
            seed=number,
            device="cpu",
        )
        for number in range(8)
    ]


def run(tasks, arrays, store=None, workers=1):
    events = []
    fit_engine = FitEngine(
        MemoryFitStore() if store is None else store, ThreadFitExecutor(workers), events.append
    )
    results = fit_engine.run(tasks, arrays, stage="fit")
    return results, events


@pytest.mark.parametrize("workers", [2, 8])
def test_results_do_not_depend_on_the_number_of_workers(tasks, training_arrays, workers):
    serial, _ = run(tasks, training_arrays)
    parallel, _ = run(tasks, training_arrays, workers=workers)
    assert set(parallel) == set(serial) == {task.key for task in tasks}
    for key, expected in serial.items():
        assert parallel[key].booster == expected.booster
        for name, probability in expected.probabilities.items():
            np.testing.assert_array_equal(parallel[key].probabilities[name], probability)


def test_early_stopping_watches_the_validation_rows_of_the_task(tasks, training_arrays):
    stopped = execute_fit(tasks[1], training_arrays)
    exact = execute_fit(dataclasses.replace(tasks[1], rounds=stopped.rounds), training_arrays)
    np.testing.assert_array_equal(stopped.probabilities["test"], exact.probabilities["test"])


def test_tasks_with_equal_keys_run_once(tasks, training_arrays, fit_store):
    results, events = run([*tasks[:2], *tasks[:2], tasks[0]], training_arrays, fit_store)
    assert set(results) == set(fit_store.fits) == {"key_0", "key_1"}
    assert [event.kind for event in events] == ["done", "done"]
    _, events = run([*tasks[:2], *tasks[:2]], training_arrays, fit_store)
    assert [event.kind for event in events] == ["reused", "reused"]


def test_stored_fits_are_reused_as_they_are(tasks, training_arrays, fit_store, monkeypatch):
    first, _ = run(tasks, training_arrays, fit_store)
    monkeypatch.setattr(fit_task, "execute_fit", lambda *_: pytest.fail("a finished fit ran again"))
    again, events = run(tasks, training_arrays, fit_store)
    assert all(again[key] is first[key] for key in first)
    assert {event.kind for event in events} == {"reused"}
    assert len(events) == len(tasks)


def test_a_mixture_of_stored_and_new_fits_runs_only_the_new_ones(tasks, training_arrays, fit_store):
    run(tasks[:3], training_arrays, fit_store)
    _, events = run(tasks, training_arrays, fit_store)
    kinds = {event.key: event.kind for event in events}
    assert kinds == {task.key: "reused" if i < 3 else "done" for i, task in enumerate(tasks)}


def test_without_tasks_nothing_runs(training_arrays, fit_store):
    assert run([], training_arrays, fit_store) == ({}, [])


@pytest.mark.parametrize("workers", [1, 8])
@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (
            ValueError("no\nsplit"),
            Outcome("training_failed", "ValueError", "no split", "fit"),
        ),
        (MemoryError(), Outcome("training_failed", "MemoryError", "MemoryError", "fit")),
        (CellError("cleaning", "no BUY"), Outcome("training_failed", "CellError", "no BUY", "cleaning")),
    ],
    ids=["error", "out of memory", "own stage"],
)
def test_a_fit_that_raises_is_an_outcome_and_the_others_finish(
    tasks, training_arrays, fit_store, monkeypatch, error, outcome, workers
):
    expected, _ = run(tasks, training_arrays)

    def fails_once(task, arrays):
        if task.key == "key_3":
            raise error
        return execute_fit(task, arrays)

    monkeypatch.setattr(fit_task, "execute_fit", fails_once)
    results, events = run(tasks, training_arrays, fit_store, workers)
    assert results["key_3"] == outcome
    assert "key_3" not in fit_store.fits
    failed = [event for event in events if event.kind == "failed"]
    assert [(e.key, e.crypto, e.fold, e.name) for e in failed] == [("key_3", CRYPTO, 1, "fit 3")]
    assert failed[0].error == f"{type(error).__name__}: {error}"
    for key in set(expected) - {"key_3"}:
        assert results[key].booster == expected[key].booster


@pytest.mark.parametrize("broken", ["get", "put"])
@pytest.mark.parametrize("error", [OSError(28, "No space left"), StoreError("the store is locked")], ids=repr)
def test_a_broken_store_stops_the_run_and_fails_no_cell(
    tasks, training_arrays, fit_store, monkeypatch, broken, error
):
    def fail(*_):
        raise error

    monkeypatch.setattr(fit_store, broken, fail)
    with pytest.raises(type(error), match=r"No space left|locked"):
        run(tasks, training_arrays, fit_store, workers=2)
    assert fit_store.fits == {}


def test_a_store_that_breaks_cancels_the_fits_that_wait(tasks, training_arrays, fit_store, monkeypatch):
    begun = []

    def slow_fit(task, arrays):
        begun.append(task.key)
        return execute_fit(task, arrays)

    def full(*_):
        raise OSError(28, "No space left")

    many = [dataclasses.replace(tasks[7], key=f"copy_{i}") for i in range(60)]
    monkeypatch.setattr(fit_task, "execute_fit", slow_fit)
    monkeypatch.setattr(fit_store, "put", full)
    with pytest.raises(OSError, match="No space left"):
        run(many, training_arrays, fit_store)
    assert len(begun) < 60


def test_an_interrupt_stops_the_run_and_is_no_outcome(tasks, training_arrays, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(fit_task, "execute_fit", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(tasks, training_arrays)


class EndsInThread:
    """An executor like a cluster: all fits end together, in a thread of its own."""

    n_slots = 3

    def __init__(self) -> None:
        self.given: list[tuple[FitTask, Future[FitResult | Exception]]] = []

    def submit(self, task, _arrays):
        future: Future[FitResult | Exception] = Future()
        self.given.append((task, future))
        if len(self.given) == 3:
            threading.Thread(target=self._end).start()
        return future

    def _end(self) -> None:
        for number, (_, future) in enumerate(self.given[:3]):
            future.set_result(ValueError("no split") if number == 1 else FitResult(b"", 1, 0.0))

    def close(self) -> None:
        pass


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError("the disk is full")], ids=repr)
@pytest.mark.parametrize("executor", [EndsInThread, lambda: ThreadFitExecutor(3)], ids=["cluster", "threads"])
def test_fits_that_have_finished_or_run_are_stored_when_a_run_is_stopped(
    tasks, training_arrays, fit_store, monkeypatch, executor, error
):
    together = threading.Barrier(3)

    def fit(task, _arrays):
        together.wait(60)
        if task.key == "key_1":
            raise ValueError("no split")
        return FitResult(b"", 1, 0.0)

    def stop(_event):
        raise error

    monkeypatch.setattr(fit_task, "execute_fit", fit)
    with pytest.raises(type(error)):
        FitEngine(fit_store, executor(), stop).run(tasks[:3], training_arrays, stage="fit")
    assert set(fit_store.fits) == {"key_0", "key_2"}


def test_a_store_that_fails_hides_no_interrupt_and_is_not_tried_for_every_fit(
    tasks, training_arrays, fit_store, monkeypatch
):
    tried = []

    def put(key, _result):
        tried.append(key)
        if len(tried) > 1:
            raise StoreError("the bucket cannot be reached")

    def interrupt(_event):
        raise KeyboardInterrupt

    together = threading.Barrier(4)

    def fit(*_):
        together.wait(60)
        return FitResult(b"", 1, 0.0)

    monkeypatch.setattr(fit_task, "execute_fit", fit)
    monkeypatch.setattr(fit_store, "put", put)
    with pytest.raises(KeyboardInterrupt):
        FitEngine(fit_store, ThreadFitExecutor(4), interrupt).run(tasks[:4], training_arrays, stage="fit")
    assert len(tried) == 2


def test_events_come_in_the_calling_thread_after_the_fit_is_stored(tasks, training_arrays, fit_store):
    seen = []
    fit_engine = FitEngine(
        fit_store,
        ThreadFitExecutor(4),
        lambda event: seen.append((threading.get_ident(), event.key in fit_store.fits)),
    )
    fit_engine.run(tasks, training_arrays, stage="fit")
    assert seen == [(threading.get_ident(), True)] * len(tasks)


def test_the_longest_fits_start_first(tasks, training_arrays, monkeypatch):
    begun = []

    def note(task, arrays):
        begun.append(len(task.rows))
        return FitResult(b"", 1, 0.0)

    monkeypatch.setattr(fit_task, "execute_fit", note)
    run(tasks, training_arrays)
    assert begun == sorted(begun, reverse=True)


def test_a_gpu_gives_the_same_bits_for_any_number_of_fits_at_a_time_and_almost_those_of_the_cpu(
    tasks, training_arrays
):
    try:
        require_device("cuda")
    except InputError as absent:
        pytest.skip(f"no GPU: {absent}")
    on_gpu = [dataclasses.replace(task, device="cuda") for task in tasks]
    first, _, _ = run_on_gpu(on_gpu, training_arrays)
    again, _, _ = run_on_gpu(on_gpu[::-1], dataclasses.replace(training_arrays), workers=4)
    on_cpu, _ = run(tasks, training_arrays)
    for key, result in first.items():
        assert again[key].booster == result.booster
        expected = on_cpu[key].probabilities["test"]
        np.testing.assert_allclose(result.probabilities["test"], expected, atol=0.05)


class Places:
    """Places on a GPU that note who waits for what; fits on the CPU take them in these tests."""

    def __init__(self) -> None:
        self.taken: list[object] = []

    def threads(self, n_values: int) -> int:
        return 1 + n_values % 3

    @contextmanager
    def hold(self, n_bytes: int) -> Iterator[None]:
        self.taken.append(n_bytes)
        yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        self.taken.append("alone")
        yield


def run_on_gpu(tasks, arrays, store=None, workers=1):
    places, events = Places(), []
    fit_engine = FitEngine(store or MemoryFitStore(), GpuFitExecutor(workers, places), events.append)
    return fit_engine.run(tasks, arrays, stage="fit"), events, places.taken


def test_fits_on_a_gpu_wait_for_their_memory_and_have_the_bits_of_fits_on_one_thread(tasks, training_arrays):
    expected, _ = run(tasks, training_arrays)
    results, _, taken = run_on_gpu(tasks, training_arrays, workers=2)
    needed = [peak_bytes(len(task.rows), training_arrays.X.shape[1], task.parameters) for task in tasks]
    assert sorted(taken) == sorted(needed)
    assert {key: fit.booster for key, fit in results.items()} == {
        key: fit.booster for key, fit in expected.items()
    }


@pytest.mark.parametrize(
    ("words", "again"),
    [
        (
            "Memory allocation error: std::bad_alloc: cudaErrorMemoryAllocation: out of memory",
            True,
        ),
        ("no split", False),
    ],
    ids=["out of memory", "another error"],
)
def test_a_fit_that_finds_no_memory_is_run_again_alone_before_its_cell_fails(
    tasks, training_arrays, monkeypatch, words, again
):
    tried = []

    def full(task, arrays):
        tried.append(task.key)
        if tried.count(task.key) == 1:
            raise RuntimeError(words)
        return execute_fit(task, arrays)

    monkeypatch.setattr(fit_task, "execute_fit", full)
    results, events, taken = run_on_gpu(tasks[:2], training_arrays)
    assert [event.kind for event in events] == (["done", "done"] if again else ["failed", "failed"])
    assert taken.count("alone") == (2 if again else 0)
    assert all(isinstance(fit, FitResult) == again for fit in results.values())


def test_a_fit_that_finds_no_memory_alone_either_is_a_failed_cell(tasks, training_arrays, monkeypatch):
    matrices = matrices_of(training_arrays)
    with matrices.borrow("idle", 1, object):
        pass
    idle = []

    def full(task, arrays):
        idle.append(len(matrices._idle))
        raise GpuMemoryError("out of memory on device cuda")

    monkeypatch.setattr(fit_task, "execute_fit", full)
    results, events, taken = run_on_gpu(tasks[:1], training_arrays)
    assert results["key_0"] == Outcome(
        "training_failed", "GpuMemoryError", "out of memory on device cuda", "fit"
    )
    assert [event.kind for event in events] == ["failed"]
    assert taken[1:] == ["alone"]
    assert idle[0] > 0
    assert idle[1] == 0, "bins that wait for another fit are dropped first"
