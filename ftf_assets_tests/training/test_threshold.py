"""The thresholds of a validation slice: F1-optimal, and of the most confident share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from ftf_assets.contracts.errors import CellError
from ftf_assets.training.threshold import f1_optimal_threshold, top_share_threshold


def labels(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int8)


@pytest.mark.parametrize(
    ("y", "probability", "threshold"),
    [
        (labels(1, 1, 0, 0), [0.9, 0.8, 0.2, 0.1], 0.8),
        (labels(1, 0, 1, 0), [0.9, 0.8, 0.7, 0.1], 0.7),
        (labels(1, 0, 0, 0), [0.3, 0.3, 0.3, 0.3], 0.3),
        (labels(0, 0, 1, 0), [0.9, 0.8, 0.7, 0.1], 0.7),
        (labels(1, 1, 1, 1), [0.9, 0.8, 0.7, 0.1], 0.1),
        (labels(1), [0.0], 0.0),
    ],
    ids=["separable", "one false call is worth a hit", "all tied", "weak", "only BUYs", "one row"],
)
def test_threshold_as_written_out(y, probability, threshold):
    assert f1_optimal_threshold(y, np.array(probability)) == threshold


def test_of_equal_f1_the_highest_threshold_wins():
    # F1 is 2/3 at 0.9 (1 of 1 called right, of 2 BUYs) and 2/3 at 0.4 (2 of 4): fewer calls for the same F1.
    y, probability = labels(1, 0, 0, 1), np.array([0.9, 0.8, 0.6, 0.4])
    assert f1_score(y, probability >= 0.9) == f1_score(y, probability >= 0.4)
    assert f1_optimal_threshold(y, probability) == 0.9


@given(st.data())
def test_threshold_is_the_best_of_all_by_brute_force(data):
    n = data.draw(st.integers(1, 40))
    y = np.array(data.draw(st.lists(st.sampled_from([0, 1]), min_size=n, max_size=n)), dtype=np.int8)
    y[data.draw(st.integers(0, n - 1))] = 1
    levels = st.sampled_from([0.0, 0.05, 0.1, 0.1375, 0.3, 0.7, 1.0])
    probability = np.array(data.draw(st.lists(levels, min_size=n, max_size=n)))
    scores = {p: f1_score(y, probability >= p) for p in set(probability)}
    best = max(scores.values())
    assert f1_optimal_threshold(y, probability) == max(p for p, score in scores.items() if score == best)


def test_threshold_calls_the_same_rows_on_float32_probabilities_of_a_booster():
    rng = np.random.default_rng(0)
    raw = rng.random(500).astype(np.float32)
    y = (rng.random(500) < raw).astype(np.int8)
    threshold = f1_optimal_threshold(y, raw.astype(np.float64))
    np.testing.assert_array_equal(raw >= threshold, raw.astype(np.float64) >= threshold)


def test_a_slice_without_buys_fails_the_cell():
    with pytest.raises(CellError, match="none of the 3 validation rows is a BUY") as failed:
        f1_optimal_threshold(labels(0, 0, 0), np.array([0.1, 0.2, 0.3]))
    assert failed.value.stage == "threshold"


def test_a_nan_probability_fails_the_cell():
    with pytest.raises(CellError, match="1 validation probabilities are NaN") as failed:
        f1_optimal_threshold(labels(0, 1, 0), np.array([0.1, np.nan, 0.3]))
    assert failed.value.stage == "threshold"


def test_the_row_order_does_not_matter():
    rng = np.random.default_rng(1)
    y, probability = (rng.random(300) < 0.2).astype(np.int8), rng.integers(0, 30, 300) / 30
    shuffled = rng.permutation(300)
    assert f1_optimal_threshold(y, probability) == f1_optimal_threshold(y[shuffled], probability[shuffled])


@pytest.mark.parametrize(
    ("n", "share", "n_called"),
    [
        (100, 0.1, 10),
        (101, 0.1, 11),
        (1_000, 0.01, 10),
        (1_000, 0.5, 500),
        (7, 0.01, 1),
        (7, 1.0, 7),
        (1, 0.1, 1),
    ],
)
def test_the_top_share_is_called_and_at_least_one_row(n: int, share: float, n_called: int):
    probability = np.random.default_rng(0).permutation(n) / n
    threshold = top_share_threshold(probability, share)
    assert (probability >= threshold).sum() == n_called
    assert threshold in probability


def test_rows_that_tie_with_the_threshold_are_called_as_well():
    probability = np.array([0.1] * 6 + [0.3] * 3 + [0.9])
    threshold = top_share_threshold(probability, 0.2)
    assert threshold == 0.3
    assert (probability >= threshold).sum() == 4
