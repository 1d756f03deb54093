"""The paired statistics: figures computed by hand, and what cannot be tested."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from jaxtyping import TypeCheckError
from scipy import stats

from ftf_assets.gate.statistics import (
    benjamini_hochberg,
    bootstrap_interval,
    cluster_means,
    paired_differences,
    paired_t,
    wilcoxon_p,
)

ONE_TO_FIVE = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
DRAWN = {"draws": 2000, "seed": 0, "most_pairs": 5_000}


def test_paired_t_by_hand():
    # mean 3, SD sqrt(2.5), standard error sqrt(0.5); t quantile of 4 degrees of freedom: 2.776445
    test = paired_t(ONE_TO_FIVE)
    assert float(test.mean) == 3
    assert float(test.t) == pytest.approx(3 / math.sqrt(0.5))
    assert float(test.d) == pytest.approx(3 / math.sqrt(2.5))
    assert float(test.p) == pytest.approx(0.0132, abs=5e-5)
    assert [float(test.ci_low), float(test.ci_high)] == pytest.approx(
        [3 - 2.776445 * math.sqrt(0.5), 3 + 2.776445 * math.sqrt(0.5)], abs=1e-5
    )


def test_many_series_are_tested_as_each_alone():
    series = np.random.default_rng(7).normal(0.3, 1, (3, 2, 9))
    series[1, 1] = 0.25
    together = paired_t(series)
    for place in np.ndindex(3, 2):
        alone = paired_t(series[place])
        for name in ("mean", "ci_low", "ci_high", "t", "p", "d"):
            np.testing.assert_allclose(getattr(together, name)[place], getattr(alone, name), rtol=1e-12)


def test_equal_differences_have_a_mean_and_no_test():
    test = paired_t(np.full(4, 0.01))
    assert [float(x) for x in (test.mean, test.ci_low, test.ci_high)] == [0.01, 0.01, 0.01]
    assert np.isnan([test.t, test.p, test.d]).all()


@pytest.mark.parametrize(("n", "mean"), [(1, 0.5), (0, math.nan)])
def test_fewer_than_two_pairs_have_no_interval(n, mean):
    test = paired_t(np.full(n, 0.5))
    np.testing.assert_equal(float(test.mean), mean)
    assert np.isnan([test.ci_low, test.ci_high, test.t, test.p, test.d]).all()


def test_rounding_is_not_taken_for_an_effect():
    baseline = np.array([0.1, 0.2, 0.3, 0.7])
    assert np.ptp((baseline + 0.01) - baseline) > 0
    assert np.ptp(paired_differences(baseline + 0.01, baseline)) == 0
    assert not paired_differences(baseline * (1 + 1e-15), baseline).any()
    assert len(paired_differences(baseline[:0], baseline[:0])) == 0


def test_cluster_means_in_order_of_the_clusters():
    differences = np.array([[1.0, 2.0, 3.0, 4.0], [0.1, 0.2, 0.2, 0.1]])
    means = cluster_means(differences, np.array([1, 0, 0, 1]))
    np.testing.assert_allclose(means, [[2.5, 2.5], [0.2, 0.1]])
    assert cluster_means(differences[:, :0], np.array([], dtype=np.int64)).shape == (2, 0)


def test_cluster_means_that_differ_by_rounding_only_are_equal():
    means = cluster_means(np.array([0.1, 0.2, 0.3, 0.3, 0.2, 0.1]), np.array([0, 0, 0, 1, 1, 1]))
    assert np.ptp(means) == 0


@pytest.mark.parametrize(("n_pairs", "n_clusters"), [(25, 5), (25, 25), (400, 3), (3_000, 700)])
def test_cluster_means_are_to_the_bit_those_of_each_cluster_alone(n_pairs, n_clusters):
    random = np.random.default_rng(n_pairs)
    differences, clusters = random.normal(size=(2, n_pairs)), random.integers(0, n_clusters, n_pairs)
    alone = [
        [series[clusters == cluster].mean() for cluster in np.unique(clusters)] for series in differences
    ]
    np.testing.assert_array_equal(cluster_means(differences, clusters), alone)


#: Benjamini & Hochberg (1995), section 4: four of fifteen hypotheses are rejected at 0.05.
PUBLISHED = [.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344,
             .0459, .3240, .4262, .5719, .6528, .7590, 1.0]  # fmt: skip


def test_benjamini_hochberg_on_the_published_example():
    corrected = benjamini_hochberg(np.array(PUBLISHED))
    np.testing.assert_allclose(corrected[:4], [0.0015, 0.003, 0.0095, 0.0095 * 15 / 4])
    assert (corrected < 0.05).tolist() == [True] * 4 + [False] * 11


@given(arrays(np.float64, st.integers(1, 30), elements=st.floats(0, 1)))
def test_benjamini_hochberg_agrees_with_statsmodels(p):
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    np.testing.assert_allclose(
        benjamini_hochberg(p), multitest.multipletests(p, method="fdr_bh")[1], rtol=1e-9, atol=1e-300
    )


def test_a_test_that_could_not_be_made_counts_in_the_family_and_stays_unknown():
    np.testing.assert_allclose(benjamini_hochberg(np.array([0.01, np.nan, 0.04])), [0.03, np.nan, 0.06])
    assert benjamini_hochberg(np.array([])).size == 0


def test_families_are_corrected_one_by_one():
    np.testing.assert_allclose(benjamini_hochberg(np.array([[0.01, 0.5], [0.04, 0.04]])),
                               [[0.02, 0.5], [0.04, 0.04]])  # fmt: skip


def test_wilcoxon_by_hand():
    # All five signs agree: 2 of the 2^5 sign patterns are as extreme.
    assert wilcoxon_p(ONE_TO_FIVE) == pytest.approx(2 / 32)
    assert wilcoxon_p(np.zeros(5)) is None
    assert wilcoxon_p(np.ones(1)) is None


def test_the_bootstrap_interval_is_deterministic_and_near_the_t_interval():
    differences = np.random.default_rng(3).normal(0.01, 0.02, 400)
    interval = bootstrap_interval(differences, **DRAWN)
    assert interval == bootstrap_interval(differences, **DRAWN)
    assert interval != bootstrap_interval(differences, **DRAWN | {"seed": 1})
    test = paired_t(differences)
    assert interval == pytest.approx((float(test.ci_low), float(test.ci_high)), abs=2e-4)
    assert bootstrap_interval(np.ones(1), **DRAWN) is None
    assert bootstrap_interval(np.full(3, 0.5), **DRAWN) == (0.5, 0.5)


@pytest.mark.parametrize("n_pairs", [2, 25, 1_999, 5_000])
def test_drawn_in_batches_the_bootstrap_interval_is_scipys_to_the_bit(n_pairs):
    differences = np.random.default_rng(4).normal(0.01, 0.02, n_pairs)
    at_once = stats.bootstrap(
        (differences,), np.mean, n_resamples=700, method="percentile", rng=np.random.default_rng(9)
    ).confidence_interval
    assert bootstrap_interval(differences, draws=700, seed=9, most_pairs=5_000) == tuple(at_once)


@pytest.mark.parametrize("n_pairs", [6_000, 200_000])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_beyond_the_bound_the_bootstrap_interval_is_that_of_infinitely_many_draws(n_pairs, share, confidence):
    # Of pairs that differ by 0 or 1, a draw sums to a binomial number: its quantiles are known exactly.
    differences = (np.arange(n_pairs) < share * n_pairs).astype(np.float64)
    interval = bootstrap_interval(differences, **DRAWN, confidence=confidence)
    exact = stats.binom.ppf([(1 - confidence) / 2, (1 + confidence) / 2], n_pairs, share)
    np.testing.assert_allclose(np.array(interval) * n_pairs, exact, rtol=0, atol=0.6)


def test_the_bootstrap_interval_does_not_jump_at_the_bound():
    differences = np.random.default_rng(5).exponential(0.02, 2_000)
    scatter = 0.15 * differences.std() / np.sqrt(2_000)  # of an end of 2,000 draws: SD 0.06, at most 2.5 SD
    drawn = bootstrap_interval(differences, **DRAWN)
    limit = bootstrap_interval(differences, **DRAWN | {"most_pairs": 1_999})
    assert limit != drawn
    assert limit == pytest.approx(drawn, abs=scatter)
    assert bootstrap_interval(np.full(6_000, 0.5), **DRAWN) == (0.5, 0.5)


def test_a_series_in_place_of_an_array_is_a_type_error():
    with pytest.raises(TypeCheckError, match="differences"):
        paired_t(pd.Series(ONE_TO_FIVE))
