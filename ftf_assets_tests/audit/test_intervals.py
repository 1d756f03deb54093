"""Intervals by burst: as wide as bursts and seeds differ, right as often as they say, and the same again."""

from __future__ import annotations

import numpy as np
import pytest

from ftf_assets.audit.intervals import Estimate, burst_resamples, estimate
from ftf_assets.audit.ranking import average_precision, rank, resampled_lift


def test_every_resample_draws_as_many_bursts_as_there_are():
    times = burst_resamples(7, np.random.default_rng(0), 50)
    assert times.shape == (50, 7)
    assert (times.sum(axis=1) == 7).all()
    assert burst_resamples(0, np.random.default_rng(0), 50).shape == (50, 0)


def test_equal_generators_draw_equal_resamples():
    one, same = (burst_resamples(30, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(one, same)


def test_seeds_with_noise_of_their_own_shrink_the_error_by_their_number():
    resampled = np.random.default_rng(0).normal(1.0, 0.2, (4, 4_000))
    found = estimate(np.full(4, 1.0), resampled, drawn=True)
    assert found.value == 1.0
    assert found.standard_error == pytest.approx(0.1, rel=0.05)
    assert (found.low, found.high) == pytest.approx((1 - 1.96 * 0.1, 1 + 1.96 * 0.1), rel=0.05)


def test_seeds_that_differ_more_than_their_bursts_explain_widen_the_interval():
    quiet = np.random.default_rng(0).normal(1.0, 0.01, (4, 500))
    found = estimate(np.array([0.8, 1.0, 1.0, 1.2]), quiet, drawn=True)
    assert found.standard_error == pytest.approx(np.std([0.8, 1.0, 1.0, 1.2], ddof=1) / 2)


def test_seeds_that_share_one_noise_do_not_shrink_its_error():
    shared = np.tile(np.random.default_rng(0).normal(1.0, 0.2, 4_000), (4, 1))
    found = estimate(np.full(4, 1.0), shared, drawn=False)
    assert found.standard_error == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize(
    ("value", "error", "p"), [(1.96, 1.0, 0.025), (0.0, 1.0, 0.5), (0.1, 0.0, 0.0), (0.0, 0.0, 1.0)]
)
def test_the_p_value_is_one_sided(value, error, p):
    assert Estimate(value, 0, 0, error).p_value == pytest.approx(p, abs=1e-3)


def test_a_useless_ranking_beats_chance_no_oftener_than_it_should():
    """The interval of a random ranking against one that ties everything, 200 times, with bursts of 10."""
    beaten = 0
    for repeat in range(200):
        random = np.random.default_rng(repeat)
        lifts, controls, resampled = [], [], []
        for _ in range(5):
            wrong = np.zeros(500, bool)
            starts = random.choice(50, 5, replace=False) * 10
            burst = np.full(500, -1)
            for number, start in enumerate(starts):
                wrong[start : start + 10] = True
                burst[start : start + 10] = number
            # Rows of one burst are alike, so whether it ranks high is one chance, not ten.
            suspicion = np.repeat(random.normal(size=50), 10) + 0.1 * random.normal(size=500)
            one, tied = rank(suspicion, wrong, burst), rank(np.zeros(500), wrong, burst)
            times = burst_resamples(5, random, 100)
            lifts.append(average_precision(one) / 0.1)
            controls.append(average_precision(tied) / 0.1)
            resampled.append(resampled_lift(one, times) - resampled_lift(tied, times))
        margin = estimate(np.array(lifts) - np.array(controls), np.array(resampled), drawn=True)
        beaten += margin.low > 0
    assert beaten / 200 < 0.08
