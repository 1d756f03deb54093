"""The extrapolation of the label ceiling: exact on known curves, an upper bound where there is noise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ftf_assets.gate.ceiling_curve import ceiling_gain, fitted_curve

EXPOSURES = np.array([0.0, 0.4, 0.8, 1.6])
N_CELLS = 25


def curve(exposures: np.ndarray, k: float, height: float = 0.08) -> np.ndarray:
    left = np.exp(-exposures)
    return 0.5 + height * left / np.sqrt(left**2 + k)


def cells(k: float, *, sd: float = 0.0, seed: int = 0, n_cells: int = N_CELLS) -> np.ndarray:
    """Cells with levels of their own around one curve, each score with the noise of its fit."""
    random = np.random.default_rng(seed)
    levels = random.normal(0, 0.03, (n_cells, 1))
    return curve(EXPOSURES, k) + levels - levels.mean() + random.normal(0, sd, (n_cells, 4))


@pytest.mark.parametrize("k", [0.05, 0.4, 3.0])
@pytest.mark.parametrize("label_exposure", [0.19, 0.42, 1.15])
def test_a_known_curve_is_continued_to_the_truth(k: float, label_exposure: float):
    gain = ceiling_gain(cells(k), EXPOSURES, label_exposure)
    clean = curve(np.array([-label_exposure]), k)[0]
    assert gain is not None
    assert gain.estimate == pytest.approx(clean - curve(EXPOSURES, k)[0], abs=1e-3)
    assert gain.low <= gain.estimate <= gain.bound


def test_plenty_of_data_makes_correct_labels_worth_nothing():
    gain = ceiling_gain(cells(0.0), EXPOSURES, 0.42)
    assert gain is not None
    assert gain.estimate == pytest.approx(0.0, abs=1e-9)
    assert gain.bound == pytest.approx(0.0, abs=1e-3)


def test_more_noise_in_the_labels_means_more_to_gain():
    bounds = [ceiling_gain(cells(0.4, sd=0.01), EXPOSURES, s) for s in (0.19, 0.42, 1.15)]
    estimates = [one.estimate for one in bounds if one is not None]
    assert estimates == sorted(estimates)
    assert len(set(estimates)) == 3


def test_the_bound_covers_what_training_on_the_truth_gains():
    """Sweeps on a known curve: the truth's own scores carry the noise of their fits as the others do."""
    label_exposure, sd, covered = 0.42, 0.015, []
    for seed in range(200):
        random = np.random.default_rng(10_000 + seed)
        scores = cells(0.4, sd=sd, seed=seed)
        levels = scores.mean(axis=1, keepdims=True) - scores.mean()
        true = curve(np.array([-label_exposure]), 0.4) + levels[:, 0] + random.normal(0, sd, N_CELLS)
        gain = ceiling_gain(scores, EXPOSURES, label_exposure)
        assert gain is not None
        covered.append(true.mean() - scores[:, 0].mean() <= gain.bound)
    assert np.mean(covered) >= 0.90


def test_fewer_cells_give_a_wider_interval():
    widths = [
        gain.bound - gain.low
        for n_cells in (100, 25, 4)
        if (gain := ceiling_gain(cells(0.4, sd=0.015, n_cells=n_cells), EXPOSURES, 0.42)) is not None
    ]
    assert widths == sorted(widths)
    assert len(widths) == 3


def test_equal_scores_give_equal_bounds_whatever_their_scale_of_cells():
    scores = cells(0.4, sd=0.015)
    assert ceiling_gain(scores, EXPOSURES, 0.42) == ceiling_gain(scores.copy(), EXPOSURES, 0.42)


@pytest.mark.parametrize(
    ("scores", "exposures", "label_exposure"),
    [
        (cells(0.4, n_cells=2), EXPOSURES, 0.42),
        (cells(0.4)[:, :2], EXPOSURES[:2], 0.42),
        (cells(0.4), EXPOSURES, 2.4),
        (cells(0.4), EXPOSURES, math.inf),
    ],
)
def test_there_is_no_bound_where_nothing_supports_one(
    scores: np.ndarray, exposures: np.ndarray, label_exposure: float
):
    assert ceiling_gain(scores, exposures, label_exposure) is None


def test_the_curve_goes_through_its_scores_and_flattens_towards_correct_labels():
    means = curve(EXPOSURES, 0.4)
    at = np.array([-1.2, -0.8, -0.4, *EXPOSURES])
    found = fitted_curve(means, EXPOSURES, at)
    np.testing.assert_allclose(found, curve(at, 0.4), atol=1e-3)
    gains = -np.diff(found[:4])
    assert (gains > 0).all()
    assert gains[0] < gains[-1], "the last bit of noise costs less than the first"


def test_a_model_that_ranks_no_better_than_chance_is_bounded_by_its_noise_alone():
    random = np.random.default_rng(3)
    scores = 0.5 + random.normal(0, 0.015, (N_CELLS, 4))
    gain = ceiling_gain(scores, EXPOSURES, 0.42)
    assert gain is not None
    assert -0.01 < gain.low < gain.bound < 0.02
