"""``ftf report``: the report of a sweep as one HTML file."""

from __future__ import annotations

from pathlib import Path

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.options import home_option, sweep_id_option


@click.command()
@sweep_id_option
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File; default reports/SWEEP.html of the home.",
)
@home_option
def report(sweep_id: str, output: Path | None, home: str) -> int:
    """Write the report of a sweep, one HTML file that opens without a network, and print its path."""
    from ftf_assets.report.file import write_report
    from ftf_assets.storage.home import Home

    click.echo(str(write_report(Home.locate(home), sweep_id, output)))
    return ExitCode.DONE
