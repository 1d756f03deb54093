"""The three pictures beside the answer: does a treatment help, could correct labels, does a trade pay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import pandas as pd
from markupsafe import Markup

from ftf_assets.gate.label_ceiling import CeilingSummary
from ftf_assets.gate.words import metric_in_words
from ftf_assets.report.charts.confidence_curve import net_return_chart
from ftf_assets.report.charts.curves import LevelCurves, precision_recall
from ftf_assets.report.charts.forest_plot import gain_chart
from ftf_assets.report.charts.label_ceiling import ceiling_chart
from ftf_assets.report.data import DecisionData
from ftf_assets.report.levels import BASELINE, level_headings

N_PICTURES = 3
#: Lines in a small picture; of more levels only the one with the largest gain is drawn beside the baseline.
_MOST_LINES = 5


@dataclass(frozen=True)
class FirstPicture:
    """A small picture, the question that it answers, and the section that says more."""

    question: str
    chart: Markup
    section: str


def first_pictures(
    data: DecisionData,
    ceiling: CeilingSummary | None,
    confidence: pd.DataFrame,
    curves: Sequence[LevelCurves],
) -> list[FirstPicture]:
    """Draw the first three pictures that the sweep has; a sweep that measured little has fewer.

    Parameters
    ----------
    data
        The decision.
    ceiling
        What correct labels would be worth; None where it is off or was not measured.
    confidence
        Mean curve of the most confident calls.
    curves
        Curves of baseline and levels on the same test rows; empty where no cell has all of them.
    """
    return list(islice(_pictures(data, ceiling, confidence, curves), N_PICTURES))


def _pictures(
    data: DecisionData,
    ceiling: CeilingSummary | None,
    confidence: pd.DataFrame,
    curves: Sequence[LevelCurves],
) -> Iterator[FirstPicture]:
    if len(data.metrics):
        metric = metric_in_words(data.verdicts["primary_metric"].iloc[0])
        yield FirstPicture(f"Does a treatment help? Gain in {metric}", gain_chart(data), "gate")
    if ceiling is not None:
        chart = ceiling_chart(ceiling, "first-ceiling", small=True)
        yield FirstPicture("What would correct labels add?", chart, "label-ceiling")
    shown = _shown(data)
    net = net_return_chart(confidence, shown)
    if net is not None:
        yield FirstPicture("Does a trade pay? Net of costs", net, "confidence")
    if curves:
        few = [one for one in curves if one.level.short in shown]
        chart = precision_recall(few, "first-precision-recall", (4.1, 2.6))
        yield FirstPicture("How precise are the calls?", chart, "curves")


def _shown(data: DecisionData) -> list[str]:
    """Name the variants that a small picture has room for."""
    names = level_headings(data.levels)
    if len(names) <= _MOST_LINES:
        return names
    largest = data.summary["largest_level"].iloc[0]
    return [name for name in names if name in (BASELINE.short, largest)]
