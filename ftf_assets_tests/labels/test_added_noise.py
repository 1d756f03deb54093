"""Added label noise: doses add up, more noise contains less noise, and the rate of BUY stays."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.labels.added_noise import BURST_ROWS, draw_hits, exposure_of_share
from ftf_assets.sources.embedded_market.label_noise import TRUE_BUY_RATE

PATTERNS = ("independent", "bursts")
N_ROWS, BUY_RATE = 40_000, 0.18
Y = (np.random.default_rng(1).random(N_ROWS) < BUY_RATE).astype(np.int8)


def flip_matrix(exposure: float, rate: float) -> np.ndarray:
    """P(label after | label before), rows HOLD and BUY before: written out from its definition."""
    left = math.exp(-exposure)
    return left * np.eye(2) + (1 - left) * np.array([[1 - rate, rate], [1 - rate, rate]])


@pytest.mark.parametrize(("one", "other"), [(0.2, 0.7), (0.418, 0.418), (1.5, 0.1)])
def test_doses_add_up(one: float, other: float):
    both = flip_matrix(one, BUY_RATE) @ flip_matrix(other, BUY_RATE)
    np.testing.assert_allclose(both, flip_matrix(one + other, BUY_RATE), atol=1e-12)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("exposure", [0.25, 1.0, 2.0])
def test_labels_change_with_the_probabilities_of_the_flip_matrix(pattern: str, exposure: float):
    rate = float(Y.mean())
    draws = [draw_hits(Y, pattern, seed).labels(exposure) for seed in range(40, 48)]
    found = [[np.mean([(draw[before == Y] == after).mean() for draw in draws]) for after in (0, 1)]
             for before in (0, 1)]  # fmt: skip
    np.testing.assert_allclose(found, flip_matrix(exposure, rate), atol=0.012)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_rate_of_buy_stays(pattern: str):
    hits = draw_hits(Y, pattern, seed=3)
    for exposure in (0.2, 0.8, 3.2):
        assert hits.labels(exposure).mean() == pytest.approx(Y.mean(), abs=0.01)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_row_that_is_hit_at_one_dose_is_hit_at_every_larger_one_and_says_the_same(pattern: str):
    hits = draw_hits(Y, pattern, seed=5)
    less, more = hits.labels(0.4), hits.labels(0.8)
    changed = less != Y
    np.testing.assert_array_equal(more[changed], less[changed])
    assert (hits.hit_at <= 0.8)[hits.hit_at <= 0.4].all()


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_dose_returns_the_labels_themselves_and_a_seed_gives_its_noise_again(pattern: str):
    hits = draw_hits(Y, pattern, seed=7)
    assert hits.labels(0.0) is Y
    np.testing.assert_array_equal(hits.labels(0.5), draw_hits(Y, pattern, seed=7).labels(0.5))
    assert (hits.labels(0.5) != draw_hits(Y, pattern, seed=8).labels(0.5)).any()


@pytest.mark.parametrize(("pattern", "mean_run"), [("independent", 1.0), ("bursts", BURST_ROWS)])
def test_bursts_hit_stretches_and_independent_noise_hits_rows(pattern: str, mean_run: float):
    hit = draw_hits(Y, pattern, seed=2).hit_at <= 0.02
    starts = np.count_nonzero(np.diff(hit.astype(int)) == 1)
    assert hit.sum() / starts == pytest.approx(mean_run, rel=0.25)


def test_bursts_fit_into_few_rows():
    assert draw_hits(Y[:5], "bursts", seed=1).labels(4.0).shape == (5,)


@pytest.mark.parametrize("exposure", [-0.1, 4.1])
def test_a_dose_out_of_bounds_is_refused(exposure: float):
    with pytest.raises(InputError, match="allowed: 0 to 4"):
        draw_hits(Y, "independent", seed=1).labels(exposure)


@pytest.mark.parametrize("share", [0.05, 0.10, 0.20])
def test_the_dose_of_a_share_makes_that_share_wrong(share: float):
    wrong = draw_hits(Y, "independent", seed=4).labels(exposure_of_share(share, float(Y.mean()))) != Y
    assert wrong.mean() == pytest.approx(share, abs=0.005)


def test_the_dose_of_a_share_leaves_what_the_market_leaves():
    """The market's flip rates: half of the errors are missed BUYs, half false BUYs."""
    noise = 0.10
    missed, false = noise / 2 / TRUE_BUY_RATE, noise / 2 / (1 - TRUE_BUY_RATE)
    assert math.exp(-exposure_of_share(noise, TRUE_BUY_RATE)) == pytest.approx(1 - missed - false)


@pytest.mark.parametrize(("share", "rate"), [(0.3, 0.178), (0.1, 0.0), (0.1, 1.0)])
def test_a_share_that_leaves_nothing_of_the_truth_has_an_infinite_dose(share: float, rate: float):
    assert exposure_of_share(share, rate) == math.inf
