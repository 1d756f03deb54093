"""Fixtures of the end-to-end tests: real homes, real candles where present, the command as a process."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ftf_assets.storage.home import Home
from ftf_assets_tests.support.pictures import draw_nothing
from ftf_assets_tests.support.processes import run_ftf
from ftf_assets_tests.support.real_candles import require_real_candles

Ftf = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def real_candles() -> Path:
    return require_real_candles()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium: Debian's, or whatever the machine calls its own."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no browser: chromium is not installed")
    return found


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening an instance names its home in the environment; each test gets its own."""
    for name in ("DAGSTER_HOME", "FTF_HOME", "FTF_REPORT_URL"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_pictures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw pictures only in tests that are marked with ``pictures``: most look at none."""
    if request.node.get_closest_marker("pictures") is None:
        draw_nothing(monkeypatch)


@pytest.fixture
def ftf(home: Home, tmp_path: Path, request: pytest.FixtureRequest) -> Ftf:
    """Run the command as a process with this test's home; a fork server has done its imports."""
    pictures = request.node.get_closest_marker("pictures") is not None

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*arguments, "--home", str(home.path)]
        done = run_ftf(command, tmp_path / "logs", pictures=pictures)
        return subprocess.CompletedProcess(command, done.wait(), done.stdout, done.stderr)

    return run
