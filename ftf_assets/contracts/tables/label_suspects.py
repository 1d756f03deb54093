"""The contract of ``label_suspects``: every row that a cleaner suspects of a wrong label.

The DuckDB table and its column documentation come from :class:`LabelSuspects`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from ftf_assets.contracts.tables.checks import StoredTable, unique_rows
from ftf_assets.contracts.tables.fields import Text, UtcTimestamp, key, share
from ftf_assets.contracts.tables.frames import with_contract_dtypes
from ftf_assets.contracts.tables.validation import validated

SUSPECTS_KEY = ("sweep_id", "crypto", "fold", "variant", "cleaner", "timestamp")


class LabelSuspects(StoredTable):
    """One row per suspect of one cleaner in one fold's fit part.

    The fit part of a later fold contains earlier ones, so the same row may be suspect in several folds.
    """

    sweep_id: Text = key("The sweep whose cleaner judged the row.")
    crypto: Text = key("Trading pair, such as OPUSDC.")
    fold: Series[np.int64] = pa.Field(ge=0, description="Walk-forward fold in whose fit part the row lies.")
    variant: Text = key("Variant that cleans; the judging models trained on its labels and weights.")
    cleaner: Text = key("Level of the factor that cleans, such as filter of cleanlab.")
    timestamp: Series[UtcTimestamp] = pa.Field(description="Decision time of the row: close of its bar, UTC.")
    label: Series[np.int64] = pa.Field(isin=(0, 1), description="The given label: 1 = BUY, 0 = HOLD.")
    p_buy: Series[float] = share("Out-of-fold P(BUY) of the row.")
    label_quality: Series[float] = share(
        "Agreement of the given label with the cleaner's judge; low is suspect."
    )
    dropped: Series[np.bool_] = pa.Field(description="Whether the cleaner dropped the row from the fit part.")
    relabelled: Series[np.bool_] = pa.Field(
        description="Whether the row trains with the other label than it was given."
    )
    weight: Series[float] = pa.Field(ge=0, description="Weight that the row trains with; 0 where dropped.")

    class Config:
        name = "label_suspects"

    one_row_a_suspect = unique_rows(SUSPECTS_KEY)

    @pa.dataframe_check(error="a dropped row has weight 0")
    def dropped_rows_weigh_nothing(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        return ~frame["dropped"] | (frame["weight"] == 0)


def suspects_frame(columns: Mapping[str, object]) -> pd.DataFrame:
    """Build a frame with the columns and dtypes of the contract, and validate it.

    Parameters
    ----------
    columns
        Values by column, all of one length, which is 0 without suspects.

    Raises
    ------
    InputError
        As :func:`~ftf_assets.contracts.tables.validation.validated`.
    """
    frame = pd.DataFrame({name: columns[name] for name in LabelSuspects.to_schema().columns})
    return validated(LabelSuspects, with_contract_dtypes(LabelSuspects, frame))
