"""What a fit's end becomes: a line in the Dagster log, and a step of whoever shows progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg

from ftf_assets.training.engine import FitEvent, OnEvent

Listener = Callable[[FitEvent], None]
_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have ``listener`` called at the end of every fit of this process while the context lasts."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def notify_listeners(event: FitEvent) -> None:
    """Call every listener with a fit that has ended."""
    for listener in _listeners:
        listener(event)


def report_fit(log: dg.DagsterLogManager) -> OnEvent:
    """Log failures loudly, tell the progress display of every fit."""

    def report(event: FitEvent) -> None:
        if event.kind == "failed":
            log.error(
                f"event=training_variant_error variant={event.name} crypto={event.crypto} fold={event.fold} "
                f"error={event.error}"
            )
        notify_listeners(event)

    return report
