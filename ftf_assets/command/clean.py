"""``ftf clean``: prune what no sweep needs any more."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.shared_flags import home_option, json_option

if TYPE_CHECKING:
    from ftf_assets.storage.home import Home


@click.command()
@click.option(
    "--keep-days",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    help="Keep values younger than this.",
)
@click.option(
    "--keep-sweeps",
    type=click.IntRange(0),
    help="Keep the values of this many sweeps, the latest first. [default: all]",
)
@click.option("--dry-run", is_flag=True, help="Only show what would be deleted.")
@home_option
@json_option
def clean(keep_days: float, keep_sweeps: int | None, dry_run: bool, home: Home, as_json: bool) -> int:
    """Delete stored values that no sweep needs any more.

    Deletes fits, scores and artifacts to which no sweep in the results leads. Result rows stay, and what was
    deleted can be made again at the cost of time.
    """
    from ftf_assets.freshness.pruning import prune

    pruned = prune(home, keep_days=keep_days, keep_sweeps=keep_sweeps, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(pruned)))
        return ExitCode.DONE
    click.echo(f"Keeping the values of these sweeps: {', '.join(pruned.sweeps) or 'none'}")
    for note in pruned.notes:
        click.echo(note)
    deleted, freed = ("would be deleted", "Would free") if dry_run else ("deleted", "Freed")
    for name, kind in pruned.kinds.items():
        click.echo(
            f"{name:<11} {kind.n_pruned} {deleted} ({kind.bytes_pruned:,} bytes), "
            f"{kind.n_kept} kept ({kind.bytes_kept:,} bytes)"
        )
    click.echo(f"{freed} {pruned.bytes_pruned:,} bytes")
    return ExitCode.DONE
