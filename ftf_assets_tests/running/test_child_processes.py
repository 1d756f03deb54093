"""Child processes do every job once, report every failure and never outlive their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from ftf_assets.contracts.errors import InputError, Interrupted, RunError, StoreError
from ftf_assets.running import child_processes
from ftf_assets.running.child_processes import run_side_by_side
from ftf_assets_tests.running.test_interrupts import DestroyedByAnInterrupt

Job = Callable[[str], object]


def worker_of(do: Callable[[str, Callable[[object], None]], object]):
    """A worker whose jobs are done by ``do(job, send)``."""

    @contextmanager
    def worker(send: Callable[[object], None]) -> Iterator[Job]:
        yield lambda job: do(job, send)

    return worker


def run(jobs, do, *, children=2, on_event=lambda event: None):
    return run_side_by_side(jobs, worker_of(do), children=children, on_event=on_event)


def wait_for(what: Callable[[], bool], seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.02)
    return what()


@pytest.fixture(autouse=True)
def _no_child_is_left_and_the_signal_handlers_are_as_before() -> Iterator[None]:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    of_other_tests = psutil.Process().children()  # such as a fork server
    yield
    assert psutil.Process().children() == of_other_tests
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


@pytest.mark.parametrize("children", [1, 2, 5, 9])
def test_results_come_in_the_order_of_the_jobs_from_no_more_children_than_allowed(children: int):
    jobs = ["UNI", "OP", "ARB", "AAVE", "LDO"]
    results = run(jobs, lambda job, send: (job.lower(), os.getpid()), children=children)
    assert [(job, answer) for job, (answer, _) in results.items()] == [(job, job.lower()) for job in jobs]
    processes = {pid for _, pid in results.values()}
    assert len(processes) <= min(children, len(jobs))
    assert os.getpid() not in processes


def test_two_jobs_run_at_the_same_time(tmp_path: Path):
    def meet(job: str, _: object) -> bool:
        (tmp_path / job).touch()
        return wait_for(lambda: len(list(tmp_path.iterdir())) == 2)

    assert run(["UNI", "OP"], meet) == {"UNI": True, "OP": True}


def test_a_worker_is_opened_and_closed_once_in_each_child(tmp_path: Path):
    @contextmanager
    def worker(send: object) -> Iterator[Job]:
        (tmp_path / f"opened-{os.getpid()}").touch()
        try:
            yield lambda job: job
        finally:
            (tmp_path / f"closed-{os.getpid()}").touch()

    run_side_by_side(["UNI", "OP", "ARB"], worker, children=1, on_event=lambda event: None)
    assert sorted(path.name.split("-")[0] for path in tmp_path.iterdir()) == ["closed", "opened"]


def test_events_of_a_job_arrive_in_order_in_the_thread_of_the_parent():
    received: list[tuple[int, object]] = []

    def send_three(job: str, send: Callable[[object], None]) -> None:
        for number in range(3):
            send((job, number))

    run(["UNI", "OP"], send_three, on_event=lambda event: received.append((threading.get_ident(), event)))
    assert {thread for thread, _ in received} == {threading.get_ident()}
    for job in ("UNI", "OP"):
        assert [event for _, event in received if event[0] == job] == [(job, n) for n in range(3)]


@pytest.mark.parametrize(
    ("raised", "expected", "message"),
    [
        (InputError("OP, column 'close': n/a"), InputError, "OP, column 'close': n/a"),
        (StoreError("no space left"), StoreError, "no space left"),
        (Interrupted(), Interrupted, ""),
        (ZeroDivisionError("ours"), RunError, "OP: ZeroDivisionError: ours"),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_the_error_of_one_job_interrupts_the_others(
    raised: Exception, expected: type[Exception], message: str
):
    def fail(job: str, _: object) -> None:
        if job == "OP":
            raise raised
        time.sleep(60)

    begin = time.monotonic()
    with pytest.raises(expected) as failure:
        run(["UNI", "OP", "ARB"], fail)
    assert str(failure.value) == message
    assert time.monotonic() - begin < 30, "the other child is interrupted, not waited for"


@pytest.mark.parametrize(
    ("raised", "expected", "message"),
    [
        (StoreError("Dagster's records: disk I/O error"), StoreError, "Dagster's records: disk I/O error"),
        (ConnectionRefusedError("the bucket"), RunError, "UNI: ConnectionRefusedError: the bucket"),
    ],
    ids=["of ours", "of a library"],
)
def test_a_worker_that_cannot_be_opened_stops_the_run_with_its_error_and_prints_nothing(
    raised: Exception, expected: type[Exception], message: str, capfd: pytest.CaptureFixture[str]
):
    @contextmanager
    def worker(send: object) -> Iterator[Job]:
        raise raised
        yield

    with pytest.raises(expected) as failure:
        run_side_by_side(["UNI"], worker, children=2, on_event=lambda event: None)
    assert str(failure.value) == message
    assert capfd.readouterr().err == ""


def test_every_child_may_fail_to_open_its_worker(capfd: pytest.CaptureFixture[str]):
    @contextmanager
    def worker(send: object) -> Iterator[Job]:
        raise StoreError("no space left")
        yield

    with pytest.raises(StoreError, match="no space left"):
        run_side_by_side(["UNI", "OP", "ARB"], worker, children=3, on_event=lambda event: None)
    assert capfd.readouterr().err == ""


def test_a_child_that_died_before_its_job_was_sent_is_an_error_of_that_job(monkeypatch: pytest.MonkeyPatch):
    start = child_processes._Child.start

    def start_late(child: child_processes._Child, job: str) -> None:
        child.process.kill()
        child.process.join()
        start(child, job)

    monkeypatch.setattr(child_processes._Child, "start", start_late)
    with pytest.raises(RunError, match="UNI: its process was killed by SIGKILL"):
        run(["UNI"], lambda job, send: job)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (
            lambda: os.kill(os.getpid(), signal.SIGKILL),
            "OP: its process was killed by SIGKILL, probably because memory ran out",
        ),
        (lambda: os._exit(3), "OP: its process ended with exit code 3"),
    ],
    ids=["killed", "left"],
)
def test_a_child_that_dies_is_an_error_after_the_others_have_done_the_remaining_jobs(
    tmp_path: Path, how, message: str
):
    received: list[object] = []

    def die(job: str, send: Callable[[object], None]) -> None:
        send(job)
        if job == "OP":
            how()
        wait_for(lambda: "OP" in received, seconds=0.5)
        (tmp_path / job).touch()

    with pytest.raises(RunError) as failure:
        run(["UNI", "OP", "ARB"], die, on_event=received.append)
    assert str(failure.value).startswith(message)
    assert "run the same command again to go on from them" in str(failure.value)
    assert sorted(received) == ["ARB", "OP", "UNI"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ARB", "UNI"]


def test_an_interrupt_that_comes_while_a_destructor_runs_is_not_lost(capfd: pytest.CaptureFixture[str]):
    def swallow(job: str, _: object) -> None:
        if job == "OP":
            DestroyedByAnInterrupt()
        time.sleep(60)

    begin = time.monotonic()
    with pytest.raises(Interrupted):
        run(["UNI", "OP"], swallow)
    assert time.monotonic() - begin < 30
    assert capfd.readouterr().err == ""


def test_an_interrupt_that_reaches_a_child_before_it_has_begun_ends_the_child(
    monkeypatch: pytest.MonkeyPatch,
):
    parent, fork = os.getpid(), os.fork

    def fork_and_interrupt() -> int:
        pid = fork()
        if pid == 0:
            os.kill(os.getpid(), signal.SIGTERM)
        return pid

    monkeypatch.setattr(os, "fork", fork_and_interrupt)
    try:
        with pytest.raises(RunError, match="OP: its process ended with exit code 0"):
            run(["OP"], lambda job, send: job)
    finally:
        if os.getpid() != parent:
            os._exit(70)  # the child has left its own code and would run the tests on


def test_where_every_child_dies_the_error_names_each_job_in_order_and_those_not_started():
    def die(job: str, _: object) -> None:
        time.sleep(0.3 if job == "UNI" else 0.0)
        os._exit(3)

    with pytest.raises(RunError) as failure:
        run(["UNI", "OP", "ARB"], die)
    assert str(failure.value) == (
        "UNI: its process ended with exit code 3; OP: its process ended with exit code 3; "
        "ARB: not started, because no process was left. Finished fits are kept; run the same command again "
        "to go on from them"
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_an_interrupt_of_the_parent_interrupts_every_child_once(tmp_path: Path, how: signal.Signals):
    def note(job: str, send: Callable[[object], None]) -> None:
        try:
            send(job)
            time.sleep(60)
        except Interrupted:
            time.sleep(0.3)  # as a running fit that finishes first
            (tmp_path / job).touch()
            raise

    received: list[object] = []

    def interrupt(event: object) -> None:
        received.append(event)
        if len(received) == 2:
            os.kill(os.getpid(), how)

    with pytest.raises(Interrupted):
        run(["UNI", "OP"], note, on_event=interrupt)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["OP", "UNI"]


_PARENT = """
import os, sys, time
from contextlib import contextmanager
from ftf_assets.running.child_processes import run_side_by_side

