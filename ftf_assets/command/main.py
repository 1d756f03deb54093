"""The ``ftf`` command. Heavy libraries are imported by the commands that use them: help is instant."""

from __future__ import annotations

import dataclasses
import functools
import gc
import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from ftf_assets import __version__

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from ftf_assets.gate.decision import Decision
    from ftf_assets.running.sweep_run import SweepRun
    from ftf_assets.storage.home import Home
    from ftf_assets.sweep.noise_audit import Audit
    from ftf_assets.sweep.sweep import Sweep

LOOPBACK = "127.0.0.1"

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130

#: Of the first generation; Python's own 700 suit a program that makes little and drops most of it.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000

_FORMATS = ("table", "csv", "parquet", "json")

#: Flag to setting; every other setting is reached with --set NAME=VALUE.
_SWEEP_OPTIONS = (
    click.option(
        "--factor", help="Factors to vary: label_smoothing,cleanlab,sample_weight or cleanlab=off,filter,…"
    ),
    click.option("--crypto-group", help="Crypto group, such as defi_top5."),
    click.option("--crypto", "cryptos", multiple=True, help="A crypto instead of a group; repeat for more."),
    click.option("--power-mode", help="Search budget: smoke, standard or deep."),
    click.option("--trials", help="Tuning trials per (crypto, fold), instead of the power mode's."),
    click.option("--tune", help="Who is tuned: baseline, per-variant or off."),
    click.option("--design", help="one_factor or factorial."),
    click.option("--phase", help="Why the sweep is run: a word kept in every row."),
    click.option("--confirm-long-run", is_flag=True, default=None, help="Allow more than 500 fits."),
    click.option("--source", help="market, candles or features."),
    click.option("--path", help="Folder of the candle files or feature caches."),
    click.option("--workers", help="Fits at a time; default one a core."),
    click.option("--device", help="cpu or cuda."),
    click.option("--seed", help="Seed of the sweep."),
    click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Any other setting."),
)
_AUDIT_OPTIONS = (
    click.option("--kinds", default="", help="Kinds of noise, comma-separated; default all."),
    click.option("--noise-seeds", help="Draws of every kind of noise; at least 5."),
    click.option("--noise-share", help="Share of the labels that are flipped."),
)
_HOME_OPTION = click.option("--home", default="", help="Folder of all state; default FTF_HOME, else .ftf.")
_JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def _with(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda command: functools.reduce(lambda inner, option: option(inner), reversed(options), command)


_EXPORT_OPTIONS = _with(
    click.option(
        "--format", "form", type=click.Choice(_FORMATS), help="Default: a table, or what --output ends in."
    ),
    click.option(
        "--output", type=click.Path(dir_okay=False, path_type=Path), help="File; default standard output."
    ),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True)
@click.version_option(__version__, prog_name="ftf")
@click.pass_context
def cli(context: click.Context) -> None:
    """Find out whether treating the label noise helps, and whether to act on it.

    Exit codes: 0 done, 1 some cells or checks failed, 2 bad usage, input or store, 130 interrupted.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@cli.command()
@_with(*_SWEEP_OPTIONS, _HOME_OPTION, _JSON_OPTION)
def sweep(home: str, as_json: bool, **options: Any) -> int:
    """Run every cell, crypto x fold x variant, and print the leaderboard."""
    from ftf_assets.storage.home import Home

    return _run(_open_sweep(options), Home.locate(home), as_json=as_json)


@cli.command()
@click.option("--crypto", default="OPUSDC", show_default=True, help="The one crypto.")
@click.option("--source", default="market", show_default=True, help="market, candles or features.")
@click.option("--path", default="", help="Folder of the candle files or feature caches.")
@_with(_HOME_OPTION, _JSON_OPTION)
def smoke(crypto: str, source: str, path: str, home: str, as_json: bool) -> int:
    """Run 1 crypto x 1 fold x 1 variant through every stage: the merge gate. A red check is exit code 1."""
    from ftf_assets.storage.home import Home
    from ftf_assets.sweep.settings import SMOKE

    settings = {**SMOKE, "cryptos": (crypto,), "source": source, "path": path}
    return _run(_open_sweep(settings), Home.locate(home), as_json=as_json, smoke=True)


@cli.command()
@_with(*_SWEEP_OPTIONS, _HOME_OPTION, _JSON_OPTION)
def plan(home: str, as_json: bool, **options: Any) -> int:
    """Say what a sweep would run, what is already done, and which values are stale and why; runs nothing."""
    from ftf_assets.command.tables import stale_in_words
    from ftf_assets.freshness.estimate import describe_plan
    from ftf_assets.freshness.staleness import stale_values
    from ftf_assets.running.preflight import check_inputs
    from ftf_assets.storage.home import Home

    planned, place = _open_sweep({**options, "confirm_long_run": True}), Home.locate(home)
    check_inputs(planned, place)
    description = describe_plan(planned, place)
    stale = stale_values(planned, place)
    if as_json:
        click.echo(json.dumps({**description, "stale": [dataclasses.asdict(one) for one in stale]}))
    else:
        for name, value in description.items():
            shown = "unknown: no fit was timed yet in this home" if value is None else value
            click.echo(f"{name.replace('_', ' '):<18} {shown}")
        for line in stale_in_words(stale):
            click.echo(f"{'stale':<18} {line}")
    return 0


@cli.command()
@_with(*_SWEEP_OPTIONS, *_AUDIT_OPTIONS, _HOME_OPTION, _JSON_OPTION)
def audit(home: str, as_json: bool, **options: Any) -> int:
    """Put known noise into the labels and measure what finds it, before any cleaner is trusted there."""
    from ftf_assets.audit.settings import AuditSettings, audit_settings
    from ftf_assets.storage.home import Home
    from ftf_assets.sweep.noise_audit import Audit

    own = {name: options.pop(name) for name in AuditSettings.model_fields}
    settings = audit_settings({name: value for name, value in own.items() if value is not None})
    planned = Audit(_resolve_sweep(options), settings)
    planned.require_confirmation()
    return _run_audit(planned, Home.locate(home), as_json=as_json)


@cli.command()
@click.option("--sweep", "sweep_id", default="", help="Sweep; default the one that wrote last.")
@click.option("--by", type=click.Choice(("cell", "regime")), default="cell", help="What a row is.")
@_EXPORT_OPTIONS
@_HOME_OPTION
def results(sweep_id: str, by: str, form: str | None, output: Path | None, home: str) -> int:
    """Print or export the rows of a sweep, or its variants by market regime."""
    from ftf_assets.command.tables import cells_table, regimes_table
    from ftf_assets.rows.regimes import by_regime
    from ftf_assets.storage.home import Home
    from ftf_assets.storage.results_store import ResultsStore

    store = ResultsStore(Home.locate(home).results)
    frame = store.read(sweep_id or store.latest_sweep_id())
    if frame.empty:
        raise click.UsageError(
            f"no rows of sweep {sweep_id!r}; known: {', '.join(store.sweeps()['sweep_id'])}"
        )
    if by == "cell":
        _export(frame, form, output, cells_table)
        return 0
    sweep_id = str(frame["sweep_id"].iloc[0])
    regimes = by_regime(store.regimes(sweep_id))
    if regimes.empty:
        raise click.UsageError(
            f"sweep {sweep_id} has no rows by regime: no cell was measured, or it was run before regimes "
            "were kept. Run ftf sweep with the same settings again: finished fits are reused"
        )
    _export(regimes, form, output, functools.partial(regimes_table, sweep_id))
    return 0


@cli.command()
@click.option("--sweep", "sweep_id", default="", help="Sweep; default the one that wrote last.")
@click.option("--crypto", "cryptos", multiple=True, help="Only this crypto; repeat for more.")
@_EXPORT_OPTIONS
@_HOME_OPTION
def suspects(
    sweep_id: str, cryptos: tuple[str, ...], form: str | None, output: Path | None, home: str
) -> int:
    """List or export the rows that cleaning suspects of a wrong label, to look at and to relabel."""
    from ftf_assets.command.tables import suspects_table
    from ftf_assets.storage.home import Home
    from ftf_assets.storage.results_store import ResultsStore

    store = ResultsStore(Home.locate(home).results)
    rows = store.read(sweep_id or store.latest_sweep_id())
    if rows.empty:
        raise click.UsageError(
            f"no rows of sweep {sweep_id!r}; known: {', '.join(store.sweeps()['sweep_id'])}"
        )
    judged = rows["crypto"].unique().tolist()
    for crypto in cryptos:
        if crypto not in judged:
            raise click.UsageError(f"no rows of crypto {crypto!r} in this sweep; known: {', '.join(judged)}")
    sweep_id = str(rows["sweep_id"].iloc[0])
    frame = store.suspects(sweep_id, cryptos)
    if frame.empty:
        click.echo(f"{sweep_id}: no cleaner suspected a row", err=True)
    _export(frame, form, output, suspects_table)
    return 0


@cli.command()
@click.option("--sweep", "sweep_id", default="", help="Sweep; default the one that wrote last.")
@click.option("--results", "file", type=click.Path(path_type=Path), help="A CSV or Parquet file instead.")
@_with(_HOME_OPTION, _JSON_OPTION)
def gate(sweep_id: str, file: Path | None, home: str, as_json: bool) -> int:
    """Judge every level of a sweep, or of a file of results: the verdict with every number behind it."""
    from ftf_assets.command.tables import gate_table, stdout, verdicts_in_words

    decision = _decide_file(file) if file else _decide_stored(sweep_id, home)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(decision)))
        return 0
    console = stdout()
    console.print(gate_table(decision, console.width))
    for line in verdicts_in_words(decision):
        console.print(line, highlight=False, soft_wrap=True, markup=False)
    return 0


@cli.command()
@click.option("--sweep", "sweep_id", default="", help="Sweep; default the one that wrote last.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File; default reports/SWEEP.html of the home.",
)
@_HOME_OPTION
def report(sweep_id: str, output: Path | None, home: str) -> int:
    """Write the report of a sweep, one HTML file that opens without a network, and print its path."""
    from ftf_assets.report.file import write_report
    from ftf_assets.storage.home import Home

    click.echo(str(write_report(Home.locate(home), sweep_id, output)))
    return 0


@cli.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Port to listen on."
)
@click.option(
    "--host",
    default=LOOPBACK,
    show_default=True,
    help="Address to listen on; any other lets that network in, without a password.",
)
@_HOME_OPTION
def ui(port: int, host: str, home: str) -> int:
    """Open the Dagster UI on 127.0.0.1 with this project's instance."""
    import ipaddress

    from ftf_assets.graph.instance import LOCATION, open_instance
    from ftf_assets.storage.home import Home

    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise click.UsageError(f"--host takes an IP address such as {LOOPBACK}, found {host!r}") from None
    place = Home.locate(home)
    with open_instance(place):
        pass  # made, and its dead runs ended, before the server opens it
    shown = f"[{address}]" if address.version == 6 else str(address)
    click.echo(f"Dagster UI on http://{shown}:{port}, home {place.path}; stop with Ctrl-C")
    if not address.is_loopback:
        click.echo(
            f"exposed: whoever reaches {shown}:{port} can see every setting, log and result of {place.path}, "
            "start and stop runs and read any folder of candles that this user can; there is no password",
            err=True,
        )
    command = [sys.executable, "-m", "dagster", "dev", "-h", str(address), "-p", str(port), "-m", LOCATION]
    return _serve(command)


@cli.command()
@click.option("--keep-days", type=click.FloatRange(0), default=1.0, show_default=True, help="Younger stays.")
@click.option("--keep-sweeps", type=click.IntRange(0), help="Keep this many sweeps' values; default all.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@_with(_HOME_OPTION, _JSON_OPTION)
def clean(keep_days: float, keep_sweeps: int | None, dry_run: bool, home: str, as_json: bool) -> int:
    """Prune the cache: fits and artifacts that no sweep of the results leads to. No row is touched."""
    from ftf_assets.freshness.pruning import prune
    from ftf_assets.storage.home import Home

    pruned = prune(Home.locate(home), keep_days=keep_days, keep_sweeps=keep_sweeps, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(pruned)))
        return 0
    click.echo(f"{len(pruned.sweeps)} sweeps kept: {', '.join(pruned.sweeps) or 'none'}")
    for name, kind in pruned.kinds.items():
        kept = f"; kept {kind.n_kept}, {kind.bytes_kept:,} bytes" if kind.n_kept else ""
        click.echo(f"{name:<11} removed {kind.n_pruned}, {kind.bytes_pruned:,} bytes{kept}")
    click.echo(f"{pruned.bytes_pruned:,} bytes {'would be' if dry_run else 'are'} free")
    return 0


def main() -> None:
    """Run the command and exit with its code: what the user can mend is one line and exit code 2."""
    from ftf_assets.contracts.errors import FtfError, RunError, shown

    # Importing makes many objects and no garbage: to look for it takes a third of the time.
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    # What libraries announce to those who develop with them is no news to those who run a command.
    warnings.simplefilter("ignore", FutureWarning)
    try:
        code = cli.main(standalone_mode=False)
    except click.UsageError as error:
        _fail(error.format_message(), EXIT_BAD_INPUT)
    except click.Abort:
        sys.exit(EXIT_INTERRUPTED)
    except FtfError as error:
        _fail(str(error), EXIT_FAILED if isinstance(error, RunError) else EXIT_BAD_INPUT)
    except OSError as error:
        # The file system refused where no reader or writer of ours stood: one line, as for all refusals.
        _fail(f"{shown(error.filename or '')}: {error.strerror or error}", EXIT_BAD_INPUT)
    sys.exit(code or 0)


def _fail(message: str, code: int) -> NoReturn:
    click.echo("ftf: " + " ".join(message.split()), err=True)
    sys.exit(code)


def _serve(command: list[str]) -> int:
    """Run a server until it ends or we are told to stop, and let it stop its own processes then.

    It gets a process group of its own, so that Ctrl-C reaches it once, through us. Our handler also undoes
    what a shell does to a script in the background: such a one, and its children, would ignore SIGINT.
    """
    import signal
    import subprocess

    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True
        server.send_signal(signal.SIGINT)

    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, stop)
    server = subprocess.Popen(command, process_group=0)  # noqa: S603  our own interpreter and arguments
    code = server.wait()
    return 0 if stopped else code


