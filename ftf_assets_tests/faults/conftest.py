"""Fixtures of the fault tests: the sweep that they disturb, and the figures that they print."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from ftf_assets.sources.embedded_market.price_path import market_candles
from ftf_assets.storage.home import Home
from ftf_assets_tests.faults.scale import CRYPTOS, FACTORS, N_CELLS, N_FOLDS, SCALE
from ftf_assets_tests.faults.undisturbed import Sweeps
from ftf_assets_tests.support.processes import run_ftf
from ftf_assets_tests.support.settings import set_options
from ftf_assets_tests.support.small_sweep import QUICK_FITS
from ftf_assets_tests.support.workers import shared_folder

Figure = Callable[[str], None]


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Note a measured figure: it is printed after the run, and docs/reliability.md quotes it."""
    return lambda text: record_property("figure", text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = [
        f"{report.nodeid.partition('::')[2]}: {text}"
        for report in terminalreporter.getreports("passed")
        if report.when == "call"
        for name, text in report.user_properties
        if name == "figure"
    ]
    if lines:
        terminalreporter.section(f"figures of the fault tests ({SCALE})")
        for line in sorted(lines):
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def candle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five months of hourly candle files of two cryptos: a small sweep's real input."""
    with shared_folder(tmp_path_factory, "fault_candles") as (folder, empty):
        for crypto in CRYPTOS if empty else ():
            write_candles(folder / f"{crypto}_1h.csv", crypto)
    return folder


@pytest.fixture(scope="session")
def small_sweep(candle_folder: Path) -> list[str]:
    """The arguments of a sweep that takes seconds."""
    cryptos = [word for crypto in CRYPTOS for word in ("--crypto", crypto)]
    source = ["--source", "candles", "--path", str(candle_folder)]
    settings = [*set_options(n_folds=N_FOLDS, **QUICK_FITS), "--factor", FACTORS]
    return ["sweep", *cryptos, "--trials", "0", *source, *settings]


@pytest.fixture(scope="session")
def sweeps(small_sweep: list[str], tmp_path_factory: pytest.TempPathFactory) -> Sweeps:
    """That sweep, what it leaves undisturbed, and how long it takes."""
    logs = tmp_path_factory.mktemp("logs")
    with shared_folder(tmp_path_factory, "fault_sweep") as (folder, empty):
        home, took = Home(folder / "home"), folder / "seconds"
        if empty:
            run_ftf(["plan", *small_sweep[1:], "--home", str(home.path)], logs)  # starts the fork server
            begin = time.monotonic()
            done = run_ftf([*small_sweep, "--home", str(home.path)], logs)
            took.write_text(str(time.monotonic() - begin), encoding="utf-8")
            assert done.wait() == 0, done.stderr
            assert f"{N_CELLS} cells" in done.stderr
    return Sweeps(tuple(small_sweep), logs, home, float(took.read_text(encoding="utf-8")))


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[Home]:
    """Fresh homes, one after the other."""
    return (Home(tmp_path / f"home-{number}") for number in range(10_000))


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening an instance names its home in the environment; each test gets its own."""
    for name in ("DAGSTER_HOME", "FTF_HOME"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def write_candles(file: Path, crypto: str, n_bars: int = 3_600) -> None:
    """Write simulated candles as an exchange exports them, stamped with the open."""
    candles = market_candles(crypto, seed=5).iloc[:n_bars]
    table = candles.set_axis(candles.index - pd.Timedelta(hours=1)).rename_axis("date").reset_index()
    table.to_csv(file, index=False)
