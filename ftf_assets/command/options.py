"""Flags that several verbs share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ftf_assets.command.export import FORMATS

Decorator = Callable[[Any], Any]


def together(*options: Decorator) -> Decorator:
    """Make one decorator of several options; help lists them in this order."""
    return lambda command: functools.reduce(lambda inner, option: option(inner), reversed(options), command)


home_option = click.option("--home", default="", help="Folder of all state; default FTF_HOME, else .ftf.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
sweep_id_option = click.option(
    "--sweep", "sweep_id", default="", help="Sweep; default the one that wrote last."
)
export_options = together(
    click.option(
        "--format", "form", type=click.Choice(FORMATS), help="Default: a table, or what --output ends in."
    ),
    click.option(
        "--output", type=click.Path(dir_okay=False, path_type=Path), help="File; default standard output."
    ),
)
