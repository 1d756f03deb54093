"""Market regimes: volatility tercile × sign of the trend, known at each bar's close."""

from __future__ import annotations

import pandas as pd

from ftf_assets.contracts.arrays import CandleArrays
from ftf_assets.contracts.typed import typed
from ftf_assets.sources.candles.indicators import trailing_return, trailing_volatility

# Windows in bars; for hourly bars these are a day, a week and a quarter.
VOLATILITY_BARS = 24
TREND_BARS = 168
#: Terciles of one quarter, not of the whole past, so that a calm year after a wild one still has three.
TERCILE_BARS = 2_160
#: The first rows after the warm-up have hardly more history than this.
FEWEST_TERCILE_BARS = 120

LEVELS = ("low", "medium", "high")
REGIMES = tuple(f"{level}_volatility_{trend}" for level in LEVELS for trend in ("down", "up"))


@typed
def regimes(candles: CandleArrays) -> pd.Series:
    """Name the regime of each bar, known at its close.

    Volatility is the standard deviation of the last 24 log returns. Its tercile is taken among the last 2,160
    bars, this one included, across gaps. The trend is the sign of the change over the last 168 bars; no
    change counts as down. No later bar is read, so the regimes of a prefix are those of the full run.

    Parameters
    ----------
    candles
        Bars of shape (n_bars,), stamped with their close.

    Returns
    -------
    pandas.Series
        One of ``REGIMES`` for each bar, ``string`` dtype, indexed by ``timestamp`` (close, UTC). Missing
        while the windows fill at the head and after a restart of the indicators, but never on a row whose
        features are known.
    """
    index = pd.DatetimeIndex(candles.close_time, tz="UTC", name="timestamp")
    volatility = pd.Series(trailing_volatility(candles, VOLATILITY_BARS), index)
    change = pd.Series(trailing_return(candles, TREND_BARS), index)
    past = volatility.rolling(TERCILE_BARS, min_periods=FEWEST_TERCILE_BARS)
    low, high = past.quantile(1 / 3), past.quantile(2 / 3)
    # REGIMES holds, for each level in turn, down and up.
    code = 2 * ((volatility > low).astype(int) + (volatility > high).astype(int)) + (change > 0)
    known = volatility.notna() & low.notna() & change.notna()
    return code.map(dict(enumerate(REGIMES))).where(known).astype(pd.StringDtype())
