"""The forward-corrected loss: its derivatives, what it learns from wrong labels, and its bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss, roc_auc_score

from ftf_assets.contracts.bundles import FlipRates
from ftf_assets.training.boosting import ValidationSlice, bin_features, fit_booster
from ftf_assets.training.forward_loss import forward_derivatives, forward_log_loss, true_buy_rate
from ftf_assets.training.parameters import Rounds

PARAMETERS = {"max_depth": 3, "learning_rate": 0.1, "min_child_weight": 5.0, "subsample": 0.7}


def sigmoid(margin):
    return 1 / (1 + np.exp(-margin))


@given(
    margin=st.floats(-4, 4),
    label=st.floats(0, 1),
    missed=st.floats(0, 0.6),
    false=st.floats(0, 0.3),
)
def test_the_gradient_is_the_slope_of_the_loss(margin: float, label: float, missed: float, false: float):
    rates, step = FlipRates(missed, false), 1e-3
    labels = np.array([label], np.float32)

    def loss(at: float) -> float:
        return forward_log_loss(np.array([at], np.float32), labels, rates)

    slope = (loss(margin + step) - loss(margin - step)) / (2 * step)
    gradient, curvature = forward_derivatives(
        np.array([margin], np.float32), labels, np.ones(1, np.float32), rates
    )
    assert gradient[0] == pytest.approx(slope, abs=2e-3)
    assert curvature[0] > 0


def test_the_curvature_is_the_mean_of_the_squared_gradient_over_observed_labels():
    """So it is the Fisher information: never negative, and p (1 - p) without noise."""
    margin, rates, one = np.array([0.4], np.float32), FlipRates(0.3, 0.05), np.ones(1, np.float32)
    q = 0.05 + 0.65 * sigmoid(0.4)
    squared = [
        float(forward_derivatives(margin, np.array([y], np.float32), one, rates)[0][0]) ** 2 for y in (0, 1)
    ]
    curvature = forward_derivatives(margin, one, one, rates)[1][0]
    assert curvature == pytest.approx((1 - q) * squared[0] + q * squared[1], rel=1e-5)
    plain = forward_derivatives(margin, one, one, FlipRates(0, 0))[1][0]
    assert plain == pytest.approx(sigmoid(0.4) * (1 - sigmoid(0.4)), rel=1e-5)


def test_weights_multiply_both_derivatives():
    rows = np.zeros(3, np.float32), np.array([0, 1, 1], np.float32)
    weight = np.array([0, 2, 3], np.float32)
    once, weighed = (
        forward_derivatives(*rows, w, FlipRates(0.2, 0.1)) for w in (np.ones(3, np.float32), weight)
    )
    for plain, found in zip(once, weighed, strict=True):
        np.testing.assert_allclose(found, plain * weight, rtol=1e-6)


def test_boosting_starts_at_the_rate_of_true_buys_within_its_bounds():
    labels, weight = np.array([0, 0, 0, 1], np.float32), np.array([1, 1, 1, 3], np.float32)
    assert true_buy_rate(labels, weight, FlipRates(0, 0)) == pytest.approx(0.5)
    assert true_buy_rate(labels, weight, FlipRates(0.3, 0.2)) == pytest.approx(0.6)
    assert true_buy_rate(labels * 0, weight, FlipRates(0.3, 0.2)) == 0.001
    assert true_buy_rate(labels * 0 + 1, weight, FlipRates(0.3, 0.2)) == 0.999


@pytest.fixture(scope="module")
def noisy():
    """Rows whose truth is known: 40 % of the BUYs are missed, 5 % of the HOLDs are called BUY."""
    random = np.random.default_rng(4)
    X = random.normal(size=(6_000, 4)).astype(np.float32)
    truth = (random.random(len(X)) < sigmoid(1.5 * X[:, 0] - X[:, 1] - 1.0)).astype(np.float32)
    flips = random.random(len(X)) < np.where(truth == 1, 0.4, 0.05)
    return X, truth, np.where(flips, 1 - truth, truth).astype(np.float32)


def fitted(noisy, rates, rounds=150, **more):
    X, _, given_labels = noisy
    return fit_booster(
        bin_features(X[:4_000], PARAMETERS),
        given_labels[:4_000],
        np.ones(4_000, np.float32),
        parameters=PARAMETERS,
        rounds=rounds,
        seed=3,
        flip_rates=rates,
        **more,
    )


def test_it_learns_the_probability_of_the_true_label(noisy):
    X, truth, _ = noisy
    plain, corrected = (fitted(noisy, rates).predict(X[4_000:]) for rates in (None, FlipRates(0.4, 0.05)))
    assert corrected.mean() == pytest.approx(truth[4_000:].mean(), abs=0.05)
    assert plain.mean() < truth[4_000:].mean() - 0.08
    assert log_loss(truth[4_000:], corrected) < log_loss(truth[4_000:], plain) - 0.03
    assert roc_auc_score(truth[4_000:], corrected) > 0.78


def test_rates_of_zero_give_the_plain_model_but_for_rounding(noisy):
    X, _, _ = noisy
    plain, corrected = (fitted(noisy, rates).predict(X[4_000:]) for rates in (None, FlipRates(0.0, 0.0)))
    np.testing.assert_allclose(corrected, plain, atol=0.02)


def test_early_stopping_watches_the_loss_on_observed_labels(noisy):
    X, _, given_labels = noisy
    slice_ = ValidationSlice(X[4_000:], given_labels[4_000:].astype(np.int8))
    rates = FlipRates(0.4, 0.05)
    found = fitted(noisy, rates, Rounds(minimum=5, maximum=400, patience=20), validation=slice_)
    assert 5 < found.rounds < 380

    def loss(rounds: int) -> float:
        p = fitted(noisy, rates, rounds).predict(slice_.X)
        return log_loss(slice_.y, 0.05 + 0.55 * p)

    assert loss(found.rounds) <= min(loss(found.rounds // 2), loss(found.rounds + 20))


def test_the_same_fit_has_the_same_bits(noisy):
    first, again = (fitted(noisy, FlipRates(0.4, 0.05)).to_ubjson() for _ in range(2))
    assert first == again
