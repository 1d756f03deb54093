"""``ftf smoke``: one cell through every stage, to run before a merge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.setting_flags import confirmed_sweep, set_option, setting_flag
from ftf_assets.command.shared_flags import home_option, json_option
from ftf_assets.command.sweep import run_and_show

if TYPE_CHECKING:
    import pandas as pd

    from ftf_assets.graph.check_history import FailedCheck
    from ftf_assets.storage.home import Home


@click.command()
@click.option("--crypto", metavar="VALUE", default="OPUSDC", help="The one crypto. [default: OPUSDC]")
@setting_flag("--source", "data.source")
@setting_flag("--path", "data.path")
@set_option
@home_option
@json_option
def smoke(crypto: str, home: Home, as_json: bool, **flags: Any) -> int:
    """Run one cell through every stage, as a test before a merge.

    One crypto x one fold x one variant that uses every factor, installed ones too. The exit code is 0 only if
    the cell is ok and no check is red, also the check that fits the cell twice and compares the bits. A check
    that only warns, such as one of too few trades, is printed.
    """
    from ftf_assets.command.sentences import counted
    from ftf_assets.graph.jobs import SMOKE_JOB
    from ftf_assets.sweep.settings import SMOKE

    wanted = confirmed_sweep({**SMOKE, **flags, "data.cryptos": crypto}, home)
    if len(wanted.cryptos) != 1 or len(wanted.variants) != 1:
        raise click.UsageError(
            f"a smoke is one variant of one crypto, found {counted(len(wanted.variants), 'variant')} of "
            f"{counted(len(wanted.cryptos), 'crypto')}: name one --crypto, and set neither data.cryptos nor "
            "treatment.design"
        )
    rows, done = run_and_show(wanted, home, job=SMOKE_JOB, as_json=as_json)
    if not as_json:
        names = ", ".join(dict.fromkeys(check for _, _, check in done.passed_checks))
        click.echo(f"Checks   {len(done.passed_checks)} passed: {names}")
    red = [check for check in done.failed_checks if not check.is_warning]
    if rows["status"].tolist() == ["ok"] * wanted.n_cells and not red:
        return ExitCode.DONE
    click.echo(f"ftf: the smoke did not pass: {_why(rows, wanted.n_cells, red)}", err=True)
    return ExitCode.FAILED


def _why(rows: pd.DataFrame, n_cells: int, red: Sequence[FailedCheck]) -> str:
    if "skipped_short_history" in set(rows["status"]):
        return "the history is too short for its fold; ftf check says how many rows are enough"
    if len(rows) < n_cells:
        return "its cell has no row"
    failed = rows[rows["status"] != "ok"]
    if failed.empty:
        return f"{' and '.join(f'{one.check} of {one.asset}' for one in red)} is red"
    cell = failed.iloc[0]
    ended = f"its cell ended as {cell['status']} at {cell['error_stage']}"
    return f"{ended}: {cell['error_type']}: {cell['error_message']}"
