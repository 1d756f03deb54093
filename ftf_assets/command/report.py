"""``ftf report``: the report of a sweep as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.shared_flags import home_option, sweep_id_option

if TYPE_CHECKING:
    from ftf_assets.storage.home import Home


@click.command()
@sweep_id_option
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write. [default: reports/SWEEP.html in the home folder]",
)
@home_option
def report(sweep_id: str | None, output: Path | None, home: Home) -> int:
    """Write the report of a sweep as one HTML file and print its path."""
    from ftf_assets.report.file import write_report
    from ftf_assets.storage.results_store import ResultsStore

    sweep_id = sweep_id or ResultsStore(home).latest_sweep_id()
    _require_current_verdicts(home, sweep_id)
    click.echo(str(write_report(home, sweep_id, output)))
    return ExitCode.DONE


def _require_current_verdicts(home: Home, sweep_id: str) -> None:
    """Refuse verdicts that rows, checks or settings have overtaken: a page is read long after it was made."""
    from ftf_assets.contracts.errors import InputError, StoreError
    from ftf_assets.graph.decision_inputs import decision_inputs
    from ftf_assets.graph.instance import existing_instance
    from ftf_assets.storage.results_store import ResultsStore

    store = ResultsStore(home)
    verdicts = store.decision(sweep_id).verdicts
    if verdicts.empty:
        return
    try:
        with existing_instance(home) as instance:
            if instance is None:
                return
            inputs = decision_inputs(store, instance, sweep_id, store.settings(sweep_id))
            now = inputs.fingerprints()
    except StoreError as error:  # such as a home that can only be read: the page may be written elsewhere
        click.echo(f"Warning: whether a check has failed since the verdicts is not known. {error}", err=True)
        return
    stored = verdicts[["rows_fingerprint", "settings_fingerprint"]].itertuples(index=False, name=None)
    if inputs.checks_known and set(stored) != {now}:
        raise InputError(
            f"the verdicts of {sweep_id} are out of date: rows, checks or settings have changed since. "
            "ftf gate says what holds now; ftf sweep with the same settings decides and reports again"
        )
