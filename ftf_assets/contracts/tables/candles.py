"""The contract of candles: OHLCV bars, stamped with their close."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Index, Series

from ftf_assets.contracts import row_rules
from ftf_assets.contracts.tables.checks import keeps
from ftf_assets.contracts.tables.fields import UtcTimestamp


class Candles(pa.DataFrameModel):
    """OHLCV bars, one row per bar, each stamped with its **close**, when everything in the row is known.

    An empty frame means that the source has no candles: it provides a ready feature cache.
    """

    timestamp: Index[UtcTimestamp] = pa.Field(check_name=True, description="Close of the bar, UTC.")
    open: Series[float] = pa.Field(description="First traded price of the bar, quote currency.")
    high: Series[float] = pa.Field(description="Highest traded price of the bar, quote currency.")
    low: Series[float] = pa.Field(description="Lowest traded price of the bar, quote currency.")
    close: Series[float] = pa.Field(description="Last traded price of the bar, quote currency.")
    volume: Series[float] = pa.Field(description="Traded volume of the bar, base currency.")

    class Config:
        strict = True
        name = "candles"

    timestamps_increase = keeps(row_rules.TIMESTAMPS_INCREASE)
    prices_are_positive = keeps(row_rules.PRICE_IS_POSITIVE, "open", "high", "low", "close")
    volume_is_an_amount = keeps(row_rules.VOLUME_IS_AN_AMOUNT)

    @pa.dataframe_check(error="low must not exceed open, close or high, nor these exceed high")
    def prices_are_ordered(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        body = frame[["open", "close"]]
        return (frame["low"] <= body.min(axis=1)) & (body.max(axis=1) <= frame["high"])
