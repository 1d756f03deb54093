"""The contract of a feature cache, and which of its columns are features."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Index, Series

from ftf_assets.contracts import row_rules
from ftf_assets.contracts.tables.checks import keeps, keeps_across
from ftf_assets.contracts.tables.fields import UtcTimestamp

#: Columns of a feature cache that are not features.
RESERVED_COLUMNS = (
    "label",
    "label_end",
    "label_return",
    "base_weight",
    "label_stability",
    "label_stability_end",
    "regime",
)
FEATURE_PATTERN = r"^(?!(?:" + "|".join(RESERVED_COLUMNS) + r")$).+$"


class FeatureCache(pa.DataFrameModel):
    """Features and labels of one crypto, one row a decision time.

    Every column that is not named here is a feature: a float64 known at the row's timestamp. Nothing is
    coerced: sources deliver these dtypes, so a column of numbers kept as text is refused, not guessed.
    ``base_weight``, ``label_stability``, ``label_stability_end`` and ``regime`` may be absent, but not in
    some rows only. Missing features are allowed here, because the setting that refuses them belongs to the
    sweep.
    """

    timestamp: Index[UtcTimestamp] = pa.Field(
        check_name=True, description="Close of the bar: when the features are known, UTC."
    )
    label: Series[pa.Int8] = pa.Field(description="1 = BUY, 0 = HOLD.")
    label_end: Series[UtcTimestamp] = pa.Field(description="When the label is known, UTC.")
    label_return: Series[float] = pa.Field(
        description="Return from entry to exit at the barrier, before costs; 0.01 = 1 %."
    )
    base_weight: Series[float] | None = pa.Field(description="Weight of the row.")
    label_stability: Series[float] | None = pa.Field(
        description="Share of slightly different barriers that give the row its label."
    )
    label_stability_end: Series[UtcTimestamp] | None = pa.Field(
        description="When label_stability is known, UTC; not before label_end."
    )
    regime: Series[pd.StringDtype] | None = pa.Field(
        description="Market regime, known at the row's timestamp."
    )
    features: Series[float] = pa.Field(
        alias=FEATURE_PATTERN,
        regex=True,
        nullable=True,
        description="A feature, known at the row's timestamp; dimensionless.",
    )

    class Config:
        strict = True
        name = "feature_cache"

    timestamps_increase = keeps(row_rules.TIMESTAMPS_INCREASE)
    label_ends_after_its_row = keeps(row_rules.LABEL_ENDS_AFTER_ITS_ROW)
    label_is_buy_or_hold = keeps(row_rules.LABEL_IS_BUY_OR_HOLD)
    return_is_finite = keeps(row_rules.RETURN_IS_FINITE)
    return_keeps_more_than_nothing = keeps(row_rules.RETURN_KEEPS_MORE_THAN_NOTHING)
    weight_is_an_amount = keeps(row_rules.WEIGHT_IS_AN_AMOUNT)
    stability_is_known_after_the_label = keeps_across(row_rules.STABILITY_IS_KNOWN_AFTER_THE_LABEL)
    stability_is_a_share = keeps(row_rules.STABILITY_IS_A_SHARE)
    regime_has_a_name = keeps(row_rules.REGIME_HAS_A_NAME)
    features_are_not_infinite = keeps(row_rules.FEATURE_IS_NOT_INFINITE, FEATURE_PATTERN)
