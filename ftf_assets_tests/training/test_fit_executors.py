"""Threads of a fit: its share of the free cores, and the same bits whatever that is."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from ftf_assets.contracts.bundles import FlipRates
from ftf_assets.training import fit_executors, fit_task
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_executors import MOST_THREADS, ThreadFitExecutor, useful_threads
from ftf_assets.training.fit_task import execute_fit
from ftf_assets.training.parameters import Rounds
from ftf_assets_tests.support.fits import a_fit


@pytest.mark.parametrize("threads", [2, 3, 8])
@pytest.mark.parametrize(
    "changes",
    [
        {"rounds": 12},
        {"rounds": Rounds(2, 30, 4)},
        {"rounds": 12, "flip_rates": FlipRates(0.2, 0.05)},
    ],
    ids=["fixed rounds", "early stopping", "corrected loss"],
)
def test_a_fit_has_the_same_bits_on_any_number_of_threads(training_arrays, changes, threads):
    rows = np.flatnonzero(np.arange(1_600) % 7 > 0)
    y = training_arrays.y[rows]
    task = a_fit(
        "key",
        rows=rows,
        labels=np.where(y == 1, 0.9, 0.02).astype(np.float32),
        weight=np.exp(np.random.default_rng(3).normal(0, 2, len(rows))).astype(np.float32),
        predict={"validation": np.arange(1_600, 1_800), "test": np.arange(1_800, 2_000)},
        **changes,
    )
    one = execute_fit(task, dataclasses.replace(training_arrays))
    several = execute_fit(dataclasses.replace(task, threads=threads), dataclasses.replace(training_arrays))
    assert several.booster == one.booster
    for name, probability in one.probabilities.items():
        np.testing.assert_array_equal(several.probabilities[name], probability)


class Cores:
    """Eight free cores, for one fit after the other; it notes what each takes."""

    def __init__(self) -> None:
        self.held: list[int] = []
        self.open = threading.Event()
        self.turn = threading.Lock()

    @contextmanager
    def hold(self, share: Callable[[int], int]) -> Iterator[int]:
        self.open.wait(60)
        with self.turn:
            self.held.append(share(8))
            yield self.held[-1]


@pytest.mark.parametrize(
    ("n_fits", "most", "held"), [(1, 8, [8]), (1, 3, [3]), (3, 8, [2, 4, 8]), (9, 8, [1, 1, 1])]
)
def test_a_fit_takes_its_share_of_the_free_cores_among_the_fits_that_wait(
    training_arrays, monkeypatch, n_fits, most, held
):
    ran = []
    monkeypatch.setattr(fit_executors, "useful_threads", lambda n_values: most)
    monkeypatch.setattr(
        fit_task, "execute_fit", lambda task, _: ran.append(task.threads) or FitResult(b"", 1, 0.0)
    )
    cores = Cores()
    executor = ThreadFitExecutor(n_fits, cores)
    futures = [executor.submit(a_fit(str(number)), training_arrays) for number in range(n_fits)]
    cores.open.set()
    for future in futures:
        future.result(60)
    executor.close()
    assert cores.held[: len(held)] == held
    assert ran == cores.held


def test_small_fits_take_one_thread_and_no_fit_more_than_are_of_use():
    assert [useful_threads(n) for n in (0, 250_000, 1_000_000, 10**9)] == [1, 1, 6, MOST_THREADS]


@pytest.mark.parametrize(
    ("before", "policy", "several"),
    [("", "", True), ("", "ACTIVE", False), ("import xgboost; ", "", False)],
    ids=["by us", "by the user", "too late"],
)
def test_threads_that_would_spin_while_they_wait_are_not_used(before, policy, several):
    code = (
        f"{before}from ftf_assets.training.fit_executors import useful_threads; print(useful_threads(10**9))"
    )
    environment = {"OMP_WAIT_POLICY": policy} if policy else {}
    said = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "", **environment},
    ).stdout
    assert (int(said) > 1) is several
