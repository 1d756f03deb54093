"""Which of the report's pictures each asset shows in the Dagster UI, from the values that the asset has.

Each crypto's run draws them, some 50 ms each, so these are few; the
report shows the rest for the whole sweep.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from ftf_assets.gate.label_ceiling import CeilingSummary
from ftf_assets.report.charts.confidence_curve import confidence_chart
from ftf_assets.report.charts.curves import equity_chart, pooled_curves, precision_recall
from ftf_assets.report.charts.forest_plot import forest_plot
from ftf_assets.report.charts.heat_maps import heat_maps
from ftf_assets.report.charts.label_ceiling import ceiling_chart
from ftf_assets.report.charts.suspects_over_time import suspects_over_time
from ftf_assets.report.data import CurveData, DecisionData, SuspectData
from ftf_assets.report.sections.suspects import suspect_cards

#: Number of suspects that the asset ``cleanlab_masks`` shows, one of each label; the report shows more.
N_WORST = 2


@dataclass(frozen=True)
class Picture:
    """An inline SVG with the line below it; "" for none."""

    svg: Markup
    caption: str = ""


Pictures = dict[str, list[Picture]]


def gate_pictures(data: DecisionData) -> Pictures:
    """Draw for ``gate_decision``: the differences with their intervals, and where the metric moved."""
    return {
        "differences": [Picture(forest_plot(data))] if len(data.metrics) else [],
        "by_crypto_fold": [Picture(svg, level.name) for level, svg in heat_maps(data)],
    }


def cleaning_pictures(data: SuspectData) -> Pictures:
    """Draw for ``cleanlab_masks``: suspects over time by class, the worst suspects with their candles."""
    over_time = suspects_over_time(data.suspects)
    cards = suspect_cards(data, N_WORST)
    return {
        "suspects_over_time": [Picture(over_time)] if over_time else [],
        "worst_suspects": [
            Picture(card.chart, f"{card.caption}; {card.judges}") for card in cards if card.chart
        ],
    }


def model_pictures(data: CurveData) -> Pictures:
    """Draw for ``trained_models``: precision over recall of the crypto's test rows."""
    curves, n_cells = pooled_curves(data)
    if not curves:
        return {}
    caption = f"pooled over the {n_cells} folds that the baseline and every level have"
    return {"precision_recall": [Picture(precision_recall(curves), caption)]}


def trade_pictures(data: CurveData) -> Pictures:
    """Draw for ``finetune_results``: equity after costs of the crypto's cells over their test spans."""
    curves, _ = pooled_curves(data)
    return {"equity": [Picture(equity_chart(curves))]} if curves else {}


def confidence_pictures(curve: pd.DataFrame, cells: pd.DataFrame) -> Pictures:
    """Draw for ``finetune_results``: precision and net return of the most confident calls of each variant.

    Parameters
    ----------
    curve, cells
        Mean curve of the crypto's cells, and their rows of ``finetune_results``.
    """
    chart = confidence_chart(curve, list(dict.fromkeys(curve["variant"])), cells)
    return {"most_confident_calls": [Picture(chart, "mean over folds")] if chart else []}


def audit_pictures(chart: Markup | None) -> Pictures:
    """Give the picture of ``noise_audit``, the lift of each detector; none where nothing was measured."""
    return {"lift_over_chance": [Picture(chart)] if chart else []}


def ceiling_pictures(found: CeilingSummary | None) -> Pictures:
    """Draw for ``label_ceiling``: AUC against the noise of the crypto's labels; none for few folds."""
    return {} if found is None else {"auc_against_label_noise": [Picture(ceiling_chart(found))]}
