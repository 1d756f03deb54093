"""Child processes that do named jobs side by side; none of them outlives its parent.

Children are forked, so they start at once with everything that the parent has imported, and a job is sent as
its name. A fork copies only the calling thread. The parent must therefore fork before it starts threads (such
as a progress display) and while no DuckDB or SQLite connection is open. It must run no fit itself: a child
that uses OpenMP after its parent has used several OpenMP threads waits for threads that it does not have.

Children that use a GPU are started as fresh interpreters instead: CUDA does not survive a fork, and whoever
calls this, such as a notebook, may have opened it. They import everything again, some seconds each.
"""

from __future__ import annotations

import functools
import gc
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import Any, Generic, NoReturn, TypeVar

from ftf_assets.contracts.errors import FtfError, Interrupted, RunError
from ftf_assets.running.fresh_processes import FreshProcess, start_fresh
from ftf_assets.running.interrupts import interrupts_raise, interrupts_wait, receive_interrupts

Result = TypeVar("Result")
Event = TypeVar("Event")
Send = Callable[[Event], None]
#: Entered once in each child; gives a function that does one job after another.
Worker = Callable[[Send[Event]], AbstractContextManager[Callable[[str], Result]]]

#: Seconds that a child may take to finish its running fits after its parent has died.
_SECONDS_TO_END = 120.0

_FORK = multiprocessing.get_context("fork")


class _DiedError(RunError):
    """A child process was killed or exited before it finished its job."""


@dataclass(frozen=True)
class _EventMessage(Generic[Event]):
    event: Event


@dataclass(frozen=True)
class _ResultMessage(Generic[Result]):
    result: Result


#: What a child sends: an event, the result of its job, or what its job raised.
_Message = _EventMessage[Event] | _ResultMessage[Result] | BaseException


@dataclass(eq=False)
class _Child:
    process: ForkProcess | FreshProcess
    connection: Connection
    job: str = ""

    def start(self, job: str) -> None:
        self.job = job
        with suppress(ConnectionError):  # a child that has ended already shows it by its sentinel
            self.connection.send(job)


def run_side_by_side(
    jobs: Sequence[str],
    worker: Worker[Event, Result],
    *,
    children: int,
    on_event: Send[Event],
    fresh: bool = False,
    meanwhile: Callable[[], None] = lambda: None,
) -> dict[str, Result]:
    """Do every job in one of several child processes, started in the order of ``jobs``.

    Parameters
    ----------
    jobs
        Names of the jobs, each once.
    worker
        Called in every child with a function that sends an event to the parent. It returns a context manager
        that is open as long as the child lives and gives a function that does the job of a given name. Events
        and results are pickled.
    children
        Largest number of processes at a time.
    on_event
        Called in the parent's thread for every event.
    fresh
        Start fresh interpreters instead of forks, as every child must that uses a GPU. ``worker`` is pickled.
    meanwhile
        Called in the parent once all children work, for what would otherwise be done after them.

    Returns
    -------
    dict
        Job to result, in the order of ``jobs``.

    Raises
    ------
    FtfError
        The error of the first job that failed; an error of any other type arrives as a :class:`RunError`. The
        other children are interrupted; the fits that they have finished stay.
    RunError
        A child was killed, for example because the machine had no memory left. The remaining children do the
        remaining jobs first, so one crypto does not stop the others.
    Interrupted
        The parent received SIGINT or SIGTERM. All children have ended.
    """
    waiting, results, died = deque(jobs), dict[str, Result](), dict[str, str]()
    with interrupts_raise(), _started(min(children, len(jobs)), worker, fresh) as team:
        for child in team:
            child.start(waiting.popleft())
        meanwhile()
        while busy := [child for child in team if child.job]:
            wait([end for child in busy for end in (child.connection, child.process.sentinel)])
            for child in busy:
                message: _Message[Event, Result] | None = _receive(child)
                if isinstance(message, _EventMessage):
                    on_event(message.event)
                elif isinstance(message, _ResultMessage):
                    results[child.job], child.job = message.result, ""
                    if waiting:
                        child.start(waiting.popleft())
                elif isinstance(message, _DiedError):
                    died[child.job], child.job = str(message), ""
                elif message is not None:
                    raise message
    if died:
        # In the order of the jobs, not of the deaths, so that the same failure always reads the same.
        reasons = {**died, **{job: f"{job}: not started, because no process was left" for job in waiting}}
        raise RunError(
            "; ".join(reasons[job] for job in jobs if job in reasons)
            + ". Finished fits are kept; run the same command again to go on from them"
        )
    return {job: results[job] for job in jobs}


