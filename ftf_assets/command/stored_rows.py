"""Rows of the results store, by the id of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pandas as pd

    from ftf_assets.storage.results_store import ResultsStore


def rows_of_sweep(store: ResultsStore, sweep_id: str | None) -> pd.DataFrame:
    """Read the rows of a sweep; None takes the sweep that wrote last.

    Raises
    ------
    click.UsageError
        A sweep without rows; the message names the sweeps that have some.
    StoreError
        A store that cannot be read.
    """
    rows = store.read(sweep_id or store.latest_sweep_id())
    if rows.empty:
        raise click.UsageError(
            f"no rows of sweep {sweep_id!r}; stored sweeps: {', '.join(store.sweeps()['sweep_id'])}"
        )
    return rows


def refuse_others(rows: pd.DataFrame, column: str, wanted: Sequence[str]) -> None:
    """Refuse values that no row of a sweep has.

    Raises
    ------
    click.UsageError
        The message names the value and those that there are.
    """
    known = rows[column].unique().tolist()
    for value in wanted:
        if value not in known:
            raise click.UsageError(
                f"no rows of {column} {value!r} in this sweep (allowed: {', '.join(known)})"
            )


def only(rows: pd.DataFrame, column: str, wanted: Sequence[str]) -> pd.DataFrame:
    """Keep the rows with one of these values; all of them where none is named."""
    return rows[rows[column].isin(wanted)] if wanted else rows
