"""Pictures that the Dagster UI shows in place: smaller than what it folds behind a link.

The UI shows Markdown of less than 1,000 characters directly and folds the rest behind *Show Markdown*. The
report's pictures have 10,000 to 100,000, so the one that people look for first is also drawn here, in
strokes. Where a sweep has so many levels that it grows too long, the UI folds it like the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from ftf_assets.graph.metadata import Metadata

if TYPE_CHECKING:
    from ftf_assets.gate.decision import Decision, MetricComparison

#: Markdown of this length is folded behind a link.
FOLDED_FROM = 1_000

_WIDTH, _NAMES, _ROW = 300, 90, 20
_INK, _FAINT = "#234", "#999"


def gains_in_place(decision: Decision) -> Metadata:
    """Draw the gain of each level with its interval, beside no gain and a useful one (dashed).

    Returns
    -------
    dict
        ``gains`` as Markdown with one inline SVG, or nothing where no gain was measured.
    """
    measured = [
        one
        for one in decision.metrics
        if one.metric == decision.primary_metric and one.ci_low is not None and one.ci_high is not None
    ]
    if not measured:
        return {}
    return {
        "gains": dg.MetadataValue.md(f"![gains, 95 %](<data:image/svg+xml,{_inline(decision, measured)}>)")
    }


def _inline(decision: Decision, measured: list[MetricComparison]) -> str:
    useful = decision.useful_gain
    low = min(-useful, *(one.ci_low or 0.0 for one in measured))
    high = max(useful, *(one.ci_high or 0.0 for one in measured))

    def x(value: float) -> int:
        return round(_NAMES + (value - low) / (high - low) * (_WIDTH - _NAMES - 10))

    bars, points, names = "", "", ""
    for row, one in enumerate(measured):
        y = _ROW * row + 14
        bars += f"M{x(one.ci_low or 0.0)} {y}H{x(one.ci_high or 0.0)}"
        points += f"M{x(one.mean_difference or 0.0)} {y}h0"
        names += f"<text y='{y + 4}'>{one.level}</text>"
    height = _ROW * len(measured) + 24
    scale = f"<text x='{x(0) - 3}' y='{height - 3}'>0</text>"
    scale += f"<text x='{x(useful) - 14}' y='{height - 3}'>{useful:+g}</text>"
    down = f"V{height - 16}"
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{_WIDTH}' height='{height}'"
        " font-size='12' font-family='sans-serif'>"
        f"<path fill='#fff' d='M0 0H{_WIDTH}V{height}H0'/>"
        f"<path stroke='{_FAINT}' d='M{x(0)} 4{down}'/>"
        f"<path stroke='{_FAINT}' stroke-dasharray='3' d='M{x(useful)} 4{down}'/>"
        f"<g stroke='{_INK}' stroke-linecap='round'><path stroke-width='2' d='{bars}'/>"
        f"<path stroke-width='8' d='{points}'/></g>{names}{scale}</svg>"
    )
    for character in "%#<>":  # the first of them is the one that the others are written with
        svg = svg.replace(character, f"%{ord(character):02X}")
    return svg
