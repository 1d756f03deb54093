"""``ftf index``: make results.duckdb anew from the result objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.shared_flags import home_option

if TYPE_CHECKING:
    from ftf_assets.storage.home import Home


@click.command()
@home_option
def index(home: Home) -> int:
    """Make results.duckdb anew from the results.

    The results are objects of their own; results.duckdb is an index of them for SQL, which may be deleted at
    any time. Every run refreshes it, unless another program holds it open.
    """
    from ftf_assets.storage.result_objects import ResultObjects
    from ftf_assets.storage.results_database import refresh_index

    ResultObjects(home.blobs).current()  # a store that cannot be read is an error here, not a delay
    refreshed = refresh_index(home, wait=60.0, again=True)
    if refreshed.note:
        click.echo(refreshed.note, err=True)
        return ExitCode.FAILED
    click.echo(f"{home.results}: {refreshed.n_changed} result objects")
    return ExitCode.DONE
