"""Answers as a notebook shows them: a decision as a value with tables, text and HTML; a report as HTML."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd

from ftf_assets.contracts.tables.finetune_results import OK
from ftf_assets.gate.decision import Decision
from ftf_assets.gate.level_lines import level_lines
from ftf_assets.report.page import render_template
from ftf_assets.report.sections.verdict import answer_of

#: Columns of a verdict that come from the comparison of the primary metric.
_COMPARED = ("mean_difference", "ci_low", "ci_high", "p_corrected", "smallest_visible", "n_pairs")
#: Columns of the leaderboard that a notebook shows, and their headings.
_LEADERBOARD = {
    "variant": "variant",
    "n_cells": "cells",
    "roc_auc": "AUC",
    "average_precision": "average precision",
    "f1_buy": "f1 BUY",
    "f1_always_buy": "always BUY",
    "expectancy_net": "net bps",
}
_VERDICT = ("factor", "level", "verdict", *_COMPARED, "reason", "advice", "warnings")


@dataclass(frozen=True, eq=False)
class JudgedResults:
    """The gate's decision on results. A notebook shows the answer; ``print`` writes it as text.

    Attributes
    ----------
    decision
        The decision, with every number behind it.
    understood
        What was read of the results: rows, columns of another name, what was left out.
    """

    decision: Decision
    understood: str

    @property
    def headline(self) -> str:
        """The answer in a few sentences."""
        return self.decision.summary.headline

    @property
    def verdicts(self) -> pd.DataFrame:
        """One row per level.

        Columns: ``factor``, ``level``, ``verdict``; of the primary metric ``mean_difference`` (level minus
        baseline), ``ci_low`` and ``ci_high`` (95 %), ``p_corrected``, ``smallest_visible`` (smallest true
        gain found in 4 of 5 cases) and ``n_pairs``; ``reason``, ``advice`` and ``warnings``.
        """
        return verdict_frame(self.decision)

    @property
    def metrics(self) -> pd.DataFrame:
        """One row per level and metric, with the columns of ``gate_metrics`` (docs/columns.md)."""
        return pd.DataFrame(self.decision.metric_rows())

    def __repr__(self) -> str:
        return f"{answer_as_text(self.decision)}\nRead: {self.understood}"

    def _repr_html_(self) -> str:
        return answer_as_html(self.decision, [f"Read: {self.understood}"])


@dataclass(frozen=True, eq=False)
class SweepResult:
    """What a sweep gave. A notebook shows the answer and the means of each variant.

    Attributes
    ----------
    sweep_id
        Id of the sweep: the same data and settings are the same sweep.
    home
        Folder where everything is stored; ``ftf results --home …`` and ``ftf ui --home …`` read it, too.
    rows
        One row per cell, with the columns of ``finetune_results`` (docs/columns.md). Failed and skipped cells
        are rows too: see ``status`` and ``error_message``.
    leaderboard
        Means by variant.
    decision
        The gate's decision; None where the sweep compares nothing.
    report
        The report, which a notebook shows as a page; None without a decision.
    failed_checks
        The checks of the graph that have failed on these values, a line each.
    hints
        What would make the answer more certain, a sentence each.
    skipped
        Cryptos that took no part, with the reason.
    """

    sweep_id: str
    home: Path
    rows: pd.DataFrame
    leaderboard: pd.DataFrame
    decision: Decision | None
    report: Report | None
    failed_checks: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)

    @property
    def headline(self) -> str:
        """The answer in a few sentences."""
        if self.decision is None:
            return "One variant alone: there is nothing to compare it with."
        return self.decision.summary.headline

    @property
    def verdicts(self) -> pd.DataFrame:
        """One row per level, with the columns of :attr:`JudgedResults.verdicts`; none without a decision."""
        return pd.DataFrame() if self.decision is None else verdict_frame(self.decision)

    @property
    def notes(self) -> list[str]:
        """Failed cells, failed checks, skipped cryptos and hints, a line each."""
        failed = self.rows[self.rows["status"] != OK]
        return [
            *(
                f"{row.status}: {row.crypto} fold {row.fold} {row.variant}: {row.error_message}"
                for row in failed.itertuples()
            ),
            *self.failed_checks,
            *(f"skipped: {crypto}: {reason}" for crypto, reason in self.skipped.items()),
            *(f"Hint: {hint}" for hint in self.hints),
        ]

    def __repr__(self) -> str:
        answer = self.headline if self.decision is None else answer_as_text(self.decision)
        return "\n".join([f"Sweep {self.sweep_id}: {len(self.rows)} cells", answer, *self.notes])

    def _repr_html_(self) -> str:
        means = self.leaderboard[[*_LEADERBOARD]].rename(columns=_LEADERBOARD)
        table = means.to_html(index=False, float_format="{:.4f}".format, na_rep="-")
        if self.decision is None:
            return f"<p>{html.escape(self.headline)}</p>{table}"
        return answer_as_html(self.decision, self.notes) + table


@dataclass(frozen=True)
class Report:
    """The report of a sweep. A notebook shows the page itself.

    Attributes
    ----------
    path
        The HTML file, which needs no other file and no network.
    """

    path: Path

    @property
    def html(self) -> str:
        """The page."""
        return self.path.read_text(encoding="utf-8")

    def _repr_html_(self) -> str:
        # In a frame of its own, so that the styles of page and notebook do not mix.
        return f'<iframe srcdoc="{html.escape(self.html)}" width="100%" height="900"></iframe>'


def verdict_frame(decision: Decision) -> pd.DataFrame:
    """Lay out the verdicts, one row per level, as :attr:`JudgedResults.verdicts` describes them."""
    deciding = {
        (one.factor, one.level): asdict(one)
        for one in decision.metrics
        if one.metric == decision.primary_metric
    }
    rows = [
        {
            **asdict(one),
            "warnings": "\n".join(one.warnings) or None,
            **{name: deciding.get((one.factor, one.level), {}).get(name) for name in _COMPARED},
        }
        for one in decision.verdicts
    ]
    return pd.DataFrame(rows, columns=list(_VERDICT))


def answer_as_text(decision: Decision) -> str:
    """Write headline and levels as plain text, a level a line."""
    lines = level_lines(decision)
    width = max((len(one.level) for one in lines), default=0)
    return "\n".join(
        [
            decision.summary.headline,
            *(f"  {one.level:<{width}}  {one.verdict:<18}  {one.gain}  ({one.interval})" for one in lines),
        ]
    )


def answer_as_html(decision: Decision, more: Sequence[str] = ()) -> str:
    """Write an answer as a piece of HTML without styles; ``more`` are sentences that follow its notes."""
    return render_template("notebook-answer.html.j2", {"answer": answer_of(decision), "more": [*more]})
