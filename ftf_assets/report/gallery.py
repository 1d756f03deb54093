"""The worst suspects as small candle charts, so that a person can judge the cleaner by eye."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from markupsafe import Markup

from ftf_assets.contracts.arrays import CandleArrays
from ftf_assets.contracts.coercion import coerce_candles
from ftf_assets.contracts.typed import Array
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.labels.triple_barrier import triple_barrier
from ftf_assets.report.data import ReportData
from ftf_assets.report.svg import Room, drawing, inline_svg
from ftf_assets.sources.candles.feature_cache import ATR_PERIOD
from ftf_assets.sources.candles.indicators import wilder_atr

if TYPE_CHECKING:
    from matplotlib.collections import PolyCollection

N_SUSPECTS = 12
BARS_BEFORE, BARS_AFTER = 14, 6

#: For prices of seven digits on the left and the names of the barriers on the right.
_ROOM = Room(left=0.65, bottom=0.49, right=0.49, top=0.08)
_BODY_WIDTH = 0.66
#: Controls, whose suspects are random or those of another rule: no gallery shows them.
_CONTROLS = tuple(level for factor in FACTORS.values() for level in factor.controls)
_LABELS = {0: "HOLD", 1: "BUY"}


@dataclass(frozen=True)
class SuspectCard:
    """One suspect of the gallery; ``chart`` is None where ``unavailable`` says why."""

    crypto: str
    timestamp: pd.Timestamp
    label: str
    p_buy: float
    label_quality: float
    cleaners: str
    fold: int
    path: str
    chart: Markup | None
    unavailable: str

    @property
    def caption(self) -> str:
        """The row, its given label, and what the model thinks of it."""
        return (
            f"{self.crypto} {self.timestamp:%Y-%m-%d %H:%M} UTC · given label {self.label} · "
            f"P(BUY) {self.p_buy:.3f} · quality {self.label_quality:.3f}"
        )

    @property
    def judges(self) -> str:
        """Who suspects it, and what the candles did."""
        return f"fold {self.fold}, {self.cleaners}" + (f"; {self.path}" if self.path else "")


def suspect_cards(data: ReportData, count: int = N_SUSPECTS) -> list[SuspectCard]:
    """Choose the worst suspects, spread over labels and cryptos, and draw each.

    A row that several folds and cleaners suspect is shown once, as the latest fold sees it.
    """
    charts: dict[str, _Candles] = {}
    cards = []
    for number, one in enumerate(worst_suspects(data.suspects, count).to_dict("records")):
        crypto, timestamp, label = str(one["crypto"]), one["timestamp"], _LABELS[one["label"]]
        chart, path, unavailable = None, "", _why_not(data, crypto)
        if not unavailable:
            if crypto not in charts:
                charts[crypto] = _Candles(data, crypto)
            candles = charts[crypto]
            bar = candles.bar_of(timestamp)
            if bar is None:
                unavailable = "the candles do not hold this bar and the bars after it"
            else:
                chart, path = candles.draw(bar, f"suspect{number}", label, one["p_buy"])
        cards.append(
            SuspectCard(
                crypto=crypto,
                timestamp=timestamp,
                label=label,
                p_buy=float(one["p_buy"]),
                label_quality=float(one["label_quality"]),
                cleaners=str(one["cleaners"]),
                fold=int(one["fold"]),
                path=path,
                chart=chart,
                unavailable=unavailable,
            )
        )
    return cards


def worst_suspects(suspects: pd.DataFrame, count: int) -> pd.DataFrame:
    """Take turns between labels and cryptos, the lowest label quality of each first.

    Without the turns every one would be a BUY: at a low base rate the model gives no BUY a high probability.
    """
    judged = suspects[~suspects["cleaner"].isin(_CONTROLS)]
    judged = judged.sort_values(["fold", "label_quality", "cleaner"], ascending=[False, True, True])
    cleaners = judged.groupby(["crypto", "timestamp"])["cleaner"].agg(
        lambda names: ", ".join(sorted(set(names)))
    )
    once = judged.drop_duplicates(["crypto", "timestamp"]).join(
        cleaners.rename("cleaners"), on=["crypto", "timestamp"]
    )
    once = once.sort_values(["label_quality", "crypto", "timestamp"])
    once = once.assign(turn=once.groupby(["crypto", "label"]).cumcount())
    once = once.sort_values(["turn", "label", "crypto"], ascending=[True, False, True])
    chosen: pd.DataFrame = once.head(count)
    return chosen


def _why_not(data: ReportData, crypto: str) -> str:
    if crypto not in data.artifacts:
        return f"the artifacts cannot be read: {data.unavailable.get(crypto, 'not part of the sweep')}"
    if data.artifacts[crypto].candles.empty:
        return "the source provides no candles"
    return ""


def _bodies(x: Array, opened: Array, closed: Array) -> PolyCollection:
    """Candle bodies as one artist, white where the price rose: a rectangle each would take much longer."""
    from matplotlib.collections import PolyCollection

    left, right = x - _BODY_WIDTH / 2, x + _BODY_WIDTH / 2
    around = ((left, opened), (left, closed), (right, closed), (right, opened))
    corners = np.stack([np.stack(corner, axis=-1) for corner in around], axis=1)
    faces = np.where(closed >= opened, "#ffffff", "#222222")
    return PolyCollection(list(corners), facecolors=faces, edgecolors="#222222", linewidths=0.8, zorder=3)


class _Candles:
    """The candles of one crypto, with their barriers."""

    def __init__(self, data: ReportData, crypto: str) -> None:
        settings = data.settings
        self.crypto = crypto
        self.bars: CandleArrays = coerce_candles(data.artifacts[crypto].candles, crypto=crypto)
        self.atr = wilder_atr(self.bars, ATR_PERIOD)
        self.horizon, self.stop, self.target = (
            settings.labels.horizon_bars,
            settings.labels.stop_atr,
            settings.labels.target_atr,
        )
        self.labels = triple_barrier(
            self.bars, self.atr, stop_multiple=self.stop, target_multiple=self.target, horizon=self.horizon
        )

    def bar_of(self, timestamp: pd.Timestamp) -> int | None:
        place = int(np.searchsorted(self.bars.close_time, timestamp.value))
        known = place < len(self.bars.close_time) and self.bars.close_time[place] == timestamp.value
        return place if known and self.labels.complete[place] else None

    def draw(self, bar: int, name: str, label: str, p_buy: float) -> tuple[Markup, str]:
        bars = self.bars
        first = max(0, bar - BARS_BEFORE)
        last = min(len(bars.close), bar + self.horizon + BARS_AFTER + 1)
        entry = float(bars.open[bar + 1])
        stop, target = entry - self.stop * self.atr[bar], entry + self.target * self.atr[bar]
        path = self._path(bar)
        with drawing(3.5, 2.5, _ROOM) as (figure, ((ax,),)):
            ax.axvspan(0.5, self.horizon + 0.5, color="#eeeeee", zorder=0)
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
                f"Entry at {entry:.6g}, target {target:.6g}, stop {stop:.6g}, horizon {self.horizon} bars. "
                f"Given label {label}, P(BUY) {p_buy:.3f}. {path}.",
            )
        return picture, path

    def _path(self, bar: int) -> str:
        gained = f"{self.labels.label_return[bar]:+.2%}"
        steps = int(np.searchsorted(self.bars.close_time, self.labels.label_end[bar])) - bar
        if self.labels.label[bar] == 1:
            return f"the candles reach the target in bar {steps} ({gained}): BUY"
        return f"the candles do not reach the target before the stop or bar {self.horizon} ({gained}): HOLD"
