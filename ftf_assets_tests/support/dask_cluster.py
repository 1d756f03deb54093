"""A real Dask scheduler and workers, processes of their own on loopback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import ftf_assets

#: Seconds after which a process that has not started is a failure.
PATIENCE = 60.0
REPOSITORY = Path(ftf_assets.__file__).parents[1]


@dataclass
class LocalDask:
    """A scheduler, its address as ``--fits`` takes it, and its workers."""

    folder: Path
    address: str = ""
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self, *, threads: int = 1, environment: dict[str, str] | None = None) -> None:
        """Start a worker; returns before it has joined."""
        place = self.address.replace("dask://", "tcp://")
        options = (place, "--nthreads", str(threads), "--no-nanny", "--local-directory", str(self.folder))
        name = f"worker-{len(self.workers)}"
        self.workers.append(self._start(name, "dask_worker", *options, environment=environment))

    def kill_worker(self, number: int) -> None:
        """Kill a worker as a power cut would."""
        self.workers[number].kill()
        self.workers[number].wait()

    def log(self, name: str) -> str:
        """What a process has printed so far, such as ``worker-0``."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def start_scheduler(self, port: int = 0) -> None:
        """Start the scheduler and wait until it listens."""
        self.scheduler = self._start("scheduler", "dask_scheduler", "--port", str(port))
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(r"Scheduler at:\s+tcp://(\S+)", self.log("scheduler"))):
            assert self.scheduler.poll() is None, self.log("scheduler")
            assert time.monotonic() < deadline, "the scheduler did not start"
            time.sleep(0.02)
        self.address = f"dask://{found[1]}"

    def end(self) -> None:
        """End all processes."""
        for process in (*self.workers, self.scheduler):
            if process is not None:
                process.kill()
                process.wait()

    def _start(
        self, name: str, program: str, *options: str, environment: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        more = ("--host", "127.0.0.1", "--no-dashboard")
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{program}", *options, *more],
                env={**os.environ, "PYTHONPATH": str(REPOSITORY), **(environment or {})},
                stdout=log,
                stderr=subprocess.STDOUT,
            )


@contextmanager
def local_dask(folder: Path, n_workers: int, *, threads: int = 1) -> Iterator[LocalDask]:
    """Start a scheduler and workers that end with the context."""
    folder.mkdir(parents=True, exist_ok=True)
    dask = LocalDask(folder)
    try:
        dask.start_scheduler()
        for _ in range(n_workers):
            dask.start_worker(threads=threads)
        yield dask
    finally:
        dask.end()
