"""From a table of features and labels to a ``FeatureCache`` frame; what is ambiguous is refused."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ftf_assets.contracts.coercion import coerce_returns, coerce_times
from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.label_returns import refuse_implausible_returns
from ftf_assets.contracts.names import NAME_RULE, broken_name_rule, resembles
from ftf_assets.contracts.row_rules import LABEL_IS_BUY_OR_HOLD
from ftf_assets.contracts.tables.feature_cache import RESERVED_COLUMNS, FeatureCache
from ftf_assets.contracts.tables.validation import validated


def feature_cache_from_table(
    table: pd.DataFrame, *, crypto: str, file: str, missing: str
) -> tuple[pd.DataFrame, int]:
    """Convert a table to the dtypes of ``FeatureCache`` and check it against the contract.

    Parameters
    ----------
    table
        Features, ``label``, ``label_end`` and ``label_return``, indexed by time or with a ``timestamp``
        column. Numbers and booleans of any width, nullable or Arrow-backed, become float64; times of any
        resolution and zone become UTC nanoseconds.
    crypto, file
        Crypto and file that errors name.
    missing
        ``refuse`` drops the rows before the first one that has every feature; ``allow`` keeps them.

    Returns
    -------
    cache : pandas.DataFrame
        Satisfies ``FeatureCache``. Columns that already have the right dtype are not copied.
    trimmed : int
        Number of rows dropped at the head.

    Raises
    ------
    InputError
        A column name breaks the rule of names or resembles a reserved name, times have no zone, features or
        labels are not numbers, a label is neither 0 nor 1, every row lacks a feature, a return takes no time
        or reads like per cent, or the table breaks another rule of the contract.
    """
    converter = _ColumnConverter(crypto, file)
    frame = converter.indexed(table)
    for name in frame.columns:
        converter.require_name(str(name))
    frame = frame.assign(**{str(name): converter.column(str(name), frame[name]) for name in frame.columns})
    trimmed = 0
    if missing == "refuse":
        frame, trimmed = _without_missing_head(frame, converter)
    cache = validated(FeatureCache, frame, crypto=crypto, file=file)
    refuse_implausible_returns(
        coerce_times(pd.DatetimeIndex(cache.index), crypto=crypto, column="timestamp"),
        coerce_times(cache["label_end"], crypto=crypto, column="label_end"),
        coerce_returns(cache["label_return"], crypto=crypto),
        crypto=crypto,
        file=file,
    )
    return cache, trimmed


class _ColumnConverter:
    def __init__(self, crypto: str, file: str) -> None:
        self.crypto = crypto
        self.file = file

    def indexed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the table indexed by UTC time, from its ``timestamp`` column or its index."""
        if "timestamp" in table.columns:
            times = table["timestamp"]
            table = table.drop(columns="timestamp")
        else:
            times = table.index.to_series()
        return table.set_axis(pd.DatetimeIndex(self._times("timestamp", times), name="timestamp"))

    def column(self, name: str, values: pd.Series[Any]) -> pd.Series[Any]:
        """Return one column in the dtype of the contract."""
        if name == "label":
            return self._label(values)
        if name in ("label_end", "label_stability_end"):
            return self._times(name, values)
        if name == "regime":
            return self._regimes(values)
        return self._numbers(name, values)

    def require_name(self, name: str) -> None:
        """Refuse a column name that displays misleadingly, or that would hide a label among the features."""
        broken = broken_name_rule(name)
        if broken:
            raise input_error(
                broken, crypto=self.crypto, file=self.file, column=name, allowed=NAME_RULE, fix="Rename it."
            )
        for reserved in RESERVED_COLUMNS:
            if name != reserved and resembles(name, reserved):
                raise input_error(
                    f"a feature must not be named like the column {reserved!r}",
                    crypto=self.crypto,
                    file=self.file,
                    column=name,
                    fix=f"Name it {reserved!r} if it is that column, otherwise choose another name.",
                )

    def _regimes(self, values: pd.Series[Any]) -> pd.Series[Any]:
        for regime in values.dropna().unique():
            broken = broken_name_rule(str(regime))
            if broken:
                raise input_error(
                    broken,
                    crypto=self.crypto,
                    file=self.file,
                    column="regime",
                    row=values.index[values == regime][0],
                    found=repr(regime),
                    allowed=NAME_RULE,
                )
        return values.astype(pd.StringDtype())

    def error(
        self, rule: str, column: str, values: pd.Series[Any], position: int = 0, **more: Any
    ) -> InputError:
        """Return the error of one column at one of its rows."""
        row = values.index[position] if len(values) else None
        return input_error(rule, crypto=self.crypto, file=self.file, column=column, row=row, **more)

    def _times(self, name: str, values: pd.Series[Any]) -> pd.Series[Any]:
        dtype = values.dtype
        if isinstance(dtype, pd.ArrowDtype) and (zone := getattr(dtype.pyarrow_dtype, "tz", None)):
            values = values.astype(pd.DatetimeTZDtype("ns", zone))
            dtype = values.dtype
        if not pd.api.types.is_datetime64_any_dtype(dtype):
            raise self.error(
                "timestamps must be datetimes with a timezone",
                name,
                values,
                found=f"dtype {dtype}",
                fix="Convert the column and write the file again.",
            )
        if not isinstance(dtype, pd.DatetimeTZDtype):
            raise self.error(
                "timestamps must have a timezone",
                name,
                values,
                found=f"dtype {dtype}",
                allowed="datetimes with a timezone",
                fix="Say which zone they are in: tz_localize('UTC').",
            )
        times: pd.Series[Any] = values.dt.tz_convert("UTC").dt.as_unit("ns")
        return times

    def _numbers(self, name: str, values: pd.Series[Any]) -> pd.Series[Any]:
        dtype = values.dtype
        numeric = pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype)
        if not numeric or pd.api.types.is_complex_dtype(dtype) or isinstance(dtype, pd.CategoricalDtype):
            first = repr(values.iloc[0]) if len(values) else "nothing"
            what = "column" if name in RESERVED_COLUMNS else "feature"
            raise self.error(
                f"the {what} is not numeric",
                name,
                values,
                found=f"dtype {dtype}, first value {first}",
                allowed="float, int or bool",
                fix="Convert or drop the column.",
            )
        return values.astype("float64")

    def _label(self, values: pd.Series[Any]) -> pd.Series[Any]:
        numbers = self._numbers("label", values)
        kept = LABEL_IS_BUY_OR_HOLD.holds(numbers)
        if not kept.all():
            position = int(kept.argmin())
            raise self.error(
                LABEL_IS_BUY_OR_HOLD.says,
                "label",
                values,
                position,
                found=values.iloc[position],
                allowed=LABEL_IS_BUY_OR_HOLD.allowed,
            )
        return numbers.astype("int8")


def _without_missing_head(frame: pd.DataFrame, converter: _ColumnConverter) -> tuple[pd.DataFrame, int]:
    features = frame.drop(columns=[name for name in RESERVED_COLUMNS if name in frame.columns])
    whole = features.notna().all(axis=1)
    if whole.empty or whole.iloc[0]:
        return frame, 0
    if not whole.any():
        share = features.isna().mean()
        raise converter.error(
            "every row lacks a feature",
            str(share.idxmax()),
            frame.iloc[:, 0],
            found=f"{share.max():.0%} of this column missing",
            fix="Drop the column, or allow them with --set data.missing=allow.",
        )
    first = int(whole.argmax())
    return frame.iloc[first:], first
