"""The first screen: the numbers that a reader wants first, each beside its p-value, and three pictures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markupsafe import Markup

from ftf_assets.gate.label_ceiling import summarise_ceiling
from ftf_assets.report.charts.curves import pooled_curves
from ftf_assets.report.data import DecisionData, ReportData
from ftf_assets.report.sections.first_screen import FirstPicture, first_pictures
from ftf_assets.report.sections.key_figures import key_figures
from ftf_assets.rows.confidence_curve import mean_confidence_curve
from ftf_assets_tests.support.ceiling import ceiling_records
from ftf_assets_tests.support.pictures import draw_nothing
from ftf_assets_tests.support.report_rows import report_data, result_rows
from ftf_assets_tests.support.results_rows import confidence_table

MEASURED = {
    "primary_metric": "roc_auc", "useful_gain": 0.01, "smallest_visible": 0.0071,
    "largest_difference": 0.0017, "largest_factor": "cleanlab", "largest_level": "filter",
    "signal_metric": "roc_auc", "signal_value": 0.5696, "signal_p": 0.00004,
    "ceiling_bound": 0.0168, "ceiling_estimate": 0.0101,
    "net_bps": -7.8, "trade_share": 0.1, "trade_precision": 0.214, "breakeven_precision": 0.251,
}  # fmt: skip


@pytest.fixture(scope="module")
def data() -> ReportData:
    return report_data(result_rows(("OPUSDC",)), artifacts=True)


def decided(data: ReportData, **changes: object) -> DecisionData:
    summary = data.decision.summary.assign(**MEASURED | changes)
    metrics = data.decision.metrics.copy()
    metrics.loc[metrics["metric"] == "roc_auc", "p_corrected"] = 0.81
    return replace(data.decision, summary=summary, metrics=metrics)


def pictures(data: ReportData, *, ceiling: bool = True, trades: bool = True, curves: bool = True):
    curve = confidence_table("OPUSDC") if trades else confidence_table("OPUSDC").head(0)
    return first_pictures(
        data.decision,
        summarise_ceiling(ceiling_records()) if ceiling else None,
        mean_confidence_curve(curve, data.decision.rows),
        pooled_curves(data.curves)[0] if curves else [],
    )


def test_each_number_stands_with_its_p_value_or_with_what_it_is_compared_with(data):
    said = {one.name: (one.value, one.unit, one.beside) for one in key_figures(decided(data))}
    assert said == {
        "Largest gain": ("+0.0017", "AUC", "p 0.81, filter"),
        "Could see a gain of": ("0.0071", "AUC", "useful is 0.01"),
        "The model ranks": ("0.570", "AUC", "p < 0.001, chance is 0.5"),
        "Correct labels add": ("≤ +0.017", "AUC", "estimate +0.01"),
        "A trade earns, net": ("−8", "bps", "top 10 %: precision 0.214, pays from 0.251"),
    }


def test_what_was_not_measured_is_left_out(data):
    names = ("largest_difference", "smallest_visible", "signal_value", "ceiling_bound", "net_bps")
    for name in names:
        assert len(key_figures(decided(data, **{name: None}))) == 4
    assert key_figures(decided(data, **dict.fromkeys(names))) == []


def test_average_precision_is_said_to_lie_above_the_rate_of_buy(data):
    figures = key_figures(decided(data, signal_metric="average_precision", signal_value=0.031, signal_p=None))
    (one,) = (figure for figure in figures if figure.name == "The model ranks")
    assert (one.value, one.unit, one.beside) == ("+0.031", "average precision", "above the rate of BUY")


@pytest.mark.parametrize(
    ("without", "sections"),
    [
        ({}, ["gate", "label-ceiling", "confidence"]),
        ({"ceiling": False}, ["gate", "confidence", "curves"]),
        ({"trades": False}, ["gate", "label-ceiling", "curves"]),
        ({"ceiling": False, "trades": False, "curves": False}, ["gate"]),
    ],
    ids=["everything", "no ceiling", "no trades", "next to nothing"],
)
def test_there_are_three_pictures_where_the_sweep_has_three(data, without, sections, monkeypatch):
    draw_nothing(monkeypatch)
    shown: list[FirstPicture] = pictures(data, **without)
    assert [one.section for one in shown] == sections
    assert shown[0].question == "Does a treatment help? Gain in AUC"
    assert all(isinstance(one.chart, Markup) for one in shown)


def test_of_many_levels_a_small_picture_draws_the_one_with_the_largest_gain(data, monkeypatch):
    monkeypatch.setattr("ftf_assets.report.sections.first_screen._MOST_LINES", 3)
    largest = data.decision.summary["largest_level"].iloc[0]
    for one in pictures(data, ceiling=False)[1:]:
        assert largest in one.chart
        others = {level.short for level in data.decision.levels} - {largest}
        assert not [name for name in others if f">{name}" in one.chart], one.section
