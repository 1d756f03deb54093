"""Core tokens: concurrent runs of one home share the machine's cores instead of each taking all of them."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

#: Seconds after which the first in the queue looks again whether a token is free.
_PATIENCE = 0.004


def n_cores(workers: int) -> int:
    """Fits at a time: the setting ``workers``, else the cores that this process may use."""
    return workers or len(os.sched_getaffinity(0))


class CoreTokens:
    """As many tokens as cores, each a lock file: a fit holds one while it runs.

    The operating system gives a token back when its holder ends, however it ends: a killed run blocks nobody.

    The kernel can wait for one lock and not for any of several. So a fit waits for its turn first, asleep,
    and only the first in the queue looks at the tokens again and again. Were all to look, as locks with a
    timeout do, four that wait would take an eighth of a core from those that run.

    Parameters
    ----------
    folder
        Where the lock files lie; created.
    n_cores
        Number of tokens. Runs of one number of cores queue up behind one another.
    """

    def __init__(self, folder: Path, n_cores: int) -> None:
        self.folder = Path(folder)
        self.n_cores = n_cores
        self.folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Wait for a free token and hold it while the context lasts."""
        with ExitStack() as files:
            with self._lock_file(f"turn-of-{self.n_cores}") as turn:
                fcntl.flock(turn, fcntl.LOCK_EX)
                tokens = [files.enter_context(self._lock_file(f"core-{n}")) for n in range(self.n_cores)]
                held = _first_free(tokens)
                for token in tokens:
                    if token is not held:
                        token.close()
            yield

    def _lock_file(self, name: str) -> BinaryIO:
        return (self.folder / f"{name}.lock").open("ab")


def _first_free(tokens: Sequence[BinaryIO]) -> BinaryIO:
    while True:
        for token in tokens:
            try:
                fcntl.flock(token, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            return token
        time.sleep(_PATIENCE)
