"""Trailing windows: the textbook values, and exactness where running sums drift."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ftf_assets.sources.candles.rolling_windows import (
    change,
    mean_deviation_from_last,
    trailing_mean,
    trailing_mean_absolute_deviation,
    trailing_std,
    trailing_sum,
)

VALUES = np.random.default_rng(3).normal(size=60)


@pytest.mark.parametrize(
    ("function", "reference"),
    [
        (trailing_sum, lambda w: w.sum()),
        (trailing_mean, lambda w: w.mean()),
        (trailing_std, lambda w: w.std()),
        (mean_deviation_from_last, lambda w: w.mean() - w[-1]),
        (trailing_mean_absolute_deviation, lambda w: np.abs(w - w.mean()).mean()),
    ],
    ids=lambda f: getattr(f, "__name__", ""),
)
@pytest.mark.parametrize("window", [1, 7, 60])
def test_a_window_is_computed_from_its_own_values(function, reference, window: int) -> None:
    expected = pd.Series(VALUES).rolling(window).apply(reference, raw=True)
    np.testing.assert_allclose(function(VALUES, window), expected, atol=1e-12)


def test_a_window_longer_than_the_series_is_missing() -> None:
    assert np.isnan(trailing_sum(VALUES, 61)).all()


def test_a_flat_window_after_large_moves_is_exactly_flat() -> None:
    values = np.concatenate((VALUES * 1e9, np.full(20, 0.1)))
    assert trailing_std(values, 20)[-1] == 0.0
    assert mean_deviation_from_last(values, 20)[-1] == 0.0


@pytest.mark.parametrize("bars", [1, 5, 60, 70])
def test_a_change_looks_back(bars: int) -> None:
    np.testing.assert_array_equal(change(VALUES, bars), pd.Series(VALUES).diff(bars))
