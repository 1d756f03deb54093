"""Core tokens: the runs of a machine share its cores instead of each taking all of them."""

from __future__ import annotations

import fcntl
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from ftf_assets.storage.cpu_limit import limited_cores
from ftf_assets.storage.machine_folder import machine_folder

#: The kernel can wait for one lock, not for any of several: of the fits that wait, the first one polls them.
_SECONDS_BETWEEN_POLLS = 0.004


def n_cores(workers: int | None) -> int:
    """Number of cores that fits take at a time: the setting ``run.workers``, or all that are available.

    Those are the cores that this process may use, and no more than its container's CPU limit, rounded up.
    """
    return workers or math.ceil(min(len(os.sched_getaffinity(0)), limited_cores()))


def n_idle_cores() -> int:
    """Number of cores that no program uses at the moment, by the kernel's count of runnable threads."""
    n_runnable = int(Path("/proc/loadavg").read_text().split()[3].split("/")[0])
    return max((os.cpu_count() or 1) - n_runnable, 0)


class CoreTokens:
    """One lock file per core of the machine: a fit holds as many of them as it has threads while it runs.

    They belong to the machine and the user, not to the home: two homes on one machine share its cores, and a
    home on a shared disk limits no other machine. The operating system releases a token when its holder ends,
    so a killed run blocks nobody. Nobody waits for a second token, so no two fits wait for each other.

    Fits with the same limit wait in a queue, a lock that the kernel blocks on, because polling costs time of
    a core: 26 ms a second for four fits that all polled two cores, and more with the square of the cores.
    Fits with another limit have another queue, since a core that is free for them may not be free for those
    before them.

    Parameters
    ----------
    n_cores
        Number of tokens, the first ones of the machine: a limit for all runs that give this number or less
        together, not a share for each of them.
    """

    def __init__(self, n_cores: int) -> None:
        self.n_cores = n_cores

    @contextmanager
    def hold(self, share: Callable[[int], int] = lambda _n_free: 1) -> Iterator[int]:
        """Wait for a free token, hold it while the context lasts, and return how many are held.

        Parameters
        ----------
        share
            From the number of tokens that are free, at least 1, to how many of them to hold. Cores that other
            programs use are not free for a second thread.
        """
        folder = machine_folder("cores")
        with ExitStack() as files:
            tokens = [
                files.enter_context((folder / f"core-{number}.lock").open("ab"))
                for number in range(self.n_cores)
            ]
            with (folder / f"queue-{self.n_cores}.lock").open("ab") as queue:
                fcntl.flock(queue, fcntl.LOCK_EX)
                held = [_first_free(tokens)]
            if share(self.n_cores) > 1:
                # Fits of other processes that wait see a free token by now.
                time.sleep(2 * _SECONDS_BETWEEN_POLLS)
                idle = [token for token in tokens if token not in held and _lock(token)]
                held += idle[: n_idle_cores()]
            n_held = min(max(share(len(held)), 1), len(held))
            for token in tokens:
                if token not in held[:n_held]:
                    token.close()
            yield n_held


def _first_free(tokens: Sequence[BinaryIO]) -> BinaryIO:
    while True:
        for token in tokens:
            if _lock(token):
                return token
        time.sleep(_SECONDS_BETWEEN_POLLS)


def _lock(token: BinaryIO) -> bool:
    try:
        fcntl.flock(token, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
