"""The rates that the gate must keep, on a few hundred simulated sweeps; docs/gate.md has the full table."""

from __future__ import annotations

import pytest
from scipy import stats

from benchmarks.gate_simulation import simulated_rates

DRAWS = 400


def surely_at_most(rate: float) -> float:
    """A share that a true rate stays under in all but one of a million runs."""
    return float(stats.binom.ppf(1 - 1e-6, DRAWS, rate)) / DRAWS


def surely_at_least(rate: float) -> float:
    return float(stats.binom.ppf(1e-6, DRAWS, rate)) / DRAWS


@pytest.mark.slow
@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.6])
def test_a_level_without_effect_is_rarely_locked(correlation):
    assert simulated_rates(DRAWS, 5, correlation).false_lock <= surely_at_most(0.06)


@pytest.mark.slow
def test_a_large_effect_is_locked_where_folds_share_nothing():
    rates = simulated_rates(DRAWS, 5, 0.0)
    assert rates.power_one >= surely_at_least(0.90)
    assert rates.power_all >= surely_at_least(0.90)


@pytest.mark.slow
def test_twelve_folds_find_a_large_effect_even_where_folds_share_most():
    assert simulated_rates(DRAWS, 12, 0.6).power_one >= surely_at_least(0.90)


def test_equal_seeds_give_equal_rates():
    assert simulated_rates(20, 5, 0.3, seed=1) == simulated_rates(20, 5, 0.3, seed=1)
