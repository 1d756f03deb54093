"""The rates that the gate must keep, on a few hundred drawn sweeps; docs/gate.md has the full tables."""

from __future__ import annotations

import pytest
from scipy import stats

from benchmarks.gate_simulation import CHOSEN, N_LEVELS, rates, signal_rates

DRAWS = 400
ALL = (0.8,) * N_LEVELS


def surely_at_most(rate: float) -> float:
    """A share that a true rate stays under in all but one of a million runs."""
    return float(stats.binom.ppf(1 - 1e-6, DRAWS, rate)) / DRAWS


def surely_at_least(rate: float) -> float:
    return float(stats.binom.ppf(1e-6, DRAWS, rate)) / DRAWS


@pytest.mark.slow
@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("seed_share", [0.0, 0.3])
def test_a_level_without_effect_is_rarely_locked_and_rarely_called_harmful(correlation, seed_share):
    found = rates(DRAWS, correlation, seed_share=seed_share)[CHOSEN]
    assert found.any_lock <= surely_at_most(0.05)
    assert found.any_harm <= surely_at_most(0.05)


@pytest.mark.slow
def test_a_large_effect_is_locked_and_more_often_than_by_fold_means():
    found = rates(DRAWS, 0.0, ALL)
    assert found[CHOSEN].first_lock >= surely_at_least(0.90)
    assert found[CHOSEN].first_lock > found["fold means"].first_lock


@pytest.mark.slow
def test_twice_the_history_finds_the_same_effect_where_folds_share_a_little():
    # Folds of twice the weeks have cells of half the variance, so the same effect is larger by the root of 2.
    twice = tuple(2**0.5 * d for d in ALL)
    assert rates(DRAWS, 0.1, twice, weeks=54.0)[CHOSEN].first_lock >= surely_at_least(0.90)


@pytest.mark.slow
def test_the_signal_is_found_by_weeks_and_rarely_where_there_is_none():
    assert signal_rates(DRAWS, 0.5, 0.3)["weeks"] <= surely_at_most(0.06)
    assert signal_rates(DRAWS, 0.53, 0.3)["weeks"] >= surely_at_least(0.90)


def test_equal_seeds_give_equal_rates():
    assert rates(20, 0.3, seed=1) == rates(20, 0.3, seed=1)
