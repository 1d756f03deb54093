"""Progress of a sweep in this process: fits end in a Dagster step, a display elsewhere hears of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ftf_assets.training.engine import FitEvent

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


def advance(event: FitEvent) -> None:
    """Tell the listeners that a fit has ended."""
    for listener in _listeners:
        listener(event)
