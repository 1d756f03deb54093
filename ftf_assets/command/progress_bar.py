"""Progress of a run: a bar on a terminal, a line for every tenth of the fits elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ftf_assets.graph.fit_events import Listener
from ftf_assets.training.fit_engine import FitEvent
from ftf_assets.training.fit_progress import FitProgress


@contextmanager
def show_progress(progress: FitProgress) -> Iterator[Listener]:
    """Show progress while the context lasts; gives the function to call with every fit that finishes.

    Dagster redirects the file descriptors of standard output and error while a step runs. The display
    therefore writes to a duplicate of standard error that is made before.
    """
    stream = os.fdopen(os.dup(2), "w")
    try:
        with _bar(stream, progress) if stream.isatty() else _lines(stream, progress) as listener:
            yield listener
    finally:
        stream.close()


@contextmanager
def _bar(stream: TextIO, progress: FitProgress) -> Iterator[Listener]:
    columns = (TextColumn("fits"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, TextColumn("{task.description}"), console=Console(file=stream))
    task = bar.add_task("", total=progress.n_fits)

    def draw(event: FitEvent) -> None:
        bar.start()  # at the first fit: its thread must not exist when the children are forked
        progress.count(event)
        bar.update(task, completed=progress.n_fits_ended, description=_describe(progress, event))

    try:
        yield draw
    finally:
        bar.stop()


@contextmanager
def _lines(stream: TextIO, progress: FitProgress) -> Iterator[Listener]:
    def tenths() -> int:
        return progress.n_fits_ended * 10 // max(progress.n_fits, 1)

    def write(event: FitEvent) -> None:
        before = tenths()
        progress.count(event)
        if tenths() > before:
            ended = f"{progress.n_fits_ended} of {progress.n_fits} fits"
            stream.write(f"{ended}, {_describe(progress, event)}\n")
            stream.flush()

    yield write


def _describe(progress: FitProgress, event: FitEvent) -> str:
    pace, left = progress.fits_per_second, progress.seconds_left
    failed = " FAILED" if event.kind == "failed" else ""
    return ", ".join(
        part
        for part in (
            f"{progress.n_cells_ended} of {progress.n_cells} cells" if progress.n_cells else "",
            "" if pace is None else f"{pace:.1f} fits/s",
            "" if left is None else f"{timedelta(seconds=round(left))} left",
            f"last {event.crypto} fold {event.fold} {event.name}{failed}",
        )
        if part
    )
