"""How many fits and cells have finished, at which pace, and how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from ftf_assets.training.fit_engine import FitEvent


class FitProgress:
    """Count of finished fits and cells, with the pace of this run.

    Count in one thread.

    Parameters
    ----------
    n_fits
        Number of different fits that are planned. Some belong to no cell: out-of-fold models and tuning
        trials.
    cells
        For each cell, the keys of its fits.
    done
        Keys of the fits that an earlier run finished.
    clock
        Monotonic clock, in seconds.
    """

    def __init__(
        self,
        n_fits: int,
        cells: Sequence[Collection[str]] = (),
        done: Collection[str] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.n_fits = n_fits
        self.n_cells = len(cells)
        self.n_reused = len(done)
        self._ended = set(done)
        self._cells = [set(cell) - self._ended for cell in cells]
        self._clock = clock
        self._begin = clock()
        self._made = 0

    @property
    def n_fits_ended(self) -> int:
        """Fits that have finished or failed, in this run or an earlier one."""
        return len(self._ended)

    @property
    def n_made(self) -> int:
        """Fits that have finished or failed in this run."""
        return self._made

    @property
    def n_cells_ended(self) -> int:
        """Cells all of whose fits have finished or failed."""
        return sum(not left for left in self._cells)

    @property
    def fits_per_second(self) -> float | None:
        """Fits made by this run, per second since it began; None before the first."""
        passed = self._clock() - self._begin
        return self._made / passed if self._made and passed > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Time that the remaining fits take at this run's pace; None before its first fit."""
        pace = self.fits_per_second
        return max(self.n_fits - self.n_fits_ended, 0) / pace if pace else None

    def count(self, event: FitEvent) -> None:
        """Count a fit that has finished or failed; counting it twice changes nothing."""
        if event.key in self._ended:
            return
        self._ended.add(event.key)
        self._made += event.kind != "reused"
        for left in self._cells:
            left.discard(event.key)
