"""The contract of ``confidence_curve``: what a cell's most confident calls are worth.

A model that ranks weakly pays, if at all, only where it is most confident. The DuckDB table and its column
documentation come from :class:`ConfidenceCurve`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from ftf_assets.contracts.tables.checks import StoredTable, unique_rows
from ftf_assets.contracts.tables.fields import Text, amount, key, optional, optional_share, share

CURVE_KEY = ("sweep_id", "crypto", "fold", "variant", "top_share")


class ConfidenceCurve(StoredTable):
    """One row per measured cell and top share."""

    sweep_id: Text = key("Hash of the sweep's settings.")
    crypto: Text = key("Trading pair, such as OPUSDC.")
    fold: Series[np.int64] = amount("Walk-forward fold, from 0.")
    variant: Text = key("Levels that differ from the baseline, or baseline.")
    top_share: Series[float] = pa.Field(gt=0, le=1, description="Share of the most confident rows.")
    threshold: Series[float] = share("Quantile 1 - top_share of P(BUY) on the validation slice.")
    n_called: Series[np.int64] = amount("Test rows with P(BUY) at or above it.")
    n_correct: Series[np.int64] = amount("Those with the hard label BUY.")
    precision: Series[float] = optional_share("n_correct / n_called; null where no row is called.")
    n_trades: Series[np.int64] = amount("Trades at these calls, one position at a time.")
    expectancy_net: Series[float] = optional(
        "Mean return per trade after costs, basis points; null without trades."
    )

    class Config:
        name = "confidence_curve"

    one_row_a_share = unique_rows(CURVE_KEY)

    @pa.dataframe_check(error="n_correct and n_trades must not exceed n_called")
    def counts_fit_together(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        return frame[["n_correct", "n_trades"]].max(axis=1) <= frame["n_called"]

    @pa.dataframe_check(error="precision, trades and expectancy_net are there exactly where rows are called")
    def measured_where_called(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        called = frame["n_called"] > 0
        return (
            (frame["precision"].notna() == called)
            & ((frame["n_trades"] > 0) == called)
            & (frame["expectancy_net"].notna() == called)
        )
