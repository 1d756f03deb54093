"""Core tokens: concurrent runs of one home share the machine's cores instead of each taking all of them."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

#: The kernel can wait for one lock, not for any of several, so a waiting fit polls all of them.
_SECONDS_BETWEEN_POLLS = 0.004


def n_cores(workers: int | None) -> int:
    """Number of fits to run at a time: the setting ``run.workers``, or one per available core."""
    return workers or len(os.sched_getaffinity(0))


class CoreTokens:
    """One lock file per core: a fit holds one of them while it runs.

    The operating system releases a token when its holder ends, so a killed run blocks nobody.

    Parameters
    ----------
    folder
        Folder of the lock files; created where it is missing.
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
        with ExitStack() as files:
            tokens = [files.enter_context(self._lock_file(number)) for number in range(self.n_cores)]
            held = _first_free(tokens)
            for token in tokens:
                if token is not held:
                    token.close()
            yield

    def _lock_file(self, number: int) -> BinaryIO:
        return (self.folder / f"core-{number}.lock").open("ab")


def _first_free(tokens: Sequence[BinaryIO]) -> BinaryIO:
    while True:
        for token in tokens:
            try:
                fcntl.flock(token, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            return token
        time.sleep(_SECONDS_BETWEEN_POLLS)
