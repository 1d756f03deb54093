"""The feature matrix: from any numeric table to float32, C-contiguous."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ftf_assets.contracts import row_rules
from ftf_assets.contracts.coercion.conversion import cast, float32_matrix, refuse_non_numeric, row_names
from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.row_rules import Missing, first_broken_feature
from ftf_assets.contracts.typed import Array, Float32, typed


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
        ``DataFrame`` or array of shape (n_rows, n_features): NumPy, nullable or Arrow-backed numbers and
        booleans, in any memory layout, also read-only.
    crypto
        Named in every error.
    feature_names
        Names of an array's columns, for the errors. A ``DataFrame`` has its own.
    missing
        ``refuse`` (default) makes NaN an error; ``allow`` leaves it to XGBoost.

    Returns
    -------
    numpy.ndarray
        Shape (n_rows, n_features), float32, C-contiguous; ``X`` itself if it already is.

    Raises
    ------
    InputError
        Text, datetime or other non-numeric columns, infinity (also a float64 beyond float32), NaN unless
        allowed, repeated or unnamed columns, no column at all, anything that is not two-dimensional.
    """
    if isinstance(X, pd.DataFrame):
        _refuse_bad_columns(X, crypto)
        matrix = float32_matrix(X)
        feature_names = tuple(X.columns)
    else:
        if X.ndim != 2:
            raise input_error(
                "features must have two dimensions",
                crypto=crypto,
                found=f"shape {X.shape}",
                allowed="(rows, features)",
            )
        refuse_non_numeric(X.dtype, X.ravel()[:1], crypto=crypto, column="features")
        matrix = cast(X, np.float32)
        feature_names = feature_names or tuple(f"column {i}" for i in range(X.shape[1]))
    if matrix.shape[1] == 0:
        raise input_error("features need at least one column", crypto=crypto, found=f"shape {matrix.shape}")
    broken = first_broken_feature(matrix, missing)
    if broken is not None:
        row, column, rule = broken
        given: Any = X.iloc[row, column] if isinstance(X, pd.DataFrame) else X[row, column]
        if rule is row_rules.FEATURE_IS_NOT_INFINITE and not row_rules.FEATURE_FITS_FLOAT32.holds(given):
            rule = row_rules.FEATURE_FITS_FLOAT32
        raise rule.error(crypto=crypto, column=feature_names[column], row=row_names(X)(row), found=given)
    return matrix


def _refuse_bad_columns(frame: pd.DataFrame, crypto: str) -> None:
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
        refuse_non_numeric(column.dtype, column, crypto=crypto, column=name)
