"""Picking the best of several variants: the papers' examples, and cases whose answer is known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import rankdata

from ftf_assets.gate.selection import (
    DeflatedSharpe,
    Overfitting,
    Selection,
    deflated_sharpe,
    expected_maximum,
    overfitting,
    probability_above,
    select,
    selection_in_words,
)

VARIANTS = ("baseline", "mild", "filter")


def noise(n_cells: int, n_variants: int, seed: int) -> np.ndarray:
    return 0.55 + 0.01 * np.random.default_rng(seed).normal(size=(n_cells, n_variants))


# --- deflated Sharpe ratio: the numerical example of Bailey and López de Prado (2014) -----------------------

DAYS, ANNUAL_SHARPE, ANNUAL_VARIANCE = 250, 2.5, 0.5


@pytest.mark.parametrize(
    ("n_trials", "skewness", "kurtosis", "published"),
    [
        pytest.param(100, -3.0, 10.0, 0.9004, id="100 trials"),
        pytest.param(46, -3.0, 10.0, 0.9505, id="46 trials"),
        pytest.param(88, 0.0, 3.0, 0.9505, id="88 trials if returns were normal"),
    ],
)
def test_the_deflated_sharpe_ratio_is_that_of_the_paper(n_trials, skewness, kurtosis, published):
    bound = expected_maximum(n_trials, ANNUAL_VARIANCE / DAYS)
    sharpe = ANNUAL_SHARPE / math.sqrt(DAYS)
    assert probability_above(sharpe, bound, 1250, skewness, kurtosis) == pytest.approx(published, abs=5e-5)


def test_the_expected_maximum_is_that_of_the_paper_and_of_draws():
    assert expected_maximum(100, ANNUAL_VARIANCE / DAYS) == pytest.approx(0.1132, abs=5e-5)
    drawn = np.random.default_rng(1).normal(size=(20_000, 100)).max(axis=1).mean()
    assert expected_maximum(100, 1.0) == pytest.approx(drawn, rel=0.01)
    assert expected_maximum(1, 1.0) == 0.0


def test_moments_are_those_of_the_returns():
    returns = np.random.default_rng(2).gamma(2, 0.01, 400)
    found = deflated_sharpe(returns, n_trials=5, variance=0.01)
    assert found.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1))
    assert (found.skewness, found.kurtosis) == pytest.approx((1.41, 6.0), abs=0.5)  # gamma of shape 2
    assert found.sharpe_a_year == pytest.approx(found.sharpe * math.sqrt(52))


# --- probability of backtest overfitting -------------------------------------------------------------------


def test_a_variant_that_is_better_in_every_cell_is_never_an_overfitted_pick():
    scores = noise(16, 4, 3)
    scores[:, 2] = scores.max(axis=1) + 0.01
    found = overfitting(scores)
    assert (found.probability, found.loses) == (0.0, 0.0)
    assert (
        found.gain_kept
        == pytest.approx(found.gain_picked)
        == pytest.approx(scores[:, 2].mean() - scores[:, 0].mean())
    )


def test_variants_of_equal_overall_mean_are_always_overfitted():
    """What is best in one half is then worst in the other: the compensation that the paper describes."""
    scores = noise(16, 5, 4)
    assert overfitting(scores - scores.mean(axis=0)).probability == 1.0


def test_variants_without_a_difference_do_not_hide_it():
    found = overfitting(np.repeat(noise(20, 1, 5), 3, axis=1))
    assert (found.probability, found.gain_picked, found.gain_kept, found.loses) == (1.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(("n_variants", "expected"), [(2, 0.49), (5, 0.61)])
def test_luck_alone_gives_a_half_to_two_thirds_on_average(n_variants: int, expected: float):
    drawn = [overfitting(noise(12, n_variants, seed)).probability for seed in range(200)]
    assert np.mean(drawn) == pytest.approx(expected, abs=0.07)


def test_sixteen_groups_are_split_in_every_way():
    found = overfitting(noise(25, 5, 6))
    assert (found.n_cells, found.n_groups, found.n_splits) == (25, 16, 12_870)
    assert overfitting(noise(5, 5, 6)).n_splits == math.comb(4, 2)


@pytest.mark.parametrize(("n_cells", "n_variants"), [(3, 5), (20, 1)])
def test_too_little_to_split_or_to_pick_from_gives_none(n_cells: int, n_variants: int):
    assert overfitting(noise(n_cells, n_variants, 7)) is None


def test_the_splits_are_those_of_a_plain_loop():
    scores = noise(11, 4, 8)
    groups = np.array_split(np.arange(11), 6)
    outcomes, gains = [], []
    for chosen in itertools.combinations(range(6), 3):
        here = np.concatenate([groups[i] for i in chosen])
        there = np.setdiff1d(np.arange(11), here)
        pick = scores[here].mean(axis=0).argmax()
        outcomes.append(rankdata(scores[there].mean(axis=0))[pick] / 5 <= 0.5)
        gains.append(scores[there].mean(axis=0)[pick] - scores[there, 0].mean())
    found = overfitting(scores, n_groups=6)
    assert found.probability == np.mean(outcomes)
    assert found.gain_kept == pytest.approx(np.mean(gains))


# --- both together ---------------------------------------------------------------------------------------


def test_the_pick_has_the_best_mean_and_its_own_returns_are_deflated():
    scores, returns = noise(20, 3, 9), 0.01 * np.random.default_rng(10).normal(size=(30, 3))
    scores[:, 1] += 0.05
    found = select("roc_auc", VARIANTS, scores, returns)
    assert found.picked == "mild"
    assert found.sharpe.sharpe == pytest.approx(returns[:, 1].mean() / returns[:, 1].std(ddof=1))
    assert found.sharpe.n_trials == 3
    ratios = returns.mean(axis=0) / returns.std(axis=0, ddof=1)
    assert found.sharpe.expected_maximum == pytest.approx(expected_maximum(3, ratios.var(ddof=1)))
    above = (found.sharpe.sharpe, found.sharpe.expected_maximum, 30, *_moments(returns[:, 1]))
    assert found.sharpe.probability == pytest.approx(probability_above(*above))


def _moments(returns: np.ndarray) -> tuple[float, float]:
    scaled = (returns - returns.mean()) / returns.std()
    return float(np.mean(scaled**3)), float(np.mean(scaled**4))


@pytest.mark.parametrize(
    "returns",
    [None, np.zeros((30, 3)), 0.01 * np.random.default_rng(1).normal(size=(19, 3))],
    ids=["unknown", "without a trade", "too few weeks"],
)
def test_returns_that_say_nothing_give_no_sharpe_ratio(returns):
    assert select("roc_auc", VARIANTS, noise(20, 3, 11), returns).sharpe is None


def test_a_selection_says_what_it_promises_too_much():
    one = Selection(
        "roc_auc",
        VARIANTS,
        "filter",
        Overfitting(25, 16, 12_870, 0.416, 0.0020, 0.0006, 0.31),
        DeflatedSharpe(-0.561, 0.113, 0.0101, 3, 28, 1.44, 6.92),
    )
    best, overfitted, gains, sharpe = selection_in_words(one)
    assert best == "Of 3 variants, filter has the best mean AUC."
    assert overfitted == (
        "Probability of backtest overfitting: 42%. In so many of 12,870 splits of the 25 cells, the variant "
        "that is best in one half is no better than the median one in the other; luck alone gives a half to "
        "two thirds on average."
    )
    assert gains == (
        "Over the baseline the pick gains +0.002 in AUC in the half where it is picked, and +0.0006 in the "
        "other."
    )
    assert sharpe == (
        "Deflated Sharpe ratio: 1%, the probability that filter is truly better than luck. The Sharpe ratio "
        "of its weekly returns is −4.05 a year over 28 weeks; that of the luckiest of 3 variants without "
        "skill would be +0.81."
    )


def test_what_could_not_be_measured_is_left_out_of_the_sentences():
    assert selection_in_words(Selection("roc_auc", VARIANTS, "mild", None, None)) == [
        "Of 3 variants, mild has the best mean AUC."
    ]
    assert selection_in_words(Selection("roc_auc", ("baseline",), "baseline", None, None)) == []
