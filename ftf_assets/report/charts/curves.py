"""Curves of baseline and levels on the same test rows: precision over recall, reliability, equity."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from ftf_assets.report.charts.svg import Room, drawing, inline_svg, line_style
from ftf_assets.report.data import CurveData
from ftf_assets.report.levels import BASELINE, Level
from ftf_assets.training.ranked_rows import RankedRows, rank_rows
from ftf_assets.training.threshold import top_share_threshold
from ftf_assets.training.trades import DAY, trades_above

N_BINS = 10
_POINTS = 160
_ROOM = Room(left=0.76, bottom=0.5, right=0.2)
#: A date below the last day reaches beyond the axes.
_EQUITY_ROOM = Room(left=0.76, bottom=0.5, right=0.45)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LevelCurves:
    """What one level predicted and earned on the test rows of all common cells.

    Attributes
    ----------
    level
        The level.
    y, probability
        Labels and P(BUY) of the test rows of all common cells, shape (n_rows,).
    days, equity
        UTC days since the epoch, and the mean over cryptos of the equity at the end of each day; equity is 1
        at the start. Shape (n_days,).
    n_trades
        Number of trades behind the equity.
    """

    level: Level
    y: npt.NDArray[np.int8]
    probability: Floats
    days: npt.NDArray[np.int64]
    equity: Floats
    n_trades: int

    @property
    def average_precision(self) -> float:
        """Average precision over the pooled rows."""
        return self.ranked.average_precision

    @functools.cached_property
    def ranked(self) -> RankedRows:
        """The pooled rows in the order of P(BUY)."""
        return rank_rows(self.y, self.probability)


def pooled_curves(data: CurveData) -> tuple[list[LevelCurves], int]:
    """Pool the cells that the baseline and every level have, so that all curves use the same rows.

    Returns
    -------
    list of LevelCurves
        The baseline first; empty where there is no such cell.
    int
        Number of cells.
    """
    shown = [BASELINE, *data.levels]
    common: dict[str, list[int]] = {}
    for crypto, of in data.cryptos.items():
        folds = set.intersection(*(set(level.cells(of.models)) for level in shown))
        if folds:
            common[crypto] = sorted(folds)
    if not common:
        return [], 0
    return [_pooled(data, level, common) for level in shown], sum(map(len, common.values()))


def _pooled(data: CurveData, level: Level, common: dict[str, list[int]]) -> LevelCurves:
    labels, probabilities, traded = [], [], []
    first, last = np.iinfo(np.int64).max, 0
    for crypto, folds in common.items():
        arrays, cells = data.cryptos[crypto].arrays, level.cells(data.cryptos[crypto].models)
        exits, returns = [], []
        for fold in folds:
            cell = cells[fold]
            rows = cell.test_rows
            labels.append(arrays.y[rows])
            probabilities.append(cell.test_probability)
            threshold = top_share_threshold(cell.validation_probability, data.scoring.trade_share)
            trades = trades_above(arrays, cell, threshold, cost=data.scoring.cost)
            exits.append(trades.exit)
            returns.append(trades.net_return)
            first, last = min(first, int(arrays.start[rows[0]])), max(last, int(arrays.end[rows].max()))
        traded.append((np.concatenate(exits), np.concatenate(returns)))
    days = np.arange(first // DAY, last // DAY + 1)
    return LevelCurves(
        level=level,
        y=np.concatenate(labels),
        probability=np.concatenate(probabilities),
        days=days,
        equity=np.mean([_equity(days, *one) for one in traded], axis=0),
        n_trades=sum(len(returns) for _, returns in traded),
    )


def _equity(days: npt.NDArray[np.int64], exits: npt.NDArray[np.int64], returns: Floats) -> Floats:
    order = np.argsort(exits, kind="stable")
    value = np.concatenate([[1.0], np.cumprod(1.0 + returns[order])])
    closed: Floats = value[np.searchsorted(exits[order], (days + 1) * DAY, side="left")]
    return closed


def reliability(y: npt.NDArray[np.int8], probability: Floats, n_bins: int = N_BINS) -> tuple[Floats, Floats]:
    """Average P(BUY) and the labels in bins of equally many rows.

    Parameters
    ----------
    y, probability
        Labels and P(BUY), shape (n_rows,).
    n_bins
        Number of bins; fewer rows give fewer bins.

    Returns
    -------
    tuple of numpy.ndarray
        Mean P(BUY) and rate of BUY of each bin, both of shape (n_bins,).

    Examples
    --------
    >>> reliability(np.array([0, 0, 0, 1], np.int8), np.array([0.1, 0.2, 0.3, 0.8]), n_bins=2)
    (array([0.15, 0.55]), array([0. , 0.5]))
    """
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, n_bins) if len(part)]
    return (
        np.array([probability[part].mean() for part in parts]),
        np.array([y[part].mean() for part in parts]),
    )


def precision_recall(
    curves: list[LevelCurves], name: str = "precision-recall", size: tuple[float, float] = (5.6, 4.2)
) -> Markup:
    """Draw precision over recall; the horizontal line is the precision of calling every bar BUY.

    Parameters
    ----------
    curves
        From :func:`pooled_curves`.
    name
        Prefix of the picture's ids.
    size
        Width and height, inches.
    """
    base_rate = float(curves[0].y.mean())
    with drawing(*size, _ROOM) as (figure, ((ax,),)):
        ax.axhline(base_rate, color="#777777", linewidth=1)
        ax.text(
            0.99,
            base_rate,
            f"every bar BUY: {base_rate:.3f}",
            ha="right",
            va="top",
            fontsize=8.5,
            color="#444444",
        )
        top = base_rate
        for number, one in enumerate(curves):
            precision, recall = (
                one.ranked.n_correct / one.ranked.n_called,
                one.ranked.n_correct / one.ranked.n_buys,
            )
            grid = np.linspace(0.01, 1.0, _POINTS)
            shown = precision[np.searchsorted(recall, grid, side="left")]  # the first to reach each recall
            top = max(top, float(shown[grid >= 0.04].max()))
            ax.plot(
                grid, shown, label=f"{one.level.short} (AP {one.average_precision:.3f})", **_style(number)
            )
        ax.set(
            xlabel="recall of BUY",
            ylabel="precision of BUY",
            xlim=(0, 1),
            ylim=(0.75 * base_rate, min(1.0, top * 1.15)),
        )
        ax.grid(visible=True)
        _legend(ax)
        said = "; ".join(f"{one.level.short} {one.average_precision:.3f}" for one in curves)
        return inline_svg(
            figure,
            name,
            "Precision over recall of BUY, pooled over cells",
            f"Average precision: {said}. Calling every bar BUY has precision {base_rate:.3f}.",
        )


def reliability_chart(curves: list[LevelCurves]) -> Markup:
    """Draw the rate of BUY over the mean P(BUY) in ten bins; on the diagonal P(BUY) is right."""
    said = []
    with drawing(5.6, 4.2, _ROOM) as (figure, ((ax,),)):
        top, low = 0.0, 1.0
        for number, one in enumerate(curves):
            mean, rate = reliability(one.y, one.probability)
            top = max(top, float(mean.max()), float(rate.max()))
            low = min(low, float(mean.min()), float(rate.min()))
            ax.plot(mean, rate, label=one.level.short, **line_style(number))
            said.append(
                f"{one.level.short}: P {mean[0]:.3f} where the rate is {rate[0]:.3f}, to P {mean[-1]:.3f} "
                f"where it is {rate[-1]:.3f}"
            )
        top, low = min(1.0, top * 1.08), low * 0.8
        ax.plot([low, top], [low, top], color="#777777", linewidth=1)
        ax.text(
            top * 0.98, top * 0.985, "P(BUY) is right", ha="right", va="bottom", fontsize=8.5, color="#444444"
        )
        ax.set(
            xlabel="mean P(BUY) of the bin",
            ylabel="rate of BUY in the bin",
            xlim=(low, top),
            ylim=(low, top + 0.06 * (top - low)),
        )
        ax.grid(visible=True)
        _legend(ax, "upper left")
        return inline_svg(
            figure, "reliability", "Reliability of P(BUY), ten bins of equal mass", "; ".join(said) + "."
        )


def equity_chart(curves: list[LevelCurves]) -> Markup:
    """Draw the equity after costs by day, a mean over cryptos that each start with one unit."""
    with drawing(10, 3.6, _EQUITY_ROOM) as (figure, ((ax,),)):
        ax.axhline(1.0, color="#777777", linewidth=1)
        for number, one in enumerate(curves):
            ax.plot(
                one.days.astype("datetime64[D]"),
                one.equity,
                label=f"{one.level.short} ({one.equity[-1]:.3f})",
                **_style(number),
            )
        ax.set_ylabel("equity, 1 at the start")
        ax.grid(visible=True)
        _legend(ax)
        said = "; ".join(
            f"{one.level.short} {one.equity[-1]:.3f} after {one.n_trades} trades" for one in curves
        )
        return inline_svg(
            figure,
            "equity",
            "Equity after costs over the test spans, mean over cryptos",
            f"At the end: {said}.",
        )


def _style(number: int) -> dict[str, Any]:
    # A marker at every point would hide the line; a few are enough to tell the lines apart.
    return line_style(number) | {"markevery": (0.04 + 0.02 * number, 0.16)}


def _legend(ax: Any, place: str = "best") -> None:
    ax.legend(loc=place, fontsize=8.5, handlelength=3.4)
