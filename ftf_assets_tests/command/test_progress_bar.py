"""Progress: what has ended is counted once, and the time left follows this run's own pace."""

from __future__ import annotations

import pytest

from ftf_assets.command.progress_bar import show_progress
from ftf_assets.running.progress import SweepProgress
from ftf_assets.training.engine import FitEvent

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
    progress = SweepProgress(len(FITS), CELLS, clock=clock)
    assert (progress.n_fits_ended, progress.n_cells_ended) == (0, 0)
    assert progress.fits_per_second is progress.seconds_left is None
    counts = []
    for key in FITS:
        clock.now += 2
        progress.count(ended(key))
        counts.append((progress.n_fits_ended, progress.n_cells_ended, progress.seconds_left))
    assert counts == [(1, 1, 8.0), (2, 1, 6.0), (3, 1, 4.0), (4, 2, 2.0), (5, 3, 0.0)]


def test_a_fit_that_is_told_twice_counts_once_and_a_failed_one_has_ended(clock: Clock):
    progress = SweepProgress(len(FITS), CELLS, clock=clock)
    clock.now += 1
    for event in (ended("mild", "failed"), ended("mild"), ended("mild", "reused")):
        progress.count(event)
    assert (progress.n_fits_ended, progress.n_cells_ended) == (1, 1)


def test_what_was_done_before_counts_as_done_but_not_for_the_pace(clock: Clock):
    progress = SweepProgress(len(FITS), CELLS, ["baseline", "block_0", "block_1"], clock=clock)
    assert (progress.n_reused, progress.n_fits_ended, progress.n_cells_ended) == (3, 3, 1)
    clock.now += 4
    progress.count(ended("block_0", "reused"))
    assert progress.fits_per_second is None
    progress.count(ended("mild"))
    assert progress.fits_per_second == 0.25
    assert progress.seconds_left == 4.0


def test_off_a_terminal_progress_is_a_line_every_tenth_with_the_time_left(capfd, clock: Clock):
    fits = [f"fit_{number}" for number in range(40)]
    with show_progress(SweepProgress(40, [[key] for key in fits], clock=clock)) as listener:
        for key in fits:
            clock.now += 0.5
            listener(ended(key))
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[1] == "8 of 40 fits, 8 of 40 cells, 2.0 fits/s, 0:00:16 left, OPUSDC fold 3 fit_7"
    assert lines[-1].startswith("40 of 40 fits, 40 of 40 cells, 2.0 fits/s, 0:00:00 left")
