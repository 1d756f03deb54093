"""Child processes side by side: every job once, every failure told, nobody left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from ftf_assets.contracts.errors import InputError, Interrupted, RunError, StoreError
from ftf_assets.running.child_processes import run_side_by_side
from ftf_assets.running.interrupts import interrupts_raise

Job = Callable[[str], object]


def worker_of(do: Callable[[str, Callable[[object], None]], object]):
    """A worker whose jobs are done by ``do(job, tell)``."""

    @contextmanager
    def worker(tell: Callable[[object], None]) -> Iterator[Job]:
        yield lambda job: do(job, tell)

    return worker


def run(jobs, do, *, children=2, on_event=lambda event: None):
    return run_side_by_side(jobs, worker_of(do), children=children, on_event=on_event)


def wait_for(what: Callable[[], bool], seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.02)
    return what()


@pytest.fixture(autouse=True)
def _nobody_is_left_and_the_signals_are_as_before() -> Iterator[None]:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    of_other_tests = psutil.Process().children()  # such as the fork server of those that kill
    yield
    assert psutil.Process().children() == of_other_tests
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


@pytest.mark.parametrize("children", [1, 2, 5, 9])
def test_results_come_in_the_order_of_the_jobs_from_no_more_children_than_allowed(children: int):
    jobs = ["UNI", "OP", "ARB", "AAVE", "LDO"]
    results = run(jobs, lambda job, tell: (job.lower(), os.getpid()), children=children)
    assert [(job, answer) for job, (answer, _) in results.items()] == [(job, job.lower()) for job in jobs]
    processes = {pid for _, pid in results.values()}
    assert len(processes) <= min(children, len(jobs))
    assert os.getpid() not in processes


def test_two_jobs_run_at_the_same_time(tmp_path: Path):
    def meet(job: str, _: object) -> bool:
        (tmp_path / job).touch()
        return wait_for(lambda: len(list(tmp_path.iterdir())) == 2)

    assert run(["UNI", "OP"], meet) == {"UNI": True, "OP": True}


def test_a_child_is_set_up_once_and_closed_at_its_end(tmp_path: Path):
    @contextmanager
    def worker(tell: object) -> Iterator[Job]:
        (tmp_path / f"opened-{os.getpid()}").touch()
        try:
            yield lambda job: job
        finally:
            (tmp_path / f"closed-{os.getpid()}").touch()

    run_side_by_side(["UNI", "OP", "ARB"], worker, children=1, on_event=lambda event: None)
    assert sorted(path.name.split("-")[0] for path in tmp_path.iterdir()) == ["closed", "opened"]


def test_events_reach_the_parents_thread_before_the_result_of_their_job():
    heard: list[tuple[int, object]] = []

    def tell_three(job: str, tell: Callable[[object], None]) -> None:
        for number in range(3):
            tell((job, number))

    run(["UNI", "OP"], tell_three, on_event=lambda event: heard.append((threading.get_ident(), event)))
    assert {thread for thread, _ in heard} == {threading.get_ident()}
    for job in ("UNI", "OP"):
        assert [event for _, event in heard if event[0] == job] == [(job, n) for n in range(3)]


@pytest.mark.parametrize(
    ("raised", "told", "message"),
    [
        (InputError("OP, column 'close': n/a"), InputError, "OP, column 'close': n/a"),
        (StoreError("no space left"), StoreError, "no space left"),
        (Interrupted(), Interrupted, ""),
        (ZeroDivisionError("ours"), RunError, "OP: ZeroDivisionError: ours"),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_what_a_job_raises_stops_all_of_them(raised: Exception, told: type[Exception], message: str):
    def fail(job: str, _: object) -> None:
        if job == "OP":
            raise raised
        time.sleep(60)

    begin = time.monotonic()
    with pytest.raises(told) as failure:
        run(["UNI", "OP", "ARB"], fail)
    assert str(failure.value) == message
    assert time.monotonic() - begin < 30, "the other child is interrupted, not waited for"


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
def test_a_child_that_dies_is_a_clear_error_once_the_others_have_done_the_rest(
    tmp_path: Path, how, message: str
):
    heard: list[object] = []

    def die(job: str, tell: Callable[[object], None]) -> None:
        tell(job)
        if job == "OP":
            how()
        wait_for(lambda: "OP" in heard, seconds=0.5)
        (tmp_path / job).touch()

    with pytest.raises(RunError) as failure:
        run(["UNI", "OP", "ARB"], die, on_event=heard.append)
    assert str(failure.value).startswith(message)
    assert "run the same command again to go on from them" in str(failure.value)
    assert sorted(heard) == ["ARB", "OP", "UNI"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ARB", "UNI"]


class DestroyedByAnInterrupt:
    """What raises in a destructor is dropped by Python."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        for _ in range(1_000):  # the signal is handled between two of these
            pass


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


def test_an_interrupt_that_is_to_be_raised_again_does_not_outlive_the_run():
    with suppress(Interrupted), interrupts_raise():
        DestroyedByAnInterrupt()
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0), "SIGALRM ends a process that has no handler"


def test_where_every_child_dies_the_error_names_them_all_in_their_order_and_what_was_not_begun():
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
    def note(job: str, tell: Callable[[object], None]) -> None:
        try:
            tell(job)
            time.sleep(60)
        except Interrupted:
            time.sleep(0.3)  # a fit that runs comes to its end
            (tmp_path / job).touch()
            raise

    heard: list[object] = []

    def interrupt(event: object) -> None:
        heard.append(event)
        if len(heard) == 2:
            os.kill(os.getpid(), how)

    with pytest.raises(Interrupted):
        run(["UNI", "OP"], note, on_event=interrupt)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["OP", "UNI"]


_PARENT = """
import os, sys, time
from contextlib import contextmanager
from ftf_assets.running.child_processes import run_side_by_side

@contextmanager
def worker(tell):
    yield lambda job: (tell(os.getpid()), time.sleep(120))

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
def worker(tell):
    yield use_everything

THREADS = {"parent": 2, "UNI": 1, "OP": 1, "ARB": 1}
before = use_everything("parent")
after = run_side_by_side(["UNI", "OP", "ARB"], worker, children=3, on_event=print)
assert all(answer == before for answer in after.values())
"""


@pytest.mark.faults
def test_one_thread_fits_duckdb_arrow_and_blas_work_in_children_whatever_the_parent_used_before():
    # Every fit of ours runs on one thread. Several threads on both sides of a fork would hang for ever.
    used = subprocess.run([sys.executable, "-c", _USED_BEFORE], timeout=120, check=False)
    assert used.returncode == 0
