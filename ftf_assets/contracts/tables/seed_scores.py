"""The contract of ``seed_scores``: the scores of each single fit of a cell.

The fits of a cell differ in their seed alone, and the same repeat has the same seed in every variant. So the
differences of a level and the baseline, repeat by repeat, give the variance that seeds alone give a
difference. The DuckDB table and its column documentation come from :class:`SeedScores`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from ftf_assets.contracts.tables.checks import StoredTable, unique_rows
from ftf_assets.contracts.tables.fields import Text, amount, key, share

SEED_SCORES_KEY = ("sweep_id", "crypto", "fold", "variant", "repeat")


class SeedScores(StoredTable):
    """One row per fit of a measured cell with two fits or more, the fit of a seed check included."""

    sweep_id: Text = key("Hash of the sweep's settings.")
    crypto: Text = key("Trading pair, such as OPUSDC.")
    fold: Series[np.int64] = amount("Walk-forward fold, from 0.")
    variant: Text = key("Levels that differ from the baseline, or baseline.")
    repeat: Series[np.int64] = amount("Number of the fit, from 0; the same seed in every variant.")
    roc_auc: Series[float] = share("Area under the ROC curve of the fit's P(BUY) on the test rows.")
    average_precision: Series[float] = share("Average precision of the fit's P(BUY).")
    f1_buy: Series[float] = share("F1 of BUY at the fit's own F1-optimal threshold.")

    class Config:
        name = "seed_scores"

    one_row_a_fit = unique_rows(SEED_SCORES_KEY)

    @pa.dataframe_check(error="a cell needs the scores of two fits or more, or of none")
    def cells_have_several_fits(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        return frame.groupby(list(SEED_SCORES_KEY[:-1]))["repeat"].transform("size") >= 2
