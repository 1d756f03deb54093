"""What the command shows: a progress bar, tables, one-line messages."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from ftf_assets.progress import Listener
from ftf_assets.training.engine import FitEvent

LEADERBOARD_COLUMNS = {
    "variant": "variant",
    "n_cells": "cells",
    "n_failed": "failed",
    "f1_buy": "f1 BUY",
    "f1_always_buy": "f1 always BUY",
    "predicted_buy_rate": "says BUY",
    "average_precision": "avg precision",
    "roc_auc": "ROC AUC",
    "log_loss": "log loss",
    "ece_debiased": "ECE debiased",
    "n_trades": "trades",
    "expectancy_net": "net bps/trade",
    "sortino": "Sortino",
}


@contextmanager
def fit_progress(n_fits: int) -> Iterator[Listener]:
    """Show how many of ``n_fits`` fits are done: a bar on a terminal, a line every tenth elsewhere.

    Dagster redirects the file descriptors of standard output and error while a step runs, so the display
    draws on a duplicate of standard error that is taken before.
    """
    stream = os.fdopen(os.dup(2), "w")
    seen: set[str] = set()
    try:
        if stream.isatty():
            with _bar(stream) as bar:
                task = bar.add_task("", total=n_fits)

                def draw(event: FitEvent) -> None:
                    seen.add(event.key)
                    bar.update(task, completed=len(seen), description=_describe(event))

                yield draw
        else:

            def write(event: FitEvent) -> None:
                before = len(seen) * 10 // max(n_fits, 1)
                seen.add(event.key)
                if len(seen) * 10 // max(n_fits, 1) > before:
                    stream.write(f"{len(seen)} of {n_fits} fits, {_describe(event)}\n")
                    stream.flush()

            yield write
    finally:
        stream.close()


def leaderboard_table(leaderboard: pd.DataFrame, title: str) -> Table:
    """Lay out a sweep's leaderboard: a variant a line, best mean f1 of BUY first."""
    table = Table(title=title, title_justify="left", title_style="bold")
    shown = {column: label for column, label in LEADERBOARD_COLUMNS.items() if column in leaderboard}
    for column, label in shown.items():
        table.add_column(label, justify="left" if column == "variant" else "right")
    for record in leaderboard.to_dict("records"):
        table.add_row(*(_text(column, record[column]) for column in shown))
    return table


def baseline_in_words(leaderboard: pd.DataFrame) -> list[str]:
    """Say aloud what the baseline is worth: how often it says BUY, and what always saying BUY would score."""
    baseline = leaderboard[leaderboard["variant"] == "baseline"].dropna(subset=["f1_buy"])
    return [
        f"The baseline says BUY on {row.predicted_buy_rate:.0%} of test bars; its f1 {row.f1_buy:.3f} "
        f"compares with {row.f1_always_buy:.3f} for always saying BUY."
        for row in baseline.itertuples()
    ]


def plain_table(frame: pd.DataFrame, title: str) -> Table:
    """Lay out any frame."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in frame.columns:
        table.add_column(str(column))
    for record in frame.to_dict("records"):
        table.add_row(*(_text(str(column), value) for column, value in record.items()))
    return table


def stdout() -> Console:
    """Open standard output; a file or pipe gets wide, plain lines."""
    return Console(width=None if sys.stdout.isatty() else 160)


def _bar(stream: object) -> Progress:
    return Progress(
        TextColumn("fits"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
        console=Console(file=stream),  # type: ignore[arg-type]
    )


def _describe(event: FitEvent) -> str:
    return f"{event.crypto} fold {event.fold} {event.name}" + (" FAILED" if event.kind == "failed" else "")


def _text(column: str, value: object) -> str:
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return "-"
    if isinstance(value, float):
        return f"{value:.1f}" if column == "expectancy_net" else f"{value:.4f}"
    return str(value)
