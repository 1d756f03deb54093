"""The wall clock jumps while a sweep runs: nothing is decided by it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.faults.conftest import Figure
from ftf_assets_tests.faults.undisturbed import Sweeps, assert_undisturbed

pytestmark = pytest.mark.faults

SOURCE = Path(__file__).with_name("clock.c")


@pytest.fixture
def jumping_clock(tmp_path: Path) -> Path:
    """A library that goes before libc and lets its clock jump by hours, days and years."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("no C compiler, or no Linux: the clock cannot be made to jump")
    library = tmp_path / "clock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"], check=True)
    return library


def test_a_sweep_under_a_clock_that_jumps_by_hours_and_years_ends_as_if_undisturbed(
    sweeps: Sweeps, homes: Iterator[Home], jumping_clock: Path, figure: Figure
):
    home, clock = next(homes), {**os.environ, "LD_PRELOAD": str(jumping_clock)}
    looks = "import time; print(len({int(time.time() // 3_000) for _ in range(400)}))"
    seen = subprocess.run(
        [sys.executable, "-c", looks], env=clock, capture_output=True, text=True, check=True
    )
    assert int(seen.stdout) >= 5, "the clock does jump"
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "ftf_assets.command", *sweeps.command(home)],
            env=clock,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        assert_undisturbed(home, sweeps)
    assert ResultsStore(home).latest_sweep_id() == sweeps.undisturbed["sweeps"]["sweep_id"][0]
    figure("two sweeps under a clock that jumps up to a year: every table equal, no run ended by mistake")
