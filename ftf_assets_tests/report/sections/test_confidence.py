"""The section on the most confident calls: a line a share with every level, and what they earn in words."""

from __future__ import annotations

import pandas as pd
import pytest

from ftf_assets.report.formats import NOTHING
from ftf_assets.report.sections.confidence import confidence_in_words, confidence_table
from ftf_assets.rows.confidence_curve import mean_confidence_curve
from ftf_assets_tests.support.results_rows import confidence_table as curve_rows
from ftf_assets_tests.support.results_rows import (
    failed_row,
    ok_row,
    partition,
    results_table,
)

NO_TRADES = {"n_trades": 0, "win_rate": None, "expectancy_net": None, "trade_precision": None}


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    return results_table(partition(folds=2))


@pytest.fixture(scope="module")
def curve(cells: pd.DataFrame) -> pd.DataFrame:
    return mean_confidence_curve(curve_rows(), cells)


def test_there_is_a_line_a_share_with_every_level(curve):
    table = confidence_table(curve, ["baseline", "filter"])
    assert table is not None
    assert [line["top_share"].text for line in table.rows] == ["1 %", "2 %", "5 %", "10 %", "20 %", "50 %"]
    assert {line["breakeven_precision"].text for line in table.rows} == {"0.350"}
    for line, row in zip(table.rows, curve[curve["variant"] == "filter"].to_dict("records"), strict=True):
        assert line["filter_precision"].text == f"{row['precision']:.3f}"
        net = line["filter_net_bps"]
        assert net.text.replace("\N{MINUS SIGN}", "-") == f"{row['expectancy_net']:+.1f}"
        assert net.strong == (row["expectancy_net"] > 0), "what pays is bold"
        assert line["filter_trades"].text == f"{row['n_trades']:,}"


def test_a_level_without_a_curve_has_dashes(curve):
    table = confidence_table(curve, ["unheard"])
    assert table is not None
    values = [table.rows[0][f"unheard_{name}"] for name in ("precision", "net_bps", "trades")]
    assert [(value.raw, value.text, value.strong) for value in values] == 3 * [(None, NOTHING, False)]
    assert confidence_table(curve.head(0), ["baseline"]) is None


def test_the_words_state_trades_net_return_and_break_even_at_the_share_that_is_traded(cells, curve):
    said = " ".join(confidence_in_words(cells, curve, 0.10))
    assert "Trades at the top 10 %: the baseline makes 220 in 2 of 2 cells" in said
    assert "2 of 2 cells, \N{MINUS SIGN}14.2 basis points per trade after costs" in said
    assert "precision of these calls is 0.220, below the 0.350 at which trading breaks even" in said


@pytest.mark.parametrize(
    ("shift", "words"),
    [
        (-50.0, "No variant earns anything at any share; the best is"),
        (50.0, "30 of 30 points of the curves lie above 0; the highest is"),
    ],
)
def test_the_words_say_whether_any_point_of_the_curves_earns(cells, curve, shift: float, words: str):
    few = curve.assign(expectancy_net=curve["expectancy_net"] + shift, n_trades=40)
    said = " ".join(confidence_in_words(cells, few, 0.10))
    assert words in said
    assert ("It is the best of many" in said) is (shift > 0)


def test_points_of_few_trades_are_not_named(cells, curve):
    few = curve.assign(n_trades=29)
    assert "highest" not in " ".join(confidence_in_words(cells, few, 0.10))


def test_a_baseline_that_never_trades_or_was_never_measured_is_said_to_be_so(curve):
    idle = results_table([ok_row(fold=fold, variant="baseline", **NO_TRADES) for fold in range(3)])
    assert confidence_in_words(idle, curve.head(0), 0.05) == [
        "Trades at the top 5 %: the baseline makes none in 3 cells."
    ]
    failed = results_table([failed_row(variant="baseline")])
    assert confidence_in_words(failed, curve.head(0), 0.05) == ["No cell of the baseline was measured."]
