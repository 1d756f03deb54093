"""The contract of ``weekly_results``: what each UTC week adds to a cell's AUC and to its trades.

The weeks are the clusters of the gate's tests: the rows of one week share a market. The DuckDB table and its
column documentation come from :class:`WeeklyResults`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from ftf_assets.contracts.tables.checks import StoredTable, unique_rows
from ftf_assets.contracts.tables.fields import Text, UtcTimestamp, amount, key

WEEKLY_KEY = ("sweep_id", "crypto", "fold", "variant", "week")

#: Influence values are of the size of 1 / rows; beyond this their sum is not a rounding error.
_ROUNDING = 1e-9


class WeeklyResults(StoredTable):
    """One row per measured cell and UTC week with a test row or an exit of a trade."""

    sweep_id: Text = key("Hash of the sweep's settings.")
    crypto: Text = key("Trading pair, such as OPUSDC.")
    fold: Series[np.int64] = amount("Walk-forward fold, from 0.")
    variant: Text = key("Levels that differ from the baseline, or baseline.")
    week: Series[UtcTimestamp] = pa.Field(description="Monday 00:00 UTC at which the week starts.")
    n_test: Series[np.int64] = amount("Test rows whose timestamp lies in the week.")
    n_buy: Series[np.int64] = amount("Those with the hard label BUY.")
    auc_influence: Series[float] = pa.Field(
        ge=-1, le=1, description="Sum of the influence of these rows on the cell's roc_auc; 0 over all weeks."
    )
    n_trades: Series[np.int64] = amount("Trades at trade_threshold that exit in the week.")
    net_return: Series[float] = pa.Field(ge=-1e6, description="Sum of their returns after costs; 0.01 = 1 %.")

    class Config:
        name = "weekly_results"

    one_row_a_week = unique_rows(WEEKLY_KEY)

    @pa.check("week", error="a week must start on Monday 00:00 UTC")
    def weeks_start_on_monday(cls, week: pd.Series[Any]) -> Any:  # noqa: D102, N805
        return (week.dt.normalize() == week) & (week.dt.day_of_week == 0)

    @pa.dataframe_check(error="n_buy must not exceed n_test")
    def counts_fit_together(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        return frame["n_buy"] <= frame["n_test"]

    @pa.dataframe_check(error="auc_influence must sum to 0 over the weeks of a cell")
    def influence_sums_to_0(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        cell = list(WEEKLY_KEY[:-1])
        return frame.groupby(cell)["auc_influence"].transform("sum").abs() <= _ROUNDING
