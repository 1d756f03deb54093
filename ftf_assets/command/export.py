"""Printing rows as a table, or exporting them as CSV, Parquet or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

FORMATS = ("table", "csv", "parquet", "json")


def export(
    frame: pd.DataFrame, form: str | None, output: Path | None, table: Callable[[pd.DataFrame, int], Table]
) -> None:
    """Print rows or write them to a file.

    Parameters
    ----------
    frame
        The rows.
    form
        One of ``FORMATS``; None takes what ``output`` ends in, else a table.
    output
        File to write; None prints.
    table
        Lays out the rows within a number of characters.

    Raises
    ------
    click.UsageError
        A format that does not suit the output.
    StoreError
        A file that cannot be written.
    """
    from ftf_assets.command.tables import stdout
    from ftf_assets.contracts.errors import StoreError

    suffix = output.suffix.lstrip(".") if output else ""
    form = form or (suffix if output else "table")
    if form not in FORMATS:
        raise click.UsageError(
            f"--output ends in one of .csv, .parquet, .json, found {output}, or say --format"
        )
    if form == "table":
        if output is not None:
            raise click.UsageError("--format table is for the terminal; a file is csv, parquet or json")
        console = stdout()
        console.print(table(frame, console.width))
        return
    if output is None and form == "parquet":
        raise click.UsageError("--format parquet needs --output")
    text = frame.to_csv(index=False) if form == "csv" else _as_json(frame)
    if output is None:
        click.echo(text, nl=form == "json")
        return
    try:
        if form == "parquet":
            frame.to_parquet(output)
        else:
            output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"cannot write {output}: {error.strerror or error}") from None
    click.echo(f"{len(frame)} rows in {output}", err=True)


def _as_json(frame: pd.DataFrame) -> str:
    """Write rows as a JSON list whose numbers read back bit for bit; pandas rounds them to ten digits."""
    from ftf_assets.rows.records import plain_records

    return json.dumps(plain_records(frame), default=lambda instant: instant.isoformat(), allow_nan=False)
