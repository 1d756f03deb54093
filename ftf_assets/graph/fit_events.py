"""Log progress, failed fits and failed cells in Dagster, and notify listeners of every fit."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from ftf_assets.training.fit_engine import FitEvent, OnEvent

if TYPE_CHECKING:
    import pandas as pd

Listener = Callable[[FitEvent], None]
_listeners: list[Listener] = []
#: Seconds between two lines of progress of a step.
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
    """A progress line of a step in Dagster's log: how many fits the step has made so far.

    Attributes
    ----------
    crypto, fold, name
        The fit that finished last, as in :class:`~ftf_assets.training.fit_engine.FitEvent`.
    made
        Fits that the step has made or failed; fits that it found finished do not count.
    """

    crypto: str
    fold: int
    name: str
    made: int

    def __str__(self) -> str:
        """Write the line."""
        last = f"last_fold={self.fold} last={self.name}"
        return f"event=fits_finished crypto={self.crypto} made={self.made} {last}"

    @classmethod
    def read(cls, line: str) -> FitsFinished | None:
        """Read a line of Dagster's log; None if it is another one.

        Examples
        --------
        >>> FitsFinished.read("event=fits_finished crypto=OPUSDC made=12 last_fold=0 last=mild").made
        12
        """
        found = _FITS_FINISHED.search(line)
        return None if found is None else cls(found[1], int(found[3]), found[4], int(found[2]))


_FITS_FINISHED = re.compile(r"event=fits_finished crypto=(\w+) made=(\d+) last_fold=(-?\d+) last=(.*)")


def report_fit(log: dg.DagsterLogManager, *, clock: Callable[[], float] = time.monotonic) -> OnEvent:
    """Make a function that logs failed fits and progress, and notifies the listeners of every fit.

    Progress is logged at the first fit and then at most every five seconds: an event costs Dagster some
    milliseconds, and a step makes hundreds of fits.
    """
    made, next_line = 0, 0.0
    turn = threading.Lock()

    def report(event: FitEvent) -> None:
        nonlocal made, next_line
        if event.kind == "failed":
            log.error(
                f"event=training_variant_error variant={event.name} crypto={event.crypto} fold={event.fold} "
                f"error={event.error}"
            )
        with turn:
            made += event.kind != "reused"
            due = event.kind != "reused" and clock() >= next_line
            if due:
                next_line = clock() + _SECONDS_BETWEEN_LINES
        if due:
            log.info(str(FitsFinished(event.crypto, event.fold, event.name, made)))
        notify_listeners(event)

    return report


def log_failed_cells(log: dg.DagsterLogManager, cells: pd.DataFrame) -> None:
    """Log an error for each failed row of ``finetune_results``."""
    for row in cells[cells["status"] == "training_failed"].itertuples():
        log.error(
            f"event=cell_failed variant={row.variant} crypto={row.crypto} fold={row.fold} "
            f"stage={row.error_stage} error={row.error_type}: {row.error_message}"
        )