def _open_sweep(options: dict[str, Any]) -> Sweep:
    sweep = _resolve_sweep(options)
    sweep.require_confirmation()
    return sweep


def _resolve_sweep(options: dict[str, Any]) -> Sweep:
    from ftf_assets.sweep.settings import sweep_settings
    from ftf_assets.sweep.sweep import open_sweep

    values = {name: value for name, value in options.items() if value is not None}
    values["cryptos"] = ",".join(values.pop("cryptos", ()))
    for assignment in values.pop("assignments", ()):
        name, equals, value = assignment.partition("=")
        if not equals:
            raise click.UsageError(f"--set takes NAME=VALUE, found {assignment!r}")
        values[name.strip()] = value.strip()
    if "tune" in values:
        values["tune"] = values["tune"].replace("-", "_")
    return open_sweep(sweep_settings(values))


def _decide_file(file: Path) -> Decision:
    from ftf_assets.gate.decision import decide
    from ftf_assets.storage.result_files import read_result_file

    published = read_result_file(file)
    return decide(published.rows, published.baselines, sweep_id=published.sweep_id)


def _decide_stored(sweep_id: str, home: str) -> Decision:
    from ftf_assets.freshness.stored_sweeps import decide_stored, stored_settings
    from ftf_assets.graph.instance import open_instance
    from ftf_assets.storage.home import Home
    from ftf_assets.storage.results_store import ResultsStore

    place = Home.locate(home)
    store = ResultsStore(place.results)
    sweep_id = sweep_id or store.latest_sweep_id()
    stored_settings(store, sweep_id)  # an unknown sweep is refused before an instance is made
    with open_instance(place) as instance:
        return decide_stored(place, instance, sweep_id)


