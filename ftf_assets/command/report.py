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

    click.echo(str(write_report(home, sweep_id or "", output)))
    return ExitCode.DONE
