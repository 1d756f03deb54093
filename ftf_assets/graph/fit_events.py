"""Log progress, failed fits and failed cells in Dagster, and notify listeners of every fit."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from ftf_assets.training.fit_engine import FitEvent
from ftf_assets.training.fit_progress import FitProgress

if TYPE_CHECKING:
    import pandas as pd

Listener = Callable[[FitEvent], None]
_listeners: list[Listener] = []
#: Seconds between two lines of progress while fits end.
_SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call ``listener`` with every fit that finishes in this process while the context lasts."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def notify_listeners(event: FitEvent) -> None:
    """Call every listener with a finished fit."""
    for listener in _listeners:
        listener(event)


@dataclass(frozen=True)
class FitsFinished:
    """A progress line of a run in Dagster's log: how many of its fits have ended.

    Attributes
    ----------
    crypto, fold, name
        The fit that ended last, as in :class:`~ftf_assets.training.fit_engine.FitEvent`.
    ended, of
        Planned fits that have ended, in this run or an earlier one, and all planned ones.
    made
        Fits that have ended in this run, or in this step where each step is a process.
    per_second, seconds_left
        The pace of this run, and how long the rest takes at this pace; None before the first fit.
    """

    crypto: str
    fold: int
    name: str
    ended: int
    of: int
    made: int
    per_second: float | None = None
    seconds_left: float | None = None

    def __str__(self) -> str:
        """Write the line."""
        percent = 100 * self.ended // max(self.of, 1)
        pace = "unknown" if self.per_second is None else f"{self.per_second:.2g}"
        left = "unknown" if self.seconds_left is None else str(math.ceil(self.seconds_left))
        return (
            f"event=fits_finished crypto={self.crypto} ended={self.ended} of={self.of} percent={percent} "
            f"made={self.made} per_second={pace} seconds_left={left} last_fold={self.fold} last={self.name}"
        )

    @classmethod
    def read(cls, line: str) -> FitsFinished | None:
        """Read a line of Dagster's log, without its pace; None if it is another one.

        Examples
        --------
        >>> line = str(FitsFinished("OPUSDC", 0, "mild", ended=12, of=48, made=9, per_second=1.5))
        >>> found = FitsFinished.read(line)
        >>> found.name, found.ended, found.of
        ('mild', 12, 48)
        """
        found = _FITS_FINISHED.search(line)
        if found is None:
            return None
        return cls(found[1], int(found[5]), found[6], int(found[2]), int(found[3]), int(found[4]))


_FITS_FINISHED = re.compile(
    r"event=fits_finished crypto=(\w+) ended=(\d+) of=(\d+) percent=\d+ made=(\d+) per_second=\S+ "
    r"seconds_left=\S+ last_fold=(-?\d+) last=(.*)"
)


class FitReport:
    """Reports the fits of a run: failures and progress in Dagster's log, and every fit to the listeners.

    Progress is logged at the first fit and at the last, every five seconds between them, and every ten
    seconds while none ends: an event costs Dagster some milliseconds, and a run makes hundreds of fits.

    Parameters
    ----------
    crypto
        The partition.
    progress
        Counts the run's fits over all of its steps.
    clock
        Monotonic clock, in seconds.
    """

    def __init__(
        self, crypto: str, progress: FitProgress, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._crypto, self._progress, self._clock = crypto, progress, clock
        self._next_line = 0.0
        self._last: FitEvent | None = None

    def on_event(self, log: dg.DagsterLogManager, event: FitEvent) -> None:
        """Take in a fit that has ended."""
        if event.kind == "failed":
            log.error(
                f"event=training_variant_error variant={event.name} crypto={event.crypto} fold={event.fold} "
                f"error={event.error}"
            )
        self._progress.count(event)
        if event.kind != "reused":
            self._last = event
            if self._clock() >= self._next_line or self._progress.n_fits_ended == self._progress.n_fits:
                self.on_wait(log)
        notify_listeners(event)

    def on_wait(self, log: dg.DagsterLogManager) -> None:
        """Log how far the fits are."""
        self._next_line = self._clock() + _SECONDS_BETWEEN_LINES
        fold, name = (0, "none") if self._last is None else (self._last.fold, self._last.name)
        progress = self._progress
        line = FitsFinished(
            self._crypto,
            fold,
            name,
            ended=progress.n_fits_ended,
            of=progress.n_fits,
            made=progress.n_made,
            per_second=progress.fits_per_second,
            seconds_left=progress.seconds_left,
        )
        log.info(str(line))


def log_failed_cells(log: dg.DagsterLogManager, cells: pd.DataFrame) -> None:
    """Log an error for each failed row of ``finetune_results``."""
    for row in cells[cells["status"] == "training_failed"].itertuples():
        log.error(
            f"event=cell_failed variant={row.variant} crypto={row.crypto} fold={row.fold} "
            f"stage={row.error_stage} error={row.error_type}: {row.error_message}"
        )