def _run(sweep: Sweep, home: Home, *, as_json: bool, smoke: bool = False) -> int:
    from ftf_assets.command.progress_bar import show_progress
    from ftf_assets.graph.jobs import SMOKE_JOB, SWEEP_JOB
    from ftf_assets.running.child_processes import Interrupted
    from ftf_assets.running.progress import sweep_progress
    from ftf_assets.running.sweep_run import run_sweep
    from ftf_assets.storage.results_store import ResultsStore

    progress = sweep_progress(sweep, home)
    _announce(sweep, progress.n_reused)
    try:
        with show_progress(progress) as on_fit:
            done = run_sweep(sweep, home, on_fit=on_fit, job=SMOKE_JOB if smoke else SWEEP_JOB)
    except Interrupted:
        click.echo(
            "ftf: interrupted; finished fits are kept and the same command goes on from them", err=True
        )
        return EXIT_INTERRUPTED
    store = ResultsStore(home.results)
    rows = store.read(sweep.sweep_id)
    statuses = {str(status): int(n) for status, n in rows["status"].value_counts().items()}
    if as_json:
        click.echo(
            json.dumps(
                {
                    "sweep_id": sweep.sweep_id,
                    "cells": sweep.n_cells,
                    "statuses": statuses,
                    "tuning": sweep.tuning.in_words,
                    "red_checks": done.red_checks,
                    "run_ids": done.run_ids,
                    "verdicts": [dataclasses.asdict(one) for one in done.decision.verdicts]
                    if done.decision
                    else [],
                    "report": str(done.report) if done.report else None,
                    "results": str(home.results),
                    "leaderboard": json.loads(store.leaderboard(sweep.sweep_id).to_json(orient="records")),
                }
            )
        )
    else:
        _show(sweep, home, rows, store.leaderboard(sweep.sweep_id), statuses, done)
    complete = len(rows) == sweep.n_cells and "training_failed" not in statuses
    if smoke:
        complete = complete and not done.red_checks and statuses == {"ok": sweep.n_cells}
    return 0 if complete else EXIT_FAILED


