"""Fits on Dask workers: the bits of threads, lost fits sent again, a lost cluster stops the run in words."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from ftf_assets.contracts.bundles import FlipRates, Outcome
from ftf_assets.contracts.errors import InputError, RunError
from ftf_assets.storage import dask_cluster, dask_fits, dask_worker
from ftf_assets.storage.dask_cluster import cluster_of, drop_cluster, require_scheduler
from ftf_assets.storage.dask_fits import MOST_TRIES, DaskFitExecutor, LostFitError
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_executors import FitExecutor, ThreadFitExecutor
from ftf_assets.training.fit_task import FitTask
from ftf_assets.training.parameters import Rounds
from ftf_assets_tests.support.dask_cluster import LocalDask, local_dask
from ftf_assets_tests.support.production import CRYPTO, QUICK, MemoryFitStore


@pytest.fixture
def tasks(training_arrays) -> list[FitTask]:
    """Twenty fits: fixed rounds and early stopping, soft labels, weights, flip rates, held-out blocks."""
    draw = np.random.default_rng(5)
    made = []
    for number in range(20):
        blocks = np.sort(draw.choice(1_500, 900, replace=False))
        rows = np.arange(600 + 20 * number) if number % 3 else blocks
        labels = training_arrays.y[rows].astype(np.float32)
        weight = training_arrays.base_weight[rows]
        made.append(
            FitTask(
                key=f"key_{number}",
                crypto=CRYPTO,
                fold=number % 2,
                name=f"fit {number}",
                rows=rows,
                labels=labels * np.float32(0.9) + np.float32(0.05) if number % 4 == 1 else labels,
                weight=weight * draw.random(len(rows), np.float32) if number % 4 == 2 else weight,
                predict={"validation": np.arange(1_600, 1_800), "test": np.arange(1_800, 2_000)},
                rounds=Rounds(2, 20, 3) if number % 2 else 6,
                parameters=QUICK,
                seed=number,
                device="cpu",
                flip_rates=FlipRates(missed_buy=0.1, false_buy=0.05) if number == 7 else None,
                keep_booster=number % 5 > 0,
            )
        )
    return made


def run(executor: FitExecutor, tasks, arrays):
    events: list = []
    engine = FitEngine(MemoryFitStore(), executor, events.append)
    try:
        return engine.run(tasks, arrays, stage="fit"), events
    finally:
        engine.close()


class Answer:
    """A future of Dask as the executor sees it."""

    def __init__(self, status: str, value: object = None) -> None:
        self.status, self.value = status, value

    def add_done_callback(self, callback: Callable[[Answer], None]) -> None:
        if self.status != "pending":
            callback(self)

    def result(self) -> object:
        return self.value

    exception = result


class Cluster:
    """A cluster whose answers a test decides."""

    def __init__(self, *answers: Answer | Exception, threads: dict[str, int] | None = None) -> None:
        self.answers = list(answers)
        self.workers = {"one": 4, "two": 4} if threads is None else threads
        self.sent: list[FitTask] = []
        self.cancelled: list[Answer] = []
        self.closed = False

    def threads(self) -> dict[str, int]:
        return self.workers

    def send(self, task: FitTask, arrays: object) -> Answer:
        self.sent.append(task)
        answer = self.answers.pop(0) if self.answers else Answer("pending")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def forget(self, arrays: object) -> None:
        """Nothing is kept."""

    def cancel(self, sent: list[Answer]) -> None:
        self.cancelled += sent


@pytest.fixture
def executor_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Cluster], DaskFitExecutor]]:
    made: list[DaskFitExecutor] = []

    def on(cluster: Cluster) -> DaskFitExecutor:
        monkeypatch.setattr(dask_fits, "require_scheduler", lambda *_: None)
        monkeypatch.setattr(dask_fits, "cluster_of", lambda _: cluster)
        monkeypatch.setattr(dask_fits, "_SECONDS_BETWEEN_LOOKS", 0.01)
        made.append(DaskFitExecutor("dask://scheduler:8786"))
        return made[-1]

    yield on
    for one in made:
        one.close()


DONE = FitResult(b"", 1, 0.1)


def test_a_fit_that_is_lost_with_its_worker_is_sent_again(executor_on, tasks, training_arrays) -> None:
    cluster = Cluster(Answer("cancelled"), OSError("connection reset"), Answer("finished", DONE))
    assert executor_on(cluster).submit(tasks[0], training_arrays).result(5) is DONE
    assert len(cluster.sent) == 3


def test_a_fit_that_is_lost_time_after_time_fails_its_cell(executor_on, tasks, training_arrays) -> None:
    cluster = Cluster(*[Answer("lost")] * MOST_TRIES)
    result = executor_on(cluster).submit(tasks[0], training_arrays).result(5)
    assert isinstance(result, LostFitError)
    assert str(result) == "lost with its Dask worker 3 times"


@pytest.mark.end_to_end
def test_workers_that_die_of_a_fit_fail_its_cell(executor_on, tasks, training_arrays) -> None:
    from distributed import KilledWorker

    killed = KilledWorker("ftf-fit-1", last_worker=None, allowed_failures=3)
    result = executor_on(Cluster(Answer("error", killed))).submit(tasks[0], training_arrays).result(5)
    assert str(result) == "4 Dask workers died while they ran this fit, perhaps for lack of memory"
    assert isinstance(result, LostFitError)


@pytest.mark.parametrize(
    ("answers", "error", "says"),
    [
        ([Answer("error", InputError("has numpy 1"))], InputError, "has numpy 1"),
        (
            [Answer("error", ImportError("talib"))],
            RunError,
            "Dask worker cannot run fits: ImportError: talib",
        ),
        ([OSError("too big")] * MOST_TRIES, RunError, "the Dask cluster .* takes no fits: too big"),
    ],
    ids=["other versions", "a worker without the package", "nothing can be sent"],
)
def test_a_cluster_that_cannot_fit_stops_the_run(
    executor_on, tasks, training_arrays, answers, error, says
) -> None:
    waiting = executor_on(Cluster(*answers)).submit(tasks[0], training_arrays)
    with pytest.raises(error, match=says):
        waiting.result(5)


def test_a_cluster_that_stays_away_stops_the_run(executor_on, tasks, training_arrays, monkeypatch) -> None:
    monkeypatch.setattr(dask_fits, "SECONDS_WITHOUT_WORKERS", 0.1)
    cluster = Cluster()
    executor = executor_on(cluster)
    waiting = executor.submit(tasks[0], training_arrays)
    cluster.workers = {}
    with pytest.raises(RunError, match=r"dask://scheduler:8786 is gone, or has had no worker for 0 s\."):
        waiting.result(5)


def test_fits_wait_for_a_cluster_that_comes_back(executor_on, tasks, training_arrays) -> None:
    cluster = Cluster(Answer("finished", DONE), threads={})
    waiting = executor_on(cluster).submit(tasks[0], training_arrays)
    time.sleep(0.1)
    assert not cluster.sent
    cluster.workers = {"one": 1}
    assert waiting.result(5) is DONE


def test_fits_share_the_threads_that_are_free(executor_on, training_arrays, tasks, monkeypatch) -> None:
    monkeypatch.setattr(dask_fits, "useful_threads", lambda _: 100)
    cluster = Cluster()
    executor = executor_on(cluster)
    assert executor.n_slots == 8 + 2
    for count, expected in ((1, 4), (2, 4), (3, 2), (8, 1), (12, 1)):
        del cluster.sent[:]
        waiting = [executor.submit(task, training_arrays) for task in tasks[:count]]
        while len(cluster.sent) < count:
            time.sleep(0.002)
        assert {task.threads for task in cluster.sent} == {expected}, count
        for name in list(executor._running):
            executor._answer(executor._running[name], DONE)
        assert all(one.result(5) is DONE for one in waiting)


def test_closing_takes_back_what_has_not_ended(executor_on, tasks, training_arrays) -> None:
    cluster = Cluster()
    executor = executor_on(cluster)
    waiting = [executor.submit(task, training_arrays) for task in tasks]
    while len(cluster.sent) < len(tasks):
        time.sleep(0.002)
    executor.close()
    assert len(cluster.cancelled) == len(tasks)
    assert all(one.cancelled() for one in waiting)


def test_an_address_where_nobody_listens_is_one_line() -> None:
    with pytest.raises(InputError) as no:
        require_scheduler("dask://127.0.0.1:1")
    assert str(no.value).startswith("the Dask scheduler dask://127.0.0.1:1 cannot be reached: ")
    assert str(no.value).endswith("leave out --fits to fit on this machine.")
    assert "\n" not in str(no.value)


def test_fits_on_a_gpu_are_refused() -> None:
    with pytest.raises(
        InputError, match=r"^fits on a Dask cluster run on CPUs \(found run\.fits dask://h:1 and"
    ):
        require_scheduler("dask://h:1", "cuda")


def test_without_the_extra_the_line_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr(dask_cluster, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"Install ftf-assets\[dask\]\.$"):
        require_scheduler("dask://127.0.0.1:8786")


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDask]:
    """A scheduler with two workers of two threads each."""
    with local_dask(tmp_path_factory.mktemp("dask"), 2, threads=2) as cluster:
        yield cluster
        drop_cluster(cluster.address)


@pytest.mark.end_to_end
def test_workers_give_the_bits_of_threads_and_report_what_fails(dask, tasks, training_arrays) -> None:
    broken = dataclasses.replace(tasks[0], key="broken", labels=tasks[0].labels + np.float32(7))
    expected, _ = run(ThreadFitExecutor(2), tasks, training_arrays)
    found, events = run(DaskFitExecutor(dask.address), [*tasks, broken], training_arrays)
    failed = found.pop("broken")
    assert isinstance(failed, Outcome)
    assert (failed.error_type, failed.error_stage) == ("XGBoostError", "fit")
    assert sorted(event.kind for event in events) == ["done"] * len(tasks) + ["failed"]
    for key, result in expected.items():
        assert found[key].booster == result.booster
        assert found[key].rounds == result.rounds
        for name, probability in result.probabilities.items():
            np.testing.assert_array_equal(found[key].probabilities[name], probability, strict=True)


@pytest.mark.end_to_end
def test_a_client_of_other_versions_is_refused_before_its_first_fit_and_after_it(
    dask, tasks, training_arrays, monkeypatch
) -> None:
    executor = DaskFitExecutor(dask.address)
    ours = dask_worker.library_versions()
    monkeypatch.setattr(dask_worker, "library_versions", lambda: {**ours, "xgboost": "9.9.9"})
    refusal = r"the Dask worker tcp://\S+ has xgboost 3\.\S+ instead of 9\.9\.9, so its fits would have other"
    with pytest.raises(InputError, match=refusal):  # as by a worker that joined after the first look
        run(executor, tasks[:1], training_arrays)
    drop_cluster(dask.address)
    with pytest.raises(InputError, match=refusal):
        DaskFitExecutor(dask.address)


@pytest.mark.end_to_end
def test_arrays_travel_once_and_fits_survive_the_loss_of_every_worker(dask, tasks, training_arrays) -> None:
    same = dataclasses.replace(training_arrays)
    slow = [
        dataclasses.replace(task, rounds=150, parameters={**QUICK, "max_depth": 8, "learning_rate": 0.01})
        for task in tasks[:10]
    ]
    executor = DaskFitExecutor(dask.address)
    try:
        cluster = cluster_of(dask.address)
        assert cluster._sent(same) is cluster._sent(training_arrays)
        waiting = [executor.submit(task, training_arrays) for task in slow]
        waiting[0].result(60)
        for number in (0, 1):
            dask.kill_worker(number)
        dask.start_worker(threads=2)
        results = [one.result(60) for one in waiting]
    finally:
        executor.close()
    assert all(isinstance(result, FitResult) for result in results), results
    expected, _ = run(ThreadFitExecutor(2), slow[:4], training_arrays)
    assert [expected[task.key].booster for task in slow[:4]] == [result.booster for result in results[:4]]
