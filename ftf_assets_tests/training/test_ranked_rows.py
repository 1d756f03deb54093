"""Scores of an order from one sort: scikit-learn gives the same, also where probabilities tie."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    matthews_corrcoef,
    precision_recall_fscore_support,
    roc_auc_score,
)

from ftf_assets.training.metrics import classification_metrics, ranking_metrics, seed_scores
from ftf_assets.training.ranked_rows import rank_rows

#: Few levels make many ties, 0 and 1 among them; one level is a constant model.
ROWS = st.tuples(
    st.integers(2, 300),
    st.sampled_from([1, 2, 3, 11, 10_000]),
    st.floats(0.05, 0.95),
    st.integers(0, 2**32 - 1),
)


def rows(n: int, n_levels: int, base_rate: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels of both classes, and probabilities of at most ``n_levels`` levels."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < base_rate).astype(np.int8)
    y[:2] = 0, 1
    return y, rng.integers(0, n_levels + 1, n) / n_levels


@given(ROWS, st.floats(0, 1))
def test_every_score_is_scikit_learns(drawn, threshold):
    y, probability = rows(*drawn)
    called = probability >= threshold
    precision, recall, f1, _ = precision_recall_fscore_support(y, called, average="binary", zero_division=0)
    oracle = {
        "f1_buy": f1,
        "precision_buy": precision,
        "recall_buy": recall,
        "average_precision": average_precision_score(y, probability),
        "roc_auc": roc_auc_score(y, probability),
        "log_loss": log_loss(y, probability),
        "brier": brier_score_loss(y, probability),
        "mcc": matthews_corrcoef(y, called),
        "predicted_buy_rate": called.mean(),
    }
    metrics = classification_metrics(y, probability, threshold, seed=0)
    assert {name: metrics[name] for name in oracle} == pytest.approx(oracle, abs=1e-12, rel=1e-12)


@given(ROWS, st.integers(0, 2**32 - 1))
def test_the_order_of_the_rows_changes_no_bit(drawn, seed):
    y, probability = rows(*drawn)
    order = np.random.default_rng(seed).permutation(len(y))
    assert ranking_metrics(y[order], probability[order]) == ranking_metrics(y, probability)


def test_each_fit_has_the_scores_that_a_cell_of_it_would_have():
    y, one = rows(300, 11, 0.3, seed=1)
    _, other = rows(300, 10_000, 0.3, seed=2)
    fits = seed_scores(y, np.stack([one, other]), np.array([0.4, 0.6]))
    for probability, threshold, fit in zip((one, other), (0.4, 0.6), fits, strict=True):
        cell = classification_metrics(y, probability, threshold, seed=0)
        assert fit == {name: cell[name] for name in fit}


@pytest.mark.parametrize(
    ("label", "average_precision"), [pytest.param(0, 0.0, id="no BUY"), pytest.param(1, 1.0, id="BUY only")]
)
def test_an_order_of_one_class_has_no_area_under_the_curve(label, average_precision):
    ranked = rank_rows(np.full(3, label, np.int8), np.array([0.2, 0.2, 0.7]))
    assert math.isnan(ranked.roc_auc)
    assert ranked.average_precision == average_precision


@pytest.mark.parametrize(
    ("threshold", "called"), [(0.8, (0, 0)), (0.7, (1, 1)), (0.5, (1, 1)), (0.2, (3, 1)), (0.0, (4, 2))]
)
def test_a_threshold_calls_the_rows_at_and_above_it(threshold, called):
    ranked = rank_rows(np.array([0, 1, 0, 1], np.int8), np.array([0.2, 0.7, 0.2, 0.1]))
    assert ranked.called_at(threshold) == called
