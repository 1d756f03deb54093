"""What plan, sweep and UI say about the files of each crypto, and what an error of a sparse history adds."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.graph.data_metadata import candles_metadata
from ftf_assets.running.preflight import check_inputs
from ftf_assets.storage.home import Home
from ftf_assets.sweep.data_read import data_in_words, data_read
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets_tests.sources.candles.test_bars import bars, sparse, split
from ftf_assets_tests.support.settings import settings_of


def sweep(folder: Path, **settings: object) -> Sweep:
    return open_sweep(
        settings_of(source="candles", path=str(folder), cryptos="UNIUSDC", trials=0, n_folds=1, **settings)
    )


def test_file_quote_and_bars_of_each_crypto_are_said(tmp_path):
    whole = bars(600)
    split(tmp_path, whole, ("UNIUSDT-1h-2024-01.csv", 0, 48), ("UNIUSDT-1h-2024-02.csv", 50, 600))
    for name in ("UNIBTC_1h.csv", "UNI_EUR.csv", "UNI.csv", "UNIETH.csv", "OPUSDT.csv"):
        split(tmp_path, whole, (name, 0, 50))
    (one,) = data_read(sweep(tmp_path))
    assert data_in_words(one) == (
        "UNIUSDC: UNIUSDT-1h-2024-01.csv to UNIUSDT-1h-2024-02.csv (2 files), USDT serves USDC; 598 bars of "
        "1h (99.8% of steps), 2024-01-30 to 2024-02-24, times are opens (assumed); 2 bars missing in 1 gap, "
        "the longest 2; ignores UNI.csv, UNIBTC_1h.csv, UNIETH.csv and 1 more"
    )
    assert one["candles"]["first_open"] == "2024-01-30 00:00:00+00:00"
    assert one["candles"]["last_close"] == "2024-02-24 00:00:00+00:00"


def test_the_ui_shows_what_was_understood_of_the_files(tmp_path):
    split(tmp_path, bars(600), ("UNIUSDT_1h.csv", 0, 300), ("UNIBTC_1h.csv", 0, 300))
    one = sweep(tmp_path)
    shown = candles_metadata(one, "UNIUSDC", one.source.candles("UNIUSDC"))
    assert shown["source_file"] == "UNIUSDT_1h.csv"
    assert (shown["quote_currency"], shown["files_passed_over"]) == ("USDT", "UNIBTC_1h.csv")
    assert (shown["timeframe"], shown["stamp"], shown["stamp_from"]) == ("1h", "open", "assumed")
    assert (shown["files"], shown["bars"], shown["notes"]) == (1, 300, "none")


def test_the_embedded_market_has_no_files():
    assert data_read(open_sweep(settings_of(cryptos="UNIUSDC"))) == []


def test_an_error_of_a_sparse_history_says_how_its_empty_hours_are_filled(tmp_path):
    few = sparse(bars(700), kept=0.35)
    split(tmp_path, few, ("UNIUSD_60.csv", 0, len(few)))
    with pytest.raises(InputError, match=r"of 700 bars of 1h are missing.*--set data\.no_trade_bars=flat"):
        check_inputs(sweep(tmp_path), Home(tmp_path / "home"))
    check_inputs(sweep(tmp_path, no_trade_bars="flat"), Home(tmp_path / "home"))


@pytest.mark.parametrize(
    ("setting", "value"),
    [("bar", "1h"), ("stamp", "close"), ("no_trade_bars", "flat"), ("off_grid", "leave_out")],
)
def test_what_bars_are_is_part_of_the_key_of_the_candles(tmp_path, setting, value):
    whole = bars(600)
    split(tmp_path, whole, ("UNIUSDT.csv", 0, 600))
    first, other = sweep(tmp_path), sweep(tmp_path, **{setting: value})
    assert first.artifact_key("candles", "UNIUSDC") != other.artifact_key("candles", "UNIUSDC")
    assert first.sweep_id != other.sweep_id
