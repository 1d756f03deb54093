"""Times: from datetimes with a timezone to int64 nanoseconds since the epoch, UTC."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api import types as pandas_types

from ftf_assets.contracts.coercion.conversion import row_names, utc_nanoseconds
from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array, Int64, typed


@typed
def coerce_times(
    times: pd.DatetimeIndex | pd.Series | Array, *, crypto: str, column: str
) -> Int64[Array, " rows"]:
    """Turn times with a timezone into int64 nanoseconds since the epoch, UTC, shape (n_rows,).

    Parameters
    ----------
    times
        ``DatetimeIndex`` or ``Series`` with a timezone and any resolution, or an int64 array that already
        holds nanoseconds since the epoch.
    crypto, column
        Named in every error.

    Raises
    ------
    InputError
        Naive or missing times, times beyond the range of nanoseconds, or anything that is not a time.

    Examples
    --------
    >>> coerce_times(pd.DatetimeIndex(["1970-01-01 02:00+01:00"]), crypto="OPUSDC", column="timestamp")
    array([3600000000000])
    """
    if isinstance(times, np.ndarray):
        if times.dtype == np.int64 and times.ndim == 1:
            return times
        raise input_error(
            "an array of times must hold int64 nanoseconds since the epoch, UTC",
            crypto=crypto,
            column=column,
            found=f"{times.dtype} of shape {times.shape}",
            fix="Pass a DatetimeIndex or Series with a timezone.",
        )
    if not pandas_types.is_datetime64_any_dtype(times.dtype):
        raise input_error(
            "timestamps must be datetimes with a timezone",
            crypto=crypto,
            column=column,
            found=f"dtype {times.dtype}",
        )
    index = pd.DatetimeIndex(times)
    if index.tz is None:
        raise input_error(
            "timestamps must have a timezone",
            crypto=crypto,
            column=column,
            row=index[0] if len(index) else None,
            found=f"dtype {times.dtype}",
            allowed="datetimes with a timezone",
            fix="Say which zone they are in: tz_localize('UTC').",
        )
    if index.hasnans:
        row = int(index.isna().argmax())
        raise input_error(
            "times must not be missing",
            crypto=crypto,
            column=column,
            row=row_names(times)(row),
            found="NaT",
        )
    try:
        return utc_nanoseconds(index)
    except pd.errors.OutOfBoundsDatetime as error:
        raise input_error(
            "times must fit nanoseconds",
            crypto=crypto,
            column=column,
            found=str(error),
            allowed="1678 to 2261",
        ) from error
