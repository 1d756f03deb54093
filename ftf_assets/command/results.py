"""``ftf results``: the rows of a sweep, or its variants by market regime."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.export import export
from ftf_assets.command.shared_flags import export_options, home_option, sweep_id_option

if TYPE_CHECKING:
    from ftf_assets.storage.home import Home


@click.command()
@sweep_id_option
@click.option(
    "--by", type=click.Choice(("cell", "regime")), default="cell", show_default=True, help="What a row is."
)
@export_options
@home_option
def results(sweep_id: str | None, by: str, form: str | None, output: Path | None, home: Home) -> int:
    """Print or export the rows of a sweep, by cell or market regime."""
    from ftf_assets.command.stored_rows import rows_of_sweep
    from ftf_assets.command.tables import cells_table, regimes_table
    from ftf_assets.rows.regime_results import pooled_by_regime
    from ftf_assets.storage.results_store import ResultsStore

    store = ResultsStore(home.results)
    rows = rows_of_sweep(store, sweep_id)
    if by == "cell":
        export(rows, form, output, cells_table)
        return ExitCode.DONE
    sweep_id = str(rows["sweep_id"].iloc[0])
    regimes = pooled_by_regime(store.details("regime_results", sweep_id))
    if regimes.empty:
        raise click.UsageError(
            f"sweep {sweep_id} has no rows by regime, because none of its cells is ok. "
            "ftf results --by cell shows why"
        )
    export(regimes, form, output, functools.partial(regimes_table, sweep_id))
    return ExitCode.DONE
