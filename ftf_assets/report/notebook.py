"""Answers as a notebook shows them: a decision as a value with tables, text and HTML; a report as HTML."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from ftf_assets.gate.decision import Decision
from ftf_assets.gate.level_lines import level_lines
from ftf_assets.report.page import render_template
from ftf_assets.report.sections.verdict import answer_of

#: Columns of a verdict that come from the comparison of the primary metric.
_COMPARED = ("mean_difference", "ci_low", "ci_high", "p_corrected", "smallest_visible", "n_pairs")
_VERDICT = ("factor", "level", "verdict", *_COMPARED, "reason", "advice", "warnings")


@dataclass(frozen=True, eq=False)
class JudgedResults:
    """The gate's decision on results. A notebook shows the answer; ``print`` writes it as text.

    Attributes
    ----------
    decision
        The decision, with every number behind it.
    """

    decision: Decision

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
        return answer_as_text(self.decision)

    def _repr_html_(self) -> str:
        return answer_as_html(self.decision)


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
