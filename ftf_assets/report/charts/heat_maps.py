"""The heat maps: where the primary metric moved, cell by cell, one picture per level."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from ftf_assets.gate.words import metric_in_words
from ftf_assets.report.charts.palette import ON_DARK, ON_LIGHT
from ftf_assets.report.charts.svg import Room, drawing, inline_svg, text_width
from ftf_assets.report.data import DecisionData
from ftf_assets.report.formats import is_absent
from ftf_assets.report.levels import BASELINE, Level

#: What a cell shows that was not measured: no row of it, or the row's status.
NO_ROW = "no row"
_STATUS_TEXT = {"training_failed": "failed", "skipped_short_history": "skipped"}


def moved_metric(data: DecisionData) -> str:
    """Name the metric that the maps show: the primary one, else f1 of BUY."""
    primary = data.verdicts["primary_metric"].iloc[0]
    return "f1_buy" if is_absent(primary) else str(primary)


def heat_maps(data: DecisionData) -> list[tuple[Level, Markup]]:
    """Draw each level's difference by crypto and fold, one picture per level, all on one scale."""
    grids = {level: _differences(data, level) for level in data.levels}
    largest = max(
        (float(np.nanmax(np.abs(grid))) for grid, _ in grids.values() if np.isfinite(grid).any()), default=0.0
    )
    return [
        (level, _heat_map(data, level, number, *grid, largest or 1.0))
        for number, (level, grid) in enumerate(grids.items())
    ]


def _axes(data: DecisionData) -> tuple[list[str], list[int]]:
    return list(data.cryptos), list(range(data.n_folds))


def _differences(data: DecisionData, level: Level) -> tuple[np.ndarray, list[list[str]]]:
    """Give the difference of every cell, NaN if there is none, and the text of the cell."""
    cryptos, folds = _axes(data)
    metric = moved_metric(data)
    keyed = [
        {(row["crypto"], row["fold"]): row for row in which.rows(data.rows).to_dict("records")}
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
                values[i, j] = rows[0][metric] - rows[1][metric]
                shown = f"{round(values[i, j], 3) + 0.0:+.3f}"  # adding 0 turns -0 into 0
                texts[i][j] = shown.replace("-", "\N{MINUS SIGN}")
    return values, texts


def _heat_map(
    data: DecisionData, level: Level, number: int, values: np.ndarray, texts: list[list[str]], largest: float
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
                    color=_on(values[i, j], dark=dark),
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
            f"{metric_in_words(moved_metric(data))}, {level.name} minus baseline, by crypto and fold",
            said + " ".join(cells),
        )


def _on(value: float, *, dark: bool) -> str:
    """Give the colour of a cell's text; a cell without a value has the page's background."""
    if not np.isfinite(value):
        return "#000000"
    return ON_DARK if dark else ON_LIGHT


def _luminance(colour: tuple[float, ...]) -> float:
    """Give the brightness of an sRGB colour, from 0 for black to 1 for white."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
