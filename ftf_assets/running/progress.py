"""How many fits and cells of a sweep have finished, and the time that the rest will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from ftf_assets.storage.fit_store import FolderFitStore
from ftf_assets.storage.home import Home
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training.engine import FitEvent


class SweepProgress:
    """How far a sweep is.

    Parameters
    ----------
    n_fits
        All fits, each once; those of out-of-fold models and trials are no cell's.
    cells
        Keys of the fits of each cell.
    done
        Keys of the fits that an earlier run has finished.
    clock
        Seconds, never backwards.
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
        """Fits that are done, of this run or an earlier one, or have failed."""
        return len(self._ended)

    @property
    def n_cells_ended(self) -> int:
        """Cells whose every fit has ended."""
        return sum(not left for left in self._cells)

    @property
    def fits_per_second(self) -> float | None:
        """Fits that this run made, by the time since it began; None before the first."""
        passed = self._clock() - self._begin
        return self._made / passed if self._made and passed > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Time for the fits that are left at this run's pace; None before the first."""
        pace = self.fits_per_second
        return (self.n_fits - self.n_fits_ended) / pace if pace else None

    def count(self, event: FitEvent) -> None:
        """Count a fit's end; one that was counted before changes nothing."""
        if event.key in self._ended:
            return
        self._ended.add(event.key)
        self._made += event.kind != "reused"
        for left in self._cells:
            left.discard(event.key)


def sweep_progress(sweep: Sweep, home: Home) -> SweepProgress:
    """Open the count of a sweep's fits and cells, those that the home has finished counted already."""
    store, cells, fits = FolderFitStore(home.fits), [], []
    for crypto in sweep.cryptos:
        plan = sweep.plan(crypto)
        fits += plan.fit_keys()
        cells += [plan.cell_fit_keys(fold, v) for fold in range(plan.n_folds) for v in plan.variants]
    return SweepProgress(len(fits), cells, [key for key in fits if key in store])
