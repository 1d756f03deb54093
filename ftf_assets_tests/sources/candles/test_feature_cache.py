"""From candles to the feature cache: every dropped bar is accounted for, and nothing looks ahead."""

from __future__ import annotations

import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables.candles import Candles
from ftf_assets.contracts.tables.feature_cache import FeatureCache
from ftf_assets.sources.candles.feature_cache import feature_cache_from_candles
from ftf_assets.sources.candles.indicators import WARM_UP_BARS
from ftf_assets.sources.candles.source import CandleFileSource

BARRIERS = {"stop_multiple": 0.5, "target_multiple": 1.5, "horizon": 4}


@pytest.fixture(scope="module")
def cache_and_report(hourly_candles):
    return feature_cache_from_candles(hourly_candles, "OPUSDC", **BARRIERS)


def test_the_cache_satisfies_its_contract(cache_and_report) -> None:
    cache, _ = cache_and_report
    FeatureCache.validate(cache, lazy=True)
    assert cache.index.name == "timestamp"
    assert cache.notna().all(axis=None)


def test_every_bar_is_kept_or_counted_once(hourly_candles, cache_and_report) -> None:
    _, report = cache_and_report
    assert (report.warm_up_rows, report.gap_rows, report.end_rows) == (2 * WARM_UP_BARS, 8, 4)
    assert report.rows + report.warm_up_rows + report.gap_rows + report.end_rows == len(hourly_candles)


def test_gaps_and_restarts_are_reported(cache_and_report) -> None:
    cache, report = cache_and_report
    assert (report.gaps, report.longest_gap, report.restarts) == (2, 30, 1)
    assert report.buy_rate == cache["label"].mean()


def test_a_label_is_known_within_its_horizon(cache_and_report) -> None:
    cache, _ = cache_and_report
    bars_to_exit = (cache["label_end"] - cache.index) / pd.Timedelta("1h")
    assert bars_to_exit.between(1, 4).all()


@pytest.mark.parametrize("n_bars", [173, 400, 899, 1300])
def test_rows_of_a_prefix_are_the_full_runs_rows(hourly_candles, cache_and_report, n_bars: int) -> None:
    full, _ = cache_and_report
    prefix, _ = feature_cache_from_candles(hourly_candles.iloc[:n_bars], "OPUSDC", **BARRIERS)
    pd.testing.assert_frame_equal(prefix, full.loc[prefix.index], rtol=0, atol=1e-12, check_freq=False)
    assert (prefix["label_end"] <= hourly_candles.index[n_bars - 1]).all()


def test_candles_too_short_for_one_row_are_refused(hourly_candles) -> None:
    with pytest.raises(InputError, match=r"OPUSDC: the candles are too short.*172 bars.*more than 172 bars"):
        feature_cache_from_candles(hourly_candles.iloc[: WARM_UP_BARS + 4], "OPUSDC", **BARRIERS)


@pytest.mark.parametrize("crypto", ["AAVEUSDC", "UNIUSDC", "OPUSDC", "ARBUSDC", "LDOUSDC"])
def test_real_candles_give_a_sound_cache(real_candle_directory, crypto: str) -> None:
    source = CandleFileSource(path=str(real_candle_directory))
    candles = source.candles(crypto)
    Candles.validate(candles, lazy=True)
    cache, report = source.feature_cache(crypto, candles)
    assert cache.notna().all(axis=None)
    assert 0.14 < report.buy_rate < 0.20
    assert report.gaps >= 1
    assert report.rows + report.warm_up_rows + report.gap_rows + report.end_rows == len(candles)
    assert source.span(crypto) == (candles.index[0], candles.index[-1], len(candles))
    assert source.provenance(crypto).quote_currency == "USDT"
