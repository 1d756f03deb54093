"""The table contracts: one Pandera model a table, used by Dagster types, asset checks and tests alike."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Index, Series

from ftf_assets.contracts import row_rules
from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.row_rules import RowRule
from ftf_assets.contracts.table_validation import validated

UtcTimestamp = Annotated[pd.DatetimeTZDtype, "ns", "UTC"]

#: Columns of a feature cache that are not features.
RESERVED_COLUMNS = ("label", "label_end", "label_return", "base_weight", "label_stability", "regime")
FEATURE_PATTERN = r"^(?!(?:" + "|".join(RESERVED_COLUMNS) + r")$).+$"


def _keeps(rule: RowRule, *fields: str) -> Any:
    """Hold fields of a table contract to a rule of rows; by default the field that the rule names."""

    def check(cls: type, values: pd.Series[Any]) -> pd.Series[bool]:  # noqa: ARG001  pandera gives the class
        # Beside its own column a rule may take the timestamp, which is the index of both tables.
        columns = [values.index if name == "timestamp" else values for name in rule.columns]
        return pd.Series(rule.holds(*columns), values.index)

    check.__name__ = "_".join(re.findall(r"\w+", rule.says))
    return pa.check(*(fields or rule.columns[:1]), error=rule.says)(check)


class Candles(pa.DataFrameModel):
    """OHLCV bars, one row a bar, each stamped with the bar's **close**: everything in the row is known then.

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

    timestamps_increase = _keeps(row_rules.TIMESTAMPS_INCREASE)
    prices_are_positive = _keeps(row_rules.PRICE_IS_POSITIVE, "open", "high", "low", "close")
    volume_is_an_amount = _keeps(row_rules.VOLUME_IS_AN_AMOUNT)

    @pa.dataframe_check(error="low must not exceed open, close or high, nor these exceed high")
    def prices_are_ordered(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        body = frame[["open", "close"]]
        return (frame["low"] <= body.min(axis=1)) & (body.max(axis=1) <= frame["high"])


class FeatureCache(pa.DataFrameModel):
    """Features and labels of one crypto, one row a decision time.

    Every column that is not named here is a feature: a float64 known at the row's timestamp. Nothing is
    coerced: sources deliver these dtypes, so a column of numbers kept as text is refused, not guessed.
    ``base_weight``, ``label_stability`` and ``regime`` may be absent, but not in some rows only. Missing
    features are allowed here, because the setting that refuses them belongs to the sweep.
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
        description="Share of slightly different barriers that give the row its label; known at label_end."
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

    timestamps_increase = _keeps(row_rules.TIMESTAMPS_INCREASE)
    label_ends_after_its_row = _keeps(row_rules.LABEL_ENDS_AFTER_ITS_ROW)
    label_is_buy_or_hold = _keeps(row_rules.LABEL_IS_BUY_OR_HOLD)
    return_is_finite = _keeps(row_rules.RETURN_IS_FINITE)
    weight_is_an_amount = _keeps(row_rules.WEIGHT_IS_AN_AMOUNT)
    stability_is_a_share = _keeps(row_rules.STABILITY_IS_A_SHARE)
    regime_has_a_name = _keeps(row_rules.REGIME_HAS_A_NAME)
    features_are_not_infinite = _keeps(row_rules.FEATURE_IS_NOT_INFINITE, FEATURE_PATTERN)
    features_fit_float32 = _keeps(row_rules.FEATURE_FITS_FLOAT32, FEATURE_PATTERN)


def field_descriptions(model: type[pa.DataFrameModel]) -> dict[str, str]:
    """Say what each named column of a contract means, the index included."""
    schema = model.to_schema()
    columns = {name: column.description for name, column in schema.columns.items() if not column.regex}
    if schema.index is not None and schema.index.name:
        columns[schema.index.name] = schema.index.description
    return {name: text for name, text in columns.items() if text}


def with_contract_dtypes(model: type[pa.DataFrameModel], frame: pd.DataFrame) -> pd.DataFrame:
    """Give the columns of a frame the contract's dtypes: what a store returns, as it went in."""
    columns = {}
    for name, column in model.to_schema().columns.items():
        dtype = column.dtype.type
        if isinstance(dtype, pd.DatetimeTZDtype):
            columns[name] = pd.to_datetime(frame[name], utc=True).astype(dtype)
        elif pd.api.types.is_float_dtype(dtype):
            columns[name] = pd.to_numeric(frame[name]).astype(dtype)
        else:
            columns[name] = frame[name].astype(dtype)
    return pd.DataFrame(columns).reset_index(drop=True)


def contract_frame(model: type[pa.DataFrameModel], rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Build a frame of a contract's columns and dtypes, from one mapping a row, and check it.

    Parameters
    ----------
    model
        The contract of a table without an index.
    rows
        Values by column; a column that a row leaves out is null.

    Raises
    ------
    InputError
        Where a row has a key that is no column, or breaks the contract.
    """
    unknown = sorted({key for row in rows for key in row} - set(model.to_schema().columns))
    if unknown:
        raise input_error(f"{model.to_schema().name} has no such columns", found=unknown)
    names = list(model.to_schema().columns)
    frame = with_contract_dtypes(
        model,
        pd.DataFrame({name: pd.Series([row.get(name) for row in rows], dtype=object) for name in names}),
    )
    return validated(model, frame)
