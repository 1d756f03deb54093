"""Single columns: labels, returns, weights, label stabilities, market regimes and flags."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ftf_assets.contracts import row_rules
from ftf_assets.contracts.coercion.conversion import cast, numeric_vector, refuse_other_shape, row_names
from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.row_rules import RowRule
from ftf_assets.contracts.typed import Array, Bool, Float32, Int8, typed

_MOST_REGIMES = int(np.iinfo(np.int8).max)


@typed
def coerce_labels(y: pd.Series | Array, *, crypto: str) -> Int8[Array, " rows"]:
    """Turn hard labels (1 = BUY, 0 = HOLD) of any numeric or boolean dtype into int8, shape (n_rows,).

    Raises
    ------
    InputError
        Values outside {0, 1}, missing values, non-numeric dtypes, fewer than two classes.

    Examples
    --------
    >>> coerce_labels(np.array([True, False, True]), crypto="OPUSDC")
    array([1, 0, 1], dtype=int8)
    """
    values = numeric_vector(y, crypto=crypto, column="label")
    row_rules.LABEL_IS_BUY_OR_HOLD.refuse_broken(values, crypto=crypto, row_name=row_names(y))
    labels = cast(values, np.int8)
    row_rules.LABELS_HOLD_BOTH_CLASSES.refuse_broken(labels, crypto=crypto)
    return labels


@typed
def coerce_returns(label_return: pd.Series | Array, *, crypto: str) -> Float32[Array, " rows"]:
    """Turn the returns of labels (0.01 is one per cent) into float32, shape (n_rows,).

    Raises
    ------
    InputError
        Missing, infinite or non-numeric returns, or a loss of more than everything.
    """
    returns = _float32(label_return, row_rules.RETURN_IS_FINITE, crypto)
    row_rules.RETURN_KEEPS_MORE_THAN_NOTHING.refuse_broken(
        returns, crypto=crypto, row_name=row_names(label_return)
    )
    return returns


@typed
def coerce_weights(weight: pd.Series | Array, *, crypto: str) -> Float32[Array, " rows"]:
    """Turn row weights into float32, shape (n_rows,): finite, not negative, not all zero.

    Raises
    ------
    InputError
        Negative, missing, infinite or non-numeric weights, or weights that are all zero.
    """
    weights = _float32(weight, row_rules.WEIGHT_IS_AN_AMOUNT, crypto)
    row_rules.WEIGHTS_ARE_NOT_ALL_ZERO.refuse_broken(weights, crypto=crypto)
    return weights


@typed
def coerce_label_stability(stability: pd.Series | Array, *, crypto: str) -> Float32[Array, " rows"]:
    """Turn label stabilities into float32, shape (n_rows,): shares in [0, 1].

    Raises
    ------
    InputError
        Values outside [0, 1], missing, infinite or non-numeric.
    """
    return _float32(stability, row_rules.STABILITY_IS_A_SHARE, crypto)


def _float32(values: pd.Series | Array, rule: RowRule, crypto: str) -> Array:
    vector = cast(numeric_vector(values, crypto=crypto, column=rule.columns[0]), np.float32)
    rule.refuse_broken(vector, crypto=crypto, row_name=row_names(values))
    return vector


@typed
def coerce_flags(flags: pd.Series | Array, *, crypto: str, column: str) -> Bool[Array, " rows"]:
    """Turn flags of a boolean dtype into NumPy's, shape (n_rows,).

    Raises
    ------
    InputError
        Any other dtype, or missing values.
    """
    values = numeric_vector(flags, crypto=crypto, column=column)
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
def coerce_regime(regime: pd.Series | Array, *, crypto: str) -> tuple[Int8[Array, " rows"], tuple[str, ...]]:
    """Turn names of market regimes into numbers, int8 of shape (n_rows,), and the sorted names.

    Raises
    ------
    InputError
        A missing or empty name, anything that is not text, or more regimes than int8 can number: then the
        column holds identifiers, not regimes.

    Examples
    --------
    >>> coerce_regime(np.array(["up", "down", "up"]), crypto="OPUSDC")
    (array([1, 0, 1], dtype=int8), ('down', 'up'))
    """
    refuse_other_shape(regime, crypto=crypto, column="regime")
    numbers, found = pd.factorize(pd.Series(regime, dtype=object))
    # A missing name has the number -1, which is the place of the False at the end.
    named = np.append(row_rules.REGIME_HAS_A_NAME.holds(found), np.False_)[numbers]
    if not named.all():
        row = int(named.argmin())
        raise row_rules.REGIME_HAS_A_NAME.error(
            crypto=crypto,
            row=row_names(regime)(row),
            found="nothing" if numbers[row] < 0 else repr(found[numbers[row]]),
        )
    if len(found) > _MOST_REGIMES:
        raise input_error(
            "too many regimes",
            crypto=crypto,
            column="regime",
            found=f"{len(found)} names",
            allowed=f"at most {_MOST_REGIMES}",
        )
    names = sorted(found)
    position = np.array([names.index(name) for name in found], np.int8)
    return position[numbers], tuple(names)
