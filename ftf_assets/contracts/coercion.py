"""THE coercion boundary: here pandas becomes numpy, and for the gate's result rows in ``result_coercion``.

Production hands over ``DataFrame`` and ``Series``; everything behind this module takes arrays of one dtype
and layout and is checked strictly. A value is copied only when its dtype or layout demands it: an ndarray
that already fits comes back as the same object. What cannot be converted without guessing is refused, naming
crypto, column and first bad row.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd
from pandas.api import types as pandas_types

from ftf_assets.contracts.arrays import CandleArrays, TrainingArrays, first_bad_feature
from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.frames import RESERVED_COLUMNS
from ftf_assets.contracts.typed import Array, Bool, Float32, Float64, Int8, Int64, typed

Missing = Literal["refuse", "allow"]
Dtype = TypeVar("Dtype", bound=np.generic)

#: Rows of a frame of several dtypes that are laid side by side at a time: few enough to stay in the cache.
_ROWS_AT_A_TIME = 16_384


@typed
def coerce_features(
    X: pd.DataFrame | Array,
    *,
    crypto: str,
    feature_names: tuple[str, ...] | None = None,
    missing: Missing = "refuse",
) -> Float32[Array, "rows features"]:
    """Turn a feature table into the float32, C-contiguous matrix that the models take.

    Parameters
    ----------
    X
        ``DataFrame`` or array of shape (n_rows, n_features): numpy, nullable or Arrow-backed numbers and
        booleans, any layout, also read-only.
    crypto
        Named in every error.
    feature_names
        Names of an array's columns, for the errors; a ``DataFrame`` brings its own.
    missing
        ``refuse`` (default) makes NaN an error; ``allow`` leaves it to XGBoost.

    Returns
    -------
    numpy.ndarray
        Shape (n_rows, n_features), float32, C-contiguous; ``X`` itself when it already is.

    Raises
    ------
    InputError
        Text, datetime or other non-numeric columns, infinity (also a float64 beyond float32), NaN unless
        allowed, repeated or unnamed columns, no column at all, anything that is not two-dimensional.
    """
    if isinstance(X, pd.DataFrame):
        matrix = _matrix_from_frame(X, crypto)
        feature_names = tuple(map(str, X.columns))
    else:
        if X.ndim != 2:
            raise input_error(
                "features must have two dimensions",
                crypto=crypto,
                found=f"shape {X.shape}",
                allowed="(rows, features)",
            )
        _refuse_non_numeric(X.dtype, crypto, "features", X.ravel()[:1])
        matrix = _cast(X, np.float32)
        feature_names = feature_names or tuple(f"column {i}" for i in range(X.shape[1]))
    if matrix.shape[1] == 0:
        raise input_error("features need at least one column", crypto=crypto, found=f"shape {matrix.shape}")
    _refuse_bad_features(matrix, X, crypto, feature_names, missing)
    return matrix


@typed
def coerce_labels(y: pd.Series | Array, *, crypto: str) -> Int8[Array, " rows"]:
    """Turn hard labels (1 = BUY, 0 = HOLD) of any numeric or boolean dtype into int8, shape (n_rows,).

    Raises
    ------
    InputError
        Values outside {0, 1}, missing values, non-numeric dtypes, fewer than two classes.
    """
    values = _vector(y, crypto, "label")
    if values.dtype != np.int8:
        wide = values.astype(np.float64)
        bad = ~np.isin(wide, (0.0, 1.0))
    else:
        bad = (values != 0) & (values != 1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise input_error(
            "labels are 1 (BUY) or 0 (HOLD)",
            crypto=crypto,
            column="label",
            row=_row_name(y, row),
            found=values[row],
            allowed="0, 1",
        )
    labels = _cast(values, np.int8)
    if not labels.any() or labels.all():
        raise input_error(
            "labels must hold both classes",
            crypto=crypto,
            column="label",
            found=f"only {np.unique(labels).tolist()} in {len(labels)} rows",
            fix="Take a longer history or other barriers.",
        )
    return labels


@typed
def coerce_flags(flags: pd.Series | Array, *, crypto: str, column: str) -> Bool[Array, " rows"]:
    """Turn flags of a boolean dtype into numpy's, shape (n_rows,).

    Raises
    ------
    InputError
        Any other dtype, or missing values.
    """
    values = _vector(flags, crypto, column)
    if values.dtype != np.bool_:
        raise input_error(
            "flags are True or False",
            crypto=crypto,
            column=column,
            found=f"dtype {values.dtype}",
            allowed="bool",
        )
    return values


@typed
def coerce_weights(weight: pd.Series | Array, *, crypto: str) -> Float32[Array, " rows"]:
    """Turn row weights into float32, shape (n_rows,): finite, non-negative, not all zero.

    Raises
    ------
    InputError
        Negative, missing, infinite or non-numeric weights, or weights that are all zero.
    """
    values = _finite_vector(weight, crypto, "base_weight")
    if (values < 0).any():
        row = int(np.flatnonzero(values < 0)[0])
        raise input_error(
            "weights must not be negative",
            crypto=crypto,
            column="base_weight",
            row=_row_name(weight, row),
            found=values[row],
            allowed=">= 0",
        )
    if not values.any():
        raise input_error("weights must not all be zero", crypto=crypto, column="base_weight")
    return values


@typed
def coerce_label_stability(stability: pd.Series | Array, *, crypto: str) -> Float32[Array, " rows"]:
    """Turn label stabilities into float32, shape (n_rows,): shares in [0, 1].

    Raises
    ------
    InputError
        Values outside [0, 1], missing, infinite or non-numeric.
    """
    values = _finite_vector(stability, crypto, "label_stability")
    bad = (values < 0) | (values > 1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise input_error(
            "label_stability is a share of relabellings",
            crypto=crypto,
            column="label_stability",
            row=_row_name(stability, row),
            found=values[row],
            allowed="0 to 1",
        )
    return values


@typed
def coerce_regime(regime: pd.Series | Array, *, crypto: str) -> tuple[Int8[Array, " rows"], tuple[str, ...]]:
    """Turn names of market regimes into small codes, int8 of shape (n_rows,), and the sorted names.

    Raises
    ------
    InputError
        A missing or empty name, anything that is not text, or more regimes than int8 can number: a column of
        identifiers, not of regimes.
    """
    if regime.ndim != 1:
        raise input_error(
            "one value a row is expected", crypto=crypto, column="regime", found=f"shape {regime.shape}"
        )
    numbers, found = pd.factorize(pd.Series(regime, dtype=object))
    bad = np.array([not isinstance(name, str) or not name for name in found], np.bool_)
    bad_rows = np.flatnonzero((numbers < 0) | np.isin(numbers, np.flatnonzero(bad)))
    if len(bad_rows):
        row = int(bad_rows[0])
        raise input_error(
            "a regime is a name",
            crypto=crypto,
            column="regime",
            row=_row_name(regime, row),
            found="nothing" if numbers[row] < 0 else repr(found[numbers[row]]),
            allowed="non-empty text in every row, or no such column",
        )
    if len(found) > np.iinfo(np.int8).max:
        raise input_error(
            "too many regimes",
            crypto=crypto,
            column="regime",
            found=f"{len(found)} names",
            allowed=f"at most {np.iinfo(np.int8).max}",
        )
    names = sorted(found)
    position = np.array([names.index(name) for name in found], np.int8)
    return position[numbers], tuple(names)


@typed
def coerce_times(
    times: pd.DatetimeIndex | pd.Series | Array, *, crypto: str, column: str
) -> Int64[Array, " rows"]:
    """Turn timezone-aware timestamps into int64 nanoseconds since the epoch, UTC, shape (n_rows,).

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
        Naive or missing timestamps, times beyond the range of nanoseconds, or anything that is not a time.
    """
    if isinstance(times, np.ndarray):
        if times.dtype == np.int64 and times.ndim == 1:
            return times
        raise input_error(
            "a time array holds int64 nanoseconds since the epoch, UTC",
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
            "naive timestamps are refused",
            crypto=crypto,
            column=column,
            row=index[0] if len(index) else None,
            found=f"dtype {times.dtype}",
            allowed="datetimes with a timezone",
            fix="Say which zone they are in: tz_localize('UTC').",
        )
    if index.hasnans:
        row = int(np.flatnonzero(index.isna())[0])
        raise input_error(
            "timestamps must not be missing",
            crypto=crypto,
            column=column,
            row=_row_name(times, row),
            found="NaT",
        )
    try:
        index = index.tz_convert("UTC").as_unit("ns")
    except pd.errors.OutOfBoundsDatetime as error:
        raise input_error(
            "timestamps must fit nanoseconds",
            crypto=crypto,
            column=column,
            found=str(error),
            allowed="1678 to 2261",
        ) from error
    nanoseconds: Array = index.to_numpy("datetime64[ns]").view(np.int64)
    return nanoseconds


@typed
def coerce_training_data(
    X: pd.DataFrame | Array,
    y: pd.Series | Array,
    *,
    label_end: pd.Series | pd.DatetimeIndex | Array,
    label_return: pd.Series | Array,
    base_weight: pd.Series | Array | None = None,
    label_stability: pd.Series | Array | None = None,
    regime: pd.Series | Array | None = None,
    timestamp: pd.DatetimeIndex | Array | None = None,
    crypto: str,
    feature_names: tuple[str, ...] | None = None,
    missing: Missing = "refuse",
) -> TrainingArrays:
    """Turn what production sends into :class:`TrainingArrays`, or refuse it by name.

    Parameters
    ----------
    X, y
        Features of shape (n_rows, n_features) and hard labels of shape (n_rows,): pandas or arrays.
    label_end
        When each label is known, UTC.
    label_return
        Entry-to-exit return of each label before costs; 0.01 is one per cent.
    base_weight
        Weight of each row; ones when absent.
    label_stability, regime
        Stability of each row's label, in [0, 1], and name of each row's market regime; unavailable (None)
        when absent.
    timestamp
        When each row's features are known, UTC; by default the index of ``X``.
    crypto, feature_names, missing
        As in :func:`coerce_features`.

    Raises
    ------
    InputError
        Everything that the single coercions refuse, and: different lengths, pandas objects whose indexes
        differ or stand in another order, duplicate or unsorted timestamps, a ``label_end`` before its row.
    """
    vectors: dict[str, Any] = {"label": y, "label_end": label_end, "label_return": label_return}
    optional = {"base_weight": base_weight, "label_stability": label_stability, "regime": regime}
    vectors |= {name: values for name, values in optional.items() if values is not None}
    indexed = {"features": X, **vectors}
    first = next(
        (name for name, values in indexed.items() if isinstance(values, pd.DataFrame | pd.Series)), "features"
    )
    for column, vector in vectors.items():
        _refuse_other_length(X, vector, crypto, column)
        _refuse_other_index(indexed[first], first, vector, crypto, column)
    if timestamp is None:
        if not isinstance(X, pd.DataFrame) or not isinstance(X.index, pd.DatetimeIndex):
            raise input_error(
                "rows need a time",
                crypto=crypto,
                column="timestamp",
                found="features without a DatetimeIndex",
                fix="Pass a DataFrame indexed by UTC timestamps, or timestamp=.",
            )
        timestamp = X.index
    start = coerce_times(timestamp, crypto=crypto, column="timestamp")
    _refuse_other_length(X, start, crypto, "timestamp")
    end = coerce_times(label_end, crypto=crypto, column="label_end")
    _refuse_bad_intervals(start, end, crypto)
    features = coerce_features(X, crypto=crypto, feature_names=feature_names, missing=missing)
    if isinstance(X, pd.DataFrame):
        feature_names = tuple(X.columns)
    codes, names = (None, ()) if regime is None else coerce_regime(regime, crypto=crypto)
    arrays = TrainingArrays(
        X=features,
        y=coerce_labels(y, crypto=crypto),
        start=start,
        end=end,
        label_return=_finite_vector(label_return, crypto, "label_return"),
        base_weight=np.ones(len(start), np.float32)
        if base_weight is None
        else coerce_weights(base_weight, crypto=crypto),
        feature_names=feature_names or tuple(f"feature_{i}" for i in range(features.shape[1])),
        label_stability=None
        if label_stability is None
        else coerce_label_stability(label_stability, crypto=crypto),
        regime=codes,
        regime_names=names,
    )
    arrays.validate(crypto, missing=missing)
    return arrays


@typed
def coerce_feature_cache(frame: pd.DataFrame, *, crypto: str, missing: Missing = "refuse") -> TrainingArrays:
    """Turn a feature cache (see :class:`~ftf_assets.contracts.frames.FeatureCache`) into arrays.

    Raises
    ------
    InputError
        As :func:`coerce_training_data`, and where a column of the contract is absent.
    """
    absent = [c for c in ("label", "label_end", "label_return") if c not in frame.columns]
    if absent:
        raise input_error(
            "a feature cache needs label, label_end and label_return",
            crypto=crypto,
            column=absent[0],
            found="no such column",
        )
    features = _feature_columns(frame)
    if features.shape[1] == 0:
        raise input_error("a feature cache needs at least one feature column", crypto=crypto)
    optional = ("base_weight", "label_stability", "regime")
    base_weight, label_stability, regime = (frame.get(name) for name in optional)
    return coerce_training_data(
        features,
        frame["label"],
        label_end=frame["label_end"],
        label_return=frame["label_return"],
        base_weight=base_weight,
        label_stability=label_stability,
        regime=regime,
        crypto=crypto,
        missing=missing,
    )


@typed
def coerce_candles(frame: pd.DataFrame, *, crypto: str) -> CandleArrays:
    """Turn a candles frame (see :class:`~ftf_assets.contracts.frames.Candles`) into arrays.

    The bar length is the median step between bars, in nanoseconds.

    Raises
    ------
    InputError
        Fewer than two bars, or a column that is absent, non-numeric or not finite.
    """
    if len(frame) < 2:
        raise input_error("candles need at least two bars", crypto=crypto, found=f"{len(frame)}")
    close_time = coerce_times(pd.DatetimeIndex(frame.index), crypto=crypto, column="timestamp")
    columns = {
        name: _float64(_vector(frame[name], crypto, name), frame[name], crypto, name)
        for name in ("open", "high", "low", "close", "volume")
    }
    return CandleArrays(close_time=close_time, **columns, bar=int(np.median(np.diff(close_time))))


def _feature_columns(frame: pd.DataFrame) -> pd.DataFrame:
    places = [place for place, name in enumerate(frame.columns) if name not in RESERVED_COLUMNS]
    if places and places[-1] - places[0] + 1 == len(places):
        return frame.iloc[:, places[0] : places[-1] + 1]  # side by side they are a view; picked, a copy
    return frame.iloc[:, places]


def _matrix_from_frame(frame: pd.DataFrame, crypto: str) -> Array:
    names = list(frame.columns)
    for position, name in enumerate(names):
        if not isinstance(name, str) or not name:
            raise input_error(
                "feature columns need names",
                crypto=crypto,
                column=str(position),
                found=repr(name),
                allowed="non-empty text",
            )
    if len(set(names)) != len(names):
        repeated = next(name for name in names if names.count(name) > 1)
        raise input_error("feature columns must not repeat", crypto=crypto, column=repeated)
    for position, name in enumerate(names):
        column = frame.iloc[:, position]
        _refuse_non_numeric(column.dtype, crypto, name, column)
    dtypes = set(frame.dtypes)
    if len(dtypes) == 1 and isinstance(next(iter(dtypes)), np.dtype):
        return _cast(frame.to_numpy(), np.float32)
    matrix = np.empty(frame.shape, np.float32)
    columns = [frame.iloc[:, position] for position in range(len(names))]
    for first in range(0, len(frame), _ROWS_AT_A_TIME):
        rows = slice(first, first + _ROWS_AT_A_TIME)
        for position, column in enumerate(columns):
            matrix[rows, position] = _cast(_numpy_values(column.iloc[rows]), np.float32)
    return matrix


def _refuse_bad_features(
    matrix: Array, source: pd.DataFrame | Array, crypto: str, names: tuple[str, ...], missing: Missing
) -> None:
    place = first_bad_feature(matrix, missing)
    if place is None:
        return
    row, column = place
    given: Any = source.iloc[row, column] if isinstance(source, pd.DataFrame) else source[row, column]
    if np.isnan(matrix[row, column]):
        rule, fix = (
            "features must not be missing",
            "Trim the warm-up head, or allow them with --set missing=allow.",
        )
    elif np.isfinite(given):
        rule, fix = "features must fit float32", "Scale the feature."
    else:
        rule, fix = "features must not be infinite", "Mend the feature's division by zero."
    raise input_error(
        rule, crypto=crypto, column=names[column], row=_row_name(source, row), found=given, fix=fix
    )


def _refuse_non_numeric(dtype: Any, crypto: str, column: str, values: Any) -> None:
    numeric = pandas_types.is_numeric_dtype(dtype) or pandas_types.is_bool_dtype(dtype)
    if numeric and not pandas_types.is_complex_dtype(dtype) and not isinstance(dtype, pd.CategoricalDtype):
        return
    first = next(iter(values), None)
    raise input_error(
        "only numbers can be features, labels or weights",
        crypto=crypto,
        column=column,
        row=_row_name(values, 0) if len(values) else None,
        found=f"dtype {dtype}, first value {first!r}",
        allowed="float, int or bool columns",
        fix="Convert or drop the column in the feature cache.",
    )


def _refuse_other_length(X: pd.DataFrame | Array, vector: Any, crypto: str, column: str) -> None:
    if len(vector) != len(X):
        raise input_error(
            "features and rows must have the same length",
            crypto=crypto,
            column=column,
            found=f"{len(vector)} values for {len(X)} feature rows",
        )


def _refuse_other_index(first: Any, first_name: str, vector: Any, crypto: str, column: str) -> None:
    # Arrays carry no index: pandas objects are held against the first one that came.
    if isinstance(first, np.ndarray) or not isinstance(vector, pd.Series) or first.index.equals(vector.index):
        return
    differs = np.flatnonzero(first.index != vector.index)
    if not len(differs):
        return  # the same instants, in another time zone or resolution
    row = int(differs[0])
    same_rows = first.index.sort_values().equals(vector.index.sort_values())
    raise input_error(
        "features and rows must share one index, in one order",
        crypto=crypto,
        column=column,
        row=row,
        found=f"{first_name} at {first.index[row]}, {column} at {vector.index[row]}"
        + (", the same rows in another order" if same_rows else ""),
        fix="Align both on the feature index before they are handed over.",
    )


def _refuse_bad_intervals(start: Array, end: Array, crypto: str) -> None:
    steps = np.diff(start)
    if (steps <= 0).any():
        row = int(np.flatnonzero(steps <= 0)[0]) + 1
        duplicate = steps[row - 1] == 0
        raise input_error(
            "timestamps must not repeat" if duplicate else "timestamps must be sorted",
            crypto=crypto,
            column="timestamp",
            row=_time_name(start[row]),
            found=f"after {_time_name(start[row - 1])}",
        )
    if (end < start).any():
        row = int(np.flatnonzero(end < start)[0])
        raise input_error(
            "label_end must not precede its row",
            crypto=crypto,
            column="label_end",
            row=_time_name(start[row]),
            found=_time_name(end[row]),
        )


def _vector(values: pd.Series | Array, crypto: str, column: str) -> Array:
    if values.ndim != 1:
        raise input_error(
            "one value a row is expected", crypto=crypto, column=column, found=f"shape {values.shape}"
        )
    _refuse_non_numeric(values.dtype, crypto, column, values)
    return _numpy_values(values)


def _numpy_values(values: pd.Series | Array) -> Array:
    if isinstance(values, np.ndarray):
        return values
    if isinstance(values.dtype, np.dtype):
        return values.to_numpy()
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _finite_vector(values: pd.Series | Array, crypto: str, column: str) -> Float32[Array, " rows"]:
    vector = _cast(_vector(values, crypto, column), np.float32)
    bad = ~np.isfinite(vector)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise input_error(
            f"{column} must be finite",
            crypto=crypto,
            column=column,
            row=_row_name(values, row),
            found=vector[row],
        )
    return vector


def _float64(vector: Array, source: pd.Series, crypto: str, column: str) -> Float64[Array, " rows"]:
    values = _cast(vector, np.float64)
    bad = ~np.isfinite(values)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise input_error(
            f"{column} must be finite",
            crypto=crypto,
            column=column,
            row=_row_name(source, row),
            found=values[row],
        )
    return values


def _cast(values: Array, dtype: type[Dtype]) -> np.ndarray[Any, np.dtype[Dtype]]:
    # A float64 beyond float32 becomes infinite here and is refused, by name, by the caller.
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(values, dtype=dtype)


def _row_name(values: Any, row: int) -> object:
    if isinstance(values, pd.DataFrame | pd.Series):
        return values.index[row]
    return row


def _time_name(nanoseconds: int) -> str:
    return str(pd.Timestamp(int(nanoseconds), tz="UTC"))


__all__ = [
    "InputError",
    "Missing",
    "coerce_candles",
    "coerce_feature_cache",
    "coerce_features",
    "coerce_flags",
    "coerce_label_stability",
    "coerce_labels",
    "coerce_regime",
    "coerce_times",
    "coerce_training_data",
    "coerce_weights",
]
