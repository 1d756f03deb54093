"""The conversions themselves: every line of the boundary that turns pandas into NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from pandas.api import types as pandas_types

from ftf_assets.contracts.errors import first_value, input_error
from ftf_assets.contracts.typed import Array

Dtype = TypeVar("Dtype", bound=np.generic)

#: Rows of a frame of several dtypes that are copied side by side at a time: few enough to stay in the cache.
_ROWS_AT_A_TIME = 16_384


def cast(values: Array, dtype: type[Dtype]) -> np.ndarray[Any, np.dtype[Dtype]]:
    """Give an array a dtype and C order; the same object where it has both.

    A float64 beyond float32 becomes infinite here. The caller refuses it, by name.
    """
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(values, dtype=dtype)


def numeric_vector(values: pd.Series | Array, *, crypto: str, column: str) -> Array:
    """Turn a column of numbers or booleans into an array of shape (n_rows,); missing values become NaN.

    Raises
    ------
    InputError
        More than one dimension, or a dtype that is not numeric.
    """
    refuse_other_shape(values, crypto=crypto, column=column)
    refuse_non_numeric(values.dtype, values, crypto=crypto, column=column)
    return _numpy_values(values)


def float32_matrix(frame: pd.DataFrame) -> Array:
    """Turn a frame of numeric columns into a C-contiguous float32 matrix, shape (n_rows, n_columns)."""
    dtypes = set(frame.dtypes)
    if len(dtypes) == 1 and isinstance(next(iter(dtypes)), np.dtype):
        return cast(frame.to_numpy(), np.float32)
    matrix = np.empty(frame.shape, np.float32)
    columns = [frame.iloc[:, position] for position in range(frame.shape[1])]
    for first in range(0, len(frame), _ROWS_AT_A_TIME):
        rows = slice(first, first + _ROWS_AT_A_TIME)
        for position, column in enumerate(columns):
            matrix[rows, position] = cast(_numpy_values(column.iloc[rows]), np.float32)
    return matrix


def utc_nanoseconds(times: pd.DatetimeIndex) -> Array:
    """Turn times with a timezone into int64 nanoseconds since the epoch, UTC.

    Raises
    ------
    OutOfBoundsDatetime
        A time beyond the range of int64 nanoseconds.
    """
    nanoseconds: Array = times.tz_convert("UTC").as_unit("ns").to_numpy("datetime64[ns]").view(np.int64)
    return nanoseconds


def _numpy_values(values: pd.Series | Array) -> Array:
    if isinstance(values, np.ndarray):
        return values
    if isinstance(values.dtype, np.dtype):
        return values.to_numpy()
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def refuse_other_shape(values: pd.Series | Array, *, crypto: str, column: str) -> None:
    """Refuse a column that does not have one dimension."""
    if values.ndim != 1:
        raise input_error(
            "every row needs one value",
            crypto=crypto,
            column=column,
            found=f"shape {values.shape}",
            allowed="(rows,)",
        )


def refuse_non_numeric(dtype: Any, values: Any, *, crypto: str, column: str) -> None:
    """Refuse text, times, categories and complex numbers: to read them as numbers would be a guess."""
    numeric = pandas_types.is_numeric_dtype(dtype) or pandas_types.is_bool_dtype(dtype)
    if numeric and not pandas_types.is_complex_dtype(dtype) and not isinstance(dtype, pd.CategoricalDtype):
        return
    first = next(iter(values), None)
    raise input_error(
        "only numbers can be features, labels or weights",
        crypto=crypto,
        column=column,
        row=row_names(values)(0) if len(values) else None,
        found=f"dtype {dtype}, first value {first_value(first)}",
        allowed="float, int or bool columns",
        fix="Convert or drop the column in the feature cache.",
    )


def row_names(values: Any) -> Callable[[int], object]:
    """Give a function from the number of a row to its name: its index label in pandas, else the number."""
    if isinstance(values, pd.DataFrame | pd.Series):
        index = values.index
        return lambda row: index[row]
    return int
