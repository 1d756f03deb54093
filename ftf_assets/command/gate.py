"""``ftf gate``: the gate's verdict on a sweep, or on a file of results, and the statistics behind it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.shared_flags import home_option, json_option, sweep_id_option

if TYPE_CHECKING:
    from ftf_assets.gate.decision import Decision
    from ftf_assets.gate.selection import Selection
    from ftf_assets.rows.published_results import PublishedResults
    from ftf_assets.storage.home import Home

#: Up to so many cryptos of a sweep are named.
_NAMED_CRYPTOS = 5


@click.command(short_help="Print the verdict on each treatment level of a sweep.")
@sweep_id_option
@click.option(
    "--results",
    "file",
    type=click.Path(path_type=Path),
    help="Judge a file of results instead: CSV, JSON, Parquet or Feather, of ftf results, MLflow or others.",
)
@click.option(
    "--factor",
    metavar="NAME",
    help="The factor of the file to judge, one of your own, too. [default: those of ftf that it has]",
)
@click.option(
    "--baseline", metavar="LEVEL", help="Baseline level of --factor. [default: that of ftf's factor]"
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME=THEIRS",
    help="Column of the file that holds one of ours, such as roc_auc=auc. Repeat the flag for more. "
    "[default: the spellings of docs/data.md]",
)
@click.option(
    "--separator",
    metavar="SIGN",
    help="Separator of the file: comma, semicolon, tab, bar or a sign. [default: found]",
)
@click.option(
    "--decimal", type=click.Choice(("point", "comma")), help="Decimal sign of the file. [default: point]"
)
@click.option(
    "--rule",
    type=click.Choice(("primary_metric", "two_metrics")),
    help="Rule of the verdicts. [default: the sweep's own; for a file primary_metric]",
)
@click.option(
    "--useful-gain",
    type=click.FloatRange(0, 1, min_open=True),
    help="Smallest gain of the primary metric worth having. [default: the sweep's own; for a file 0.01]",
)
@home_option
@json_option
def gate(
    sweep_id: str | None,
    file: Path | None,
    factor: str | None,
    baseline: str | None,
    columns: tuple[str, ...],
    separator: str | None,
    decimal: str | None,
    rule: str | None,
    useful_gain: float | None,
    home: Home,
    as_json: bool,
) -> int:
    """Print the answer of a sweep, the verdict on each treatment level, and the statistics behind it.

    A treatment level is, for example, cleanlab=filter.
    """
    from ftf_assets.command.sentences import reasons_in_words
    from ftf_assets.command.tables import gate_table, say, show_answer, stdout
    from ftf_assets.gate.selection import selection_in_words

    given = {"rule": rule, "useful_gain": useful_gain}
    changed = {name: value for name, value in given.items() if value is not None}
    about_file = {
        "--factor": factor,
        "--baseline": baseline,
        "--column": columns,
        "--separator": separator,
        "--decimal": decimal,
    }
    if file is None and (alone := [flag for flag, value in about_file.items() if value]):
        raise click.UsageError(f"{alone[0]} is about a file of results: add --results FILE")
    if file is not None and sweep_id is not None:
        raise click.UsageError("--sweep is about a sweep and --results about a file: give one of them")
    if baseline and not factor:
        raise click.UsageError("--baseline is that of a factor: add --factor NAME")
    stated = {name: value for name, value in (("separator", separator), ("decimal", decimal)) if value}
    published = _published(file, columns, stated, factor, baseline) if file else None
    decision = (
        _decision_of_file(published, changed) if published else _decision_of_sweep(sweep_id, home, changed)
    )
    selection = None if file else _selection_of_sweep(decision.sweep_id, home)
    if file and published:
        click.echo(f"Read {file.name}: {published.in_words}", err=True)
    if as_json:
        answer = {"headline": decision.summary.headline, "ending": decision.summary.ending}
        picked = None if selection is None else dataclasses.asdict(selection)
        read = (
            {"reading": {"format": published.format, **dataclasses.asdict(published.columns)}}
            if published
            else {}
        )
        click.echo(json.dumps({**answer, **dataclasses.asdict(decision), "selection": picked, **read}))
        return ExitCode.DONE
    console = stdout()
    if not file:
        say(console, _sweep_in_words(decision, home))
        console.print()
    show_answer(console, decision)
    console.print(gate_table(decision, console.width))
    for line in (*reasons_in_words(decision), *(selection_in_words(selection) if selection else ())):
        say(console, line)
    return ExitCode.DONE


def _published(
    file: Path,
    columns: tuple[str, ...],
    stated: Mapping[str, Any],
    factor: str | None,
    baseline: str | None,
) -> PublishedResults:
    from ftf_assets.storage.result_files import RESULT_OPTIONS, read_result_file

    named = {}
    for assignment in columns:
        ours, equals, theirs = assignment.partition("=")
        if not (ours and equals and theirs):
            raise click.UsageError(f"--column takes NAME=THEIRS, found {assignment!r}")
        named[ours.strip()] = theirs.strip()
    return read_result_file(
        file,
        factor=factor,
        baseline=baseline,
        columns=named,
        options=dataclasses.replace(RESULT_OPTIONS, **stated),
    )


def _decision_of_file(published: PublishedResults, changed: Mapping[str, Any]) -> Decision:
    from ftf_assets.gate.decide import decide
    from ftf_assets.gate.thresholds import GateSettings

    settings = GateSettings(**changed)
    return decide(published.rows, published.baselines, sweep_id=published.sweep_id, settings=settings)


def _decision_of_sweep(sweep_id: str | None, home: Home, changed: Mapping[str, Any]) -> Decision:
    from ftf_assets.graph.decision_inputs import decision_inputs
    from ftf_assets.graph.instance import open_instance
    from ftf_assets.storage.results_store import ResultsStore

    store = ResultsStore(home)
    sweep_id = sweep_id or store.latest_sweep_id()
    settings = store.settings(sweep_id)  # refuses an unknown sweep before an instance is written
    with open_instance(home) as instance:
        inputs = decision_inputs(store, instance, sweep_id, settings.with_changes(gate=changed))
    decision = inputs.decide()
    if not inputs.checks_known:
        click.echo(
            f"Warning: Dagster's records of {home.address} on this machine know no check of {sweep_id}: "
            "contract and leak checks count as they did when it was decided",
            err=True,
        )
    return decision


def _sweep_in_words(decision: Decision, home: Home) -> str:
    """Say whose answer this is: without --sweep nobody has named it."""
    from ftf_assets.command.sentences import counted
    from ftf_assets.storage.results_store import ResultsStore

    data = ResultsStore(home).settings(decision.sweep_id).data
    cryptos = data.crypto_names
    who = ", ".join(cryptos) if len(cryptos) <= _NAMED_CRYPTOS else counted(len(cryptos), "crypto")
    levels = ", ".join(f"{one.factor}={one.level}" for one in decision.verdicts)
    return f"Sweep {decision.sweep_id} on source {data.source}: {who}; {levels}"


def _selection_of_sweep(sweep_id: str, home: Home) -> Selection | None:
    from ftf_assets.rows.selection import selection_of
    from ftf_assets.storage.results_store import ResultsStore

    store = ResultsStore(home)
    return selection_of(store.read(sweep_id), store.details("weekly_results", sweep_id))
