"""``ftf audit``: inject known label errors and measure how well each cleaner finds them."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.setting_flags import (
    SETTING_OF_FLAG,
    SweepCommand,
    given_settings,
    requested_sweep,
    setting_flag,
    sweep_flags_without,
)
from ftf_assets.command.shared_flags import home_option, json_option

if TYPE_CHECKING:
    from ftf_assets.audit.answer import AuditAnswer
    from ftf_assets.graph.check_history import FailedCheck
    from ftf_assets.report.data import AuditData
    from ftf_assets.storage.home import Home


#: Flags of a sweep that would change nothing: an audit tries every built-in cleaner, and tunes nothing.
_LEFT_OUT = ("--factor", "--design", "--trials", "--tune", "--power-mode", "--phase")
#: Settings that would change nothing: those of these flags, and of what an audit does not do.
_IDLE_SETTINGS = {
    *(SETTING_OF_FLAG[flag] for flag in _LEFT_OUT),
    *("training.tune_folds", "training.tune_seeds", "training.search_space"),
    *("training.rounds", "training.seeds", "training.seed_check"),
}
_IDLE_GROUPS = ("gate", "ceiling", "evaluation")


@click.command(cls=SweepCommand, short_help="Measure how well each cleaner finds known label errors.")
@setting_flag(
    "--kinds", "audit.kinds", help="Separate them by commas.", show_default="every kind that the data support"
)
@setting_flag("--noise-seeds", "audit.noise_seeds")
@setting_flag("--noise-share", "audit.noise_share")
@sweep_flags_without(*_LEFT_OUT)
@click.option("--all", "show_all", is_flag=True, help="Print the tables behind the answer too.")
@home_option
@json_option
def audit(home: Home, show_all: bool, as_json: bool, **flags: Any) -> int:
    """Inject known label errors and measure how well each cleaner finds them.

    Six lines answer: whom to trust on these data, what each cleaner finds, recovers and flags, what noise
    costs, what no cleaner finds, and what is still needed. --all prints the tables behind them.
    """
    from ftf_assets.audit.answer import answer_audit
    from ftf_assets.audit.settings import AuditSettings, audit_settings
    from ftf_assets.command.progress_bar import show_progress
    from ftf_assets.command.sentences import warn_of_skipped
    from ftf_assets.report.data import AuditData
    from ftf_assets.rows.records import plain_records
    from ftf_assets.running.audit_run import run_noise_audit
    from ftf_assets.storage.time_estimate import require_confirmed_audit
    from ftf_assets.sweep.noise_audit import Audit
    from ftf_assets.training.fit_progress import FitProgress

    own = {name: flags.pop(f"audit.{name}") for name in AuditSettings.model_fields}
    if own["kinds"] is not None:
        own["kinds"] = tuple(kind.strip() for kind in own["kinds"].split(","))
    idle = [
        name
        for name in given_settings(flags)
        if name in _IDLE_SETTINGS or name.partition(".")[0] in _IDLE_GROUPS
    ]
    if idle:
        raise click.UsageError(
            f"an audit does not use {', '.join(sorted(idle))}: it tries every built-in cleaner, with default "
            "parameters. Leave it out"
        )
    settings = audit_settings({name: value for name, value in own.items() if value is not None})
    planned = Audit(requested_sweep(flags), settings)
    require_confirmed_audit(planned, home)
    cryptos = planned.sweep.cryptos
    click.echo(
        f"Noise audit of {', '.join(cryptos)}: {settings.noise_seeds} draws of each kind of noise, "
        f"{planned.n_fits} fits",
        err=True,
    )
    warn_of_skipped(planned.sweep)
    with show_progress(FitProgress(planned.n_fits)) as on_fit:
        done = run_noise_audit(planned, home, on_fit=on_fit)
    found, effects = plain_records(done.found), plain_records(done.effects)
    answer = answer_audit(found, effects)
    if as_json:
        shown = {
            "answer": [{"line": name, "says": says} for name, says in answer.lines],
            "trusted": answer.trusted,
            "skipped": dict(planned.sweep.skipped),
            "audit_ids": {crypto: planned.audit_id(crypto) for crypto in cryptos},
            "run_ids": done.run_ids,
            "failed_checks": [dataclasses.asdict(check) for check in done.failed_checks],
            "results": str(home.results),
            "found": found,
            "effects": effects,
        }
        click.echo(json.dumps(shown, default=str))
    else:
        _show(home, answer, AuditData(found, effects) if show_all else None, done.failed_checks)
    failed = any(row["status"] == "failed" for row in (*found, *effects))
    red = any(not check.is_warning for check in done.failed_checks)
    return ExitCode.FAILED if failed or red else ExitCode.DONE


def _show(
    home: Home, answer: AuditAnswer, tables: AuditData | None, failed_checks: list[FailedCheck]
) -> None:
    from ftf_assets.command.tables import audit_tables, say, stdout
    from ftf_assets.report.sections.noise_audit import audit_section

    console = stdout()
    width = max(len(name) for name, _ in answer.lines)
    for name, says in answer.lines:
        say(console, f"{name:<{width}}  {says}", style="bold" if name == "answer" else "")
    console.print()
    for table in audit_tables(audit_section(tables), console.width) if tables else ():
        console.print(table)
    for line in (
        *(check.in_words for check in failed_checks),
        *([] if tables else ["Tables   ftf audit --all prints them; the fits of this audit are kept"]),
        f"Results  {home.results}, tables noise_audit and noise_audit_effects",
        "More     ftf report shows the audit beside the verdict; ftf ui shows runs, pictures and checks",
    ):
        click.echo(line)