def _run_audit(audit: Audit, home: Home, *, as_json: bool) -> int:
    from ftf_assets.command.progress_bar import show_progress
    from ftf_assets.rows.noise_audit import plain_records
    from ftf_assets.running.audit_run import run_noise_audit
    from ftf_assets.running.child_processes import Interrupted
    from ftf_assets.running.progress import SweepProgress

    sweep = audit.sweep
    click.echo(
        f"audit of {', '.join(sweep.cryptos)}: {audit.settings.noise_seeds} draws of each kind of noise, "
        f"{audit.n_fits} fits",
        err=True,
    )
    try:
        with show_progress(SweepProgress(audit.n_fits)) as on_fit:
            done = run_noise_audit(audit, home, on_fit=on_fit)
    except Interrupted:
        click.echo(
            "ftf: interrupted; finished fits are kept and the same command goes on from them", err=True
        )
        return EXIT_INTERRUPTED
    found, effects = plain_records(done.found), plain_records(done.effects)
    if as_json:
        shown = {
            "audit_ids": {crypto: audit.audit_id(crypto) for crypto in sweep.cryptos},
            "run_ids": done.run_ids,
            "red_checks": done.red_checks,
            "results": str(home.results),
            "found": found,
            "effects": effects,
        }
        click.echo(json.dumps(shown, default=str))
    else:
        _show_audit(home, found, effects, done.red_checks)
    failed = any(row["status"] == "failed" for row in (*found, *effects))
    return EXIT_FAILED if failed or done.red_checks else 0


