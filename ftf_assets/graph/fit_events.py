"""Log failed fits and cells in Dagster, and notify listeners, such as the progress display, of every fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from ftf_assets.training.fit_engine import FitEvent, OnEvent

if TYPE_CHECKING:
    import pandas as pd

Listener = Callable[[FitEvent], None]
_listeners: list[Listener] = []


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


def report_fit(log: dg.DagsterLogManager) -> OnEvent:
    """Make a function that logs failed fits as errors and notifies the listeners of every fit."""

    def report(event: FitEvent) -> None:
        if event.kind == "failed":
            log.error(
                f"event=training_variant_error variant={event.name} crypto={event.crypto} fold={event.fold} "
                f"error={event.error}"
            )
        notify_listeners(event)

    return report


def log_failed_cells(log: dg.DagsterLogManager, cells: pd.DataFrame) -> None:
    """Log an error for each failed row of ``finetune_results``."""
    for row in cells[cells["status"] == "training_failed"].itertuples():
        log.error(
            f"event=cell_failed variant={row.variant} crypto={row.crypto} fold={row.fold} "
            f"stage={row.error_stage} error={row.error_type}: {row.error_message}"
        )
