"""Backward-looking windows over an array, each summed afresh.

A running sum (pandas ``rolling``, TA-Lib ``SMA`` and ``STDDEV``) carries rounding errors of bars that left
the window long ago; after a flat stretch they are divided by almost zero and become the feature. Here a
window's value depends on the window alone, so a flat window is exactly flat and a prefix gives exactly the
same rows.

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
    """Mean of (value - last value) over the window: minus the last value's distance from the mean.

    Exactly zero where the window is flat, whatever the level.
    """
    return _accumulate(values, window, lambda earlier, last: earlier - last) / window


@typed
def trailing_std(values: Values, window: int) -> Values:
    """Take the population standard deviation of the window: exactly 0 where its values are equal."""
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
    # One pass a window position, oldest first: memory stays at one array however long the window.
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
