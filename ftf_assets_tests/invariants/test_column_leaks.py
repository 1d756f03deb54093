"""Single columns: which ones nearly are the label or the future, and which honest ones are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.coercion import coerce_feature_cache
from ftf_assets.invariants.column_leaks import auc_of, column_leaks, column_strengths
from ftf_assets.sweep.sweep import open_sweep
from ftf_assets_tests.support.real_candles import require_real_candles
from ftf_assets_tests.support.settings import settings_of


def with_column(arrays: TrainingArrays, column: np.ndarray, name: str = "late") -> TrainingArrays:
    X = np.column_stack([arrays.X, column]).astype(np.float32)
    return replace(arrays, X=X, feature_names=(*arrays.feature_names, name))


def noise(arrays: TrainingArrays) -> np.ndarray:
    return np.random.default_rng(5).normal(size=arrays.n_rows)


LEAKS: dict[str, tuple[Callable[[TrainingArrays], np.ndarray], str]] = {
    "the label": (lambda a: a.y, "nearly is the label: alone it ranks BUY against HOLD with AUC 1.0000"),
    "the label, upside down": (lambda a: 3 - 2 * a.y, "with AUC 0.0000, allowed 0.10 to 0.90"),
    "the label with noise": (lambda a: a.y + 0.4 * noise(a), "nearly is the label: alone"),
    "the return": (lambda a: a.label_return, "nearly is the label"),
    "present for BUY only": (lambda a: np.where(a.y == 1, noise(a), np.nan), "with AUC 1.0000"),
}
HONEST: dict[str, Callable[[TrainingArrays], np.ndarray]] = {
    "noise": noise,
    "a constant": lambda a: np.ones(a.n_rows),
    "missing throughout": lambda a: np.full(a.n_rows, np.nan),
    "missing at random": lambda a: np.where(noise(a) > 0, 1.0, np.nan),
    "a strong feature": lambda a: a.y + noise(a),
    "the label before": lambda a: np.roll(a.y, 1),
}


@pytest.mark.parametrize(("column", "words"), LEAKS.values(), ids=LEAKS)
def test_a_column_that_nearly_is_the_label_is_named(training_arrays: TrainingArrays, column, words):
    (found,) = column_leaks(column_strengths(with_column(training_arrays, column(training_arrays))))
    assert found.startswith("column 'late' ")
    assert words in found
    assert found.endswith("Remove it from the features")


@pytest.mark.parametrize("column", HONEST.values(), ids=HONEST)
def test_an_honest_column_is_no_leak(training_arrays: TrainingArrays, column):
    assert column_leaks(column_strengths(with_column(training_arrays, column(training_arrays)))) == []


@pytest.mark.parametrize("shape", [lambda r: r, lambda r: np.sinh(40 * r)], ids=["linear", "by rank"])
def test_a_column_that_nearly_is_the_return_is_named_where_labels_hide_it(
    training_arrays: TrainingArrays, shape
):
    random = np.random.default_rng(1)
    returns = random.normal(0, 0.01, training_arrays.n_rows).astype(np.float32)
    labels = (random.random(training_arrays.n_rows) < 0.2).astype(np.int8)  # unrelated to the return
    arrays = replace(training_arrays, label_return=returns, y=labels)
    (found,) = column_leaks(column_strengths(with_column(arrays, shape(returns))))
    assert "column 'late' nearly is the future: its correlation with label_return is +1.0000" in found


def test_of_many_columns_all_are_named_and_three_with_numbers(training_arrays: TrainingArrays):
    arrays = training_arrays
    for number in range(5):
        arrays = with_column(arrays, arrays.y, f"copy_{number}")
    (found,) = column_leaks(column_strengths(arrays))
    assert found.count("nearly is the label") == 3
    assert found.endswith("likewise 'copy_3', 'copy_4'. Remove them from the features")


def test_the_strengths_are_those_of_the_libraries(training_arrays: TrainingArrays):
    X, y, returns = training_arrays.X.copy(), training_arrays.y, training_arrays.label_return
    X[:, 0] = np.round(X[:, 0])  # ties
    for one in column_strengths(replace(training_arrays, X=X)):
        column = X[:, training_arrays.feature_names.index(one.column)].astype(np.float64)
        assert one.auc == pytest.approx(roc_auc_score(y, column))
        expected = [np.corrcoef(column, returns)[0, 1], spearmanr(column, returns).statistic]
        assert one.correlation == pytest.approx(max(expected, key=abs))


def test_one_class_alone_cannot_be_ranked():
    assert auc_of(np.arange(3.0), np.ones(3, np.bool_)) == 0.5


@pytest.mark.parametrize(
    ("source", "crypto"),
    [
        ("market", "AAVEUSDC"),
        *(
            pytest.param("candles", crypto, marks=pytest.mark.slow)
            for crypto in ("AAVEUSDC", "ARBUSDC", "LDOUSDC", "OPUSDC", "UNIUSDC")
        ),
    ],
)
def test_no_honest_indicator_comes_near_the_bounds(source: str, crypto: str):
    path = str(require_real_candles()) if source == "candles" else None
    sweep = open_sweep(settings_of(source=source, path=path, cryptos=crypto))
    frame, _ = sweep.source.feature_cache(crypto, sweep.source.candles(crypto))
    strengths = column_strengths(coerce_feature_cache(frame, crypto=crypto))
    assert max(abs(one.auc - 0.5) for one in strengths) < 0.1
    assert max(abs(one.correlation) for one in strengths) < 0.5
