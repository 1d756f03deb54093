"""Child processes in fresh interpreters, which inherit nothing of their parent: no thread, lock or open GPU.

``multiprocessing`` would import the parent's main module in the child. A notebook has none, and a script
without a guard would run again, so the child imports this package instead.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection

#: Run by the new interpreter: it takes its import path from the parent before it imports this package.
_START = """
import sys
from multiprocessing.connection import Connection
connection = Connection(int(sys.argv[1]))
sys.path[:] = connection.recv()
from ftf_assets.running.fresh_processes import _begin
_begin(connection, int(sys.argv[2]), int(sys.argv[3]))
"""

#: What a child runs: its connection to the parent, and a function that waits until the parent is gone.
Serve = Callable[..., None]


@dataclass(eq=False)
class FreshProcess:
    """A child in a fresh interpreter, with the methods of a process of ``multiprocessing``.

    Attributes
    ----------
    process
        The interpreter.
    sentinel
        File descriptor that becomes readable when the child ends.
    """

    process: subprocess.Popen[bytes]
    sentinel: int
    _held: int

    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    @property
    def exitcode(self) -> int | None:
        """Its exit code, minus the signal that killed it, or None while it runs."""
        return self.process.poll()

    def terminate(self) -> None:
        """Interrupt it."""
        self.process.terminate()

    def kill(self) -> None:
        """Kill it."""
        self.process.kill()

    def join(self) -> None:
        """Wait until it has ended."""
        self.process.wait()
        for end in (self.sentinel, self._held):
            if end >= 0:
                os.close(end)
        self.sentinel = self._held = -1


def start_fresh(serve: Serve, *arguments: object) -> tuple[FreshProcess, Connection]:
    """Start a fresh interpreter that calls ``serve(connection, wait_for_parent, *arguments)``.

    Parameters
    ----------
    serve, arguments
        Pickled, so ``serve`` must be importable by name.

    Returns
    -------
    tuple
        The process, and the parent's end of its connection.
    """
    call = pickle.dumps((gc.get_threshold(), serve, arguments))  # before there is a child that waits for it
    here, there = Pipe()
    # Each side holds the only open end of a pipe; the other side sees it close when its holder ends.
    parent_lives, held_by_parent = os.pipe()
    child_lives, held_by_child = os.pipe()
    passed = (there.fileno(), parent_lives, held_by_child)
    process = subprocess.Popen(  # noqa: S603  our own interpreter and code
        [sys.executable, "-c", _START, *map(str, passed)],
        pass_fds=passed,
        stdin=subprocess.DEVNULL,
        process_group=0,  # Ctrl-C reaches only the parent, which interrupts each child once
    )
    there.close()
    os.close(parent_lives)
    os.close(held_by_child)
    with suppress(ConnectionError):  # a child that has ended already shows it by its sentinel
        here.send(sys.path)
        here.send_bytes(call)
    return FreshProcess(process, child_lives, held_by_parent), here


def _begin(connection: Connection, parent_lives: int, held_by_child: int) -> None:
    for inherited in (connection.fileno(), parent_lives, held_by_child):
        os.set_inheritable(inherited, False)
    threshold, serve, arguments = connection.recv()
    gc.set_threshold(*threshold)
    # Deprecations in libraries concern developers, as in the command.
    warnings.simplefilter("ignore", FutureWarning)
    serve(connection, lambda: os.read(parent_lives, 1), *arguments)
