"""Children in fresh interpreters do every job once, report every failure and never outlive their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import pytest

from ftf_assets.contracts.errors import InputError, Interrupted, RunError
from ftf_assets.running.child_processes import run_side_by_side

Job = Callable[[str], object]

#: Set by a test in its own process: a fresh interpreter has not seen it, a fork has.
seen_by_a_fork: list[str] = []


@contextmanager
def worker(send: Callable[[object], None]) -> Iterator[Job]:
    """Do a job by its name."""
    yield lambda job: _do(job, send)


def _do(job: str, send: Callable[[object], None]) -> object:
    match job:
        case "refuse":
            raise InputError("OP, column 'close': n/a")
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "sleep":
            send(os.getpid())
            time.sleep(120)
    send(job)
    return job.lower(), os.getpid(), list(seen_by_a_fork), os.getpgid(0)


def run(jobs, *, children=2, on_event=lambda event: None):
    return run_side_by_side(jobs, worker, children=children, on_event=on_event, fresh=True)


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    of_other_tests = psutil.Process().children()
    files = psutil.Process().num_fds()
    yield
    assert psutil.Process().children() == of_other_tests
    assert psutil.Process().num_fds() <= files, "every pipe is closed"


def test_results_come_in_order_from_interpreters_that_inherit_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys.modules[__name__], "seen_by_a_fork", ["the parent's"])
    received: list[object] = []
    results = run(["UNI", "OP", "ARB"], on_event=received.append)
    assert [(job, answer[0]) for job, answer in results.items()] == [
        ("UNI", "uni"), ("OP", "op"), ("ARB", "arb")
    ]  # fmt: skip
    assert sorted(map(str, received)) == ["ARB", "OP", "UNI"]
    processes = {answer[1] for answer in results.values()}
    assert os.getpid() not in processes
    assert all(answer[2] == [] for answer in results.values())
    assert all(answer[3] == answer[1] for answer in results.values()), "Ctrl-C reaches the parent alone"


def test_an_error_arrives_and_a_child_that_is_killed_does_not_stop_the_others():
    with pytest.raises(InputError, match="OP, column 'close': n/a"):
        run(["refuse"], children=1)
    received: list[object] = []
    with pytest.raises(RunError, match="die: its process was killed by SIGKILL"):
        run(["die", "UNI", "OP"], on_event=received.append)
    assert sorted(map(str, received)) == ["OP", "UNI"]


def test_an_interrupt_of_the_parent_ends_its_children():
    def interrupt(_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    begin = time.monotonic()
    with pytest.raises(Interrupted):
        run(["sleep"], children=1, on_event=interrupt)
    assert time.monotonic() - begin < 30


_PARENT = """
from ftf_assets.running.child_processes import run_side_by_side
from ftf_assets_tests.running.test_fresh_processes import worker

run_side_by_side(["sleep"], worker, children=1, on_event=lambda pid: print(pid, flush=True), fresh=True)
"""


@pytest.mark.faults
def test_no_fresh_child_outlives_a_parent_that_is_killed():
    # The parent has no guard around its main module, as a notebook or a short script.
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        parent.wait(timeout=30)
    gone, alive = psutil.wait_procs([child], timeout=30)
    assert (len(gone), alive) == (1, [])
