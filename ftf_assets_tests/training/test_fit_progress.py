"""Progress counts each finished fit once and estimates the time left from the pace of this run."""

from __future__ import annotations

import pytest

from ftf_assets.training.fit_engine import FitEvent
from ftf_assets.training.fit_progress import FitProgress

CELLS = [["baseline"], ["mild"], ["filter"]]
FITS = ["baseline", "block_0", "block_1", "mild", "filter"]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def ended(key: str, kind: str = "done") -> FitEvent:
    return FitEvent(kind, key, "OPUSDC", 3, key, "")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_fits_and_cells_are_counted_as_their_last_fit_ends(clock: Clock):
    progress = FitProgress(len(FITS), CELLS, clock=clock)
    assert (progress.n_fits_ended, progress.n_cells_ended) == (0, 0)
    assert progress.fits_per_second is progress.seconds_left is None
    counts = []
    for key in FITS:
        clock.now += 2
        progress.count(ended(key))
        counts.append((progress.n_fits_ended, progress.n_cells_ended, progress.seconds_left))
    assert counts == [(1, 1, 8.0), (2, 1, 6.0), (3, 1, 4.0), (4, 2, 2.0), (5, 3, 0.0)]


def test_a_fit_that_is_reported_twice_counts_once_and_a_failed_one_counts(clock: Clock):
    progress = FitProgress(len(FITS), CELLS, clock=clock)
    clock.now += 1
    for event in (ended("mild", "failed"), ended("mild"), ended("mild", "reused")):
        progress.count(event)
    assert (progress.n_fits_ended, progress.n_cells_ended) == (1, 1)


def test_fits_of_an_earlier_run_count_as_finished_but_not_for_the_pace(clock: Clock):
    progress = FitProgress(len(FITS), CELLS, ["baseline", "block_0", "block_1"], clock=clock)
    assert (progress.n_reused, progress.n_fits_ended, progress.n_cells_ended) == (3, 3, 1)
    clock.now += 4
    progress.count(ended("block_0", "reused"))
    assert progress.fits_per_second is None
    progress.count(ended("mild"))
    assert progress.fits_per_second == 0.25
    assert progress.seconds_left == 4.0


def test_a_fit_that_another_run_has_finished_meanwhile_is_left_out_of_the_pace_too(clock: Clock):
    progress = FitProgress(len(FITS), CELLS, clock=clock)
    clock.now += 4
    progress.count(ended("baseline", "reused"))
    progress.count(ended("mild"))
    assert (progress.n_fits_ended, progress.n_made) == (2, 1)
    assert progress.fits_per_second == 0.25
