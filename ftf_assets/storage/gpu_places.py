"""Places on a GPU: how many fits run there at a time, over all runs of a machine, by number and by memory."""

from __future__ import annotations

import fcntl
import math
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from ftf_assets.storage.machine_folder import machine_folder

#: Share of a GPU's memory that running fits may fill. The rest holds the bins that wait for the next fit, and
#: what each process takes for itself.
SHARE_FOR_FITS = 0.6

#: Places of a GPU. Runs with other numbers of fits at a time share them, so their number is none of a run's.
N_PLACES = 64

#: Values that one thread copies in about a tenth of a second.
_VALUES_PER_THREAD = 10_000_000

#: The kernel can wait for one lock, not for any of several.
_SECONDS_BETWEEN_POLLS = 0.002


class GpuPlaces:
    """One lock file per place: a fit holds as many places as its memory is worth, at least its share of them.

    They belong to the machine and the user, like its cores. The operating system gives a place back when its
    holder ends, so a killed run blocks nobody. A fit that waits for several places takes each as it comes
    free. Only one fit at a time waits so, hence no two wait for each other.

    Parameters
    ----------
    gpu
        Name of the GPU on this machine, one plain word.
    n_fits
        Fits at a time.
    total_bytes
        Memory of the GPU.
    n_cores
        Cores that the fits share.
    """

    def __init__(self, gpu: str, n_fits: int, total_bytes: int, n_cores: int) -> None:
        self.gpu = gpu
        self.n_fits = n_fits
        self.bytes_per_place = SHARE_FOR_FITS * total_bytes / N_PLACES
        self.n_cores = n_cores

    def threads(self, n_values: int) -> int:
        """Return how many threads of the CPU a fit on so many values takes to copy them.

        Its share of the cores; a large fit, which copies for longer than it computes, takes more.
        """
        return min(self.n_cores, max(1, self.n_cores // self.n_fits, n_values // _VALUES_PER_THREAD))

    def hold(self, n_bytes: int) -> AbstractContextManager[None]:
        """Wait for the places that a fit of so many bytes takes, and hold them while the context lasts."""
        needed = math.ceil(n_bytes / self.bytes_per_place)
        return self._hold(min(max(needed, N_PLACES // self.n_fits), N_PLACES))

    def alone(self) -> AbstractContextManager[None]:
        """Wait until no other fit runs on the GPU, and let none begin while the context lasts."""
        return self._hold(N_PLACES)

    @contextmanager
    def _hold(self, n_places: int) -> Iterator[None]:
        folder = machine_folder(f"gpu-{self.gpu}")
        with ExitStack() as files:
            with _lock_file(folder, "turn") as turn:
                while not _lock(turn):
                    time.sleep(_SECONDS_BETWEEN_POLLS)
                waiting = [files.enter_context(_lock_file(folder, f"place-{n}")) for n in range(N_PLACES)]
                n_held = 0
                while n_held < n_places:
                    if locked := next((place for place in waiting if _lock(place)), None):
                        waiting.remove(locked)
                        n_held += 1
                    else:
                        time.sleep(_SECONDS_BETWEEN_POLLS)
                for place in waiting:
                    place.close()
            yield


def _lock_file(folder: Path, name: str) -> BinaryIO:
    return (folder / f"{name}.lock").open("ab")


def _lock(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
