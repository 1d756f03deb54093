"""docs/own_factor.md is true: its package is built and installed, and what the page says is run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ftf_assets.invariants.cleaning import cleaning_breaches
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.support.production import plan_of, train, variants_of

pytestmark = pytest.mark.end_to_end

PAGE = (Path(__file__).parents[2] / "docs" / "own_factor.md").read_text(encoding="utf-8")
UV = Path(sys.executable).parent / "uv"
#: Two folds and one fit a cell: whether the page is true does not depend on more.
SMALL = [f"--set={setting}" for setting in ("folds.n_folds=2", "training.seeds=1", "ceiling.enabled=false")]


def block(language: str, holds: str) -> str:
    (found,) = (text for text in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if holds in text)
    return found


def command(holds: str) -> list[str]:
    (found,) = (line for line in re.findall(r"^    (ftf .*)$", PAGE, re.MULTILINE) if holds in line)
    return shlex.split(found)[1:]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a reader who has written the files of the page and installed the package."""
    folder = tmp_path_factory.mktemp("own_factor")
    package = folder / "my-factors"
    package.mkdir()
    (package / "my_factors.py").write_text(block("python", "TIMEOUTS ="), encoding="utf-8")
    (package / "pyproject.toml").write_text(block("toml", "entry-points"), encoding="utf-8")
    (package / "test_my_factors.py").write_text(block("python", "from my_factors import"), encoding="utf-8")
    build = [UV, "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable]
    subprocess.run([*build, "--out-dir", folder, package], check=True)
    (wheel,) = folder.glob("my_factors-*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "installed")
    (folder / "my" / "candles").mkdir(parents=True)
    bars = MarketSource(seed=5).candles("OPUSDC").tail(3_400)
    bars = bars.assign(date=bars.index - pd.Timedelta(hours=1))
    bars.to_csv(folder / "my/candles/OPUSDT_1h.csv", index=False)
    (folder / "results.csv").write_text(
        block("text", "denoiser") + "OPUSDC,1,off,0.551\nOPUSDC,1,on,0.553\n", encoding="utf-8"
    )
    return folder


def ftf(folder: Path, *words: str, installed: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {
        name: text for name, text in os.environ.items() if name not in ("FTF_HOME", "DAGSTER_HOME")
    }
    environment |= {"COLUMNS": "110", "PYTHONPATH": str(folder / "installed") if installed else ""}
    return subprocess.run(
        [sys.executable, "-m", "ftf_assets.command", *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
    )


def test_the_factor_is_swept_judged_and_smoked_and_its_absence_harms_nobody(folder: Path):
    done = ftf(folder, *command("--factor timeouts --source"), *SMALL)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^ halved +[A-Z_]+ .* timeouts *$", done.stdout, re.MULTILINE), done.stdout
    assert "6 cells: 6 ok" in done.stdout
    source = ["--source", "candles", "--path", "my/candles", "--crypto", "OPUSDT"]
    smoke = ftf(folder, "smoke", *source)
    assert smoke.returncode == 0, smoke.stderr
    assert "mild+reweight+uniqueness+ignored" in smoke.stdout
    rows = ResultsStore(Home(folder / ".ftf")).read()
    assert set(rows["variant"]) >= {"baseline", "halved", "ignored"}
    without = ftf(folder, "results", installed=False)
    assert without.returncode == 0, without.stderr
    assert "mild+reweight+uniqueness+ignored" in without.stdout
    refused = ftf(folder, "gate", installed=False)
    assert refused.returncode == 2
    assert "unknown factor (found 'timeouts'" in refused.stderr
    assert ftf(folder, "plan", *source, "--trials=0", *SMALL, installed=False).returncode == 0


@pytest.mark.parametrize("holds", ["treatment.mild_epsilon_buy"])
def test_the_settings_of_the_page_can_be_planned(folder: Path, holds: str):
    done = ftf(folder, "plan", *command(holds)[1:])
    assert done.returncode == 0, done.stderr


def test_the_gate_judges_the_file_of_the_page(folder: Path):
    done = ftf(folder, *command("--factor denoiser"))
    assert done.returncode == 0, done.stderr
    assert "denoiser" in done.stdout


@pytest.mark.parametrize("level", ["dropped", "lighter", "any_dropped"])
def test_the_cleaner_of_the_page_keeps_the_rules_of_cleaning(training_arrays, monkeypatch, level: str):
    names: dict[str, Any] = {}
    exec(compile(block("python", "SMALL_MOVES ="), "docs/own_factor.md", "exec"), names)
    monkeypatch.setitem(FACTORS, "small_moves", names["SMALL_MOVES"])
    run = train(
        plan_of(training_arrays, variants=variants_of(f"small_moves={level}", "single")), training_arrays
    )
    (mask,) = (one for one in run.masks.masks if one.fold == 0)
    assert mask.suspect.any()
    assert cleaning_breaches(mask, training_arrays.y, mask.weight, run.plan.suspect_cap) == []


def test_the_test_of_the_page_passes(folder: Path):
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_my_factors.py"]
    done = subprocess.run(tests, capture_output=True, text=True, cwd=folder / "my-factors")
    assert "1 passed" in done.stdout, done.stdout


def test_the_test_of_the_cleaner_of_the_page_passes(tmp_path: Path):
    (tmp_path / "my_cleaner.py").write_text(block("python", "SMALL_MOVES ="), encoding="utf-8")
    (tmp_path / "test_my_cleaner.py").write_text(block("python", "SMALL_MOVES.judge"), encoding="utf-8")
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_my_cleaner.py"]
    done = subprocess.run(tests, capture_output=True, text=True, cwd=tmp_path)
    assert "1 passed" in done.stdout, done.stdout
