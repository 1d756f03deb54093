"""``ftf plan``: what a sweep would run and why, without running it."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.setting_flags import SweepCommand, requested_sweep, sweep_flags
from ftf_assets.command.shared_flags import home_option, json_option

if TYPE_CHECKING:
    from ftf_assets.storage.home import Home


@click.command(cls=SweepCommand)
@sweep_flags
@home_option
@json_option
def plan(home: Home, as_json: bool, **flags: Any) -> int:
    """Show what a sweep would run and why, and run nothing.

    Counts cells and fits, estimates the time and the smallest gain that the sweep could see, and names every
    value that is missing or out of date with the reason. Takes the flags of ftf sweep.
    """
    from ftf_assets.command.sentences import plan_in_words
    from ftf_assets.freshness.current import stale_assets
    from ftf_assets.freshness.estimate import describe_plan
    from ftf_assets.freshness.visible_effect import visible_effect
    from ftf_assets.running.preflight import check_inputs

    planned = requested_sweep(flags)
    check_inputs(planned, home)
    stale = stale_assets(planned, home)
    description = describe_plan(planned, home, stale)
    effect = visible_effect(planned, home) if planned.settings.compares_variants else None
    if as_json:
        named = [{"crypto": one.crypto, "asset": one.asset, "why": one.why} for one in stale]
        could_see = dataclasses.asdict(effect) if effect else None
        click.echo(json.dumps({**description, "could_see": could_see, "stale": named}))
        return ExitCode.DONE
    for line in plan_in_words(description, stale, effect):
        click.echo(line)
    return ExitCode.DONE
