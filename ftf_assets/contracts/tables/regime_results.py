"""The contract of ``regime_results``: how a cell does in each market regime of its test rows.

The DuckDB table and its column documentation come from :class:`RegimeResults`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from ftf_assets.contracts.tables.checks import StoredTable, unique_rows
from ftf_assets.contracts.tables.fields import Text, amount, key, optional_share

REGIMES_KEY = ("sweep_id", "crypto", "fold", "variant", "regime")
#: Regime of every row if the source provides none.
UNAVAILABLE = "unavailable"


class RegimeResults(StoredTable):
    """One row per measured cell and regime of its test rows; ``n`` sums to the cell's ``n_test``."""

    sweep_id: Text = key("Hash of the sweep's settings.")
    crypto: Text = key("Trading pair, such as OPUSDC.")
    fold: Series[np.int64] = amount("Walk-forward fold, from 0.")
    variant: Text = key("Levels that differ from the baseline, or baseline.")
    regime: Text = key("Market regime at the rows' timestamps; unavailable where the source has none.")
    n: Series[np.int64] = pa.Field(ge=1, description="Test rows of the regime.")
    n_buy: Series[np.int64] = amount("Those with the hard label BUY.")
    n_called: Series[np.int64] = amount("Those called BUY at the cell's threshold.")
    n_correct: Series[np.int64] = amount("Those called BUY with the hard label BUY.")
    f1_buy: Series[float] = optional_share("F1 of BUY; null where no row is BUY and none is called so.")
    precision_buy: Series[float] = optional_share(
        "Share of called rows that are BUY; null where none is called."
    )
    recall_buy: Series[float] = optional_share("Share of BUY rows that are called; null where none is BUY.")
    f1_always_buy: Series[float] = optional_share("F1 of calling every row BUY; null where none is BUY.")

    class Config:
        name = "regime_results"

    one_row_a_regime = unique_rows(REGIMES_KEY)

    @pa.dataframe_check(error="n_correct must not exceed n_buy or n_called, nor these n")
    def counts_fit_together(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        parts = frame[["n_buy", "n_called"]]
        return (frame["n_correct"] <= parts.min(axis=1)) & (parts.max(axis=1) <= frame["n"])
