"""The embedded market's candles: one simulated year of hourly bars for any crypto name.

A crypto's return is a factor common to the market plus a part of its own; both are Student-t by the hour. A
common volatility regime switches between calm, normal and stormy, and volatility has a daily cycle. A weak
drift follows the trend of the last day and reverses the last three hours, so that the past predicts a little
of the future. Bars are aggregated from one-minute paths, so open, high, low and close are consistent.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pandas as pd

from ftf_assets.contracts.typed import Array
from ftf_assets.sources.candles.indicators import WARM_UP_BARS

#: Part of the fingerprint. Raise it whenever this module or ``label_noise`` gives other numbers.
MARKET_VERSION = 1

HOURS_OF_2024 = 8_784
N_BARS = WARM_UP_BARS + HOURS_OF_2024
BAR = pd.Timedelta(hours=1)
FIRST_OPEN = pd.Timestamp("2024-01-01", tz="UTC") - WARM_UP_BARS * BAR
LAST_CLOSE = FIRST_OPEN + N_BARS * BAR

MINUTES = 60
#: Student's t with 4 degrees of freedom: the usual estimate for the tails of short-term returns.
TAIL_DEGREES_OF_FREEDOM = 4
COMMON_VARIANCE_SHARE = 0.6
#: Each crypto's annual volatility is drawn from this range.
ANNUAL_VOLATILITY = (0.75, 1.05)

REGIME_VOLATILITY = (0.6, 1.0, 2.0)
#: Hourly switching between calm, normal and stormy; calm lasts five days on average, storms a day and a half.
REGIME_SWITCHING = (
    (1 - 1 / 120, 1 / 120, 0.0),
    (1 / 96, 1 - 1 / 96 - 1 / 144, 1 / 144),
    (0.0, 1 / 36, 1 - 1 / 36),
)
DAILY_CYCLE = 0.25
HOUR_OF_MEAN_VOLATILITY = 9

#: Default edge, calibrated to an AUC of 0.53 to 0.60 only.
WEAK_EDGE = 0.3
#: With more edge than this, trends feed on themselves and prices leave any plausible range.
LARGEST_EDGE = 1.2
TREND_HOURS = 24
REVERSAL_HOURS = 3
VOLATILITY_DECAY = 0.97

_COMMON, _OWN, _NOISE = 1, 2, 3


def market_candles(crypto: str, seed: int, edge: float = WEAK_EDGE) -> pd.DataFrame:
    """Simulate the candles of one crypto.

    Parameters
    ----------
    crypto
        Any name. Its random stream depends on the seed and the name only, so its candles are the same in
        every crypto group.
    seed
        Seed of the market, not negative.
    edge
        Largest hourly drift in units of that hour's volatility, 0 to ``LARGEST_EDGE``. It scales what the
        past says about the future; the random shocks are the same for every edge.

    Returns
    -------
    pandas.DataFrame
        Satisfies ``Candles``: ``WARM_UP_BARS`` bars before 2024, then the hours of 2024, without a gap.
    """
    common = np.random.default_rng(np.random.SeedSequence([seed, _COMMON]))
    own = _own_stream(crypto, seed, _OWN)
    regime_volatility = _regime_volatility(common)
    factor = _student_minutes(common)

    annual_volatility = own.uniform(*ANNUAL_VOLATILITY)
    first_price = math.exp(own.uniform(math.log(1.0), math.log(50.0)))
    mixed = math.sqrt(COMMON_VARIANCE_SHARE) * factor + math.sqrt(
        1 - COMMON_VARIANCE_SHARE
    ) * _student_minutes(own)
    volatility = annual_volatility / math.sqrt(HOURS_OF_2024) * regime_volatility
    shocks = volatility[:, None] * mixed
    drift = _drift(shocks.sum(axis=1), volatility, edge)
    path = np.cumsum((shocks + drift[:, None] / MINUTES).ravel()).reshape(N_BARS, MINUTES)
    prices = _rounded_to_ticks(first_price * np.exp(path), first_price)

    close = prices[:, -1]
    open_ = np.concatenate((prices[:1, 0], close[:-1]))
    surprise = np.abs(shocks.sum(axis=1)) / volatility.mean()
    level = volatility / volatility.mean()
    volume = np.exp(12.0 + 0.35 * own.standard_normal(N_BARS)) * (level + surprise) / first_price
    return pd.DataFrame(
        {
            "open": open_,
            "high": np.maximum(open_, prices.max(axis=1)),
            "low": np.minimum(open_, prices.min(axis=1)),
            "close": close,
            "volume": np.round(volume, 3),
        },
        index=market_calendar(),
    )


def market_calendar() -> pd.DatetimeIndex:
    """Return the close of each bar of the market, UTC."""
    first_close = FIRST_OPEN + BAR
    return pd.date_range(first_close, periods=N_BARS, freq="h", unit="ns", name="timestamp")


def noise_stream(crypto: str, seed: int) -> np.random.Generator:
    """Return the crypto's random stream for label noise, independent of its candles."""
    return _own_stream(crypto, seed, _NOISE)