def _receive(child: _Child) -> _Message[Event, Result] | None:
    ended = not child.process.is_alive()
    try:
        # Messages sent before a child ended are still in the pipe, so read it after asking whether it lives.
        if child.connection.poll():
            message: _Message[Event, Result] = child.connection.recv()
            return message
    except (EOFError, OSError):
        child.process.join()
        ended = True
    return _died(child) if ended else None


def _died(child: _Child) -> _DiedError:
    code = child.process.exitcode or 0
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    memory = ", probably because memory ran out: fewer --workers need less memory" if code == -9 else ""
    return _DiedError(f"{child.job}: its process {how}{memory}")


@contextmanager
def _started(n_children: int, worker: Worker[Event, Result], fresh: bool) -> Iterator[list[_Child]]:
    team: list[_Child] = []
    # Keep the children's garbage collection away from what was imported before the fork: it would traverse,
    # and thereby copy, all of that in every child. Without this and the threshold in ``command.main`` a sweep
    # takes 8 % more wall time (median of three interleaved pairs).
    gc.freeze()
    try:
        for _ in range(n_children):
            with interrupts_wait():
                team.append(_Child(*(start_fresh(_serve_fresh, worker) if fresh else _fork(team, worker))))
        yield team
    finally:
        gc.unfreeze()
        _end(team)


def _fork(team: list[_Child], worker: Worker[Event, Result]) -> tuple[ForkProcess, Connection]:
    here, there = _FORK.Pipe()
    parents_ends = [here, *(child.connection for child in team)]
    process = _FORK.Process(target=_serve_fork, args=(there, parents_ends, worker), daemon=True)
    process.start()
    there.close()
    return process, here


def _end(team: list[_Child]) -> None:
    """Interrupt the children and wait until their running fits have ended; a second interrupt kills them."""
    try:
        for child in team:
            child.process.terminate()
            child.connection.close()
        for child in team:
            child.process.join()
    except Interrupted:
        for child in team:
            child.process.kill()
            child.process.join()
        raise


def _serve_fork(parent: Connection, parents_ends: list[Connection], worker: Worker[Event, Result]) -> None:
    # A process group of its own: Ctrl-C reaches only the parent, which interrupts each child once.
    os.setpgid(0, 0)
    # The fork copied the parent's ends of the pipes. While a child holds one open, no child sees that the
    # parent is gone.
    for connection in parents_ends:
        connection.close()
    process = multiprocessing.parent_process()
    _serve(parent, lambda: process.join() if process else None, worker)


def _serve_fresh(
    parent: Connection, wait_for_parent: Callable[[], Any], worker: Worker[Event, Result]
) -> None:
    with suppress(Interrupted), interrupts_raise():
        _serve(parent, wait_for_parent, worker)


def _serve(parent: Connection, wait_for_parent: Callable[[], Any], worker: Worker[Event, Result]) -> None:
    """Do the parent's jobs in a child until it is interrupted or the parent is gone."""
    with suppress(Interrupted):
        receive_interrupts()
        threading.Thread(target=_end_with_parent, args=(wait_for_parent,), daemon=True).start()

        def send(event: Event) -> None:
            parent.send(_EventMessage(event))

        try:
            with worker(send) as do:
                _do_jobs(parent, do)
        except Exception as error:  # noqa: BLE001  what keeps a worker from opening is the answer to its job
            _do_jobs(parent, functools.partial(_refuse, error))


def _do_jobs(parent: Connection, do: Callable[[str], Result]) -> None:
    # A parent that is gone shows as EOFError, or as ConnectionError where it left messages unread.
    with suppress(EOFError, ConnectionError):
        while True:
            parent.send(_attempt(do, parent.recv()))


def _refuse(error: Exception, _: str) -> NoReturn:
    raise error


def _attempt(do: Callable[[str], Result], job: str) -> _ResultMessage[Result] | BaseException:
    try:
        return _ResultMessage(do(job))
    except (FtfError, Interrupted) as error:
        return error
    except Exception as error:  # noqa: BLE001  any error of a job must reach the parent, which stops the run
        return RunError(f"{job}: {type(error).__name__}: {error}")


def _end_with_parent(wait_for_parent: Callable[[], Any]) -> None:
    wait_for_parent()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_SECONDS_TO_END)  # for running fits; no other process would end a child that hangs
    os.kill(os.getpid(), signal.SIGKILL)
