"""Flags that several subcommands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ftf_assets.command.export import FORMATS

if TYPE_CHECKING:
    from ftf_assets.storage.home import Home

Decorator = Callable[[Any], Any]


def together(*options: Decorator) -> Decorator:
    """Make one decorator of several options; help lists them in this order."""
    return lambda command: functools.reduce(lambda inner, option: option(inner), reversed(options), command)


def refuse_empty(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    """Refuse an empty text: a script whose variable is unset must not get the default.

    Raises
    ------
    click.BadParameter
        The text is empty.
    """
    if text == "":
        raise click.BadParameter("it is empty; leave the flag out to get its default")
    return text


def _locate(context: click.Context, parameter: click.Parameter, path: str | None) -> Home:
    from ftf_assets.storage.home import Home

    return Home.locate(refuse_empty(context, parameter, path) or "")


home_option = click.option(
    "--home",
    metavar="FOLDER",
    callback=_locate,
    help="Folder for results, models, caches and Dagster records, or a bucket such as s3://bucket/prefix. "
    "[default: the environment variable FTF_HOME, else .ftf]",
)
host_option = click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="IP address to listen on. Any other than 127.0.0.1 lets that network in, without a password.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
sweep_id_option = click.option(
    "--sweep",
    "sweep_id",
    metavar="SWEEP",
    callback=refuse_empty,
    help="Id of the sweep. [default: the most recent sweep]",
)
crypto_rows_option = click.option(
    "--crypto", "cryptos", multiple=True, help="Only this crypto. Repeat the flag for more. [default: all]"
)
export_options = together(
    click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        help="[default: the ending of --output, without it a table]",
    ),
    click.option(
        "--output",
        type=click.Path(dir_okay=False, path_type=Path),
        help="File to write. [default: standard output]",
    ),
)
