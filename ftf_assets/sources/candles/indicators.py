"""Backward-looking, scale-free indicators of a candle series: the features.

No feature depends on the price level or the volume unit, sums over the whole history (such as OBV and A/D) or
is scaled over the sample. The features of ``candles[:t]`` are therefore the first rows of the full run
(prefix invariance). Recursive indicators are those of TA-Lib, on prices relative to the segment's first
close: TA-Lib compares with zero by an absolute tolerance (1e-14), which would depend on the price level.
Windowed indicators use :mod:`~ftf_assets.sources.candles.rolling_windows`.

TA-Lib imports Polars where that is installed, 0.2 s, so it is imported inside the functions that compute: a
plan or a finished sweep only reads a constant here.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from ftf_assets.contracts.arrays import CandleArrays
from ftf_assets.contracts.typed import Array, Float64, typed
from ftf_assets.sources.candles.rolling_windows import (
    change,
    mean_deviation_from_last,
    trailing_mean,
    trailing_mean_absolute_deviation,
    trailing_std,
    trailing_sum,
)

#: A gap of more missing bars restarts every indicator. The bars around a shorter gap count as consecutive.
LONGEST_BRIDGED_GAP = 12

#: Bars without features at the head of each segment. This is the longest window, and long enough for the seed
#: of the slowest recursion (Wilder's smoothing over 21 bars) to fade to less than 0.1 % of the weight.
WARM_UP_BARS = 168

# Values of a ratio whose denominator is zero (flat prices, no volume): they mean "no information".
NEUTRAL_POSITION = 0.5
NEUTRAL_RATIO = 1.0
NEUTRAL_DIFFERENCE = 0.0

#: A relative price range below this is treated as zero, because a smoothed range decays without reaching
#: zero.
FLAT = 1e-9

Values = Float64[Array, " bars"]

_HOUR = 3_600_000_000_000
_DAY = 24 * _HOUR


@typed
def indicators(candles: CandleArrays) -> pd.DataFrame:
    """Compute all features of each bar, known at that bar's close.

    Parameters
    ----------
    candles
        Bars of shape (n_bars,), stamped with their close.

    Returns
    -------
    pandas.DataFrame
        One row per bar, indexed by ``timestamp`` (close, UTC); dimensionless float64 columns. The first
        ``WARM_UP_BARS`` rows of each segment between restarts are NaN, every other value is finite. Windows
        count bars, so their span in hours depends on the bar length.

    Notes
    -----
    J. Welles Wilder, *New Concepts in Technical Trading Systems*, 1978, for ATR, RSI and ADX; names and
    parameters otherwise as in TA-Lib.
    """
    parts = [_segment_features(segment) for segment in _segments(candles)]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}
    columns |= _calendar(candles.close_time)
    index = pd.DatetimeIndex(candles.close_time, tz="UTC", name="timestamp")
    features = pd.DataFrame(columns, index=index)
    features.loc[~warmed_up(candles)] = np.nan
    return features


@typed
def wilder_atr(candles: CandleArrays, period: int = 14) -> Values:
    """Wilder's average true range in quote currency, shape (n_bars,), known at each bar's close.

    NaN for the first ``period`` bars of each segment. A gap of more than ``LONGEST_BRIDGED_GAP`` bars begins
    a new segment.
    """
    import talib

    parts = [talib.ATR(part.high, part.low, part.close, period) for part in _segments(candles)]
    return np.concatenate(parts) if parts else np.empty(0)


@typed
def trailing_volatility(candles: CandleArrays, bars: int) -> Values:
    """Standard deviation of the last ``bars`` log returns, shape (n_bars,), known at each bar's close.

    NaN for the first ``bars - 1`` bars of each segment. The first return of a segment counts as 0.
    """
    parts = [
        trailing_std(_from_second_bar(change(np.log(part.close), 1)), bars) for part in _segments(candles)
    ]
    return np.concatenate(parts) if parts else np.empty(0)


@typed
def trailing_return(candles: CandleArrays, bars: int) -> Values:
    """Log return over the last ``bars`` bars, shape (n_bars,); NaN for the first ``bars`` of each segment."""
    parts = [change(np.log(part.close), bars) for part in _segments(candles)]
    return np.concatenate(parts) if parts else np.empty(0)


@typed
def missing_bars(candles: CandleArrays) -> Array:
    """Count the missing bars between consecutive bars: int64, shape (n_bars - 1,), 0 without a gap."""
    return np.rint(np.diff(candles.close_time) / candles.bar).astype(np.int64) - 1


@typed
def warmed_up(candles: CandleArrays) -> Array:
    """Mark the bars whose features are known, boolean, shape (n_bars,)."""
    position = np.arange(len(candles.close))
    first = np.zeros(len(position), dtype=np.int64)
    first[_restarts(candles)] = _restarts(candles)
    return position - np.maximum.accumulate(first) >= WARM_UP_BARS


def _restarts(candles: CandleArrays) -> Array:
    return np.flatnonzero(missing_bars(candles) > LONGEST_BRIDGED_GAP) + 1


def _segments(candles: CandleArrays) -> list[CandleArrays]:
    edges = [0, *(int(edge) for edge in _restarts(candles)), len(candles.close)]
    return [
        CandleArrays(
            close_time=candles.close_time[start:stop],
            open=candles.open[start:stop],
            high=candles.high[start:stop],
            low=candles.low[start:stop],
            close=candles.close[start:stop],
            volume=candles.volume[start:stop],
            bar=candles.bar,
        )
        for start, stop in itertools.pairwise(edges)
        if stop > start
    ]


def _segment_features(segment: CandleArrays) -> dict[str, Values]:
    import talib

    first_close = segment.close[0]
    open_, high, low, close = (
        prices / first_close for prices in (segment.open, segment.high, segment.low, segment.close)
    )
    atr = talib.ATR(high, low, close, 14)
    with np.errstate(invalid="ignore"):
        atr = np.where(atr < FLAT * close, 0.0, atr)
    return (
        _returns_and_volatility(high, low, close, atr)
        | _momentum(high, low, close, atr)
        | _positions(high, low, close)
        | _volume(high, low, close, segment.volume)
        | _candle_shape(open_, high, low, close, atr)
    )


def _returns_and_volatility(high: Values, low: Values, close: Values, atr: Values) -> dict[str, Values]:
    log_close = np.log(close)
    log_return = _from_second_bar(change(log_close, 1))
    features = {f"return_{bars}": change(log_close, bars) for bars in (1, 2, 3, 4, 6, 12, 24, 72, 168)}
    volatility = {bars: trailing_std(log_return, bars) for bars in (6, 12, 24, 72, 168)}
    features |= {f"volatility_{bars}": values for bars, values in volatility.items()}
    features["volatility_ratio_6_24"] = _ratio(volatility[6], volatility[24], NEUTRAL_RATIO)
    features["volatility_ratio_24_168"] = _ratio(volatility[24], volatility[168], NEUTRAL_RATIO)
    # Parkinson (1980): volatility from the range of each bar.
    features["parkinson_24"] = np.sqrt(trailing_mean(np.log(high / low) ** 2, 24) / (4.0 * np.log(2.0)))
    relative_atr = atr / close
    features["atr_14"] = relative_atr
    features["atr_ratio_72"] = _ratio(
        relative_atr, trailing_mean(np.nan_to_num(relative_atr), 72), NEUTRAL_RATIO
    )
    features["return_to_atr"] = _ratio(change(close, 1), atr, NEUTRAL_DIFFERENCE)
    path = np.abs(log_return)
    for bars in (12, 24):
        features[f"efficiency_{bars}"] = _ratio(
            change(log_close, bars), trailing_sum(path, bars), NEUTRAL_DIFFERENCE
        )
    features["up_share_12"] = trailing_mean(
        np.where(log_return == 0, NEUTRAL_POSITION, (log_return > 0).astype(np.float64)), 12
    )
    return features


def _momentum(high: Values, low: Values, close: Values, atr: Values) -> dict[str, Values]:
    import talib

    # RSI is CMO rescaled from [-100, 100]. For a flat series TA-Lib's RSI is 0 (oversold), its CMO 0
    # (neutral).
    features = {f"rsi_{bars}": 50.0 + talib.CMO(close, bars) / 2.0 for bars in (7, 14, 21)}
    features["adx_14"] = talib.ADX(high, low, close, 14)
    features["plus_di_14"] = talib.PLUS_DI(high, low, close, 14)
    features["minus_di_14"] = talib.MINUS_DI(high, low, close, 14)
    macd, _, histogram = talib.MACD(close, 12, 26, 9)
    features["macd_line"] = macd / close
    features["macd_histogram"] = histogram / close
    for bars in (12, 26):
        features[f"ema_distance_{bars}"] = _ratio(close - talib.EMA(close, bars), atr, NEUTRAL_DIFFERENCE)
    features["sma_distance_72"] = _ratio(-mean_deviation_from_last(close, 72), atr, NEUTRAL_DIFFERENCE)
    aroon_down, aroon_up = talib.AROON(high, low, 25)
    features["aroon_down_25"] = aroon_down
    features["aroon_up_25"] = aroon_up
    return features


def _positions(high: Values, low: Values, close: Values) -> dict[str, Values]:
    position = {bars: _range_position(high, low, close, bars) for bars in (14, 24, 72, 168)}
    features = {f"range_position_{bars}": position[bars] for bars in (24, 72, 168)}
    features["williams_r_14"] = -100.0 * (1.0 - position[14])
    stochastic_k = trailing_mean(np.nan_to_num(100.0 * position[14]), 3)
    features["stochastic_k_14"] = stochastic_k
    features["stochastic_d_14"] = trailing_mean(np.nan_to_num(stochastic_k), 3)
    typical = (high + low + close) / 3.0
    features["cci_20"] = _ratio(
        -mean_deviation_from_last(typical, 20),
        0.015 * trailing_mean_absolute_deviation(typical, 20),
        NEUTRAL_DIFFERENCE,
    )
    deviation = trailing_std(close, 20)
    distance = -mean_deviation_from_last(close, 20)
    features["bollinger_position_20"] = _ratio(distance, 2.0 * deviation, NEUTRAL_DIFFERENCE)
    features["bollinger_width_20"] = 4.0 * deviation / (close - distance)
    return features


def _volume(high: Values, low: Values, close: Values, volume: Values) -> dict[str, Values]:
    features = {
        f"volume_ratio_{short}_{long}": _ratio(
            trailing_mean(volume, short), trailing_mean(volume, long), NEUTRAL_RATIO
        )
        for short, long in ((1, 24), (6, 24), (24, 168))
    }
    # TA-Lib's MFI is 0 where the window's money flow is below 1.0, so it depends on the volume unit.
    typical = (high + low + close) / 3.0
    flow = typical * volume
    direction = _from_second_bar(change(typical, 1))
    inflow = trailing_sum(np.where(direction > 0, flow, 0.0), 14)
    outflow = trailing_sum(np.where(direction < 0, flow, 0.0), 14)
    features["mfi_14"] = 100.0 * _ratio(inflow, inflow + outflow, NEUTRAL_POSITION)
    return features


def _candle_shape(open_: Values, high: Values, low: Values, close: Values, atr: Values) -> dict[str, Values]:
    spread = high - low
    return {
        "candle_body": _ratio(close - open_, spread, NEUTRAL_DIFFERENCE),
        "upper_wick": _ratio(high - np.maximum(open_, close), spread, NEUTRAL_DIFFERENCE),
        "lower_wick": _ratio(np.minimum(open_, close) - low, spread, NEUTRAL_DIFFERENCE),
        "range_to_atr": _ratio(spread, atr, NEUTRAL_RATIO),
    }


def _calendar(close_time: Array) -> dict[str, Values]:
    hour = 2.0 * np.pi * (close_time % _DAY) / _DAY
    # The epoch was a Thursday; Monday is 0.
    weekday = 2.0 * np.pi * ((close_time // _DAY + 3) % 7) / 7.0
    return {
        "hour_sin": np.sin(hour),
        "hour_cos": np.cos(hour),
        "weekday_sin": np.sin(weekday),
        "weekday_cos": np.cos(weekday),
    }


def _range_position(high: Values, low: Values, close: Values, bars: int) -> Values:
    import talib

    lowest = talib.MIN(low, bars)
    return _ratio(close - lowest, talib.MAX(high, bars) - lowest, NEUTRAL_POSITION)


def _from_second_bar(changes: Values) -> Values:
    # The first bar of a segment has no predecessor. Its 0 has left every window when the warm-up ends.
    filled: Values = np.nan_to_num(changes)
    return filled


def _ratio(numerator: Values, denominator: Values, neutral: float) -> Values:
    # NaN gives the neutral value here; ``indicators`` masks the whole warm-up in one place.
    result: Values = np.full(len(numerator), neutral)
    known = np.isfinite(numerator) & np.isfinite(denominator) & (denominator > 0)
    np.divide(numerator, denominator, out=result, where=known)
    return result
