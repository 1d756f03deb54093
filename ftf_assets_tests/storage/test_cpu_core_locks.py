"""Core tokens: never more threads of fits at a time than cores, counted over all processes of a machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import stat
import threading
import time
from pathlib import Path

import pytest

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.errors import StoreError
from ftf_assets.graph.resources import HomeResource
from ftf_assets.storage import cpu_core_locks
from ftf_assets.storage.cpu_core_locks import CoreTokens, n_idle_cores
from ftf_assets.storage.machine_folder import machine_folder
from ftf_assets.sweep.settings import SweepSettings
from ftf_assets.training import fit_task
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_task import FitTask
from ftf_assets_tests.support.fits import a_fit


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that does nothing else."""
    monkeypatch.setattr(cpu_core_locks, "n_idle_cores", lambda: 64)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


class Waiting:
    """A fit in another thread that holds one core of so many."""

    def __init__(self, n_cores: int) -> None:
        self.begun, self.entered, self.leave = threading.Event(), threading.Event(), threading.Event()

        def hold() -> None:
            self.begun.set()
            with CoreTokens(n_cores).hold():
                self.entered.set()
                self.leave.wait(60)

        self.thread = threading.Thread(target=hold)
        self.thread.start()

    def end(self) -> None:
        self.leave.set()
        self.thread.join(60)


def test_as_many_fits_as_tokens_run_at_once_and_the_next_one_waits():
    with CoreTokens(2).hold():
        with CoreTokens(2).hold():
            third = Waiting(2)
            assert not third.entered.wait(0.1)
        assert third.entered.wait(60), "a token that is given back goes to a fit that waits"
    third.end()


def test_of_the_fits_that_wait_one_polls(monkeypatch: pytest.MonkeyPatch):
    polling: list[int] = []
    first_free = cpu_core_locks._first_free
    monkeypatch.setattr(
        cpu_core_locks, "_first_free", lambda tokens: (polling.append(1), first_free(tokens))[1]
    )
    with CoreTokens(1).hold():
        polling.clear()
        waiting = [Waiting(1) for _ in range(3)]
        deadline = time.monotonic() + 60
        while not (polling and all(one.begun.is_set() for one in waiting)):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        waiting[0].entered.wait(0.1)  # time for another one to poll, were it not for the queue
        assert polling == [1]
    for one in waiting:  # each leaves before the next enters
        one.leave.set()
    for one in waiting:
        one.end()
    assert all(one.entered.is_set() for one in waiting)


def test_a_run_with_one_core_that_waits_does_not_block_a_run_with_two():
    with CoreTokens(1).hold():
        waiting = Waiting(1)
        assert not waiting.entered.wait(0.1)
        with CoreTokens(2).hold():  # takes the second core
            assert not waiting.entered.is_set()
    assert waiting.entered.wait(60)
    waiting.end()


@pytest.mark.parametrize(
    ("busy", "most", "held"), [(0, 1, 1), (0, 3, 3), (0, 9, 4), (1, 9, 3), (3, 9, 1), (0, 0, 1)]
)
def test_a_fit_takes_its_share_of_the_free_cores_and_waits_for_no_second_one(busy: int, most: int, held: int):
    others = [Waiting(4) for _ in range(busy)]
    assert all(other.entered.wait(60) for other in others)
    asked: list[int] = []

    def share(n_free: int) -> int:
        asked.append(n_free)
        return min(most, n_free)

    with CoreTokens(4).hold(share) as n_held:
        assert n_held == held
        assert asked[-1] == 4 - busy or most <= 1
        rest = [Waiting(4) for _ in range(4 - busy - held)]
        assert all(one.entered.wait(60) for one in rest), "what is not taken is free"
        too_many = Waiting(4)
        assert not too_many.entered.wait(0.05)
    assert too_many.entered.wait(60)
    for one in (*others, *rest, too_many):
        one.end()


def test_cores_that_other_programs_use_are_not_free_for_a_second_thread(monkeypatch: pytest.MonkeyPatch):
    assert 0 <= n_idle_cores() < (os.cpu_count() or 1) or os.cpu_count() is None
    monkeypatch.setattr(cpu_core_locks, "n_idle_cores", lambda: 1)
    with CoreTokens(4).hold(lambda n_free: n_free) as n_held:
        assert n_held == 2


def test_fits_of_two_homes_on_one_machine_share_its_cores(
    tmp_path: Path, training_arrays: TrainingArrays, monkeypatch: pytest.MonkeyPatch
):
    settings = SweepSettings.model_validate({"run": {"workers": 1}})
    begun, go_on = [threading.Event(), threading.Event()], threading.Event()

    def fit(task: FitTask, _arrays: TrainingArrays) -> FitResult:
        begun[task.seed].set()
        go_on.wait(60)
        return FitResult(b"", 1, 0.0)

    monkeypatch.setattr(fit_task, "execute_fit", fit)
    threads = []
    for number, home in enumerate("ab"):
        engine = HomeResource(path=str(tmp_path / home)).fit_engine(settings, lambda _: None)
        fits = ([a_fit(home, seed=number)], training_arrays)
        threads.append(threading.Thread(target=engine.run, args=fits, kwargs={"stage": "fit"}))
        threads[-1].start()
        assert begun[0].wait(60)
    assert not begun[1].wait(0.1)
    go_on.set()
    assert begun[1].wait(60)
    for thread in threads:
        thread.join(60)


def _hold_forever(holding: multiprocessing.synchronize.Event) -> None:
    cpu_core_locks.n_idle_cores = lambda: 64
    with CoreTokens(3).hold(lambda n_free: n_free):
        holding.set()
        signal.pause()


@pytest.mark.faults
def test_a_killed_holder_gives_its_tokens_back():
    context = multiprocessing.get_context("spawn")
    holding = context.Event()
    holder = context.Process(target=_hold_forever, args=(holding,))
    holder.start()
    assert holding.wait(timeout=60)
    waiting = [Waiting(3) for _ in range(3)]
    assert not any(one.entered.wait(timeout=0.1) for one in waiting)
    os.kill(holder.pid or 0, signal.SIGKILL)
    holder.join(timeout=60)
    assert all(one.entered.wait(timeout=60) for one in waiting)
    for one in waiting:
        one.end()


def test_the_folder_is_the_users_alone_and_lies_in_the_temporary_folder_where_there_is_no_other(
    machine: Path, monkeypatch: pytest.MonkeyPatch
):
    assert machine_folder("cores") == machine / "ftf" / "cores"
    assert stat.S_IMODE((machine / "ftf").stat().st_mode) == 0o700
    (machine / "ftf").chmod(0o777)
    machine_folder("cores")
    assert stat.S_IMODE((machine / "ftf").stat().st_mode) == 0o700
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(machine / "removed at logout"))
    monkeypatch.setattr("tempfile.tempdir", str(machine))
    assert machine_folder("cores") == machine / f"ftf-{os.getuid()}" / "cores"


def test_a_folder_that_somebody_else_has_put_there_is_refused(machine: Path):
    (machine / "elsewhere").mkdir()
    (machine / "ftf").symlink_to(machine / "elsewhere")
    with pytest.raises(StoreError, match="not a folder of this user"):
        machine_folder("cores")
