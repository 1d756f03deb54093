"""The ``ftf`` command in a process of its own that can be killed anywhere, without the cost of its imports.

The processes come from one fork server that has imported everything. A kill at a random moment therefore
strikes the sweep and not the import of a library.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from ftf_assets_tests.support.pictures import draw_nothing

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["ftf_assets_tests.support.preloaded", "pytest"])

#: Seconds after which a child that should have ended is a failure; far more than any of them takes.
PATIENCE = 600.0

Prepare = Callable[[], None]


@dataclass(frozen=True, eq=False)
class FtfProcess:
    """An ``ftf`` command that runs in a child process, its output in two files."""

    process: Any
    out: Path
    err: Path

    def kill(self) -> None:
        """Kill it and its children as a power cut would: no handler runs, nothing is flushed."""
        if self.process.pid is not None and self.process.is_alive():
            command = psutil.Process(self.process.pid)
            command.suspend()  # so that it starts no child meanwhile
            for process in (*command.children(recursive=True), command):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        self.process.join(PATIENCE)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the command alone, as a terminal or a service manager does."""
        os.kill(self.process.pid, number)

    def wait_until_it_says(self, text: str) -> None:
        """Wait until its standard error holds a text."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.stderr:
            assert self.process.is_alive(), f"ended without {text!r}: {self.stderr}"
            assert time.monotonic() < deadline, f"waited {PATIENCE:g} s for {text!r}: {self.stderr}"
            time.sleep(0.01)

    def wait(self) -> int:
        """Wait until it ends and return its exit code; minus the signal's number where it was killed."""
        self.process.join(PATIENCE)
        assert self.process.exitcode is not None, f"still running after {PATIENCE:g} s: {self.stderr}"
        return int(self.process.exitcode)

    @property
    def stdout(self) -> str:
        """What it has printed so far; "" where it has not come that far."""
        return self.out.read_text(encoding="utf-8") if self.out.exists() else ""

    @property
    def stderr(self) -> str:
        """What it has printed to standard error so far."""
        return self.err.read_text(encoding="utf-8") if self.err.exists() else ""


def start_ftf(
    arguments: Iterable[str], logs: Path, *, prepare: Prepare | None = None, pictures: bool = False
) -> FtfProcess:
    """Start ``ftf`` with ``arguments``.

    Parameters
    ----------
    arguments
        As on the command line.
    logs
        Folder for what it prints; created.
    prepare
        Called first in the new process, to plant a fault there. It must be importable by name.
    pictures
        Whether the command draws its pictures; most tests look at none.
    """
    logs.mkdir(parents=True, exist_ok=True)
    name = f"{time.time_ns()}"
    out, err = logs / f"{name}.out", logs / f"{name}.err"
    process = PROCESSES.Process(target=_ftf, args=(list(arguments), out, err, prepare, pictures))
    process.start()
    return FtfProcess(process, out, err)


def run_ftf(
    arguments: Iterable[str], logs: Path, *, prepare: Prepare | None = None, pictures: bool = False
) -> FtfProcess:
    """Run ``ftf`` until it ends."""
    command = start_ftf(arguments, logs, prepare=prepare, pictures=pictures)
    command.wait()
    return command


def run_together(target: Callable[..., None], arguments: Iterable[tuple[Any, ...]]) -> list[int]:
    """Run one function in a process for each of the argument tuples, all at once; return their exit codes."""
    children = [PROCESSES.Process(target=target, args=each) for each in arguments]
    for child in children:
        child.start()
    for child in children:
        child.join(PATIENCE)
    return [child.exitcode for child in children]


def wait_for(path: Path) -> None:
    """Wait until a file exists."""
    deadline = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} did not appear"
        time.sleep(0.01)


def _ftf(arguments: list[str], out: Path, err: Path, prepare: Prepare | None, pictures: bool) -> None:
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND), number)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    for name in ("FTF_HOME", "DAGSTER_HOME"):
        os.environ.pop(name, None)
    if not pictures:
        draw_nothing(pytest.MonkeyPatch())
    if prepare is not None:
        prepare()
    from ftf_assets.command.main import main

    sys.argv = ["ftf", *arguments]
    main()