@contextmanager
def worker(send):
    yield lambda job: (send(os.getpid()), time.sleep(120))

run_side_by_side(["UNI", "OP", "ARB"], worker, children=3, on_event=lambda pid: print(pid, flush=True))
"""


@pytest.mark.faults
def test_no_child_outlives_a_parent_that_is_killed():
    parent = subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    children = [psutil.Process(int(parent.stdout.readline())) for _ in range(3)]
    parent.kill()
    parent.wait(timeout=30)
    gone, alive = psutil.wait_procs(children, timeout=30)
    assert (len(gone), alive) == (3, [])


_USED_BEFORE = """
import numpy as np, pyarrow.compute, pandas as pd, duckdb, xgboost as xgb
from contextlib import contextmanager
from ftf_assets.running.child_processes import run_side_by_side

def use_everything(job):
    X = np.random.default_rng(3).random((4_000, 20), dtype=np.float32)
    frame = pd.DataFrame(X).add_prefix("x")
    with duckdb.connect() as connection:
        total = connection.execute("SELECT sum(x0) FROM frame").fetchall()[0][0]
    matrix = xgb.DMatrix(X, X[:, 0] > 0.5, nthread=THREADS[job])
    booster = xgb.train({"nthread": THREADS[job], "max_depth": 4}, matrix, 20)
    product, arrow = float((X @ X.T).trace()), pyarrow.compute.sum(X[:, 0]).as_py()
    return float(total), bytes(booster.save_raw()), product, arrow

@contextmanager
def worker(send):
    yield use_everything

THREADS = {"parent": 2, "UNI": 1, "OP": 1, "ARB": 1}
before = use_everything("parent")
after = run_side_by_side(["UNI", "OP", "ARB"], worker, children=3, on_event=print)
assert all(answer == before for answer in after.values())
"""


@pytest.mark.faults
def test_one_thread_fits_duckdb_arrow_and_blas_work_in_children_of_a_parent_that_used_them_with_threads():
    # Fits run on one thread each. A child that used several OpenMP threads after such a parent would hang.
    done = subprocess.run([sys.executable, "-c", _USED_BEFORE], timeout=120, check=False)
    assert done.returncode == 0
