"""Regimes: volatility tercile × trend sign, known at the bar's close."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.coercion import coerce_candles
from ftf_assets.sources.candles.indicators import warmed_up
from ftf_assets.sources.candles.regimes import REGIMES, TERCILE_BARS, TREND_BARS, VOLATILITY_BARS, regimes

CRYPTO = "OPUSDC"


def priced(log_close: np.ndarray) -> pd.DataFrame:
    index = pd.date_range("2023-01-01 01:00", periods=len(log_close), freq="h", tz="UTC", name="timestamp")
    close = np.exp(log_close)
    return pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), close) | {"volume": 1.0}, index)


def regimes_of(candles: pd.DataFrame) -> pd.Series:
    return regimes(coerce_candles(candles, crypto=CRYPTO))


@pytest.fixture(scope="module")
def named(hourly_candles) -> pd.Series:
    return regimes_of(hourly_candles)


def test_every_row_with_features_has_one_of_six_regimes(hourly_candles, named) -> None:
    warm = warmed_up(coerce_candles(hourly_candles, crypto=CRYPTO))
    assert named[warm].notna().all()
    assert set(named[warm]) <= set(REGIMES)
    assert len(REGIMES) == 6
    assert isinstance(named.dtype, pd.StringDtype)


@pytest.mark.parametrize("n_bars", [173, 400, 899, 1_100, 1_300])
def test_regimes_of_a_prefix_are_the_full_runs(hourly_candles, named, n_bars: int) -> None:
    prefix = regimes_of(hourly_candles.iloc[:n_bars])
    pd.testing.assert_series_equal(prefix, named.iloc[:n_bars], check_freq=False)


def test_another_future_changes_no_regime(hourly_candles, named) -> None:
    other = hourly_candles.copy()
    other.iloc[1_000:, :4] *= 3.0
    pd.testing.assert_series_equal(regimes_of(other).iloc[:1_000], named.iloc[:1_000], check_freq=False)


def test_the_regimes_follow_their_definition(hourly_candles, named) -> None:
    # The last 600 bars before the restart, computed bar by bar from the closes alone.
    log_close = np.log(hourly_candles["close"].to_numpy())[:890]
    returns = np.diff(log_close, prepend=log_close[0])
    volatility = {t: returns[t - VOLATILITY_BARS + 1 : t + 1].std() for t in range(VOLATILITY_BARS, 890)}
    for t in range(290, 890, 37):
        past = [volatility[s] for s in range(max(VOLATILITY_BARS, t - TERCILE_BARS + 1), t + 1)]
        low, high = np.quantile(past, [1 / 3, 2 / 3])
        level = "low" if volatility[t] <= low else "medium" if volatility[t] <= high else "high"
        trend = "up" if log_close[t] > log_close[t - TREND_BARS] else "down"
        assert named.iloc[t] == f"{level}_volatility_{trend}", t


def test_a_calm_season_after_a_wild_one_has_its_own_terciles() -> None:
    shocks = np.random.default_rng(4).standard_normal(6_000)
    scale = np.where(np.arange(6_000) < 2_500, 0.05, 0.005)
    late = regimes_of(priced(np.cumsum(shocks * scale))).iloc[-1_000:]
    assert {name.split("_")[0] for name in late} == {"low", "medium", "high"}


@pytest.mark.parametrize(
    ("drift", "trend"), [(0.001, "up"), (-0.001, "down"), (0.0, "down")], ids=["rising", "falling", "flat"]
)
def test_the_trend_is_the_sign_of_the_weeks_change(drift: float, trend: str) -> None:
    named = regimes_of(priced(drift * np.arange(400)))
    assert named.iloc[-1].endswith(f"_volatility_{trend}")
