"""The indicators depend on the past only, on no price level or volume unit, and are finite after warm-up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from ftf_assets.contracts.coercion import coerce_candles
from ftf_assets.sources.candles.indicators import WARM_UP_BARS, indicators, warmed_up, wilder_atr


def features_of(candles: pd.DataFrame) -> pd.DataFrame:
    return indicators(coerce_candles(candles, crypto="OPUSDC"))


def assert_same(left: pd.DataFrame, right: pd.DataFrame, tolerance: float) -> None:
    # Features differ in size (0.001 for a return, 100 for an index): the tolerance is in standard deviations.
    scale = right.std().replace(0.0, 1.0)
    pd.testing.assert_frame_equal(left / scale, right / scale, rtol=0, atol=tolerance, check_freq=False)


@pytest.fixture(scope="module")
def full_run(hourly_candles) -> pd.DataFrame:
    return features_of(hourly_candles)


@settings(max_examples=25, deadline=None)
@given(n_bars=st.integers(2, 1466))
def test_features_of_a_prefix_are_the_full_runs_rows(hourly_candles, full_run, n_bars: int) -> None:
    prefix = features_of(hourly_candles.iloc[:n_bars])
    pd.testing.assert_frame_equal(prefix, full_run.iloc[:n_bars], rtol=0, atol=1e-12, check_freq=False)


def test_the_future_may_be_anything(hourly_candles, full_run) -> None:
    changed = hourly_candles.copy()
    changed.iloc[700:] *= 3.0
    pd.testing.assert_frame_equal(
        features_of(changed).iloc[:700], full_run.iloc[:700], rtol=0, atol=1e-12, check_freq=False
    )


@pytest.mark.parametrize("factor", [1000.0, 1e-7], ids=["a thousand times", "a ten-millionth"])
def test_no_feature_depends_on_the_price_level(hourly_candles, full_run, factor: float) -> None:
    prices = ["open", "high", "low", "close"]
    scaled = hourly_candles.assign(**{name: hourly_candles[name] * factor for name in prices})
    assert_same(features_of(scaled), full_run, tolerance=1e-7)


@pytest.mark.parametrize("factor", [1e6, 1e-9], ids=["million", "billionth"])
def test_no_feature_depends_on_the_volume_unit(hourly_candles, full_run, factor: float) -> None:
    scaled = hourly_candles.assign(volume=hourly_candles["volume"] * factor)
    assert_same(features_of(scaled), full_run, tolerance=1e-9)


def test_no_feature_drifts_with_the_length_of_the_history(hourly_candles, full_run) -> None:
    # A later start changes the seeds of the recursions only: after the warm-up they have faded.
    late = features_of(hourly_candles.iloc[300:])
    both = late.dropna().index
    assert_same(late.loc[both], full_run.loc[both], tolerance=0.02)


def test_the_warm_up_is_missing_and_everything_after_is_finite(hourly_candles, full_run) -> None:
    settled = warmed_up(coerce_candles(hourly_candles, crypto="OPUSDC"))
    assert full_run.loc[~settled].isna().all(axis=None)
    assert np.isfinite(full_run.loc[settled]).all(axis=None)


def test_a_short_gap_is_bridged_and_a_long_one_restarts(hourly_candles, full_run) -> None:
    missing = full_run["rsi_14"].isna().to_numpy()
    restart = 900 - 4
    assert np.flatnonzero(missing).tolist() == [
        *range(WARM_UP_BARS),
        *range(restart, restart + WARM_UP_BARS),
    ]
    alone = features_of(hourly_candles.iloc[restart:])
    pd.testing.assert_frame_equal(full_run.iloc[restart:], alone, rtol=0, atol=0, check_freq=False)


@pytest.mark.parametrize(("missing_bars", "restarts"), [(12, False), (13, True)])
def test_a_gap_longer_than_twelve_bars_restarts(hourly_candles, missing_bars: int, restarts: bool) -> None:
    candles = hourly_candles.iloc[:450]
    candles = candles.drop(candles.index[200 : 200 + missing_bars])
    assert np.isnan(features_of(candles)["rsi_14"].iloc[200]) == restarts


def flat(candles: pd.DataFrame, start: int) -> pd.DataFrame:
    dead = candles.iloc[:880].copy()
    last = dead["close"].iloc[start - 1]
    dead.iloc[start:, :] = [last, last, last, last, 0.0]
    return dead


@pytest.mark.parametrize("start", [1, 400], ids=["from the first bar", "after live trading"])
def test_flat_prices_without_volume_are_neutral_not_infinite(hourly_candles, start: int) -> None:
    features = features_of(flat(hourly_candles, start)).iloc[-1]
    assert np.isfinite(features).all()
    neutral = {
        "return_1": 0,
        "volatility_24": 0,
        "volatility_ratio_6_24": 1,
        "volume_ratio_1_24": 1,
        "candle_body": 0,
        "efficiency_12": 0,
        "up_share_12": 0.5,
        "range_position_24": 0.5,
        "williams_r_14": -50,
        "stochastic_k_14": 50,
        "cci_20": 0,
        "bollinger_position_20": 0,
        "bollinger_width_20": 0,
        "mfi_14": 50,
        "return_to_atr": 0,
        "range_to_atr": 1,
    }
    assert features[list(neutral)].to_dict() == pytest.approx(neutral, abs=1e-9)


def test_a_series_that_never_moved_has_a_neutral_rsi(hourly_candles) -> None:
    assert features_of(flat(hourly_candles, 1))["rsi_14"].iloc[-1] == 50.0


@pytest.mark.parametrize(
    ("feature", "reference"),
    [
        ("rsi_14", lambda c: talib.RSI(c["close"], 14)),
        ("adx_14", lambda c: talib.ADX(c["high"], c["low"], c["close"], 14)),
        ("atr_14", lambda c: talib.NATR(c["high"], c["low"], c["close"], 14) / 100),
        ("cci_20", lambda c: talib.CCI(c["high"], c["low"], c["close"], 20)),
        ("williams_r_14", lambda c: talib.WILLR(c["high"], c["low"], c["close"], 14)),
        ("mfi_14", lambda c: talib.MFI(c["high"], c["low"], c["close"], c["volume"], 14)),
        ("stochastic_k_14", lambda c: talib.STOCH(c["high"], c["low"], c["close"], 14, 3, 0, 3, 0)[0]),
        ("stochastic_d_14", lambda c: talib.STOCH(c["high"], c["low"], c["close"], 14, 3, 0, 3, 0)[1]),
        ("macd_line", lambda c: talib.MACD(c["close"])[0] / c["close"]),
        ("volatility_24", lambda c: np.log(c["close"]).diff().rolling(24).std(ddof=0)),
    ],
)
def test_the_indicators_are_talibs(hourly_candles, feature: str, reference) -> None:
    candles = hourly_candles.iloc[:800]
    ours = features_of(candles)[feature].iloc[WARM_UP_BARS:]
    theirs = reference(candles).iloc[WARM_UP_BARS:]
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


def test_the_label_atr_is_wilders_and_restarts_with_the_indicators(hourly_candles) -> None:
    atr = wilder_atr(coerce_candles(hourly_candles, crypto="OPUSDC"), 14)
    head = hourly_candles.iloc[:896]
    np.testing.assert_array_equal(atr[:896], talib.ATR(head["high"], head["low"], head["close"], 14))
    assert np.flatnonzero(np.isnan(atr)).tolist() == [*range(14), *range(896, 910)]


def test_calendar_features_are_those_of_the_close_in_utc(full_run) -> None:
    row = full_run.loc["2024-01-08 06:00:00+00:00"]  # a Monday
    assert (row["hour_sin"], row["hour_cos"]) == (pytest.approx(1), pytest.approx(0, abs=1e-12))
    assert (row["weekday_sin"], row["weekday_cos"]) == (0, 1)


def test_all_features_are_float64_and_about_fifty(full_run) -> None:
    assert set(full_run.dtypes) == {np.dtype("float64")}
    assert 45 <= full_run.shape[1] <= 65
