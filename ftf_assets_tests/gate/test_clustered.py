"""Clustered errors: by hand, against statsmodels' published estimator, and that they hold by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ftf_assets.gate.clustered import (
    ErrorOfMean,
    cluster_variance,
    mean_test,
    p_above,
    seed_variance,
    sign_flip_p,
    visible_multiple,
    week_variance,
)


def by_weeks(variance: float, df: int = 20) -> ErrorOfMean:
    return ErrorOfMean("weeks", df + 5, df, variance)


def test_the_cluster_variance_is_that_of_the_cluster_means_where_clusters_are_equal():
    differences = np.random.default_rng(1).normal(size=(3, 20))
    clusters = np.repeat(np.arange(5), 4)
    means = differences.reshape(3, 5, 4).mean(axis=-1)
    assert cluster_variance(differences, clusters) == pytest.approx(means.var(axis=-1, ddof=1) / 5)


def test_the_cluster_variance_is_the_sandwich_of_a_regression_on_a_constant():
    # Cameron & Miller (2015), equation 11: squared cluster scores, times G / (G - 1); unequal sizes.
    values = np.array([0.1, 0.4, 0.2, 0.9, 0.5, 0.7])
    clusters = np.array([0, 0, 0, 1, 1, 2])
    residuals = values - values.mean()
    scores = [residuals[clusters == one].sum() for one in range(3)]
    assert cluster_variance(values, clusters) == pytest.approx(
        sum(score**2 for score in scores) / 6**2 * 3 / 2
    )


def test_a_single_cluster_has_no_variance():
    assert np.isnan(cluster_variance(np.array([0.1, 0.2]), np.array([0, 0])))


def test_the_week_variance_by_hand():
    # Two pairs, three weeks, one fold: weekly sums over pairs of 0.02, -0.01, -0.01, halved, times 3 / 2.
    influence = np.array([[0.01, 0.0, -0.01], [0.01, -0.01, 0.0]])
    assert week_variance(influence, 1) == pytest.approx((0.01**2 + 2 * 0.005**2) * 3 / 2)


def test_the_seed_variance_by_hand_and_shared_seeds_cancel():
    # Two pairs of two repeats: variances 0.0002 and 0; their mean, halved for two fits and two pairs.
    assert seed_variance(np.array([[0.01, 0.03], [0.02, 0.02]])) == pytest.approx(0.0002 / 2 / 2 / 2)


def test_the_tests_are_those_of_student():
    sample = np.random.default_rng(2).normal(0.3, 1.0, 12)
    error = ErrorOfMean("folds", 12, 11, float(sample.var(ddof=1) / 12))
    expected = stats.ttest_1samp(sample, 0.0)
    found = mean_test(float(sample.mean()), error, 0.95)
    assert (found.t, found.p) == pytest.approx((expected.statistic, expected.pvalue))
    interval = expected.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    one_sided = stats.ttest_1samp(sample, 0.0, alternative="greater").pvalue
    assert p_above(float(sample.mean()), error) == pytest.approx(one_sided)


@pytest.mark.parametrize("variance", [0.0, float("nan")])
def test_without_variance_nothing_is_tested(variance):
    assert mean_test(0.02, by_weeks(variance), 0.95).p is None
    assert p_above(0.02, by_weeks(variance)) is None


def test_the_visible_effect_is_found_with_80_per_cent_power():
    rng = np.random.default_rng(3)
    effect = visible_multiple(4.0) / np.sqrt(5)
    samples = rng.normal(effect, 1.0, (20_000, 5))
    assert np.mean(stats.ttest_1samp(samples, 0.0, axis=1).pvalue < 0.05) == pytest.approx(0.80, abs=0.04)


def test_the_sign_flip_test_counts_the_signs():
    assert [sign_flip_p(n) for n in (2, 5, 6, 25)] == [0.5, 0.0625, 0.03125, 2.0**-24]
