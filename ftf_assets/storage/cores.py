"""Core tokens: concurrent runs of one home share the machine's cores instead of each taking all of them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

#: Seconds to wait for one token before the next is tried.
_PATIENCE = 0.02


def n_cores(workers: int) -> int:
    """Fits at a time: the setting ``workers``, else the cores that this process may use."""
    return workers or len(os.sched_getaffinity(0))


class CoreTokens:
    """As many tokens as cores, each a lock file: a fit holds one while it runs.

    The operating system gives a token back when its holder ends, however it ends: a killed run blocks nobody.

    Parameters
    ----------
    folder
        Where the lock files lie; created.
    n_cores
        Number of tokens.
    """

    def __init__(self, folder: Path, n_cores: int) -> None:
        self.folder = Path(folder)
        self.n_cores = n_cores
        self.folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Wait for a free token and hold it while the context lasts."""
        for attempt in itertools.count():
            lock = FileLock(self.folder / f"core-{attempt % self.n_cores}.lock")
            try:
                lock.acquire(timeout=0 if attempt < self.n_cores else _PATIENCE, poll_interval=_PATIENCE / 2)
            except Timeout:
                continue
            try:
                yield
            finally:
                lock.release()
            return
