"""``ftf suspects``: the rows whose label cleaning suspects to be wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.export import export
from ftf_assets.command.shared_flags import crypto_rows_option, export_options, home_option, sweep_id_option

if TYPE_CHECKING:
    from ftf_assets.storage.home import Home


@click.command()
@sweep_id_option
@crypto_rows_option
@export_options
@home_option
def suspects(
    sweep_id: str | None, cryptos: tuple[str, ...], form: str | None, output: Path | None, home: Home
) -> int:
    """List or export the rows whose label looks wrong."""
    from ftf_assets.command.stored_rows import refuse_others, rows_of_sweep
    from ftf_assets.command.tables import suspects_table
    from ftf_assets.storage.results_store import ResultsStore

    store = ResultsStore(home)
    rows = rows_of_sweep(store, sweep_id)
    refuse_others(rows, "crypto", cryptos)
    sweep_id = str(rows["sweep_id"].iloc[0])
    frame = store.suspects(sweep_id, cryptos)
    if frame.empty:
        click.echo(f"Sweep {sweep_id}: no cleaner suspects a row", err=True)
    export(frame, form, output, suspects_table)
    return ExitCode.DONE
