"""SIGINT and SIGTERM as an exception, so that a run ends in order and keeps its finished fits."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from ftf_assets.contracts.errors import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)

#: Seconds after which an interrupt that Python dropped is raised again.
_SECONDS_UNTIL_RAISED_AGAIN = 0.01


@contextmanager
def interrupts_raise() -> Iterator[None]:
    """Raise :class:`~ftf_assets.contracts.errors.Interrupted` on SIGINT and SIGTERM while the context lasts.

    Processes that are forked inside the context raise it too. Handlers are put back at the end.

    Only the main thread of a process may handle signals. In another one nothing changes: who interrupts then
    is the main thread's business.

    Python handles a signal that arrives during a long call into C at the next line of Python. That line may
    belong to a destructor or to the callback of a weak reference (Pandera has one for each data frame), where
    Python prints an exception and drops it. Such a dropped interrupt is raised once more by SIGALRM.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> NoReturn:
        raise Interrupted

    def raise_again(dropped: sys.UnraisableHookArgs) -> None:
        if issubclass(dropped.exc_type, Interrupted):
            signal.setitimer(signal.ITIMER_REAL, _SECONDS_UNTIL_RAISED_AGAIN)
        else:
            print_dropped(dropped)

    before = {number: signal.signal(number, interrupt) for number in _SIGNALS}
    print_dropped, sys.unraisablehook = sys.unraisablehook, raise_again
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)  # a SIGALRM without a handler would end the process
        sys.unraisablehook = print_dropped
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Let interrupts wait while the context lasts, and until :func:`receive_interrupts` in its forks.

    A fork that is interrupted before it begins its own work would raise in its copy of the parent's frames,
    and run the parent's code from there on.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def receive_interrupts() -> None:
    """Raise the interrupts that have waited since :func:`interrupts_wait`, and those that come."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
