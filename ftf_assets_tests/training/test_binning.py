"""Binned matrices: shared by fits on the same rows, one at a time, without changing a bit of the fits."""

from __future__ import annotations

import dataclasses
import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ftf_assets.training import binning, boosting
from ftf_assets.training.binning import BinnedMatrices, matrices_of
from ftf_assets.training.boosting import bin_features, fit_booster
from ftf_assets.training.fit_task import FitTask, execute_fit
from ftf_assets_tests.support.production import CRYPTO, QUICK


def task(arrays, key: str, rows, labels, weight, **changes) -> FitTask:
    return FitTask(
        key=key,
        crypto=CRYPTO,
        fold=0,
        name=key,
        rows=rows,
        labels=labels.astype(np.float32),
        weight=weight.astype(np.float32),
        predict={"test": np.arange(1_600, 2_000)},
        **({"rounds": 9, "parameters": QUICK, "seed": 5, "device": "cpu"} | changes),
    )


@pytest.fixture
def arrays(training_arrays):
    """Arrays of their own, so that no other test's matrices are there."""
    return dataclasses.replace(training_arrays)


@pytest.fixture
def n_binned(monkeypatch) -> list[int]:
    """Rows of every matrix that is binned."""
    made: list[int] = []
    healthy = boosting.bin_features

    def count(X, *how):
        made.append(len(X))
        return healthy(X, *how)

    monkeypatch.setattr(boosting, "bin_features", count)
    return made


@pytest.fixture
def tasks(arrays) -> list[FitTask]:
    """The treatments of one fold: soft labels, other weights and parameters on the same rows, fewer rows."""
    rows, y = np.arange(1_500), arrays.y[:1_500]
    kept = rows[::2]
    return [
        task(arrays, "baseline", rows, y, np.ones(1_500)),
        task(arrays, "mild", rows, np.where(y == 1, 0.9, 0.02), np.ones(1_500)),
        task(arrays, "reweight", rows, y, np.linspace(0.1, 2, 1_500)),
        task(arrays, "trial", rows, y, np.ones(1_500), parameters={**QUICK, "max_depth": 3}),
        task(arrays, "filter", kept, y[kept], np.ones(len(kept))),
    ]


def alone(one: FitTask, arrays) -> bytes:
    """The same fit as a plain call, its matrix made for it."""
    matrix = bin_features(arrays.X[one.rows], one.parameters)
    how = {"parameters": one.parameters, "rounds": one.rounds, "seed": one.seed}
    return fit_booster(matrix, one.labels, one.weight, **how).to_ubjson()


def test_fits_on_the_same_rows_share_one_matrix_and_have_the_bits_of_a_fit_alone(arrays, tasks, n_binned):
    shared = [execute_fit(one, arrays).booster for one in (*tasks, *tasks)]
    assert n_binned == [1_500, 750]
    assert shared == [alone(one, arrays) for one in tasks] * 2


def test_fits_side_by_side_have_the_same_bits(arrays, tasks):
    expected = [alone(one, arrays) for one in tasks] * 4
    with ThreadPoolExecutor(8) as executor:
        results = list(executor.map(lambda one: execute_fit(one, arrays), tasks * 4))
    assert [result.booster for result in results] == expected


def test_other_bins_or_other_arrays_are_another_matrix(arrays, tasks, n_binned):
    execute_fit(tasks[0], arrays)
    coarse = dataclasses.replace(tasks[0], parameters={**QUICK, "max_bin": 16})
    assert execute_fit(coarse, arrays).booster == alone(coarse, arrays)
    moved = dataclasses.replace(arrays, X=arrays.X * np.float32(2))
    assert execute_fit(tasks[0], moved).booster == alone(tasks[0], moved)
    assert n_binned == [1_500] * 3


def test_a_matrix_is_lent_to_one_at_a_time_and_is_kept_for_the_next():
    matrices = BinnedMatrices(100)
    with matrices.borrow("rows", 10, object) as first, matrices.borrow("rows", 10, object) as second:
        assert first is not second
    with matrices.borrow("rows", 10, object) as third:
        assert third in (first, second)


def test_a_matrix_whose_fit_raised_is_not_used_again():
    matrices = BinnedMatrices(100)
    with pytest.raises(ZeroDivisionError), matrices.borrow("rows", 10, object) as first:
        raise ZeroDivisionError
    with matrices.borrow("rows", 10, object) as second:
        assert second is not first


def test_the_cache_keeps_to_its_capacity_and_drops_the_least_recently_used_matrix():
    matrices, made = BinnedMatrices(25), []

    def make(name: str):
        return lambda: made.append(name) or name

    for name in ("a", "b", "a", "c", "a", "b"):
        with matrices.borrow(name, 10, make(name)):
            pass
    assert made == ["a", "b", "c", "b"]


def test_a_matrix_that_is_not_needed_again_displaces_no_other():
    matrices, made = BinnedMatrices(10), []

    def make(name: str):
        return lambda: made.append(name) or name

    for name, n_bytes in (("a", 10), ("b", None), ("a", 10), ("b", None)):
        with matrices.borrow(name, n_bytes, make(name)):
            pass
    assert made == ["a", "b", "b"]


def test_matrices_live_as_long_as_the_rows_that_they_were_made_from(training_arrays):
    arrays = dataclasses.replace(training_arrays)
    matrices_of(arrays)
    assert arrays in binning._matrices
    before = len(binning._matrices)
    del arrays
    gc.collect()
    assert len(binning._matrices) == before - 1
