"""One fit: rounds, bin edges and bits."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest
import xgboost as xgb
from sklearn.metrics import log_loss

from ftf_assets.training.boosting import FittedBooster, ValidationSlice, bin_features, fit_booster
from ftf_assets.training.parameters import Rounds
from ftf_assets_tests.support.production import QUICK

FIT, VALIDATION, TEST = slice(0, 1_200), slice(1_200, 1_500), slice(1_500, 2_000)


@dataclass(frozen=True)
class Rows:
    """Rows to learn from."""

    X: np.ndarray
    labels: np.ndarray
    weight: np.ndarray

    def fit(self, *, parameters, **how) -> FittedBooster:
        matrix = bin_features(self.X, parameters)
        return fit_booster(matrix, self.labels, self.weight, parameters=parameters, **how)


@pytest.fixture
def training(training_arrays) -> Rows:
    arrays = training_arrays
    return Rows(arrays.X[FIT], arrays.y[FIT].astype(np.float32), arrays.base_weight[FIT])


@pytest.fixture
def validation(training_arrays) -> ValidationSlice:
    return ValidationSlice(training_arrays.X[VALIDATION], training_arrays.y[VALIDATION])


@pytest.fixture
def fit(training_arrays):
    def run(training, rounds, validation=None, seed=11, **parameters):
        return training.fit(parameters=QUICK | parameters, rounds=rounds, validation=validation, seed=seed)

    return run


@pytest.fixture
def p_test(training_arrays):
    """P(BUY) of the test rows."""
    return lambda fitted: fitted.predict(training_arrays.X[TEST])


def trees(fitted) -> int:
    booster = xgb.Booster()
    booster.load_model(bytearray(fitted.to_ubjson()))
    return booster.num_boosted_rounds()


def test_probabilities_are_float64_between_0_and_1(fit, training, p_test):
    probability = p_test(fit(training, 5))
    assert (probability.dtype, len(probability)) == (np.float64, 500)
    assert ((probability > 0) & (probability < 1)).all()


@pytest.mark.parametrize("rounds", [1, 7])
def test_a_fixed_number_of_rounds_is_exact(fit, training, rounds):
    result = fit(training, rounds)
    assert result.rounds == trees(result) == rounds


@pytest.mark.parametrize(
    ("rounds", "parameters", "allowed"),
    [
        (Rounds(1, 60, 5), {}, range(1, 61)),
        (Rounds(50, 60, 30), {}, range(50, 61)),
        (Rounds(1, 3, 5), {}, range(1, 4)),
        (Rounds(20, 400, 3), {"learning_rate": 1.0}, [20]),
    ],
    ids=["free", "at least the minimum", "at most the maximum", "stopped before the minimum"],
)
def test_early_stopping_finds_rounds_within_its_bounds(
    fit, training, validation, rounds, parameters, allowed
):
    result = fit(training, rounds, validation, **parameters)
    assert result.rounds in allowed
    assert trees(result) == result.rounds


def test_the_rounds_that_are_kept_have_the_lowest_log_loss_on_the_validation_slice(fit, training, validation):
    stopped = fit(training, Rounds(1, 40, 40), validation)
    losses = [log_loss(validation.y, fit(training, rounds).predict(validation.X)) for rounds in range(1, 41)]
    assert stopped.rounds == 1 + int(np.argmin(losses))
    assert 1 < stopped.rounds < 40, "neither bound decides"


@pytest.mark.parametrize(
    "rounds",
    [Rounds(1, 60, 5), Rounds(30, 60, 30), Rounds(50, 60, 3)],
    ids=["best", "minimum", "stopped below it"],
)
def test_an_early_stopped_model_is_the_fit_of_exactly_its_rounds_to_the_bit(
    fit, training, validation, training_arrays, rounds
):
    stopped = fit(training, rounds, validation)
    assert stopped.rounds < 60
    exact = fit(training, stopped.rounds)
    for rows in (TEST, VALIDATION):
        X = training_arrays.X[rows]
        np.testing.assert_array_equal(stopped.predict(X), exact.predict(X))


def test_early_stopping_without_a_validation_slice_is_an_error(fit, training):
    with pytest.raises(ValueError, match="validation slice"):
        fit(training, Rounds(1, 10, 2))


def test_the_validation_slice_is_judged_by_hard_labels_and_never_learned_from(
    fit, training, validation, p_test
):
    upside_down = dataclasses.replace(validation, y=1 - validation.y)
    right, wrong = (fit(training, Rounds(1, 60, 5), rows) for rows in (validation, upside_down))
    assert wrong.rounds < right.rounds
    np.testing.assert_array_equal(p_test(fit(training, wrong.rounds)), p_test(wrong))


def test_equal_fits_give_equal_bits(fit, training, p_test):
    first, again = fit(training, 12), fit(training, 12)
    assert first.to_ubjson() == again.to_ubjson()
    np.testing.assert_array_equal(p_test(first), p_test(again))
    assert (p_test(first) != p_test(fit(training, 12, seed=12))).any()


def test_weights_change_the_loss_and_never_the_bin_edges():
    """One feature, one split on 8 bins: only edges decide where a threshold can lie."""
    random = np.random.default_rng(0)
    X = np.sort(random.normal(size=(600, 1)).astype(np.float32), axis=0)
    labels = (X[:, 0] > 0.3).astype(np.float32)
    heavy_tail = np.where(X[:, 0] > 1, np.float32(50), np.float32(1))

    def thresholds(weight):
        fitted = Rows(X, labels, weight).fit(
            parameters={"max_depth": 6, "max_bin": 8, "learning_rate": 0.3, "min_child_weight": 0.0},
            rounds=5,
            seed=1,
        )
        return set(fitted.booster.trees_to_dataframe()["Split"].dropna())

    edges = set(np.float32(xgb.QuantileDMatrix(X, max_bin=8).get_quantile_cut()[1]).tolist())
    for weight in (np.ones(600, np.float32), heavy_tail):
        assert {float(np.float32(t)) for t in thresholds(weight)} <= edges
    moved = set(
        np.float32(xgb.QuantileDMatrix(X, weight=heavy_tail, max_bin=8).get_quantile_cut()[1]).tolist()
    )
    assert moved != edges  # weights given to the constructor would have moved them


def test_weights_change_the_model(fit, training, p_test):
    reweighted = dataclasses.replace(training, weight=np.where(training.labels == 1, 3, 1).astype(np.float32))
    plain = dataclasses.replace(training, weight=np.ones_like(training.weight))
    mean = {name: p_test(fit(rows, 12)).mean() for name, rows in (("w", reweighted), ("1", plain))}
    assert mean["w"] > mean["1"] + 0.05


def test_soft_labels_are_learned_without_rounding_to_hard_ones(fit, training, p_test):
    soft = dataclasses.replace(training, labels=np.where(training.labels == 1, 0.9, 0.1).astype(np.float32))
    hard_p, soft_p = (p_test(fit(rows, 60)) for rows in (training, soft))
    assert soft_p.min() > 0.03
    assert soft_p.mean() > hard_p.mean()
    as_soft = dataclasses.replace(training, labels=training.labels.copy())
    np.testing.assert_array_equal(p_test(fit(as_soft, 60)), hard_p)


def test_read_only_and_memory_mapped_rows_are_accepted(fit, training, p_test, tmp_path):
    mapped = {}
    for name in ("X", "labels", "weight"):
        np.save(tmp_path / f"{name}.npy", getattr(training, name))
        mapped[name] = np.load(tmp_path / f"{name}.npy", mmap_mode="r")
    np.testing.assert_array_equal(p_test(fit(Rows(**mapped), 8)), p_test(fit(training, 8)))


def test_missing_features_are_left_to_xgboost(fit, training, p_test):
    X = training.X.copy()
    X[:14, 0] = np.nan
    assert np.isfinite(p_test(fit(dataclasses.replace(training, X=X), 5))).all()
