"""``ftf sweep``: run every cell and print leaderboard, verdict and where everything is stored."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.setting_flags import SweepCommand, confirmed_sweep, requested_sweep, sweep_flags
from ftf_assets.command.shared_flags import home_option, json_option, refuse_empty

if TYPE_CHECKING:
    import pandas as pd

    from ftf_assets.running.sweep_run import SweepRun
    from ftf_assets.storage.home import Home
    from ftf_assets.sweep.sweep import Sweep


@click.command(cls=SweepCommand)
@sweep_flags
@home_option
@click.option("--submit", is_flag=True, help="Run it on a Dagster deployment instead, and follow it.")
@click.option(
    "--deployment",
    metavar="URL",
    callback=refuse_empty,
    help="With --submit: address of the deployment's webserver. [default: the environment variable "
    "FTF_DEPLOYMENT] Credentials for a proxy in front of it come from FTF_DEPLOYMENT_TOKEN, or from "
    "FTF_DEPLOYMENT_USER and FTF_DEPLOYMENT_PASSWORD.",
)
@click.option("--cancel", is_flag=True, help="With --submit: stop this sweep's backfill on the deployment.")
@json_option
def sweep(home: Home, as_json: bool, submit: bool, deployment: str | None, cancel: bool, **flags: Any) -> int:
    """Run a sweep; print its leaderboard and its verdict.

    A sweep trains and tests a model for every cell: each crypto x fold x variant. Start with --trials 0: it
    runs on a simulated market and needs no data. Without --trials 0 it also tunes. More than 10 estimated
    minutes need --confirm-long-run. The same command again continues where it stopped and reuses finished
    fits.

    With --submit the sweep runs on a Dagster deployment that shares the home, one run a crypto. An interrupt
    stops following; the runs go on, and the same command follows them again.
    """
    from ftf_assets.graph.jobs import SWEEP_JOB

    if (cancel or deployment is not None) and not submit:
        raise click.UsageError("--deployment and --cancel go with --submit")
    if cancel:
        return _cancel(requested_sweep(flags), deployment)
    wanted = confirmed_sweep(flags, home)
    rows, done = (
        _submit_and_show(wanted, home, deployment, as_json=as_json)
        if submit
        else run_and_show(wanted, home, job=SWEEP_JOB, as_json=as_json)
    )
    complete = len(rows) == wanted.n_cells and "training_failed" not in set(rows["status"])
    broken = any(not check.is_warning for check in done.failed_checks)
    return ExitCode.DONE if complete and not broken else ExitCode.FAILED


def run_and_show(sweep: Sweep, home: Home, *, job: str, as_json: bool) -> tuple[pd.DataFrame, SweepRun]:
    """Run a sweep with a progress display and print its results.

    Parameters
    ----------
    sweep
        What to run.
    home
        Folder for results, models, caches and Dagster records.
    job
        Job that runs a crypto, as :func:`~ftf_assets.running.sweep_run.run_sweep` takes it.
    as_json
        Print one JSON object instead of tables and sentences.

    Returns
    -------
    tuple of DataFrame and SweepRun
        The rows of the sweep, and what the run gave besides them.
    """
    from ftf_assets.command.progress_bar import show_progress
    from ftf_assets.running.progress import sweep_progress
    from ftf_assets.running.sweep_run import run_sweep

    progress = sweep_progress(sweep, home)
    _announce(sweep, progress.n_reused)
    with show_progress(progress) as on_fit:
        done = run_sweep(sweep, home, on_fit=on_fit, job=job)
    return _show_results(sweep, home, done, as_json=as_json), done


def _submit_and_show(
    sweep: Sweep, home: Home, deployment: str | None, *, as_json: bool
) -> tuple[pd.DataFrame, SweepRun]:
    """Run a sweep on a deployment; show progress and results as for a local one."""
    from ftf_assets.command.progress_bar import show_progress
    from ftf_assets.running.deployment.graphql_client import Deployment
    from ftf_assets.running.deployment.submitted_sweep import run_submitted_sweep
    from ftf_assets.running.progress import sweep_progress

    server, progress = Deployment.locate(deployment), sweep_progress(sweep, home, with_cells=False)
    _announce(sweep, progress.n_reused)
    with show_progress(progress) as on_fit:
        done = run_submitted_sweep(
            sweep, home, server, on_fit=on_fit, say=lambda text: click.echo(text, err=True)
        )
    return _show_results(sweep, home, done, as_json=as_json), done


def _cancel(sweep: Sweep, deployment: str | None) -> int:
    from ftf_assets.running.deployment.graphql_client import Deployment
    from ftf_assets.running.deployment.submitted_sweep import cancel_submitted_sweep

    server = Deployment.locate(deployment)
    stopped = cancel_submitted_sweep(sweep, server)
    if stopped is None:
        click.echo(f"No backfill of sweep {sweep.sweep_id} is at work at {server.url}", err=True)
        return ExitCode.FAILED
    click.echo(f"Stopping backfill {stopped} of sweep {sweep.sweep_id}: finished fits are kept")
    return ExitCode.DONE


def _show_results(sweep: Sweep, home: Home, done: SweepRun, *, as_json: bool) -> pd.DataFrame:
    from ftf_assets.storage.results_store import ResultsStore

    store = ResultsStore(home)
    rows, leaderboard = store.read(sweep.sweep_id), store.leaderboard(sweep.sweep_id)
    if as_json:
        click.echo(json.dumps(_as_json(sweep, home, rows, leaderboard, done)))
    else:
        _show(sweep, home, rows, leaderboard, done)
    return rows


def _announce(sweep: Sweep, n_finished: int) -> None:
    from ftf_assets.command.sentences import counted, warn_of_skipped
    from ftf_assets.gate.words import capitalized
    from ftf_assets.sweep.data_read import data_in_words, data_read

    click.echo(
        f"Sweep {sweep.sweep_id}: {counted(len(sweep.cryptos), 'crypto')} x "
        f"{counted(sweep.settings.folds.n_folds, 'fold')} x {counted(len(sweep.variants), 'variant')} = "
        f"{counted(sweep.n_cells, 'cell')}, {counted(sweep.n_fits, 'fit')}"
        + (f", {n_finished} of them finished before" if n_finished else ""),
        err=True,
    )
    click.echo(capitalized(sweep.tuning.in_words), err=True)
    warn_of_skipped(sweep)
    for one in data_read(sweep):
        click.echo(data_in_words(one), err=True)


def _statuses(rows: pd.DataFrame) -> dict[str, int]:
    return {str(status): int(n) for status, n in rows["status"].value_counts().items()}


def _as_json(
    sweep: Sweep, home: Home, rows: pd.DataFrame, leaderboard: pd.DataFrame, done: SweepRun
) -> dict[str, Any]:
    from ftf_assets.sweep.data_read import data_read

    verdicts = done.decision.verdicts if done.decision else ()
    answer = done.decision.summary if done.decision else None
    return {
        "headline": answer.headline if answer else None,
        "ending": answer.ending if answer else None,
        "sweep_id": sweep.sweep_id,
        "cryptos": list(sweep.cryptos),
        "skipped": dict(sweep.skipped),
        "data": data_read(sweep),
        "cells": sweep.n_cells,
        "statuses": _statuses(rows),
        "tuning": sweep.tuning.in_words,
        "failed_checks": [dataclasses.asdict(check) for check in done.failed_checks],
        "passed_checks": [
            {"crypto": crypto, "asset": asset, "check": check} for crypto, asset, check in done.passed_checks
        ],
        "hints": done.hints,
        "run_ids": done.run_ids,
        "verdicts": [dataclasses.asdict(verdict) for verdict in verdicts],
        "report": str(done.report) if done.report else None,
        "results": str(home.results),
        "leaderboard": json.loads(leaderboard.to_json(orient="records")),
    }


def _show(sweep: Sweep, home: Home, rows: pd.DataFrame, leaderboard: pd.DataFrame, done: SweepRun) -> None:
    from ftf_assets.command.sentences import counted
    from ftf_assets.command.tables import leaderboard_table, show_answer, stdout

    console = stdout()
    if done.decision:
        show_answer(console, done.decision)
    title = f"Sweep {sweep.sweep_id} on source {sweep.settings.data.source}: means over cells"
    console.print(leaderboard_table(leaderboard, title, console.width))
    counts = ", ".join(f"{n} {status}" for status, n in _statuses(rows).items())
    not_ok = rows[rows["status"] != "ok"]
    decided = done.decision is not None
    lines = [
        f"{counted(len(rows), 'cell')}: {counts}",
        *(
            f"{row.status}: {row.crypto} fold {row.fold} {row.variant}: {row.error_message}"
            for row in not_ok.itertuples()
        ),
        *(f"skipped: {crypto}: {reason}" for crypto, reason in sweep.skipped.items()),
        *(check.in_words for check in done.failed_checks),
        *(f"Hint: {hint}" for hint in done.hints),
        f"Results  {home.results}, printed by ftf results --sweep {sweep.sweep_id}",
        *([f"Report   {done.report}"] if done.report else ()),
        f"Models   {home.address}/fits",
        f"More     {'ftf gate prints every number behind the verdict; ' if decided else ''}"
        "ftf ui shows runs, partitions and checks",
    ]
    for line in lines:
        click.echo(line)
