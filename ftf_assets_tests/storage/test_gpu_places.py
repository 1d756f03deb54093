"""Places on a GPU: fits at a time by number and by memory, counted over all processes of a machine."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from ftf_assets.storage.gpu_places import SHARE_FOR_FITS, GpuPlaces

GIGABYTE = 10**9


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def places(n_fits: int = 4) -> GpuPlaces:
    return GpuPlaces("0", n_fits, total_bytes=80 * GIGABYTE, n_cores=16)


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
        (13 * GIGABYTE, 3),
        (17 * GIGABYTE, 2),
        (25 * GIGABYTE, 1),
        (48 * GIGABYTE, 1),
        (500 * GIGABYTE, 1),
    ],
)
def test_as_many_fits_run_at_once_as_the_memory_for_fits_holds(n_bytes: int, at_a_time: int):
    assert SHARE_FOR_FITS * 80 == 48
    with ExitStack() as running:
        for _ in range(at_a_time):
            running.enter_context(places().hold(n_bytes))
        one_more = Waiting(lambda: places().hold(n_bytes))
        assert not one_more.has_entered(0.05)
    assert one_more.has_entered()
    one_more.end()


@pytest.mark.parametrize(
    ("n_fits", "n_values", "threads"),
    [(4, 1_000_000, 4), (32, 1_000_000, 1), (4, 50_000_000, 5), (4, 200_000_000, 16), (4, 2_000_000_000, 16)],
)
def test_a_fit_takes_its_share_of_the_cores_and_a_large_one_more(n_fits: int, n_values: int, threads: int):
    assert places(n_fits).threads(n_values) == threads


def test_a_fit_alone_waits_for_all_others_and_lets_none_begin():
    with ExitStack() as running:
        running.enter_context(places().hold(1))
        alone = Waiting(places().alone)
        assert not alone.has_entered(0.05)
        later = Waiting(lambda: places().hold(1))
        assert not later.has_entered(0.05)
    assert alone.has_entered()
    assert not later.has_entered(0.05)
    alone.end()
    assert later.has_entered()
    later.end()


def test_a_fit_that_raises_gives_its_places_back():
    with pytest.raises(ZeroDivisionError), places().alone():
        raise ZeroDivisionError
    with places().alone():
        pass


def test_runs_with_other_numbers_of_fits_share_the_memory():
    """Half of the GPU and three quarters are more than there is; a quarter beside a half is not."""
    with places(2).hold(1):
        with places(4).hold(1), places(4).hold(1):
            one_more = Waiting(lambda: places(4).hold(1))
            assert not one_more.has_entered(0.05)
        assert one_more.has_entered()
        one_more.end()


def test_another_gpu_has_places_of_its_own():
    with places().alone(), GpuPlaces("1", 4, 80 * GIGABYTE, 16).alone():
        pass
