"""``ftf check``: what was understood of a folder or file, and whether a sweep or the gate would take it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.setting_flags import SweepCommand, given_settings, sweep_flags_without
from ftf_assets.command.shared_flags import json_option

_KINDS = ("candles", "features", "results")


@click.command(cls=SweepCommand)
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--as",
    "kind",
    type=click.Choice(_KINDS),
    help="What lies there. [default: told by content]",
)
@sweep_flags_without("--source", "--path")
@json_option
def check(path: Path, kind: str | None, as_json: bool, **flags: Any) -> int:
    """Check a folder or file of candles, features or results, and say what was understood.

    Reads the data as ftf sweep, or ftf gate, would, with the same flags: pair, bar, the instants of the first
    and last row, gaps, labels, folds that fit, leaks, everything that would be refused and how to mend it.
    Without --crypto every pair is checked that the names of the files show. Writes nothing.

    Exit codes: 0 everything would be accepted; 2 something would be refused.
    """
    from ftf_assets.command.check_tables import show_data_check
    from ftf_assets.command.tables import stdout
    from ftf_assets.running.data_check import check_data

    done = check_data(path, given_settings(flags), kind=kind, on_crypto=_say_progress)  # type: ignore[arg-type]
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)
    if as_json:
        click.echo(json.dumps(done.as_json()))
    else:
        show_data_check(stdout(), done)
    return ExitCode.DONE if done.accepted else ExitCode.BAD_INPUT


def _say_progress(crypto: str, number: int, of: int) -> None:
    """Say on a terminal which crypto is read; a file or pipe gets nothing."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[Kreading {crypto}, {number} of {of}", nl=False, err=True)
