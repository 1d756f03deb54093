"""``ftf smoke``: one cell through every stage, as a gate for merges."""

from __future__ import annotations

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.options import home_option, json_option
from ftf_assets.command.sweep import run_and_show


@click.command()
@click.option("--crypto", default="OPUSDC", show_default=True, help="The one crypto.")
@click.option("--source", default="market", show_default=True, help="market, candles or features.")
@click.option("--path", help="Folder of the candle files or feature caches.")
@home_option
@json_option
def smoke(crypto: str, source: str, path: str | None, home: str, as_json: bool) -> int:
    """Run 1 crypto x 1 fold x 1 variant through every stage: the merge gate. A red check is exit code 1."""
    from ftf_assets.graph.jobs import SMOKE_JOB
    from ftf_assets.storage.home import Home
    from ftf_assets.sweep.settings import SMOKE, sweep_settings
    from ftf_assets.sweep.sweep import open_sweep

    data = {"source": source, "path": path, "cryptos": (crypto,)}
    wanted = open_sweep(sweep_settings({**SMOKE, "data": data}))
    rows, done = run_and_show(wanted, Home.locate(home), job=SMOKE_JOB, as_json=as_json)
    green = rows["status"].tolist() == ["ok"] * wanted.n_cells and not done.failed_checks
    return ExitCode.DONE if green else ExitCode.FAILED
