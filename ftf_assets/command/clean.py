"""``ftf clean``: delete cached values that no sweep uses."""

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
    help="Never delete values younger than this many days; in a bucket never less than 1.",
)
@click.option(
    "--keep-sweeps",
    metavar="N",
    type=click.IntRange(0),
    help="Keep only what the N most recent sweeps need. [default: all]",
)
@click.option("--dry-run", is_flag=True, help="Only show what would be deleted.")
@home_option
@json_option
def clean(keep_days: float, keep_sweeps: int | None, dry_run: bool, home: Home, as_json: bool) -> int:
    """Delete cached values that no sweep uses.

    Deletes cached models, scores and artifacts that no sweep in the results uses. Result rows are kept;
    deleted values can be recomputed. Fits of noise audits are deleted too. Refuses while a run works.
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
