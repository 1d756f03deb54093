"""The gallery: the worst suspects, spread over labels and cryptos, each once, no control among them."""

from __future__ import annotations

import pandas as pd

from ftf_assets.report.sections.suspects import suspect_cards, worst_suspects
from ftf_assets_tests.support.report_rows import N_BARS, START, report_data, result_rows, some_suspects

CRYPTOS = ("OPUSDC", "LDOUSDC", "ARBUSDC")


def test_labels_and_cryptos_take_turns_and_the_worst_of_each_come_first():
    chosen = worst_suspects(some_suspects(CRYPTOS), 12)
    assert len(chosen) == 12
    assert set(chosen.groupby(["crypto", "label"]).size()) == {2}
    assert chosen["label"].tolist() == [1, 1, 1, 0, 0, 0] * 2
    first = chosen[(chosen["crypto"] == "OPUSDC") & (chosen["label"] == 1)]["label_quality"]
    assert first.tolist() == [0.01 + 0.002 * 1, 0.01 + 0.002 * 2]


def test_a_row_that_several_folds_and_cleaners_suspect_is_shown_once_as_the_latest_fold_sees_it():
    later = some_suspects(("OPUSDC",), 1)
    earlier = later.assign(fold=0, label_quality=0.001)
    chosen = worst_suspects(pd.concat([earlier, later]), 12)
    assert chosen["fold"].tolist() == [1]
    assert chosen["cleaners"].tolist() == ["filter, reweight"]


def test_suspects_of_controls_are_not_shown():
    assert worst_suspects(some_suspects(CRYPTOS, cleaners=("filter_random", "filter_lowest_p")), 12).empty


def test_a_card_shows_entry_at_the_next_open_and_barriers_from_it():
    data = report_data(result_rows(("OPUSDC",)), suspects=some_suspects(("OPUSDC",)), artifacts=True)
    card = suspect_cards(data.suspects)[0]
    candles = data.suspects.candles["OPUSDC"]
    bar = candles.index.get_loc(card.timestamp)
    entry = candles["open"].iloc[bar + 1]
    assert card.chart is not None
    assert f"Entry at {entry:.6g}, target " in card.chart
    assert f"P(BUY) {card.p_buy:.3f}" in card.chart
    assert card.path.endswith(("BUY", "HOLD"))


def test_a_suspect_whose_path_the_candles_do_not_hold_has_no_chart_but_a_reason():
    suspects = some_suspects(("OPUSDC",), 1)
    for hours in (N_BARS - 2, N_BARS + 50):
        late = suspects.assign(timestamp=START + pd.Timedelta(hours=hours))
        (card,) = suspect_cards(report_data(result_rows(("OPUSDC",)), suspects=late, artifacts=True).suspects)
        assert card.chart is None
        assert "the candles do not hold this bar" in card.unavailable
