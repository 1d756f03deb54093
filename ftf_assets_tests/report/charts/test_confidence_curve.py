"""The chart of the most confident calls: drawn where a row is called, described in words."""

from __future__ import annotations

from ftf_assets.report.charts.confidence_curve import confidence_chart
from ftf_assets.rows.confidence_curve import mean_confidence_curve
from ftf_assets_tests.support.results_rows import confidence_table, partition, results_table

CELLS = results_table(partition(folds=2))
CURVE = mean_confidence_curve(confidence_table(), CELLS)


def test_the_chart_names_break_even_the_base_rate_and_each_point():
    chart = confidence_chart(CURVE, ["baseline", "filter"], CELLS)
    assert chart is not None
    for words in (
        "break-even",
        "every bar BUY: 0.157",
        "net return per trade, bps",
        "top 10 %: precision 0.",
    ):
        assert words in chart
    assert "baseline: top 1 %" in chart
    assert "reweight" not in chart, "only the levels of the report are drawn"
    assert chart == confidence_chart(CURVE, ["baseline", "filter"], CELLS)


def test_there_is_no_chart_where_no_row_is_called():
    nothing = CURVE.assign(n_called=0, precision=float("nan"))
    assert confidence_chart(nothing, ["baseline"], CELLS) is None
    assert confidence_chart(CURVE.head(0), ["baseline"], CELLS) is None
