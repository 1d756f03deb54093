"""The section on market regimes: a line a regime with every level, and words that say what it shows."""

from __future__ import annotations

import pandas as pd
import pytest

from ftf_assets.contracts.tables.regime_results import UNAVAILABLE
from ftf_assets.report.levels import Level, level_headings
from ftf_assets.report.sections.regimes import regime_table, regimes_in_words
from ftf_assets.rows.regime_results import pooled_by_regime
from ftf_assets_tests.support.results_rows import regimes_table

SHOWN = (
    Level("label_smoothing", "aggressive"),
    Level("label_smoothing", "mild"),
    Level("cleanlab", "filter"),
    Level("cleanlab", "reweight"),
)


@pytest.fixture(scope="module")
def regimes() -> pd.DataFrame:
    return regimes_table()


def test_there_is_a_line_a_regime_with_every_level(regimes):
    assert level_headings(SHOWN) == ["baseline", "aggressive", "mild", "filter", "reweight"]
    table = regime_table(regimes, SHOWN)
    assert table is not None
    assert [line["regime"].text for line in table.rows] == ["down", "up"]
    assert [column.heading for column in table.columns[3:]] == level_headings(SHOWN)
    pooled = pooled_by_regime(regimes).set_index(["regime", "variant"])
    for line in table.rows:
        one = pooled.loc[(line["regime"].text, "baseline")]
        assert line["baseline_f1_buy"].text == f"{one['f1_buy']:.3f}"
        assert line["baseline_f1_buy"].raw == one["f1_buy"]
        assert line["baseline_f1_buy"].strong == (one["f1_buy"] > one["f1_always_buy"])
    assert [line["baseline_f1_buy"].strong for line in table.rows] == [False, True]


def test_the_words_count_the_regimes_in_which_the_baseline_beats_always_buy(regimes):
    words = regimes_in_words(regimes)
    assert "in 1 of 2 regimes" in words
    assert "largest in up (" in words
    assert "smallest in down (" in words
    assert "No regime is tested on its own" in words


def test_without_rows_there_is_no_line_and_the_words_say_why(regimes):
    assert regime_table(regimes.head(0), SHOWN) is None
    assert "no breakdown by regime" in regimes_in_words(regimes.head(0))


def test_without_regimes_in_the_source_the_words_say_so(regimes):
    unavailable = regimes[regimes["regime"] == "up"].assign(regime=UNAVAILABLE)
    assert "The source provides no regimes" in regimes_in_words(unavailable)
