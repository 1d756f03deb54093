"""``ftf clean``: prune what no sweep needs any more."""

from __future__ import annotations

import dataclasses
import json

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.options import home_option, json_option


@click.command()
@click.option("--keep-days", type=click.FloatRange(0), default=1.0, show_default=True, help="Younger stays.")
@click.option("--keep-sweeps", type=click.IntRange(0), help="Keep this many sweeps' values; default all.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@home_option
@json_option
def clean(keep_days: float, keep_sweeps: int | None, dry_run: bool, home: str, as_json: bool) -> int:
    """Prune the cache: fits and artifacts that no sweep of the results leads to. No row is touched."""
    from ftf_assets.freshness.pruning import prune
    from ftf_assets.storage.home import Home

    pruned = prune(Home.locate(home), keep_days=keep_days, keep_sweeps=keep_sweeps, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(pruned)))
        return ExitCode.DONE
    click.echo(f"{len(pruned.sweeps)} sweeps kept: {', '.join(pruned.sweeps) or 'none'}")
    for name, kind in pruned.kinds.items():
        kept = f"; kept {kind.n_kept}, {kind.bytes_kept:,} bytes" if kind.n_kept else ""
        click.echo(f"{name:<11} removed {kind.n_pruned}, {kind.bytes_pruned:,} bytes{kept}")
    click.echo(f"{pruned.bytes_pruned:,} bytes {'would be' if dry_run else 'are'} free")
    return ExitCode.DONE
