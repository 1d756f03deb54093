"""Places on a GPU: fits at a time by number and by memory, counted over all processes of a home."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from ftf_assets.storage.gpu_places import SHARE_FOR_FITS, GpuPlaces

GIGABYTE = 10**9


def places(folder: Path, n_fits: int = 4) -> GpuPlaces:
    return GpuPlaces(folder, n_fits, total_bytes=80 * GIGABYTE, n_cores=16)


class Waiting:
    """A fit in another thread that waits for places of its own."""

    def __init__(self, hold: Callable[[], AbstractContextManager[None]]) -> None:
        self.entered, self.leave = threading.Event(), threading.Event()

        def wait() -> None:
            with hold():
                self.entered.set()
                self.leave.wait(60)

        self.thread = threading.Thread(target=wait)
        self.thread.start()

    def has_entered(self, seconds: float = 60) -> bool:
        return self.entered.wait(seconds)

    def end(self) -> None:
        self.leave.set()
        self.thread.join(60)


@pytest.mark.parametrize(
    ("n_bytes", "at_a_time"),
    [
        (1, 4),
        (12 * GIGABYTE, 4),
        (13 * GIGABYTE, 2),
        (25 * GIGABYTE, 1),
        (48 * GIGABYTE, 1),
        (500 * GIGABYTE, 1),
    ],
)
def test_as_many_fits_run_at_once_as_the_memory_for_fits_holds(tmp_path: Path, n_bytes: int, at_a_time: int):
    assert SHARE_FOR_FITS * 80 == 48
    with ExitStack() as running:
        for _ in range(at_a_time):
            running.enter_context(places(tmp_path).hold(n_bytes))
        one_more = Waiting(lambda: places(tmp_path).hold(n_bytes))
        assert not one_more.has_entered(0.05)
    assert one_more.has_entered()
    one_more.end()


@pytest.mark.parametrize(
    ("n_fits", "n_values", "threads"),
    [(4, 1_000_000, 4), (32, 1_000_000, 1), (4, 50_000_000, 5), (4, 200_000_000, 16), (4, 2_000_000_000, 16)],
)
def test_a_fit_takes_its_share_of_the_cores_and_a_large_one_more(
    tmp_path: Path, n_fits: int, n_values: int, threads: int
):
    assert places(tmp_path, n_fits).threads(n_values) == threads


def test_a_fit_alone_waits_for_all_others_and_lets_none_begin(tmp_path: Path):
    with ExitStack() as running:
        running.enter_context(places(tmp_path).hold(1))
        alone = Waiting(places(tmp_path).alone)
        assert not alone.has_entered(0.05)
        later = Waiting(lambda: places(tmp_path).hold(1))
        assert not later.has_entered(0.05)
    assert alone.has_entered()
    assert not later.has_entered(0.05)
    alone.end()
    assert later.has_entered()
    later.end()


def test_a_fit_that_raises_gives_its_places_back(tmp_path: Path):
    with pytest.raises(ZeroDivisionError), places(tmp_path).alone():
        raise ZeroDivisionError
    with places(tmp_path).alone():
        pass
