"""Candles: from a frame of OHLCV bars to :class:`CandleArrays`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ftf_assets.contracts import row_rules
from ftf_assets.contracts.arrays import CandleArrays
from ftf_assets.contracts.coercion.conversion import cast, numeric_vector, row_names
from ftf_assets.contracts.coercion.times import coerce_times
from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.typed import Array, typed


@typed
def coerce_candles(frame: pd.DataFrame, *, crypto: str) -> CandleArrays:
    """Turn a candles frame (see :class:`~ftf_assets.contracts.tables.candles.Candles`) into arrays.

    The bar length is the smallest step between bars, in nanoseconds: candles are whole bars apart, and two of
    them at least follow each other, however sparse they are.

    Raises
    ------
    InputError
        Fewer than two bars, timestamps that do not increase or are not whole bars apart, or a column that is
        absent, non-numeric or holds a value that the rules of candles refuse.
    """
    if len(frame) < 2:
        raise input_error("candles need at least two bars", crypto=crypto, found=f"{len(frame)}")
    close_time = coerce_times(pd.DatetimeIndex(frame.index), crypto=crypto, column="timestamp")
    row_rules.TIMESTAMPS_INCREASE.refuse_broken(close_time, crypto=crypto, row_name=row_names(frame))

    steps = np.diff(close_time)
    bar = int(steps.min())
    if (steps % bar).any():
        raise _off_grid(close_time, frame, crypto)

    def column(name: str, rule: row_rules.RowRule) -> Array:
        values = cast(numeric_vector(frame[name], crypto=crypto, column=name), np.float64)
        rule.refuse_broken(values, crypto=crypto, column=name, row_name=row_names(frame))
        return values

    return CandleArrays(
        close_time=close_time,
        open=column("open", row_rules.PRICE_IS_POSITIVE),
        high=column("high", row_rules.PRICE_IS_POSITIVE),
        low=column("low", row_rules.PRICE_IS_POSITIVE),
        close=column("close", row_rules.PRICE_IS_POSITIVE),
        volume=column("volume", row_rules.VOLUME_IS_AN_AMOUNT),
        bar=bar,
    )


def _off_grid(close_time: Array, frame: pd.DataFrame, crypto: str) -> InputError:
    lengths, counts = np.unique(np.diff(close_time), return_counts=True)
    usual = int(lengths[counts.argmax()])
    row = int(np.flatnonzero((close_time - close_time[0]) % usual)[0])
    return input_error(
        "candles must be whole bars apart",
        crypto=crypto,
        column="timestamp",
        row=row_names(frame)(row),
        found=f"{pd.Timedelta(close_time[row] - close_time[row - 1])} after the bar before it",
        allowed=f"multiples of {pd.Timedelta(usual)}, the most common step",
        fix="Leave out the bars off the grid.",
    )
