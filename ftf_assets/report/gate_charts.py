"""The gate in pictures: a forest plot of the differences, and where f1 of BUY moved, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from ftf_assets.contracts.gate import LOSES, VERDICT_METRICS, WINS
from ftf_assets.report.data import BASELINE, Level, ReportData
from ftf_assets.report.formats import is_absent, signed
from ftf_assets.report.svg import Room, drawing, inline_svg, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNITS = {
    "f1_buy": "f1 of BUY",
    "average_precision": "average precision",
    "expectancy_net": "net return a trade, bps",
    "sortino": "Sortino ratio",
}
_OUTCOMES = {WINS: ("^", "#000000"), LOSES: ("v", "#000000")}
#: Inches beside a panel for a difference and its outcome, such as "-0.0123 loses".
_ROOM_FOR_NUMBERS = 0.95
_STATUS_TEXT = {"training_failed": "failed", "skipped_short_history": "skipped"}


def forest_plot(data: ReportData) -> Markup:
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


def heat_maps(data: ReportData) -> list[tuple[Level, Markup]]:
    """Draw crypto x fold of each level's f1 difference, one picture a level on one common scale."""
    grids = {level: _differences(data, level) for level in data.levels}
    largest = max(
        (float(np.nanmax(np.abs(grid))) for grid, _ in grids.values() if np.isfinite(grid).any()), default=0.0
    )
    return [
        (level, _heat_map(data, level, number, *grid, largest or 1.0))
        for number, (level, grid) in enumerate(grids.items())
    ]


def _panel(ax: Axes, data: ReportData, levels: Sequence[Level], metric: str, gain: float | None) -> None:
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


def _in_words(data: ReportData, levels: Sequence[Level], metric: str) -> str:
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


def _row(data: ReportData, level: Level, metric: str) -> pd.Series[Any] | None:
    metrics = data.metrics
    found = metrics[
        (metrics["factor"] == level.factor)
        & (metrics["level"] == level.level)
        & (metrics["metric"] == metric)
    ]
    return None if found.empty else found.iloc[0]


def _seed_margin(data: ReportData, metric: str) -> float:
    """The widest span of the seed alone among the levels; 0 where it is unknown."""
    margin: float = data.metrics.loc[data.metrics["metric"] == metric, "seed_margin"].max()
    return 0.0 if is_absent(margin) else float(margin)


def _axes(data: ReportData) -> tuple[list[str], list[int]]:
    return list(data.cryptos), list(range(data.settings.folds.n_folds))


def _differences(data: ReportData, level: Level) -> tuple[np.ndarray, list[list[str]]]:
    """The f1 difference of every cell, NaN where there is none, and what to write into the cell."""
    cryptos, folds = _axes(data)
    keyed = [
        {(row["crypto"], row["fold"]): row for row in data.rows_of(which).to_dict("records")}
        for which in (level, BASELINE)
    ]
    values = np.full((len(cryptos), len(folds)), np.nan)
    texts = [[NO_ROW] * len(folds) for _ in cryptos]
    for i, crypto in enumerate(cryptos):
        for j, fold in enumerate(folds):
            rows = [cells[(crypto, fold)] for cells in keyed if (crypto, fold) in cells]
            broken = [_STATUS_TEXT[row["status"]] for row in rows if row["status"] != "ok"]
            if broken:
                texts[i][j] = broken[0]
            elif len(rows) == 2:
                values[i, j] = rows[0]["f1_buy"] - rows[1]["f1_buy"]
                texts[i][j] = f"{round(values[i, j], 3) + 0.0:+.3f}"  # adding 0 turns -0 into 0
    return values, texts


NO_ROW = "no row"


def _heat_map(
    data: ReportData, level: Level, number: int, values: np.ndarray, texts: list[list[str]], largest: float
) -> Markup:
    cryptos, folds = _axes(data)
    room = Room(left=text_width(cryptos) + 0.12, bottom=0.32)
    width = room.left + room.right + 0.62 * max(len(folds), 4)
    with drawing(width, 0.75 + 0.34 * max(len(cryptos), 2), room) as (figure, ((ax,),)):
        edges = [np.arange(n + 1) - 0.5 for n in (len(folds), len(cryptos))]
        shades = ax.pcolormesh(
            *edges,
            np.ma.masked_invalid(values),
            cmap="PuOr_r",
            vmin=-largest,
            vmax=largest,
            edgecolors="#ffffff",
        )
        ax.invert_yaxis()
        for i in range(len(cryptos)):
            for j in range(len(folds)):
                dark = np.isfinite(values[i, j]) and _luminance(tuple(shades.to_rgba(values[i, j]))) < 0.18
                ax.text(
                    j,
                    i,
                    texts[i][j],
                    ha="center",
                    va="center",
                    fontsize=8.5,
                    color="#ffffff" if dark else "#000000",
                )
        ax.set_xticks(range(len(folds)), [f"fold {fold}" for fold in folds])
        ax.set_yticks(range(len(cryptos)), cryptos)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        measured = values[np.isfinite(values)]
        said = (
            f"{int((measured > 0).sum())} of {len(measured)} cells are better, "
            f"{int((measured < 0).sum())} worse; from {measured.min():+.3f} to {measured.max():+.3f}. "
            if len(measured)
            else "No cell was measured. "
        )
        cells = (f"{crypto}: {', '.join(line)}." for crypto, line in zip(cryptos, texts, strict=True))
        return inline_svg(
            figure,
            f"heat{number}",
            f"f1 of BUY, {level.name} minus baseline, by crypto and fold",
            said + " ".join(cells),
        )


def _luminance(colour: tuple[float, ...]) -> float:
    """Brightness of an sRGB colour, 0 black to 1 white: what is left of it in grey."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
