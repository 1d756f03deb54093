"""What a column of a feature file is by name and content: feature, time, price level, amount or count."""

from __future__ import annotations

import re
from typing import Literal

import numpy as np

from ftf_assets.contracts.typed import Array

RawKind = Literal["price level", "amount", "time", "count of rows"]

_PUNCTUATION = re.compile(r"[ -/:-@\[-`{-~]")

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
_COUNTS = ("", "index", "level0", "level1", "unnamed0", "unnamed1", "rownumber", "rowid", "id")
#: Parts of a name that a target left among the features often has.
_TARGETS = re.compile(r"(^|_)(target|y|y_true|fwd|forward|future|next|lead)(_|$|\d)", re.IGNORECASE)


def plain_name(name: str) -> str:
    """Write a name in lower case and without ASCII punctuation and spaces.

    >>> plain_name("Open-Time")
    'opentime'
    """
    return _PUNCTUATION.sub("", name.lower())


def names_a_target(name: str) -> bool:
    """Whether a feature has the name of a target, such as ``target`` or ``fwd_return_4``."""
    return bool(_TARGETS.search(name))


def raw_kind(name: str, values: Array) -> RawKind | None:
    """Say what kind of raw column a column of numbers is; None for a feature.

    Parameters
    ----------
    name
        Name of the column.
    values
        float64 of shape (n_rows,), NaN where missing.

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
    if plain in _PRICES and known.min() > 0:
        return "price level"
    if plain in _AMOUNTS and known.min() >= 0 and known.max() > 1:
        return "amount"
    if plain in (*ROW_TIMES, *OPEN_TIMES) and known.min() > _SECONDS_2000:
        return "time"
    if plain in _COUNTS and counts_rows(values):
        return "count of rows"
    return None


_SECONDS_2000 = 946_684_800


def counts_rows(values: Array) -> bool:
    """Whether numbers go up by ones, as a saved row index does; gaps of removed rows are allowed."""
    if len(values) < 2 or not np.isfinite(values).all():
        return False
    steps = np.diff(values)
    return bool((steps >= 1).all() and (steps == 1).mean() > 0.5 and (values % 1 == 0).all())