def _own_stream(crypto: str, seed: int, purpose: int) -> np.random.Generator:
    # hash() of a string differs between processes.
    name = int.from_bytes(hashlib.sha256(crypto.encode()).digest()[:8], "big")
    return np.random.default_rng(np.random.SeedSequence([seed, purpose, name]))


def _regime_volatility(stream: np.random.Generator) -> Array:
    """Draw each hour's volatility multiple, root mean square 1, shape (n_bars,)."""
    thresholds = np.cumsum(REGIME_SWITCHING, axis=1)[:, :-1].tolist()
    state, states = 1, []
    for draw in stream.random(N_BARS).tolist():
        state = sum(draw >= threshold for threshold in thresholds[state])
        states.append(state)
    hour = np.arange(N_BARS) % 24
    cycle = 1 + DAILY_CYCLE * np.sin(2 * np.pi * (hour - HOUR_OF_MEAN_VOLATILITY) / 24)
    multiple = np.array(REGIME_VOLATILITY)[states] * cycle
    normalised: Array = multiple / np.sqrt(np.mean(multiple**2))
    return normalised


def _student_minutes(stream: np.random.Generator) -> Array:
    """Draw minute returns, shape (n_bars, MINUTES), whose hourly sums are Student-t with variance 1."""
    minutes = stream.standard_normal((N_BARS, MINUTES)) / math.sqrt(MINUTES)
    mixing = (TAIL_DEGREES_OF_FREEDOM - 2) / stream.chisquare(TAIL_DEGREES_OF_FREEDOM, N_BARS)
    return minutes * np.sqrt(mixing)[:, None]


def _rounded_to_ticks(prices: Array, first_price: float) -> Array:
    """Round to ticks of about 1e-5 of the first price, as on an exchange.

    Rounding also removes last-digit differences of exp(). Below a hundredth of the first price, which only
    strong trends reach, the tick shrinks with the price.
    """
    finer = np.ceil(np.maximum(0.0, -2 - np.log10(prices / first_price)))
    ticks = 10.0 ** (5 - math.floor(math.log10(first_price)) + finer)
    rounded: Array = np.rint(prices * ticks) / ticks
    return rounded


def _drift(shocks: Array, volatility: Array, edge: float) -> Array:
    """Return each hour's drift, computed from returns before that hour only, shape (n_bars,)."""
    returns: list[float] = []
    drifts: list[float] = []
    variance = float(volatility[0]) ** 2
    trend = recent = 0.0
    for hour, (shock, scale) in enumerate(zip(shocks.tolist(), volatility.tolist(), strict=True)):
        deviation = math.sqrt(variance)
        follow = math.tanh(trend / (deviation * math.sqrt(TREND_HOURS)))
        fade = math.tanh(recent / (deviation * math.sqrt(REVERSAL_HOURS)))
        drift = edge * scale * (follow - fade) / 2
        total = shock + drift
        drifts.append(drift)
        returns.append(total)
        trend += total - (returns[hour - TREND_HOURS] if hour >= TREND_HOURS else 0.0)
        recent += total - (returns[hour - REVERSAL_HOURS] if hour >= REVERSAL_HOURS else 0.0)
        variance = VOLATILITY_DECAY * variance + (1 - VOLATILITY_DECAY) * total**2
    return np.array(drifts)
