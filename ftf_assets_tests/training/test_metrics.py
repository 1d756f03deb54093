"""Metrics against hard labels: their values by hand, and the calibration error of a perfect model."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import TypeCheckError

from ftf_assets.contracts.errors import CellError
from ftf_assets.contracts.tables.finetune_results import METRIC_COLUMNS, SEED_SPREAD_COLUMNS
from ftf_assets.training.metrics import (
    breakeven_precision,
    calibration_error_of_perfect_model,
    classification_metrics,
    expected_calibration_error,
    precision_at,
    seed_scores,
    seed_spread,
)


def perfect_model(rng: np.random.Generator, n: int = 640) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn from the probabilities that are scored; base rate 0.2."""
    probability = rng.beta(2, 8, n)
    return (rng.random(n) < probability).astype(np.int8), probability


def ece_by_hand(y: np.ndarray, probability: np.ndarray, n_bins: int = 15) -> float:
    """Equal-mass bins written out; for probabilities without ties."""
    total = 0.0
    order = np.argsort(probability)
    bins = [[] for _ in range(n_bins)]
    for rank, row in enumerate(order):
        bins[rank * n_bins // len(order)].append(row)
    for members in bins:
        if members:
            total += abs(sum(probability[members]) - sum(y[members].astype(float)))
    return total / len(y)


# --- the whole row -------------------------------------------------------------------------------------

CASES = [
    # y, p, threshold, expected
    pytest.param(
        [1, 0, 0, 1, 0], [0.9, 0.6, 0.4, 0.3, 0.1], 0.5,
        {"f1_buy": 0.5, "precision_buy": 0.5, "recall_buy": 0.5, "predicted_buy_rate": 0.4, "mcc": 1 / 6,
         "f1_always_buy": 4 / 7, "average_precision": 0.75, "roc_auc": 4 / 6,
         "brier": (0.01 + 0.36 + 0.16 + 0.49 + 0.01) / 5},
        id="one hit, one false call",
    ),
    pytest.param(
        [1, 0, 0, 1, 0], [0.9, 0.6, 0.4, 0.3, 0.1], 0.3,
        {"f1_buy": 4 / 6, "precision_buy": 0.5, "recall_buy": 1.0, "predicted_buy_rate": 0.8},
        id="a probability at the threshold is a BUY",
    ),
    pytest.param(
        [1, 0, 0, 1, 0], [0.9, 0.6, 0.4, 0.3, 0.1], 0.95,
        {"f1_buy": 0.0, "precision_buy": 0.0, "recall_buy": 0.0, "predicted_buy_rate": 0.0, "mcc": 0.0},
        id="no call at all",
    ),
    pytest.param(
        [1, 0, 0, 0, 0], [0.2, 0.2, 0.2, 0.2, 0.2], 0.2,
        {"f1_buy": 1 / 3, "f1_always_buy": 1 / 3, "predicted_buy_rate": 1.0, "ece": 0.0, "roc_auc": 0.5,
         "log_loss": -(np.log(0.2) + 4 * np.log(0.8)) / 5},
        id="always BUY, base rate as probability",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("y", "probability", "threshold", "expected"), CASES)
def test_metrics_as_written_out(y, probability, threshold, expected):
    metrics = classification_metrics(np.array(y, dtype=np.int8), np.array(probability), threshold, seed=0)
    assert {name: metrics[name] for name in expected} == pytest.approx(expected)


def test_every_figure_is_a_finite_float_and_a_column_of_the_results_table():
    y, probability = perfect_model(np.random.default_rng(0))
    metrics = classification_metrics(y, probability, 0.2, seed=0, epsilon_buy=0.1, epsilon_hold=0.05)
    assert set(metrics) < set(METRIC_COLUMNS)
    assert all(type(value) is float and np.isfinite(value) for value in metrics.values())


def test_probabilities_of_0_and_1_have_a_finite_log_loss():
    metrics = classification_metrics(np.array([1, 0], dtype=np.int8), np.array([0.0, 1.0]), 0.5, seed=0)
    assert 10 < metrics["log_loss"] < 100


@pytest.mark.parametrize(
    ("y", "probability", "message"),
    [
        ([0, 0, 0], [0.1, 0.2, 0.3], "one class only: 0 BUY of 3"),
        ([1, 1, 1], [0.1, 0.2, 0.3], "one class only: 3 BUY of 3"),
        ([1, 0, 0], [0.1, np.nan, 0.3], "1 of 3 test probabilities are NaN"),
        ([1, 0, 0], [0.1, 1.2, -0.3], "2 of 3 test probabilities"),
    ],
)
def test_test_rows_that_cannot_be_scored_fail_the_cell(y, probability, message):
    with pytest.raises(CellError, match=message) as failed:
        classification_metrics(np.array(y, dtype=np.int8), np.array(probability), 0.2, seed=0)
    assert failed.value.stage == "evaluation"


# --- calibration ---------------------------------------------------------------------------------------


def test_against_its_own_soft_labels_a_model_has_a_meaningless_calibration_error_of_0():
    rng = np.random.default_rng(7)
    y = (rng.random(640) < 0.16).astype(np.int8)
    soft = np.where(y == 1, 0.9, 0.05)
    # A model that repeats the smoothed labels it was trained on has an error of exactly 0 against them …
    assert np.abs(soft - soft).sum() == 0.0
    # … against the hard labels it is what smoothing moved: 0.1 of each BUY, 0.05 of each HOLD.
    metrics = classification_metrics(y, soft, 0.5, seed=0)
    assert metrics["ece"] == pytest.approx(0.1 * y.mean() + 0.05 * (1 - y.mean()))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_soft_labels_are_a_type_error(dtype):
    y, probability = perfect_model(np.random.default_rng(0))
    soft = np.where(y == 1, 0.9, 0.05).astype(dtype)
    with pytest.raises(TypeCheckError, match="y"):
        classification_metrics(soft, probability, 0.2, seed=0)


@pytest.mark.parametrize("argument", ["y", "probability"])
def test_a_series_is_a_type_error(argument):
    y, probability = perfect_model(np.random.default_rng(0))
    arrays = {"y": y, "probability": probability}
    arrays[argument] = pd.Series(arrays[argument])
    with pytest.raises(TypeCheckError, match=argument):
        classification_metrics(**arrays, threshold=0.2, seed=0)


def test_a_perfect_model_has_a_raw_error_of_0_045_at_640_rows_and_almost_none_debiased():
    rng = np.random.default_rng(1)
    raw, debiased = [], []
    for seed in range(60):
        y, probability = perfect_model(rng)
        error = expected_calibration_error(y, probability)
        raw.append(error)
        debiased.append(max(0.0, error - calibration_error_of_perfect_model(probability, seed=seed)))
    assert np.mean(raw) == pytest.approx(0.045, abs=0.004)
    assert np.mean(debiased) < 0.006


def test_debiasing_keeps_a_real_calibration_error():
    rng = np.random.default_rng(2)
    y, probability = perfect_model(rng, 4_000)
    metrics = classification_metrics(y, np.minimum(probability + 0.1, 1.0), 0.3, seed=0)
    assert metrics["ece_debiased"] == pytest.approx(0.1, abs=0.025)


def test_a_model_that_is_better_calibrated_than_chance_allows_has_no_error_and_not_a_negative_one():
    y = np.tile(np.array([0, 1], np.int8), 500)
    metrics = classification_metrics(y, np.full(len(y), 0.5), 0.5, seed=0)
    assert metrics["ece"] == pytest.approx(0, abs=0.02)
    assert metrics["ece_debiased"] == 0.0


def test_smoothing_correction_undoes_what_the_labels_were_smoothed_by():
    y, probability = perfect_model(np.random.default_rng(3), 4_000)
    smoothed = 0.1 + probability * (1 - 0.2 - 0.1)
    metrics = classification_metrics(y, smoothed, 0.2, seed=0, epsilon_buy=0.2, epsilon_hold=0.1)
    assert metrics["ece_debiased"] > 0.03
    assert metrics["ece_debiased_smoothing_corrected"] < 0.006
    assert metrics["ece_smoothing_corrected"] == pytest.approx(expected_calibration_error(y, probability))


def test_smoothing_correction_is_clipped_to_probabilities():
    y = np.array([1, 0, 0, 0], dtype=np.int8)
    metrics = classification_metrics(
        y, np.array([1.0, 0.0, 0.0, 0.0]), 0.5, seed=0, epsilon_buy=0.2, epsilon_hold=0.1
    )
    assert metrics["ece_smoothing_corrected"] == 0.0


def test_without_smoothing_corrected_and_plain_errors_are_the_same_bits():
    y, probability = perfect_model(np.random.default_rng(4))
    metrics = classification_metrics(y, probability, 0.2, seed=11)
    assert metrics["ece"] == metrics["ece_smoothing_corrected"]
    assert metrics["ece_debiased"] == metrics["ece_debiased_smoothing_corrected"]


@given(st.integers(1, 200), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_ece_equals_the_bins_written_out(n, n_bins, seed):
    rng = np.random.default_rng(seed)
    probability = rng.random(n)
    y = (rng.random(n) < 0.3).astype(np.int8)
    found = expected_calibration_error(y, probability, n_bins=n_bins)
    assert found == pytest.approx(ece_by_hand(y, probability, n_bins))


def test_ece_does_not_depend_on_the_order_of_rows_even_where_probabilities_tie():
    rng = np.random.default_rng(5)
    probability = rng.integers(1, 8, 500) / 10
    y = (rng.random(500) < probability).astype(np.int8)
    shuffled = rng.permutation(500)
    assert expected_calibration_error(y[shuffled], probability[shuffled]) == pytest.approx(
        expected_calibration_error(y, probability), abs=1e-15
    )


def test_a_constant_probability_is_judged_in_one_bin():
    y = np.array([1] * 160 + [0] * 840, dtype=np.int8)
    assert expected_calibration_error(y, np.full(1000, 0.16)) == pytest.approx(0.0)
    assert expected_calibration_error(y, np.full(1000, 0.30)) == pytest.approx(0.14)


def test_draws_depend_on_the_seed_and_on_nothing_else():
    _, probability = perfect_model(np.random.default_rng(6))
    first = calibration_error_of_perfect_model(probability, seed=1)
    assert calibration_error_of_perfect_model(probability, seed=1) == first
    assert calibration_error_of_perfect_model(probability, seed=2) != first


def test_no_metric_has_a_hidden_seed():
    assert inspect.signature(classification_metrics).parameters["seed"].default is inspect.Parameter.empty


# --- break-even ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("returns", "y", "expected"),
    [
        # W = 3 %, L = 1 %, c = 0.15 %
        ([0.02, 0.04, -0.005, -0.015], [1, 1, 0, 0], (0.01 + 0.0015) / 0.04),
        # HOLD rows that leave at the horizon with a gain: L is negative
        ([0.03, 0.01, 0.01], [1, 0, 0], (-0.01 + 0.0015) / 0.02),
        ([0.03, 0.01], [1, 1], None),
        ([-0.03, -0.01], [0, 0], None),
        ([0.01, 0.01], [1, 0], None),
        ([0.01, 0.02], [1, 0], None),
    ],
    ids=["textbook", "holds gain", "no hold", "no buy", "no edge", "inverted"],
)
def test_breakeven_precision(returns, y, expected):
    found = breakeven_precision(np.array(returns, dtype=np.float32), np.array(y, dtype=np.int8), 0.0015)
    assert found == (expected if expected is None else pytest.approx(expected, rel=1e-5))


def test_at_the_breakeven_precision_a_trade_earns_nothing():
    returns = np.array([0.03, 0.03, -0.01, -0.01], dtype=np.float32)
    precision = breakeven_precision(returns, np.array([1, 1, 0, 0], dtype=np.int8), 0.0015)
    assert precision * 0.03 - (1 - precision) * 0.01 - 0.0015 == pytest.approx(0.0, abs=1e-9)


def test_the_spread_over_seeds_is_that_of_the_scores_of_single_fits():
    random = np.random.default_rng(4)
    y, probability = perfect_model(random)
    fits = np.clip(probability + random.normal(0, 0.05, (3, len(y))), 0, 1)
    thresholds = np.array([0.2, 0.25, 0.3])
    scores = [classification_metrics(y, p, t, seed=0) for p, t in zip(fits, thresholds, strict=True)]
    single = seed_scores(y, fits, thresholds)
    spread = seed_spread(single)
    assert set(spread) == set(SEED_SPREAD_COLUMNS.values())
    for metric, column in SEED_SPREAD_COLUMNS.items():
        assert [one[metric] for one in single] == pytest.approx([one[metric] for one in scores], rel=1e-12)
        assert spread[column] == pytest.approx(np.std([one[metric] for one in scores], ddof=1))
    same = seed_spread(seed_scores(y, np.stack([probability, probability]), np.array([0.2, 0.2])))
    assert set(same.values()) == {0.0}


@pytest.mark.parametrize("n_fits", [0, 1])
def test_fewer_than_two_fits_have_no_spread(n_fits: int):
    assert seed_spread([{"roc_auc": 0.5}] * n_fits) == {}


@pytest.mark.parametrize(
    ("threshold", "precision"),
    [(0.1, 0.5), (0.2, 2 / 3), (0.21, 0.5), (0.8, 1.0), (0.81, None)],
)
def test_precision_at_a_threshold_counts_the_rows_at_it(threshold: float, precision: float | None):
    y, probability = np.array([0, 1, 0, 1], dtype=np.int8), np.array([0.1, 0.2, 0.5, 0.8])
    assert precision_at(y, probability, threshold) == precision


def test_a_perfect_ranking_scores_1_and_no_rounding_error_more():
    random = np.random.default_rng(0)
    for n_rows in range(50, 60):  # the plain sum is 1.0000000000000002 for most of these
        y = (random.random(n_rows) < 0.2).astype(np.int8)
        probability = 0.9 * y + np.linspace(0, 0.1, n_rows)
        (single,) = seed_scores(y, probability[None], np.array([0.5]))
        scored = classification_metrics(y, probability, threshold=0.5, seed=0)
        assert single["average_precision"] == scored["average_precision"] == pytest.approx(1.0)
        assert max(single["average_precision"], scored["average_precision"]) <= 1
