"""The chart of the label ceiling: every dose, every share of wrong labels, the truth where it is known."""

from __future__ import annotations

from ftf_assets.gate.label_ceiling import summarise_ceiling
from ftf_assets.report.charts.label_ceiling import ceiling_chart
from ftf_assets_tests.support.ceiling import ceiling_records


def test_the_chart_shows_each_dose_and_each_share_of_wrong_labels():
    found = summarise_ceiling(ceiling_records())
    assert found is not None
    chart = ceiling_chart(found)
    for words in (
        "noise 0: AUC 0.59",
        "noise 1.6: AUC 0.54",
        "if 10% of the labels are wrong: +0.0",
        ">20%<",
    ):
        assert words in chart
    assert "true labels" not in chart
    assert chart == ceiling_chart(found)


def test_the_truth_stands_beside_the_curve_where_it_is_known():
    found = summarise_ceiling(ceiling_records(truth=True))
    assert found is not None
    assert "trained on the market's true labels" in ceiling_chart(found).replace("&#39;", "'")


def test_a_curve_that_allows_no_bound_is_still_drawn():
    rows = [row | {"buy_rate": 0.01} for row in ceiling_records()]
    found = summarise_ceiling(rows)
    assert found is not None
    assert found.bound is None
    assert "noise 0: AUC 0.59" in ceiling_chart(found)
