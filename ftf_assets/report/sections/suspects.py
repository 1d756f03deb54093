"""The worst suspects, each with its candles, so that a person can judge the cleaner by eye."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from ftf_assets.report.charts.suspect_candles import LabelledCandles
from ftf_assets.report.data import SuspectData
from ftf_assets.rows.label_suspects import suspects_once

N_SUSPECTS = 12

_LABELS = {0: "HOLD", 1: "BUY"}


@dataclass(frozen=True)
class SuspectCard:
    """One suspect; where ``chart`` is None, ``unavailable`` says why."""

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
        """The row, its given label, and the model's probability of it."""
        return (
            f"{self.crypto} {self.timestamp:%Y-%m-%d %H:%M} UTC · given label {self.label} · "
            f"P(BUY) {self.p_buy:.3f} · quality {self.label_quality:.3f}"
        )

    @property
    def judges(self) -> str:
        """The cleaners that suspect it, and what the price did."""
        return f"fold {self.fold}, {self.cleaners}" + (f"; {self.path}" if self.path else "")


def suspect_cards(data: SuspectData, count: int = N_SUSPECTS) -> list[SuspectCard]:
    """Choose the worst suspects, spread over labels and cryptos, and draw each.

    A row that several folds and cleaners suspect is shown once, with the values of its latest fold.
    """
    charts: dict[str, LabelledCandles] = {}
    cards = []
    for number, one in enumerate(worst_suspects(data.suspects, count).to_dict("records")):
        crypto, timestamp, label = str(one["crypto"]), one["timestamp"], _LABELS[one["label"]]
        chart, path, unavailable = None, "", _why_not(data, crypto)
        if not unavailable:
            if crypto not in charts:
                charts[crypto] = LabelledCandles(crypto, data.candles[crypto], data.barriers)
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
    """Choose suspects in turn from each label and crypto, the lowest label quality of each first.

    Without taking turns all would be BUYs: at a low base rate the model gives no BUY a high probability.

    Parameters
    ----------
    suspects
        Rows of ``label_suspects``.
    count
        Most rows that are chosen.
    """
    once = suspects_once(suspects)
    once = once.assign(turn=once.groupby(["crypto", "label"]).cumcount())
    once = once.sort_values(["turn", "label", "crypto"], ascending=[True, False, True])
    chosen: pd.DataFrame = once.head(count)
    return chosen


def _why_not(data: SuspectData, crypto: str) -> str:
    """Say why the candles of a crypto cannot be drawn; empty where they can."""
    if crypto not in data.candles:
        said_above = crypto in data.unavailable  # in the section on curves, once and not at every suspect
        return "the artifacts cannot be read" + ("" if said_above else ": not part of the sweep")
    if data.candles[crypto].empty:
        return "the source provides no candles"
    return ""
