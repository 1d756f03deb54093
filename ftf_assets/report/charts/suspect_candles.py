"""The candles around one suspect, with its barriers, so that a person can judge the label by eye."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from markupsafe import Markup

from ftf_assets.contracts.arrays import CandleArrays
from ftf_assets.contracts.coercion import coerce_candles
from ftf_assets.contracts.typed import Array
from ftf_assets.labels.triple_barrier import BarrierSettings, triple_barrier
from ftf_assets.report.charts.svg import Room, drawing, inline_svg
from ftf_assets.sources.candles.feature_cache import ATR_PERIOD
from ftf_assets.sources.candles.indicators import wilder_atr

if TYPE_CHECKING:
    from matplotlib.collections import PolyCollection

BARS_BEFORE, BARS_AFTER = 14, 6

#: For prices of seven digits on the left and the names of the barriers on the right.
_ROOM = Room(left=0.65, bottom=0.49, right=0.49, top=0.08)
_BODY_WIDTH = 0.66


def _bodies(x: Array, opened: Array, closed: Array) -> PolyCollection:
    """Candle bodies as one artist, white where the price rose: a rectangle each would take much longer."""
    from matplotlib.collections import PolyCollection

    left, right = x - _BODY_WIDTH / 2, x + _BODY_WIDTH / 2
    around = ((left, opened), (left, closed), (right, closed), (right, opened))
    corners = np.stack([np.stack(corner, axis=-1) for corner in around], axis=1)
    faces = np.where(closed >= opened, "#ffffff", "#222222")
    return PolyCollection(list(corners), facecolors=faces, edgecolors="#222222", linewidths=0.8, zorder=3)


class LabelledCandles:
    """The candles of one crypto with the barriers of their labels.

    Parameters
    ----------
    crypto, candles
        The crypto, and its candles as the asset ``candles`` gives them.
    barriers
        Of the labels.
    """

    def __init__(self, crypto: str, candles: pd.DataFrame, barriers: BarrierSettings) -> None:
        self.crypto, self.barriers = crypto, barriers
        self.bars: CandleArrays = coerce_candles(candles, crypto=crypto)
        self.atr = wilder_atr(self.bars, ATR_PERIOD)
        self.labels = triple_barrier(
            self.bars,
            self.atr,
            stop_multiple=barriers.stop_multiple,
            target_multiple=barriers.target_multiple,
            horizon=barriers.horizon,
        )

    def bar_of(self, timestamp: pd.Timestamp) -> int | None:
        """Find the bar that closes at a timestamp; None without that bar and the bars of its horizon."""
        place = int(np.searchsorted(self.bars.close_time, timestamp.value))
        known = place < len(self.bars.close_time) and self.bars.close_time[place] == timestamp.value
        return place if known and self.labels.complete[place] else None

    def draw(self, bar: int, name: str, label: str, p_buy: float) -> tuple[Markup, str]:
        """Draw the bars around a decision with entry, target and stop.

        Parameters
        ----------
        bar
            From :meth:`bar_of`.
        name
            Prefix of the picture's ids.
        label, p_buy
            Given label of the bar, and out-of-fold P(BUY).

        Returns
        -------
        tuple of Markup and str
            The picture, and what the price did after the entry, in words.
        """
        bars = self.bars
        first = max(0, bar - BARS_BEFORE)
        last = min(len(bars.close), bar + self.barriers.horizon + BARS_AFTER + 1)
        entry = float(bars.open[bar + 1])
        stop = entry - self.barriers.stop_multiple * self.atr[bar]
        target = entry + self.barriers.target_multiple * self.atr[bar]
        path = self._path(bar)
        with drawing(3.5, 2.5, _ROOM) as (figure, ((ax,),)):
            ax.axvspan(0.5, self.barriers.horizon + 0.5, color="#eeeeee", zorder=0)
            shown = slice(first, last)
            x, opened, closed = np.arange(first, last) - bar, bars.open[shown], bars.close[shown]
            ax.vlines(x, bars.low[shown], bars.high[shown], color="#222222", linewidth=0.9, zorder=2)
            ax.add_collection(_bodies(x, opened, closed), autolim=False)
            right = last - bar - 0.2
            low, high = min(stop, bars.low[shown].min()), max(target, bars.high[shown].max())
            apart = 0.075 * (high - low)  # names must not overlap, however near the barriers are
            heights = {"entry": entry, "target": max(target, entry + apart), "stop": min(stop, entry - apart)}
            for level, text, dashes in ((target, "target", "--"), (entry, "entry", "-"), (stop, "stop", ":")):
                ax.hlines(level, 0.5, right, color="#0072B2", linestyle=dashes, linewidth=1.3, zorder=4)
                ax.text(right + 0.2, heights[text], text, va="center", fontsize=9)
            ax.plot([0.5], [entry], marker=">", color="#D55E00", markersize=7, zorder=5)
            ax.set_xlim(first - bar - 0.7, right + 0.1)
            ax.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
            ax.set_xlabel("bars after the decision")
            ax.locator_params(axis="y", nbins=4)
            ax.tick_params(labelsize=8.5)
            picture = inline_svg(
                figure,
                name,
                f"{self.crypto}: candles around a suspect {label}",
                f"Entry at {entry:.6g}, target {target:.6g}, stop {stop:.6g}, "
                f"horizon {self.barriers.horizon} bars. Given label {label}, P(BUY) {p_buy:.3f}. {path}.",
            )
        return picture, path

    def _path(self, bar: int) -> str:
        gained = f"{self.labels.label_return[bar]:+.2%}"
        steps = int(np.searchsorted(self.bars.close_time, self.labels.label_end[bar])) - bar
        if self.labels.label[bar] == 1:
            return f"the candles reach the target in bar {steps} ({gained}): BUY"
        horizon = self.barriers.horizon
        return f"the candles do not reach the target before the stop or bar {horizon} ({gained}): HOLD"
