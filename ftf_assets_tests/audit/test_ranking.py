"""Average precision with ties and with resampled bursts, by hand and against other definitions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from ftf_assets.audit.ranking import average_precision, rank, resampled_lift


def ranking(suspicion, wrong, burst=None):
    wrong = np.array(wrong, bool)
    burst = np.arange(len(wrong)) if burst is None else np.array(burst)
    return rank(np.array(suspicion, float), wrong, burst.astype(np.int64))


@pytest.mark.parametrize(
    ("suspicion", "wrong", "expected"),
    [
        ([4, 3, 2, 1], [1, 0, 1, 0], (1 / 1 + 2 / 3) / 2),
        ([4, 3, 2, 1], [0, 0, 0, 1], 1 / 4),
        ([4, 3, 2, 1], [1, 1, 1, 1], 1.0),
        # Two tied rows, one wrong: first or second with equal chance.
        ([1, 1], [1, 0], (1 / 1 + 1 / 2) / 2),
        # A tie behind a right row: the wrong one is second or third.
        ([2, 1, 1], [0, 1, 0], (1 / 2 + 1 / 3) / 2),
    ],
)
def test_average_precision_of_small_rankings_by_hand(suspicion, wrong, expected):
    assert average_precision(ranking(suspicion, wrong)) == pytest.approx(expected)


def test_without_a_wrong_label_there_is_no_average_precision():
    assert np.isnan(average_precision(ranking([1, 2], [0, 0])))


@given(st.integers(0, 2**32 - 1))
def test_without_ties_it_equals_the_average_precision_of_scikit_learn(seed):
    random = np.random.default_rng(seed)
    wrong = random.random(60) < 0.3
    wrong[0] = True
    suspicion = random.permutation(60).astype(float)
    assert average_precision(ranking(suspicion, wrong)) == pytest.approx(
        average_precision_score(wrong, suspicion)
    )


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=5))
def test_ties_are_the_mean_over_every_order_of_the_tied_rows(rows):
    suspicion, wrong = np.array([one[0] for one in rows]), np.array([one[1] for one in rows])
    if not wrong.any():
        return
    orders = [
        order
        for order in itertools.permutations(range(len(rows)))
        if all(suspicion[a] >= suspicion[b] for a, b in itertools.pairwise(order))
    ]
    by_hand = np.mean(
        [average_precision_score(wrong[list(order)], -np.arange(len(rows))) for order in orders]
    )
    assert average_precision(ranking(suspicion, wrong)) == pytest.approx(by_hand)


def test_a_resample_that_holds_every_burst_once_is_the_ranking_itself():
    random = np.random.default_rng(1)
    wrong = random.random(200) < 0.2
    burst = np.where(wrong, np.arange(200) // 20, -1)
    one = ranking(random.random(200), wrong, burst)
    lift = resampled_lift(one, np.ones((1, 10), np.int64))
    assert lift[0] == pytest.approx(average_precision(one) / wrong.mean())


def test_a_resample_counts_a_burst_as_often_as_it_was_drawn():
    suspicion, wrong = [5, 4, 3, 2, 1], [1, 0, 1, 0, 0]
    burst = [0, -1, 1, -1, -1]
    one = ranking(suspicion, wrong, burst)
    twice_the_first = ranking([5, 5, 4, 2, 1], [1, 1, 0, 0, 0])
    lift = resampled_lift(one, np.array([[2, 0], [0, 0]], np.int64))
    assert lift[0] == pytest.approx(average_precision(twice_the_first) / (2 / 5))
    assert np.isnan(lift[1]), "no wrong label, no lift"
