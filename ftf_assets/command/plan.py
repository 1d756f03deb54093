"""``ftf plan``: what a sweep would run and why, without running it."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.options import home_option, json_option
from ftf_assets.command.sweep_flags import requested_sweep, sweep_flags


@click.command()
@sweep_flags
@home_option
@json_option
def plan(home: str, as_json: bool, **flags: Any) -> int:
    """Say what a sweep would run, what is already done, and which values are stale and why; runs nothing."""
    from ftf_assets.command.sentences import stale_in_words
    from ftf_assets.freshness.estimate import describe_plan
    from ftf_assets.freshness.staleness import stale_values
    from ftf_assets.running.preflight import check_inputs
    from ftf_assets.storage.home import Home

    planned, place = requested_sweep(flags), Home.locate(home)
    check_inputs(planned, place)
    description = describe_plan(planned, place)
    stale = stale_values(planned, place)
    if as_json:
        click.echo(json.dumps({**description, "stale": [dataclasses.asdict(one) for one in stale]}))
        return ExitCode.DONE
    for name, value in description.items():
        shown = "unknown: no fit was timed yet in this home" if value is None else value
        click.echo(f"{name.replace('_', ' '):<18} {shown}")
    for line in stale_in_words(stale):
        click.echo(f"{'stale':<18} {line}")
    return ExitCode.DONE
