"""What a column of a feature file is by name and content: feature, time, price level, amount or count."""

from __future__ import annotations

import re
from typing import Literal

import numpy as np
import pandas as pd

from ftf_assets.contracts.typed import Array
from ftf_assets.sources.plain_names import plain_name
from ftf_assets.sources.symbols import QUOTES

RawKind = Literal["price level", "amount", "time", "count of rows"]

#: Names, lower case and without punctuation, of columns that hold the time of a row, its close.
ROW_TIMES = (
    *("timestamp", "datetime", "date", "time", "ts", "unix", "epoch", "closetime", "closetimestamp"),
    *("timeclose", "timestamputc", "datetimeutc", "dateutc", "timestampms", "timestampns", "timestamps"),
)
#: Names of columns that hold when the bar of a row opens: its features are known only when it closes.
OPEN_TIMES = ("opentime", "opentimestamp", "timeopen", "startat", "start", "bucket")
#: Names of columns that say which crypto a row belongs to.
SYMBOLS = ("symbol", "ticker", "pair", "crypto", "instrument", "asset", "coin", "market", "tic")
_PRICES = (
    *("open", "high", "low", "close", "o", "h", "l", "c", "price", "last", "mid", "midprice", "bid", "ask"),
    *("openprice", "highprice", "lowprice", "closeprice", "adjclose", "adjustedclose", "adjopen", "adjhigh"),
    *("adjlow", "vwap", "hl2", "hlc3", "ohlc4", "typicalprice", "weightedclose", "lastprice", "markprice"),
)
_AMOUNTS = (
    *("volume", "vol", "v", "basevolume", "quotevolume", "quoteassetvolume", "volumeusd", "volumeusdt"),
    *("takerbuybasevolume", "takerbuyquotevolume", "takerbuybaseassetvolume", "takerbuyquoteassetvolume"),
    *("turnover", "amount", "trades", "tradecount", "numberoftrades", "marketcap", "openinterest"),
)
_QUOTED = "|".join(quote.lower() for quote in QUOTES)
#: Prices whose name says their quote currency, in plain names: ``closeusdt``, ``btcclose``.
_QUOTED_PRICE = re.compile(rf"(open|high|low|close)({_QUOTED})|({_QUOTED})(open|high|low|close)")
_COUNTS = ("", "index", "level0", "level1", "unnamed0", "unnamed1", "rownumber", "rowid", "id")
#: Parts of a name that a target left among the features often has.
_TARGETS = re.compile(r"(^|_)(target|y|y_true|fwd|forward|future|next|lead)(_|$|\d)", re.IGNORECASE)


def names_a_target(name: str) -> bool:
    """Whether a feature has the name of a target, such as ``target`` or ``fwd_return_4``."""
    return bool(_TARGETS.search(name))


def raw_kind(name: str, values: Array, times: Array | None = None) -> RawKind | None:
    """Say what kind of raw column a column of numbers is; None for a feature.

    Price levels and amounts need both a name and values that fit it. Times and counts of rows are told by
    their values alone, too, because these prove it.

    Parameters
    ----------
    name
        Name of the column.
    values
        float64 of shape (n_rows,), NaN where missing.
    times
        Times of the rows, int64 nanoseconds since the epoch, ``NaT`` of NumPy where missing; None where they
        are not known.

    Examples
    --------
    >>> raw_kind("Close", np.array([101.5, 99.0]))
    'price level'

    A distance from the close has its name, but not its values.

    >>> raw_kind("close", np.array([0.3, -0.1])) is None
    True
    """
    plain = plain_name(name)
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    if (plain in _PRICES or _QUOTED_PRICE.fullmatch(plain)) and known.min() > 0:
        return "price level"
    if plain in _AMOUNTS and known.min() >= 0 and known.max() > 1:
        return "amount"
    if plain in (*ROW_TIMES, *OPEN_TIMES) and known.min() > _SECONDS_2000:
        return "time"
    if times is not None and tells_time(values, times):
        return "time"
    if counts_rows(values) and (plain in _COUNTS or len(values) >= _ENOUGH_ROWS):
        return "count of rows"
    return None


_SECONDS_2000 = 946_684_800
#: Rows from which on a count is no chance.
_ENOUGH_ROWS = 40
_DAY = 86_400 * 10**9
#: How far from its row a time may be, nanoseconds: a month, which is as far as its first day may be.
_NEAR = 32 * _DAY
_EPOCHS = (10**9, 10**6, 10**3, 1)
#: Forms of dates that are written as a number, by the number of digits.
_DATES = {6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


def tells_time(values: Array, times: Array) -> bool:
    """Whether numbers are the time of their row in each row: an epoch, a date such as 20240131, or the year.

    Parameters
    ----------
    values
        float64 of shape (n_rows,); missing ones say nothing.
    times
        int64 nanoseconds since the epoch, shape (n_rows,).
    """
    known = np.isfinite(values) & (times != np.iinfo(np.int64).min)
    values, times = values[known], times[known]
    if len(values) < 2 or values.min() <= 0:
        return False
    if any((np.abs(values * unit - times) <= _NEAR).all() for unit in _EPOCHS):
        return True
    if (values % 1 != 0).any():
        return False
    if len(f"{values[0]:.0f}") == 4:
        near = [_years(times + days * _DAY) == values for days in (-1, 0, 1)]  # of any zone
        return bool(np.any(near, axis=0).all())
    form = _DATES.get(len(f"{values[0]:.0f}"))
    return form is not None and all(_near(values[rows], times[rows], form) for rows in ([0, -1], slice(None)))


def _years(times: Array) -> Array:
    years: Array = times.view("datetime64[ns]").astype("datetime64[Y]").astype(np.int64) + 1970
    return years


def _near(values: Array, times: Array, form: str) -> bool:
    distinct, places = np.unique(values.astype(np.int64), return_inverse=True)
    dates = pd.to_datetime(pd.Series(distinct).astype(str), format=form, errors="coerce").to_numpy()
    nanoseconds = dates.astype("datetime64[ns]").astype(np.int64)[places]
    return bool((np.abs(nanoseconds.astype(np.float64) - times) <= _NEAR).all())


def counts_rows(values: Array) -> bool:
    """Whether numbers go up by ones, as a saved row index does, or by any equal steps; or so down.

    Gaps of removed rows are allowed in a count by ones, and missing values at its ends: the head of a
    warm-up, which is the end of a file that has the newest row first.
    """
    (known,) = np.isfinite(values).nonzero()
    values = values[known[0] : known[-1] + 1] if len(known) else values
    if len(values) < 2 or not np.isfinite(values).all():
        return False
    steps = np.diff(values)
    steps = -steps if steps[0] < 0 else steps
    by_ones = (steps >= 1).all() and (steps == 1).mean() > 0.5 and (values % 1 == 0).all()
    return bool(by_ones or (steps[0] > 0 and (steps == steps[0]).all()))
