"""Label smoothing: the values, the bounds, and that hard labels can be recovered."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftf_assets.contracts.errors import InputError
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.labels.smoothing import (
    LABEL_SMOOTHING,
    check_epsilons,
    recover_hard_labels,
    smooth_labels,
)

HARD = np.array([1, 0, 0, 1, 0], np.float32)


@pytest.mark.parametrize(
    ("epsilon_buy", "epsilon_hold", "expected"),
    [
        (0.10, 0.02, [0.90, 0.02, 0.02, 0.90, 0.02]),
        (0.20, 0.05, [0.80, 0.05, 0.05, 0.80, 0.05]),
        (0.10, 0.00, [0.90, 0.00, 0.00, 0.90, 0.00]),
        (0.10, 0.10, [0.90, 0.10, 0.10, 0.90, 0.10]),
        (0.49, 0.49, [0.51, 0.49, 0.49, 0.51, 0.49]),
    ],
    ids=["mild", "aggressive", "BUY only", "uniform", "the bound"],
)
def test_buy_is_one_minus_epsilon_buy_and_hold_is_epsilon_hold(epsilon_buy, epsilon_hold, expected):
    soft = smooth_labels(HARD, epsilon_buy=epsilon_buy, epsilon_hold=epsilon_hold)
    assert soft.dtype == np.float32
    assert soft.tolist() == np.array(expected, np.float32).tolist()


def test_the_off_path_is_free_none_returns_the_same_object():
    assert smooth_labels(HARD, epsilon_buy=0.0, epsilon_hold=0.0) is HARD


def test_smoothing_leaves_its_input_alone():
    hard = HARD.copy()
    smooth_labels(hard, epsilon_buy=0.2, epsilon_hold=0.1)
    assert hard.tolist() == HARD.tolist()


@pytest.mark.parametrize(
    ("epsilon_buy", "epsilon_hold"),
    [(0.5, 0.0), (0.1, 0.2), (-0.1, -0.2), (0.1, -0.01), (float("nan"), 0.0), (0.1, float("nan"))],
    ids=["BUY at one half", "HOLD more than BUY", "negative", "negative HOLD", "NaN BUY", "NaN HOLD"],
)
def test_epsilons_out_of_bounds_are_refused(epsilon_buy, epsilon_hold):
    with pytest.raises(InputError, match=r"level 'mild' .*0 <= epsilon_hold <= epsilon_buy < 0.5"):
        check_epsilons("mild", epsilon_buy, epsilon_hold)
    with pytest.raises(InputError, match="out of bounds"):
        smooth_labels(HARD, epsilon_buy=epsilon_buy, epsilon_hold=epsilon_hold)


@given(
    st.lists(st.integers(0, 1), min_size=1, max_size=50),
    st.floats(0, 0.499).flatmap(lambda buy: st.tuples(st.just(buy), st.floats(0, buy))),
)
def test_hard_labels_are_recovered_from_any_smoothing(labels, epsilons):
    y = np.array(labels, np.int8)
    soft = smooth_labels(y.astype(np.float32), epsilon_buy=epsilons[0], epsilon_hold=epsilons[1])
    assert soft.dtype == np.float32
    assert recover_hard_labels(soft).tolist() == labels
    assert set(soft.tolist()) <= {float(np.float32(1 - epsilons[0])), float(np.float32(epsilons[1]))}


def test_the_factor_starts_at_its_baseline():
    assert FACTORS["label_smoothing"] is LABEL_SMOOTHING
    for factor in FACTORS.values():
        assert factor.default_levels[0] == factor.levels[0] == factor.baseline
        assert set(factor.default_levels) <= set(factor.levels)
