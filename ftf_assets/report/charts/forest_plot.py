"""The forest plot: mean difference and interval of every level, a panel a metric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from ftf_assets.contracts.tables.gate_decision import LOSES, VERDICT_METRICS, WINS
from ftf_assets.report.charts.svg import Room, drawing, inline_svg, text_width
from ftf_assets.report.data import DecisionData
from ftf_assets.report.formats import is_absent, signed
from ftf_assets.report.levels import Level

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNITS = {
    "f1_buy": "f1 of BUY",
    "average_precision": "average precision",
    "expectancy_net": "net return per trade, bps",
    "sortino": "Sortino ratio",
}
_OUTCOMES = {WINS: ("^", "#000000"), LOSES: ("v", "#000000")}
#: Inches to the right of a panel for a difference and its outcome, such as "-0.0123 loses".
_ROOM_FOR_NUMBERS = 0.95


def forest_plot(data: DecisionData) -> Markup:
    """Draw mean difference and interval of every level and verdict metric, a panel a metric."""
    levels = data.levels
    names = [name for name in VERDICT_METRICS if (data.metrics["metric"] == name).any()]
    useful_gain = float(data.verdicts["useful_gain"].iloc[0])
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
            _panel(ax, data, levels, name, useful_gain if name == "f1_buy" else None)
            sentences.append(_in_words(data, levels, name))
        return inline_svg(
            figure,
            "forest",
            "Differences between each level and the baseline, with 95 % intervals",
            " ".join(sentences),
        )


def _panel(ax: Axes, data: DecisionData, levels: Sequence[Level], metric: str, gain: float | None) -> None:
    margin = _seed_margin(data, metric)
    if margin:
        ax.axvspan(-margin, margin, color="#e6e6e6", linewidth=0, zorder=0)
    ax.axvline(0, color="#333333", linewidth=1)
    if gain is not None:
        ax.axvline(gain, color="#333333", linewidth=0.9, linestyle=(0, (4, 3)))
        ax.text(
            gain, 1.0, f" useful gain {gain:+g}", transform=ax.get_xaxis_transform(), va="top", fontsize=8
        )
    for place, level in enumerate(levels):
        row = _row(data, level, metric)
        if row is None or is_absent(row["mean_difference"]):
            ax.text(0, place, "  no pairs", va="center", fontsize=8.5)
            continue
        mean = float(row["mean_difference"])
        marker, face = _OUTCOMES.get(row["outcome"], ("o", "#ffffff"))
        if not is_absent(row["ci_low"]):
            ax.plot([row["ci_low"], row["ci_high"]], [place, place], color="#222222", linewidth=1.6, zorder=2)
        ax.plot(
            [mean], [place], marker, markersize=7, markerfacecolor=face, markeredgecolor="#000000", zorder=3
        )
        ax.text(
            1.01,
            place,
            signed(mean) + ("" if row["outcome"] not in _OUTCOMES else f" {row['outcome']}"),
            transform=ax.get_yaxis_transform(),
            va="center",
            fontsize=8.5,
        )
    ax.set_yticks(range(len(levels)), [level.short for level in levels])
    ax.set_ylim(len(levels) - 0.4, -0.9)
    ax.tick_params(axis="y", length=0)
    ax.margins(x=0.08)
    ax.locator_params(axis="x", nbins=5)
    ax.set_title(UNITS[metric], loc="left")
    ax.grid(axis="x")
    ax.set_axisbelow(True)


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
