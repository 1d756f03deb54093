"""The forest plot: mean difference and interval of every level, a panel a metric, the primary one first.

In the panel of the primary metric a blue band marks the useful gains, and a grey tick at each level the
smallest gain that the sweep could have seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from ftf_assets.contracts.tables.gate_decision import LOSES, PRIMARY, SHOWN, WINS
from ftf_assets.gate.words import signed_in_words
from ftf_assets.report.charts.svg import Room, drawing, inline_svg, text_width
from ftf_assets.report.data import DecisionData
from ftf_assets.report.formats import is_absent, signed
from ftf_assets.report.levels import Level

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNITS = {
    "roc_auc": "AUC",
    "f1_buy": "f1 of BUY",
    "average_precision": "average precision",
    "expectancy_net": "net return per trade, bps",
    "sortino": "Sortino ratio",
}
_OUTCOMES = {WINS: ("^", "#000000"), LOSES: ("v", "#000000")}
#: Inches to the right of a panel for a difference and its outcome, such as "-0.0123 loses".
_ROOM_FOR_NUMBERS = 0.95
#: Inches of level names beside which a small panel has room for few ticks.
_LONG_NAMES = 1.4


def forest_plot(data: DecisionData) -> Markup:
    """Draw mean difference and interval of every level in each metric that decides or vetoes."""
    levels = data.levels
    deciding = data.metrics[data.metrics["role"] != SHOWN]
    first = deciding["metric"][deciding["role"] == PRIMARY]
    names = list(dict.fromkeys([*first, *deciding["metric"]]))
    primary, useful_gain = data.verdicts[["primary_metric", "useful_gain"]].iloc[0]
    n_rows = (len(names) + 1) // 2
    sentences = []
    room = Room(
        left=text_width(level.short for level in levels) + 0.15,
        bottom=0.3,
        right=_ROOM_FOR_NUMBERS,
        top=0.3,
        between_columns=_ROOM_FOR_NUMBERS + 0.1,
        between_rows=0.75,
    )
    height, shape = n_rows * (1.1 + 0.36 * len(levels)), (n_rows, min(2, len(names)))
    with drawing(10, height, room, shape, sharey=True) as (figure, axes):
        for ax in axes.flat[len(names) :]:
            ax.set_visible(False)
        for ax, name in zip(axes.flat, names, strict=False):
            _panel(ax, data, levels, name, float(useful_gain) if name == primary else None)
            sentences.append(_in_words(data, levels, name))
        return inline_svg(
            figure,
            "forest",
            "Differences between each level and the baseline, with 95 % intervals",
            " ".join(sentences),
        )


def gain_chart(data: DecisionData) -> Markup:
    """Draw the panel of the primary metric alone, small, for the first screen of the report."""
    levels, metric = data.levels, str(data.verdicts["primary_metric"].iloc[0])
    room = Room(left=text_width(level.short for level in levels) + 0.12, bottom=0.3, right=0.72, top=0.26)
    with drawing(4.1, max(2.45, 0.8 + 0.22 * len(levels)), room) as (figure, ((ax,),)):
        _panel(ax, data, levels, metric, float(data.verdicts["useful_gain"].iloc[0]))
        ax.locator_params(axis="x", nbins=4 if room.left < _LONG_NAMES else 2)
        ax.xaxis.set_major_formatter(lambda gain, _: f"{round(gain, 6):g}".replace("-", "\N{MINUS SIGN}"))
        ax.set_title("", loc="left")  # the page names the metric above the picture
        return inline_svg(
            figure,
            "first-gain",
            f"Gain of each level over the baseline in {UNITS[metric]}, with 95 % intervals",
            _in_words(data, levels, metric),
        )


def _panel(ax: Axes, data: DecisionData, levels: Sequence[Level], metric: str, gain: float | None) -> None:
    margin = _seed_margin(data, metric)
    if margin:
        ax.axvspan(-margin, margin, color="#e6e6e6", linewidth=0, zorder=0)
    ax.axvline(0, color="#333333", linewidth=1)
    for place, level in enumerate(levels):
        row = _row(data, level, metric)
        if row is None or is_absent(row["mean_difference"]):
            ax.text(0, place, "  no pairs", va="center", fontsize=8.5)
            continue
        mean = float(row["mean_difference"])
        marker, face = _OUTCOMES.get(row["outcome"], ("o", "#ffffff"))
        if not is_absent(row["ci_low"]):
            ax.plot([row["ci_low"], row["ci_high"]], [place, place], color="#222222", linewidth=1.6, zorder=2)
        if gain is not None and not is_absent(row["smallest_visible"]):
            ax.plot([row["smallest_visible"]], [place], "|", color="#666666", markersize=11, zorder=1)
        ax.plot(
            [mean], [place], marker, markersize=7, markerfacecolor=face, markeredgecolor="#000000", zorder=3
        )
        ax.text(
            1.01,
            place,
            signed_in_words(mean) + ("" if row["outcome"] not in _OUTCOMES else f" {row['outcome']}"),
            transform=ax.get_yaxis_transform(),
            va="center",
            fontsize=8.5,
        )
    ax.set_yticks(range(len(levels)), [level.short for level in levels])
    ax.set_ylim(len(levels) - 0.4, -0.9)
    ax.tick_params(axis="y", length=0)
    ax.margins(x=0.08)
    if gain is not None:
        _mark_useful_gains(ax, gain)
    ax.locator_params(axis="x", nbins=5)
    ax.set_title(UNITS[metric], loc="left")
    ax.grid(axis="x")
    ax.set_axisbelow(True)


def _mark_useful_gains(ax: Axes, gain: float) -> None:
    """Shade the useful gains up to the right edge, which is moved so that some of them are in sight."""
    left, right = ax.get_xlim()
    right = max(right, gain + 0.15 * (gain - left))
    ax.axvspan(gain, right, color="#dbe9f6", linewidth=0, zorder=0)
    ax.axvline(gain, color="#0072B2", linewidth=0.9, linestyle=(0, (4, 3)))
    ax.set_xlim(left, right)
    ax.text(
        right,
        1.02,
        f"useful: {gain:+g} and more",
        transform=ax.get_xaxis_transform(),
        va="bottom",
        ha="right",
        fontsize=8,
    )


def _in_words(data: DecisionData, levels: Sequence[Level], metric: str) -> str:
    parts = []
    for level in levels:
        row = _row(data, level, metric)
        if row is None or is_absent(row["mean_difference"]):
            parts.append(f"{level.short} has no pairs")
        elif is_absent(row["ci_low"]):
            parts.append(f"{level.short} {signed(row['mean_difference'])} without an interval")
        else:
            interval = f"{signed(row['ci_low'])} to {signed(row['ci_high'])}"
            parts.append(f"{level.short} {signed(row['mean_difference'])} ({interval}), {row['outcome']}")
    margin = _seed_margin(data, metric)
    alone = f" The seed alone makes up to {margin:.3g} either way." if margin else ""
    return f"{UNITS[metric]}: {'; '.join(parts)}.{alone}"


def _row(data: DecisionData, level: Level, metric: str) -> pd.Series[Any] | None:
    metrics = data.metrics
    found = metrics[
        (metrics["factor"] == level.factor)
        & (metrics["level"] == level.level)
        & (metrics["metric"] == metric)
    ]
    return None if found.empty else found.iloc[0]


def _seed_margin(data: DecisionData, metric: str) -> float:
    """Give the widest seed margin among the levels; 0 where none is known."""
    margin: float = data.metrics.loc[data.metrics["metric"] == metric, "seed_margin"].max()
    return 0.0 if is_absent(margin) else float(margin)
