"""Trailing windows over an array, each summed from its own values.

A running sum (pandas ``rolling``, TA-Lib ``SMA`` and ``STDDEV``) carries rounding errors of bars that left
the window long ago. In a flat stretch such an error is divided by almost zero and becomes the feature. Here a
window's result depends on the window only, so a flat window has a deviation of exactly 0, and the rows of a
prefix are exactly those of the full run.

Every function maps shape (n,) to shape (n,), float64; the first ``window - 1`` values are NaN.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ftf_assets.contracts.typed import Array, Float64, typed

Values = Float64[Array, " bars"]


@typed
def trailing_sum(values: Values, window: int) -> Values:
    """Sum of the last ``window`` values."""
    return _accumulate(values, window, lambda earlier, _: earlier)


@typed
def trailing_mean(values: Values, window: int) -> Values:
    """Mean of the last ``window`` values."""
    return trailing_sum(values, window) / window


@typed
def mean_deviation_from_last(values: Values, window: int) -> Values:
    """Mean of the window minus its last value; exactly 0 where the window is flat, at any level.

    >>> mean_deviation_from_last(np.array([1.0, 2.0, 6.0]), 3)
    array([nan, nan, -3.])
    """
    return _accumulate(values, window, lambda earlier, last: earlier - last) / window


@typed
def trailing_std(values: Values, window: int) -> Values:
    """Population standard deviation of the last ``window`` values; exactly 0 where they are equal.

    >>> trailing_std(np.array([0.1, 0.1, 0.1, 3.1]), 2)
    array([nan, 0. , 0. , 1.5])
    """
    centre = mean_deviation_from_last(values, window)[window - 1 :]
    squares = _accumulate(values, window, lambda earlier, last: (earlier - last - centre) ** 2)
    return np.sqrt(squares / window)


@typed
def trailing_mean_absolute_deviation(values: Values, window: int) -> Values:
    """Mean absolute distance of the last ``window`` values from their mean."""
    centre = mean_deviation_from_last(values, window)[window - 1 :]
    return _accumulate(values, window, lambda earlier, last: np.abs(earlier - last - centre)) / window


@typed
def change(values: Values, bars: int) -> Values:
    """Value minus the value ``bars`` earlier; the first ``bars`` are NaN."""
    result = np.full(len(values), np.nan)
    result[bars:] = values[bars:] - values[:-bars]
    return result


def _accumulate(values: Values, window: int, term: Callable[[Array, Array], Array]) -> Values:
    # One pass for each position in the window, oldest first, so memory does not grow with the window.
    result = np.full(len(values), np.nan)
    n_full = len(values) - window + 1
    if n_full <= 0:
        return result
    last = values[window - 1 :]
    total = np.zeros(n_full)
    for position in range(window):
        total += term(values[position : position + n_full], last)
    result[window - 1 :] = total
    return result
