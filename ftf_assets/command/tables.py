"""The tables that the command prints."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.table import Table

from ftf_assets.command.sentences import counted
from ftf_assets.gate.words import p_in_words

if TYPE_CHECKING:
    import pandas as pd

    from ftf_assets.gate.decision import Decision


@dataclass(frozen=True)
class Column:
    """A column of a table: label, how its numbers are written, whether a narrow terminal needs it.

    ``form`` is a format, or ``p`` for a p-value.
    """

    label: str
    form: str = "{}"
    needed: bool = True


#: Spaces at the left and right edge of a table.
_EDGES = 2

LEADERBOARD = {
    "variant": Column("variant"),
    "n_cells": Column("cells"),
    "n_failed": Column("failed"),
    "n_skipped": Column("skipped"),
    "roc_auc": Column("AUC", "{:.4f}"),
    "average_precision": Column("avg prec", "{:.4f}"),
    "f1_buy": Column("f1 BUY", "{:.4f}"),
    "f1_always_buy": Column("always BUY", "{:.4f}"),
    "trade_precision": Column("precision", "{:.3f}"),
    "breakeven_precision": Column("break-even", "{:.3f}"),
    "expectancy_net": Column("net bps", "{:.1f}"),
    "n_trades": Column("trades", needed=False),
    "predicted_buy_rate": Column("says BUY", "{:.0%}", needed=False),
    "log_loss": Column("log loss", "{:.4f}", needed=False),
    "ece_debiased": Column("ECE deb", "{:.4f}", needed=False),
}


CELLS = {
    "crypto": Column("crypto"),
    "fold": Column("fold"),
    "variant": Column("variant"),
    "status": Column("status"),
    "roc_auc": Column("AUC", "{:.4f}"),
    "average_precision": Column("avg prec", "{:.4f}", needed=False),
    "f1_buy": Column("f1 BUY", "{:.4f}"),
    "f1_always_buy": Column("always BUY", "{:.4f}", needed=False),
    "trade_precision": Column("precision", "{:.3f}"),
    "breakeven_precision": Column("break-even", "{:.3f}"),
    "expectancy_net": Column("net bps", "{:.1f}"),
    "n_trades": Column("trades", needed=False),
    "n_kept": Column("rows", needed=False),
    "best_iteration": Column("rounds", needed=False),
    "sortino": Column("Sortino", "{:.2f}", needed=False),
}

REGIMES = {
    "regime": Column("regime"),
    "variant": Column("variant"),
    "n_cells": Column("cells", needed=False),
    "n": Column("rows"),
    "n_buy": Column("BUY"),
    "n_called": Column("called BUY", needed=False),
    "f1_buy": Column("f1 BUY", "{:.4f}"),
    "f1_always_buy": Column("always BUY", "{:.4f}"),
    "precision_buy": Column("precision", "{:.4f}"),
    "recall_buy": Column("recall", "{:.4f}", needed=False),
}

CONFIDENCE = {
    "variant": Column("variant"),
    "top_share": Column("top share", "{:.0%}"),
    "n_cells": Column("cells"),
    "n_called": Column("called", needed=False),
    "precision": Column("precision", "{:.3f}"),
    "breakeven_precision": Column("break-even", "{:.3f}"),
    "n_trades": Column("trades"),
    "expectancy_net": Column("net bps", "{:.1f}"),
}

_CELL = {"crypto": Column("crypto"), "fold": Column("fold"), "variant": Column("variant")}

WEEKS = {
    **_CELL,
    "week": Column("week from", "{:%Y-%m-%d}"),
    "n_test": Column("rows"),
    "n_buy": Column("BUY"),
    "auc_influence": Column("AUC influence", "{:+.5f}"),
    "n_trades": Column("trades"),
    "net_return": Column("net return", "{:+.2%}"),
}

FITS = {
    **_CELL,
    "repeat": Column("repeat"),
    "roc_auc": Column("AUC", "{:.4f}"),
    "average_precision": Column("avg prec", "{:.4f}"),
    "f1_buy": Column("f1 BUY", "{:.4f}"),
}

CEILING = {
    "crypto": Column("crypto"),
    "fold": Column("fold"),
    "noise": Column("noise"),
    "exposure": Column("exposure", "{:g}"),
    "repeat": Column("repeat", needed=False),
    "status": Column("status", needed=False),
    "changed": Column("changed", "{:.1%}"),
    "roc_auc": Column("AUC", "{:.4f}"),
    "average_precision": Column("avg prec", "{:.4f}"),
}

#: How the rows of ``ftf results --by`` are laid out, and what the title adds to the sweep.
DETAILS: dict[str, tuple[dict[str, Column], str]] = {
    "regime": (REGIMES, "by market regime: each test row has the same weight"),
    "confidence": (CONFIDENCE, "by share of the most confident calls: means over cells"),
    "week": (WEEKS, "by UTC week: what each week's rows add to a cell's AUC, and its trades"),
    "fit": (FITS, "by single fit: the same repeat has the same seed in every variant"),
    "ceiling": (CEILING, "by noise of the training labels: what each dose of it costs the baseline"),
}

SUSPECTS = {
    "crypto": Column("crypto"),
    "timestamp": Column("timestamp", "{:%Y-%m-%d %H:%M}"),
    "label": Column("label"),
    "p_buy": Column("p_buy", "{:.4f}"),
    "label_quality": Column("quality", "{:.4f}"),
    "fold": Column("latest fold"),
    "cleaners": Column("suspected by", needed=False),
}
#: Suspects that a terminal shows; an export has them all.
_MOST_SUSPECTS = 50

LEVELS = {
    "level": Column("level"),
    "verdict": Column("verdict"),
    "gain": Column("gain"),
    "interval": Column("95 % interval"),
    "visible": Column("could see", needed=False),
    "p": Column("corrected p", needed=False),
    "factor": Column("factor", needed=False),
}

GATE = {
    "level": Column("level"),
    "metric": Column("metric"),
    "role": Column("role", needed=False),
    "mean_difference": Column("mean", "{:.4f}"),
    "ci_low": Column("95 % from", "{:.4f}"),
    "ci_high": Column("to", "{:.4f}"),
    "smallest_visible": Column("could see", "{:.4f}", needed=False),
    "seed_margin": Column("seed noise ±", "{:.4f}", needed=False),
    "p_corrected": Column("corrected p", "p", needed=False),
    "cohens_d": Column("d", "{:.2f}", needed=False),
    "outcome": Column("outcome"),
    "n_pairs": Column("pairs", needed=False),
    "fold_p": Column("p folds", "p", needed=False),
    "t": Column("t", "{:.2f}", needed=False),
    "median_difference": Column("median", "{:.4f}", needed=False),
    "wilcoxon_p": Column("p Wilcoxon", "p", needed=False),
    "cryptos_better": Column("cryptos better", needed=False),
    "cryptos_worse": Column("cryptos worse", needed=False),
}

AUDIT = {
    "kind": Column("noise"),
    "detector": Column("detector"),
    "buy": Column("lift, BUY"),
    "beats_buy": Column("BUY beats controls"),
    "hold": Column("lift, HOLD"),
    "beats_hold": Column("HOLD beats controls"),
    "rate": Column("estimated noise rate", needed=False),
    "overall": Column("overall AP", needed=False),
    "reason": Column("not measured", needed=False),
}

EFFECTS = {
    "kind": Column("noise"),
    "treatment": Column("treatment"),
    "lost": Column("AP lost"),
    "won": Column("AP gained"),
    "recovered": Column("recovered", needed=False),
    "over_random": Column("over filter_random", needed=False),
}


def leaderboard_table(leaderboard: pd.DataFrame, title: str, width: int) -> Table:
    """Lay out a leaderboard, one line per variant, best mean AUC first, within ``width`` characters.

    ``always BUY`` is the f1 of calling every bar BUY. ``precision`` is that of the calls at the threshold of
    trades: trading loses where it is below ``break-even``. Counts of failed and skipped cells are shown where
    there are any.
    """
    texts = {
        name: [_text(column.form, value) for value in leaderboard[name]]
        for name, column in LEADERBOARD.items()
        if name not in ("n_failed", "n_skipped") or leaderboard[name].any()
    }
    return fitting_table(title, {name: LEADERBOARD[name] for name in texts}, texts, width, left=("variant",))


def levels_table(decision: Decision, width: int) -> Table:
    """Lay out the verdict on each level with its gain, one line per level, within ``width`` characters."""
    from ftf_assets.gate.level_lines import level_lines
    from ftf_assets.gate.words import metric_in_words

    lines = level_lines(decision)
    texts = {name: [str(getattr(one, name)) for one in lines] for name in LEVELS}
    metric = f", in {metric_in_words(decision.primary_metric)}" if decision.primary_metric else ""
    title = f"Each level against the baseline{metric}"
    return fitting_table(title, LEVELS, texts, width, left=("level", "verdict", "factor"))


def gate_table(decision: Decision, width: int) -> Table:
    """Lay out the numbers behind the verdicts, one line per level and metric, within ``width`` characters."""
    texts = {
        name: [_text(column.form, getattr(one, name)) for one in decision.metrics]
        for name, column in GATE.items()
    }
    title = "Every metric: the level minus the baseline"
    return fitting_table(title, GATE, texts, width, left=("level", "metric", "role", "outcome"))


def suspects_table(suspects: pd.DataFrame, width: int) -> Table:
    """Lay out the worst suspects, each row once, within ``width`` characters."""
    from ftf_assets.rows.label_suspects import suspects_once

    once = suspects_once(suspects)
    worst = once.head(_MOST_SUSPECTS)
    worst = worst.assign(label=worst["label"].map({0: "HOLD", 1: "BUY"}))
    texts = {name: [_text(column.form, value) for value in worst[name]] for name, column in SUSPECTS.items()}
    shown = "" if len(worst) == len(once) else f"the {len(worst)} worst of "
    title = (
        f"{shown}{counted(len(once), 'suspect row')}; each cleaner's view of them, fold by fold, "
        "with --format csv, parquet or json"
    )
    return fitting_table(title, SUSPECTS, texts, width, left=("crypto", "timestamp", "label", "cleaners"))


def details_table(by: str, sweep_id: str, rows: pd.DataFrame, width: int) -> Table:
    """Lay out what breaks cells down, a line each, within ``width`` characters; ``by`` is one of DETAILS."""
    columns, title = DETAILS[by]
    texts = {name: [_text(column.form, value) for value in rows[name]] for name, column in columns.items()}
    return fitting_table(
        f"Sweep {sweep_id} {title}", columns, texts, width, left=("regime", "crypto", "variant")
    )


def cells_table(rows: pd.DataFrame, width: int) -> Table:
    """Lay out the rows of a sweep, one line per cell, with the numbers that people look at first."""
    columns = {name: column for name, column in CELLS.items() if name in rows}
    texts = {name: [_text(column.form, value) for value in rows[name]] for name, column in columns.items()}
    title = f"Sweep {rows['sweep_id'].iloc[0]}: {counted(len(rows), 'cell')}"
    return fitting_table(title, columns, texts, width, left=("crypto", "variant", "status"))


def audit_tables(section: Mapping[str, list[dict[str, str]]], width: int) -> list[Table]:
    """Lay out an audit: what each detector finds of each kind of noise, and what cleaning recovers."""
    titles = {
        "found": (
            AUDIT,
            "Lift of each detector within an observed class (1 is chance); whether it beats every control",
        ),
        "effects": (
            EFFECTS,
            "Average precision (AP) that the noise costs, and how much of it cleaning recovers",
        ),
    }
    left = ("kind", "detector", "treatment", "reason")
    return [
        fitting_table(
            title, columns, {name: [row[name] for row in section[part]] for name in columns}, width, left=left
        )
        for part, (columns, title) in titles.items()
        if section[part]
    ]


def fitting_table(
    title: str, columns: Mapping[str, Column], texts: dict[str, list[str]], width: int, left: tuple[str, ...]
) -> Table:
    """Lay out a table that drops columns from its end until it fits, and never shortens a number."""
    widths = {name: max(map(len, [columns[name].label, *cells])) + 2 for name, cells in texts.items()}
    for name in reversed(list(texts)):
        if sum(widths[one] for one in texts) + _EDGES > width and not columns[name].needed:
            del texts[name]
    table = Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    for name in texts:
        justify: JustifyMethod = "left" if name in left else "right"
        table.add_column(columns[name].label, justify=justify, no_wrap=True)
    for row in zip(*texts.values(), strict=True):
        table.add_row(*row)
    return table


def show_answer(console: Console, decision: Decision) -> None:
    """Print the headline, the verdict on each level, and what to know besides."""
    from ftf_assets.command.sentences import notes_in_words

    say(console, decision.summary.headline, style="bold")
    console.print()
    console.print(levels_table(decision, console.width))
    for line in notes_in_words(decision):
        say(console, line)
    console.print()


def say(console: Console, text: str, style: str = "") -> None:
    """Print a line of prose: wrapped between words on a terminal, whole to a file or pipe."""
    if console.is_terminal:
        console.print(text, style=style, markup=False, highlight=False)
    else:
        click.echo(text)


def stdout() -> Console:
    """Open standard output; a file or pipe gets wide, plain lines."""
    return Console(width=None if sys.stdout.isatty() else 160)


def _text(form: str, value: object) -> str:
    import pandas as pd

    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return "-"
    if form == "p":
        return p_in_words(float(value)).removeprefix("p ")  # type: ignore[arg-type]
    return form.format(value)