def _show_audit(
    home: Home, found: list[dict[str, Any]], effects: list[dict[str, Any]], red_checks: list[str]
) -> None:
    from ftf_assets.command.tables import audit_tables, stdout
    from ftf_assets.report.noise_audit import AuditData, audit_section

    console = stdout()
    for table in audit_tables(audit_section(AuditData(found, effects)), console.width):
        console.print(table)
    for check in red_checks:
        console.print(f"red check: {check}", highlight=False, soft_wrap=True, markup=False)
    console.print(
        f"table   {home.results}: noise_audit, noise_audit_effects", soft_wrap=True, highlight=False
    )
    console.print("report  ftf report shows it beside the verdict", highlight=False)
    console.print("runs    ftf ui shows runs, pictures and checks", highlight=False)


def _announce(sweep: Sweep, n_done: int) -> None:
    click.echo(
        f"{sweep.sweep_id}: {len(sweep.cryptos)} cryptos x {sweep.settings.n_folds} folds x "
        f"{len(sweep.variants)} variants = {sweep.n_cells} cells, {sweep.n_fits} fits"
        + (f", {n_done} of them done" if n_done else ""),
        err=True,
    )
    click.echo(sweep.tuning.in_words, err=True)
    for crypto in sweep.cryptos:
        provenance = sweep.provenance(crypto)
        if provenance.passed_over:
            others = ", ".join(provenance.passed_over)
            click.echo(f"{crypto}: {provenance.file} is read, {others} passed over", err=True)


