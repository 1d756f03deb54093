"""A fold with too little history says what is missing."""

from __future__ import annotations

import numpy as np
import pytest

from ftf_assets.training.folds.short_history import short_history
from ftf_assets.training.folds.walk_forward import Fold
from ftf_assets_tests.support.label_intervals import ns


def fold_of(n_fit: int, n_validation: int, n_test: int) -> Fold:
    fit, validation, test = np.split(np.arange(n_fit + n_validation + n_test), [n_fit, n_fit + n_validation])
    return Fold(0, fit, validation, test, 0, 1, ns("2023-03-01"), ns("2023-05-27"))


@pytest.mark.parametrize(
    ("sizes", "n_buys", "reason"),
    [
        ((1000, 200, 300), 50, None),
        ((999, 200, 300), 50, "999 fit rows, 1000 needed"),
        ((1000, 200, 300), 49, "49 BUY rows in the fit part, 50 needed"),
        (
            (412, 0, 300),
            3,
            "no validation rows; 412 fit rows, 1000 needed; 3 BUY rows in the fit part, 50 needed",
        ),
        ((1000, 200, 0), 50, "no test rows between 2023-03-01T00:00:00Z and 2023-05-27T00:00:00Z"),
    ],
)
def test_short_history_says_what_is_missing(sizes, n_buys, reason):
    y = np.zeros(sum(sizes), dtype=np.int8)
    y[:n_buys] = 1
    y[sizes[0] :] = 1  # BUYs outside the fit part do not count
    assert short_history(fold_of(*sizes), y) == reason


def test_more_than_127_buys_do_not_overflow_int8():
    assert short_history(fold_of(1000, 200, 300), np.ones(1500, dtype=np.int8)) is None
