"""Child processes that work side by side: forked from one parent, given jobs one by one, none left behind.

A child is a fork, so what the parent has imported is there at once and its jobs are sent by name. A fork
copies the calling thread alone. So the parent forks before it has threads of its own (a progress display),
with no connection of DuckDB or SQLite open, and runs no fit itself: OpenMP with several threads on both sides
of a fork would wait for threads that are not there.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import Generic, NoReturn, TypeVar

from ftf_assets.contracts.errors import FtfError, Interrupted, RunError

Result = TypeVar("Result")
Event = TypeVar("Event")
Tell = Callable[[Event], None]
#: Entered once in each child; what it gives does one job after another.
Worker = Callable[[Tell[Event]], AbstractContextManager[Callable[[str], Result]]]

#: Seconds that a child whose parent is gone may take to end by itself.
_GRACE = 120.0
#: Seconds after which an interrupt that Python dropped is raised again.
_A_MOMENT = 0.01

_FORK = multiprocessing.get_context("fork")


class _KilledError(RunError):
    """A child ended without a word: it was killed, or left."""


@dataclass(frozen=True)
class _Told(Generic[Event]):
    event: Event


@dataclass(frozen=True)
class _Done(Generic[Result]):
    result: Result


@dataclass(eq=False)
class _Child:
    process: ForkProcess
    connection: Connection
    job: str = ""

    def give(self, job: str) -> None:
        self.job = job
        self.connection.send(job)


def run_side_by_side(
    jobs: Sequence[str], worker: Worker[Event, Result], *, children: int, on_event: Tell[Event]
) -> dict[str, Result]:
    """Do every job in one of several child processes, in the order in which they are named.

    Parameters
    ----------
    jobs
        Names of the jobs, each once.
    worker
        Called in every child with a function that tells the parent an event. Gives a context that holds while
        the child lives and does a job by its name. Events and results are pickled.
    children
        Processes at a time, at most.
    on_event
        Called in the parent's thread for every event.

    Returns
    -------
    dict
        Job to result, in the order of ``jobs``.

    Raises
    ------
    FtfError
        What the first job that failed raised; any other error of a job as a :class:`RunError`. The other
        children are interrupted first, and what they had finished stays finished.
    RunError
        A child that was killed, such as by a machine without memory. The others do the jobs that are left
        first: one crypto's end is not the sweep's.
    Interrupted
        SIGINT or SIGTERM came to the parent. The children have ended.
    """
    waiting, results, killed = deque(jobs), dict[str, Result](), dict[str, str]()
    with _interrupts_raise(), _forked(min(children, len(jobs)), worker) as team:
        for child in team:
            child.give(waiting.popleft())
        while busy := [child for child in team if child.job]:
            wait([end for child in busy for end in (child.connection, child.process.sentinel)])
            for child in busy:
                message: _Told[Event] | _Done[Result] | Exception | None = _next_message(child)
                if isinstance(message, _Told):
                    on_event(message.event)
                elif isinstance(message, _Done):
                    results[child.job], child.job = message.result, ""
                    if waiting:
                        child.give(waiting.popleft())
                elif isinstance(message, _KilledError):
                    killed[child.job], child.job = str(message), ""
                elif message is not None:
                    raise message
    if killed:
        # In the order of the jobs, not of the deaths: the same end of a run reads the same.
        told = {**killed, **{job: f"{job}: not begun, as no process was left" for job in waiting}}
        raise RunError(
            "; ".join(told[job] for job in jobs if job in told)
            + ". What is finished is kept; run it again to go on from it"
        )
    return {job: results[job] for job in jobs}


def _next_message(child: _Child) -> _Told[Event] | _Done[Result] | Exception | None:
    ended = not child.process.is_alive()
    try:
        # What a child sent before it ended is still in the pipe, so it is looked at after its life.
        if child.connection.poll():
            message: _Told[Event] | _Done[Result] | Exception = child.connection.recv()
            return message
    except (EOFError, OSError):
        child.process.join()
        ended = True
    return _killed(child) if ended else None


def _killed(child: _Child) -> _KilledError:
    code = child.process.exitcode or 0
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    memory = ", as a machine does that has no memory left: fewer --workers need less" if code == -9 else ""
    return _KilledError(f"{child.job}: its process {how}{memory}")


@contextmanager
def _forked(n_children: int, worker: Worker[Event, Result]) -> Iterator[list[_Child]]:
    team: list[_Child] = []
    # What is there before the fork is not looked through for garbage in every child, nor copied by that.
    gc.freeze()
    try:
        for _ in range(n_children):
            here, there = _FORK.Pipe()
            of_the_parent = [here, *(child.connection for child in team)]
            process = _FORK.Process(target=_serve, args=(there, of_the_parent, worker), daemon=True)
            process.start()
            there.close()
            team.append(_Child(process, here))
        yield team
    finally:
        gc.unfreeze()
        _end(team)


def _end(team: list[_Child]) -> None:
    """Interrupt the children and wait: a fit that runs comes to its end. A second interrupt kills them."""
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


def _serve(parent: Connection, of_the_parent: list[Connection], worker: Worker[Event, Result]) -> None:
    """Do the parent's jobs in a child until it is interrupted, or the parent is gone."""
    # A connection whose other end closes with something unread is reset; with nothing, it is at its end.
    with suppress(Interrupted, EOFError, ConnectionError):
        # A group of its own: Ctrl-C reaches the parent alone, which passes it on exactly once.
        os.setpgid(0, 0)
        # The parent's ends of the pipes came along with the fork; held open here, they would hide its end.
        for connection in of_the_parent:
            connection.close()
        threading.Thread(target=_end_with_parent, daemon=True).start()

        def tell(event: Event) -> None:
            parent.send(_Told(event))

        with worker(tell) as do:
            while True:
                parent.send(_attempt(do, parent.recv()))


def _attempt(do: Callable[[str], Result], job: str) -> _Done[Result] | Exception:
    try:
        return _Done(do(job))
    except (FtfError, Interrupted) as error:
        return error
    except Exception as error:  # noqa: BLE001  whatever a job raises is told to the parent, which stops
        return RunError(f"{job}: {type(error).__name__}: {error}")


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_GRACE)  # for the fits that run; then nobody is left who could end a child that hangs
        os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def _interrupts_raise() -> Iterator[None]:
    """Have SIGINT and SIGTERM raise :class:`Interrupted`, here and in the children forked from here.

    A signal that comes during a long call into C is handled at the next line of Python, which may be that
    of a destructor or of a weak reference's callback, as Pandera has one a frame. Python drops what is raised
    there and prints it; this one is raised once more, a moment later, by SIGALRM.
    """

    def interrupt(*_: object) -> NoReturn:
        raise Interrupted

    def not_to_be_lost(dropped: sys.UnraisableHookArgs) -> None:
        if issubclass(dropped.exc_type, Interrupted):
            signal.setitimer(signal.ITIMER_REAL, _A_MOMENT)
        else:
            print_dropped(dropped)

    handled = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    before = {number: signal.signal(number, interrupt) for number in handled}
    print_dropped, sys.unraisablehook = sys.unraisablehook, not_to_be_lost
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)  # SIGALRM would end a process that handles it no more
        sys.unraisablehook = print_dropped
        for number, handler in before.items():
            signal.signal(number, handler)
