"""Real homes, real candles where they are present, and the command as a process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ftf_assets.config import sweep_settings
from ftf_assets.storage.home import Home
from ftf_assets.sweep import Sweep, open_sweep

REAL_CANDLES = Path(__file__).parents[3] / "shared" / "data" / "candles_1h"

#: A sweep that takes seconds: two cryptos, two folds, both factors, nothing tuned.
SMALL = {
    "cryptos": "OPUSDC,LDOUSDC",
    "n_folds": 2,
    "trials": 0,
    "max_rounds": 40,
    "patience": 10,
    "phase": "test",
}

Ftf = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def real_candles() -> Path:
    if not REAL_CANDLES.is_dir():
        pytest.skip("the real candles of ../shared/data/candles_1h are absent")
    return REAL_CANDLES


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
    for name in ("DAGSTER_HOME", "FTF_HOME"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def small_sweep(**settings: object) -> Sweep:
    return open_sweep(sweep_settings({**SMALL, **settings}))


@pytest.fixture
def ftf(home: Home) -> Ftf:
    """Run the command as a user does, as a process, with this test's home."""

    def run(*arguments: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if k not in ("DAGSTER_HOME", "FTF_HOME")}
        return subprocess.run(
            [sys.executable, "-m", "ftf_assets.cli", *arguments, "--home", str(home.path)],
            capture_output=True,
            text=True,
            timeout=timeout,
            env=environment,
            check=False,
        )

    return run
