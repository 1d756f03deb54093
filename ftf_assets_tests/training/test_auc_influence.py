"""The influence of a row on the AUC: against every pair of rows, and against published variances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from ftf_assets.training.auc_influence import auc_influence


def outranks(one: float, other: float) -> float:
    return 0.5 if one == other else float(one > other)


def by_pairs(y: np.ndarray, probability: np.ndarray) -> tuple[float, np.ndarray]:
    """The definition of DeLong et al., written out over all pairs of a BUY and a HOLD row."""
    buys, holds = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    above = np.array([[outranks(probability[buy], probability[hold]) for hold in holds] for buy in buys])
    influence = np.zeros(len(y))
    influence[buys] = (above.mean(axis=1) - above.mean()) / len(buys)
    influence[holds] = (above.mean(axis=0) - above.mean()) / len(holds)
    return float(above.mean()), influence


def delong_variance(y: np.ndarray, influence: np.ndarray) -> float:
    """S10 / m + S01 / n: the sample variances of the placements of each class, over its number of rows."""
    return sum(
        (of_class**2).sum() * len(of_class) / (len(of_class) - 1)
        for of_class in (influence[y == 1], influence[y == 0])
    )


def both_classes(n: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.sampled_from([0, 1]), min_size=n, max_size=n).filter(lambda y: 0 < sum(y) < len(y))


@given(st.data())
def test_influence_is_that_of_all_pairs_and_ties_count_one_half(data):
    n = data.draw(st.integers(2, 25))
    y = np.array(data.draw(both_classes(n)), dtype=np.int8)
    levels = st.sampled_from([0.0, 0.1, 0.1375, 0.3, 1.0])
    probability = np.array(data.draw(st.lists(levels, min_size=n, max_size=n)))
    auc, influence = auc_influence(y, probability)
    expected_auc, expected = by_pairs(y, probability)
    assert auc == pytest.approx(expected_auc)
    assert auc == pytest.approx(roc_auc_score(y, probability))
    np.testing.assert_allclose(influence, expected, atol=1e-12)
    for one_class in (0, 1):
        assert influence[y == one_class].sum() == pytest.approx(0, abs=1e-12)


def ratings(healthy: list[int], ill: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Cases of a table of ratings, from counts by rating."""
    grades = np.arange(1, len(healthy) + 1) / len(healthy)
    y = np.repeat([0, 1], [sum(healthy), sum(ill)]).astype(np.int8)
    return y, np.concatenate([np.repeat(grades, healthy), np.repeat(grades, ill)])


def test_the_variance_is_the_published_one_of_the_ratings_of_hanley_and_mcneil():
    """Ratings of 109 CT images, Hanley & McNeil 1982, table 1; pairs of one rating are ties.

    The manual of Stata (roctab) gives for them, by the method of DeLong et al., an area of 0.8932 with a
    standard error of 0.0307 and the interval 0.83295 to 0.95339.
    """
    y, rating = ratings([33, 6, 6, 11, 2], [3, 2, 2, 11, 33])
    auc, influence = auc_influence(y, rating)
    error = delong_variance(y, influence) ** 0.5
    assert auc == pytest.approx(0.8932, abs=5e-5)
    assert error == pytest.approx(0.0307, abs=5e-5)
    assert (auc - 1.959964 * error, auc + 1.959964 * error) == pytest.approx((0.83295, 0.95339), abs=1e-5)


def test_the_variance_of_the_auc_over_many_samples_is_the_one_that_the_influences_give():
    random = np.random.default_rng(5)
    aucs, variances = [], []
    for _ in range(400):
        y = (np.arange(300) < 60).astype(np.int8)
        probability = 1 / (1 + np.exp(-random.normal(0.4 * y, 1.0)))
        auc, influence = auc_influence(y, probability)
        aucs.append(auc)
        variances.append(delong_variance(y, influence))
    assert np.var(aucs, ddof=1) == pytest.approx(np.mean(variances), rel=0.2)


def test_dropping_a_row_moves_the_auc_by_about_its_influence():
    random = np.random.default_rng(6)
    y, probability = (random.random(400) < 0.3).astype(np.int8), random.random(400)
    auc, influence = auc_influence(y, probability)
    for row in (3, 100, 399):
        without = roc_auc_score(np.delete(y, row), np.delete(probability, row))
        assert auc - without == pytest.approx(influence[row], abs=1e-4)
        assert auc - without == pytest.approx(influence[row], rel=0.02)
