"""Which of the report's pictures belong to which asset: the Dagster UI shows them where they are made."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from ftf_assets.report.cleaning import suspects_over_time
from ftf_assets.report.curves import equity_chart, pooled_curves, precision_recall, reliability_chart
from ftf_assets.report.data import ReportData
from ftf_assets.report.gallery import suspect_cards
from ftf_assets.report.gate_charts import forest_plot, heat_maps

#: Suspects of one crypto that its masks show; the report has more.
N_WORST = 4


@dataclass(frozen=True)
class Picture:
    """An inline SVG with the line that stands below it; "" for none."""

    svg: Markup
    caption: str = ""


Pictures = dict[str, list[Picture]]


def gate_pictures(data: ReportData) -> Pictures:
    """The differences with their intervals, and where f1 of BUY moved, a picture a level."""
    return {
        "differences": [Picture(forest_plot(data))] if len(data.metrics) else [],
        "f1_by_crypto_and_fold": [Picture(svg, level.name) for level, svg in heat_maps(data)],
    }


def cleaning_pictures(data: ReportData) -> Pictures:
    """What cleaning suspects over time and per class, and the worst suspects on their candles."""
    over_time = suspects_over_time(data)
    cards = suspect_cards(data, N_WORST)
    return {
        "suspects_over_time": [Picture(over_time)] if over_time else [],
        "worst_suspects": [
            Picture(card.chart, f"{card.caption}; {card.judges}") for card in cards if card.chart
        ],
    }


def model_pictures(data: ReportData) -> Pictures:
    """Precision over recall, and reliability, of the crypto's cells on their test rows."""
    curves, n_cells = pooled_curves(data)
    if not curves:
        return {}
    caption = f"pooled over the {n_cells} folds that the baseline and every level have"
    return {
        "precision_recall": [Picture(precision_recall(curves), caption)],
        "reliability": [Picture(reliability_chart(curves), caption)],
    }


def trade_pictures(data: ReportData) -> Pictures:
    """Equity after costs of the crypto's cells over their test spans."""
    curves, _ = pooled_curves(data)
    return {"equity": [Picture(equity_chart(curves))]} if curves else {}


def audit_pictures(chart: Markup | None) -> Pictures:
    """What each detector finds of each kind of noise; nothing where nothing was measured."""
    return {"lift_over_chance": [Picture(chart)] if chart else []}
