"""``ftf results``: the rows of a sweep by cell, week or fit, or its variants by regime or confidence."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.export import export
from ftf_assets.command.shared_flags import crypto_rows_option, export_options, home_option, sweep_id_option

if TYPE_CHECKING:
    import pandas as pd

    from ftf_assets.storage.home import Home

#: The table behind each breakdown; the rows by cell need none.
BREAKDOWNS = {
    "cell": None,
    "regime": "regime_results",
    "confidence": "confidence_curve",
    "week": "weekly_results",
    "fit": "seed_scores",
    "ceiling": "label_ceiling",
}


@click.command()
@sweep_id_option
@click.option(
    "--by", type=click.Choice(tuple(BREAKDOWNS)), default="cell", show_default=True, help="What a row is."
)
@click.option(
    "--variant", "variants", multiple=True, help="Only this variant. Repeat the flag for more. [default: all]"
)
@crypto_rows_option
@export_options
@home_option
def results(
    sweep_id: str | None,
    by: str,
    variants: tuple[str, ...],
    cryptos: tuple[str, ...],
    form: str | None,
    output: Path | None,
    home: Home,
) -> int:
    """Print or export the rows of a sweep, by cell, market regime, confidence, week or single fit.

    By regime and confidence a row is a variant over all its cells; by week and fit it is a part of a cell. By
    ceiling it is a baseline that was trained on labels with more noise.
    """
    from ftf_assets.command.stored_rows import only, refuse_others, rows_of_sweep
    from ftf_assets.command.tables import cells_table, details_table
    from ftf_assets.storage.results_store import ResultsStore

    store = ResultsStore(home)
    rows = rows_of_sweep(store, sweep_id)
    wanted = {"crypto": cryptos, "variant": variants}
    if by == "ceiling" and variants:
        raise click.UsageError("a row by ceiling is a baseline: leave out --variant")
    for column, values in wanted.items():
        refuse_others(rows, column, values)
        rows = only(rows, column, values)
    table = BREAKDOWNS[by]
    if table is None:
        export(rows, form, output, cells_table)
        return ExitCode.DONE
    sweep_id = str(rows["sweep_id"].iloc[0])
    stored = store.ceiling(sweep_id) if by == "ceiling" else store.details(table, sweep_id)
    for column, values in wanted.items():
        stored = only(stored, column, values)
    details = _summed_up(by, stored, rows)
    if details.empty and by == "ceiling":
        raise click.UsageError(
            f"sweep {sweep_id} has no label ceiling. Run it again with ceiling.enabled=true"
        )
    if details.empty:
        raise click.UsageError(
            f"sweep {sweep_id} has no rows by {by}, because none of its cells is ok"
            f"{' and has two fits' if by == 'fit' else ''}. ftf results --by cell shows why"
        )
    export(details, form, output, functools.partial(details_table, by, sweep_id))
    return ExitCode.DONE


def _summed_up(by: str, details: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    from ftf_assets.rows.confidence_curve import mean_confidence_curve
    from ftf_assets.rows.regime_results import pooled_by_regime

    if by == "regime":
        return pooled_by_regime(details)
    return mean_confidence_curve(details, cells) if by == "confidence" else details
