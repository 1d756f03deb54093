"""Single columns of a feature file: text, Arrow, nullable or decimal cells become numbers and labels."""

from __future__ import annotations

import decimal
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types as pandas_types

from ftf_assets.contracts.errors import first_value
from ftf_assets.contracts.names import NAME_RULE, broken_name_rule
from ftf_assets.contracts.row_rules import LABEL_IS_BUY_OR_HOLD
from ftf_assets.contracts.tables.feature_cache import RESERVED_COLUMNS
from ftf_assets.contracts.typed import Array
from ftf_assets.sources.faults import Faults

#: Cells of text that hold no number, as CSV writers write them.
_MISSING = frozenset({"", "nan", "na", "n/a", "null", "none", "<na>", "nat"})
_BOOLEANS = {"true": 1.0, "false": 0.0}
_LABEL_WORDS = {**_BOOLEANS, "buy": 1.0, "hold": 0.0}


#: Names of rows in errors, by position.
RowNames = Sequence[Any]


def is_object(dtype: Any) -> bool:
    """Whether cells are Python objects, of any type."""
    return bool(pandas_types.is_object_dtype(dtype))


def is_text(values: pd.Series[Any]) -> bool:
    """Whether the cells are text, in any of the dtypes that text has; categories of text count."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return is_text(values.cat.categories.to_series())
    if not is_object(values.dtype):
        return pandas_types.is_string_dtype(values.dtype)
    return pd.api.types.infer_dtype(values, skipna=True) == "string"


def is_times(values: pd.Series[Any]) -> bool:
    """Whether the dtype of the column is that of times or dates."""
    if isinstance(values.dtype, pd.ArrowDtype):
        return values.dtype.kind == "M" or str(values.dtype).startswith("date")
    if is_object(values.dtype):
        return pd.api.types.infer_dtype(values, skipna=True) in ("date", "datetime", "datetime64")
    return pandas_types.is_datetime64_any_dtype(values.dtype)


def numbers(
    name: str, values: pd.Series[Any], *, faults: Faults, rows: RowNames, decimal_sign: str = "."
) -> Array | None:
    """Read a column of numbers or booleans: float64 of shape (n_rows,), NaN where missing.

    None adds a fault: text that is no number, categories, times, durations, complex numbers, lists.
    """
    found = plain_numbers(values)
    if found is not None:
        return found
    if is_text(values) and not isinstance(values.dtype, pd.CategoricalDtype):
        return _numbers_of_text(name, values, faults, rows, decimal_sign)
    first = first_value(values.iloc[0]) if len(values) else "nothing"
    faults.add(
        f"the {'column' if name in RESERVED_COLUMNS else 'feature'} is not numeric",
        column=name,
        found=f"dtype {values.dtype}, first value {first}",
        allowed="float, int or bool",
        fix=_numeric_remedy(name, values),
    )
    return None


def labels(values: pd.Series[Any], *, faults: Faults, rows: RowNames) -> Array | None:
    """Read labels: float64 of shape (n_rows,), 1 = BUY, 0 = HOLD, NaN where missing; None adds a fault."""
    found = plain_numbers(values)
    if found is None and is_text(values):
        cells = values.astype(str).str.strip().str.lower().where(values.notna(), "")
        found = cells.map(_label_of).to_numpy(np.float64)
        unread = np.isnan(found) & ~cells.isin(_MISSING).to_numpy()
        if unread.any():
            faults.add_rows(
                unread,
                LABEL_IS_BUY_OR_HOLD.says,
                column="label",
                cells=values.to_numpy(dtype=object),
                rows=rows,
                allowed="0, 1, true, false, BUY, HOLD",
                fix="Write frame['label'] = (frame['label'] == 'the word for BUY').astype(int).",
            )
            return None
    if found is None:
        return numbers("label", values, faults=faults, rows=rows)
    broken = ~(LABEL_IS_BUY_OR_HOLD.holds(found) | np.isnan(found))
    if broken.any():
        faults.add_rows(
            broken,
            LABEL_IS_BUY_OR_HOLD.says,
            column="label",
            cells=values.to_numpy(dtype=object),
            rows=rows,
            allowed=LABEL_IS_BUY_OR_HOLD.allowed,
            fix=_label_remedy(found),
        )
        return None
    return found


def regimes(values: pd.Series[Any], *, faults: Faults, rows: RowNames) -> Array:
    """Read names of regimes, dtype object of shape (n_rows,); names that mislead are faults."""
    names = values.astype(object).to_numpy()
    distinct = {name for name in names if isinstance(name, str) and name}
    rules = {name: broken_name_rule(name) for name in distinct}
    for rule in sorted({rule for rule in rules.values() if rule}):
        faults.add_rows(
            np.array([isinstance(name, str) and rules.get(name) == rule for name in names], np.bool_),
            rule,
            column="regime",
            cells=names,
            rows=rows,
            allowed=NAME_RULE,
        )
    return names


def plain_numbers(values: pd.Series[Any]) -> Array | None:
    """Read numbers and booleans of any dtype as float64, NaN where missing; None for anything else."""
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype) or pandas_types.is_complex_dtype(dtype):
        return None
    if is_object(dtype):
        kind = pd.api.types.infer_dtype(values, skipna=True)
        if kind in ("integer", "floating", "mixed-integer-float", "decimal", "boolean"):
            whole = values.where(values.notna(), np.nan)
            return np.array([float(one) for one in whole], np.float64)
        return None
    if isinstance(dtype, pd.ArrowDtype) and dtype.type is decimal.Decimal:
        return np.array([np.nan if one is pd.NA or one is None else float(one) for one in values], np.float64)
    if pandas_types.is_numeric_dtype(dtype) or pandas_types.is_bool_dtype(dtype):
        return values.to_numpy(np.float64, na_value=np.nan)
    return None


def _numbers_of_text(
    name: str, values: pd.Series[Any], faults: Faults, rows: RowNames, decimal_sign: str
) -> Array | None:
    if decimal_sign != ".":
        # A point in such a file separates thousands: it must not become a decimal point.
        values = values.str.replace(".", "?", regex=False).str.replace(decimal_sign, ".", regex=False)
    cells = values.to_numpy(dtype=object)
    try:
        return cells.astype(np.float64)  # correctly rounded, which pandas.to_numeric is not
    except (TypeError, ValueError):
        pass
    words = [str(cell).strip() if isinstance(cell, str) else "" for cell in cells]
    lower = [word.lower() for word in words]
    found = np.full(len(cells), np.nan)
    unread = np.zeros(len(cells), np.bool_)
    for place, word in enumerate(lower):
        if word in _MISSING:
            continue
        try:
            found[place] = _BOOLEANS[word] if word in _BOOLEANS else float(word)
        except ValueError:
            unread[place] = True
        else:
            unread[place] = "_" in word  # Python reads 1_000 as a number, other programs do not
    if unread.any():
        faults.add_rows(
            unread,
            "the cell is not a number",
            column=name,
            cells=cells,
            rows=rows,
            allowed="a number with a decimal point and no thousands separator, true or false",
            fix=_text_remedy([word for word, bad in zip(words, unread, strict=True) if bad]),
        )
        return None
    return found


def _text_remedy(unread: Sequence[str]) -> str:
    if all(re.fullmatch(r"[-+]?\d+,\d+", word) for word in unread):
        return "If the comma is the decimal sign, say --set data.decimal=comma."
    return "Correct the cells, or drop the column."


def _label_of(word: str) -> float:
    if word in _LABEL_WORDS:
        return _LABEL_WORDS[word]
    try:
        return float(word)
    except ValueError:
        return np.nan


def _label_remedy(found: Array) -> str:
    distinct = set(np.unique(found[~np.isnan(found)]).tolist())
    if distinct <= {-1.0, 0.0, 1.0}:
        return "Labels of -1 are a third class: write frame['label'] = (frame['label'] == 1).astype(int)."
    if distinct and min(distinct) >= 0 and max(distinct) <= 1:
        return "Write hard labels: ftf softens them itself."
    return "Write frame['label'] = (frame['label'] == the number of BUY).astype(int)."


def _numeric_remedy(name: str, values: pd.Series[Any]) -> str:
    at = f"frame[{name!r}]"
    if isinstance(values.dtype, pd.CategoricalDtype):
        return f"Write numbers: {at} = {at}.cat.codes if the categories have an order, else one column each."
    if is_times(values):
        return f"A time is no feature: drop the column, or write a number such as {at}.dt.hour."
    if pandas_types.is_timedelta64_dtype(values.dtype):
        return f"Write the duration as a number: {at} = {at}.dt.total_seconds()."
    return "Convert or drop the column."


def is_missing(values: pd.Series[Any]) -> Array:
    """Tell which cells are missing, in text also those that writers mark as such."""
    missing = values.isna().to_numpy(np.bool_)
    if is_text(values):
        missing |= values.astype(str).str.strip().str.lower().isin(_MISSING).to_numpy(np.bool_)
    return missing