def _show(
    sweep: Sweep,
    home: Home,
    rows: pd.DataFrame,
    leaderboard: pd.DataFrame,
    statuses: dict[str, int],
    done: SweepRun,
) -> None:
    from ftf_assets.command.tables import baseline_in_words, leaderboard_table, stdout, verdicts_in_words

    console = stdout()
    console.print(
        leaderboard_table(
            leaderboard, f"{sweep.sweep_id} on {sweep.settings.source}, means over cells", console.width
        )
    )
    counts = ", ".join(f"{n} {status}" for status, n in statuses.items())
    console.print(f"{len(rows)} rows: {counts}", highlight=False)
    for sentence in baseline_in_words(leaderboard):
        console.print(sentence, highlight=False, soft_wrap=True)
    if done.decision is not None:
        for line in verdicts_in_words(done.decision):
            console.print(line, highlight=False, soft_wrap=True, markup=False)
    for check in done.red_checks:
        console.print(f"red check: {check}", highlight=False, soft_wrap=True, markup=False)
    failed = rows[rows["status"] != "ok"]
    for row in failed.itertuples():
        console.print(
            f"{row.status}: {row.crypto} fold {row.fold} {row.variant}: {row.error_message}",
            highlight=False,
            soft_wrap=True,
            markup=False,
        )
    console.print(
        f"table   {home.results} (ftf results --sweep {sweep.sweep_id})", soft_wrap=True, highlight=False
    )
    console.print(f"models  {home.fits}", soft_wrap=True, highlight=False)
    if done.report is not None:
        console.print(f"report  {done.report}", soft_wrap=True, highlight=False, markup=False)
    if done.decision is not None:
        console.print("numbers ftf gate shows every number behind the verdict", highlight=False)
    console.print("runs    ftf ui shows runs, partitions and checks", highlight=False)


def _export(
    frame: pd.DataFrame, form: str | None, output: Path | None, table: Callable[[pd.DataFrame, int], Table]
) -> None:
    from ftf_assets.command.tables import stdout
    from ftf_assets.contracts.errors import StoreError

    suffix = output.suffix.lstrip(".") if output else ""
    form = form or (suffix if output else "table")
    if form not in _FORMATS:
        raise click.UsageError(
            f"--output ends in one of .csv, .parquet, .json, found {output}, or say --format"
        )
    if form == "table":
        if output is not None:
            raise click.UsageError("--format table is for the terminal; a file is csv, parquet or json")
        console = stdout()
        console.print(table(frame, console.width))
        return
    if output is None and form == "parquet":
        raise click.UsageError("--format parquet needs --output")
    text = frame.to_csv(index=False) if form == "csv" else frame.to_json(orient="records", date_format="iso")
    if output is None:
        click.echo(text, nl=form == "json")
        return
    try:
        if form == "parquet":
            frame.to_parquet(output)
        else:
            output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"cannot write {output}: {error.strerror or error}") from None
    click.echo(f"{len(frame)} rows in {output}", err=True)
