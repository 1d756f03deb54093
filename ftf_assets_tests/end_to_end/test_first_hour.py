"""docs/first_hour.md is true: its commands run in their order, on a candle file that nobody has seen."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from ftf_assets.sources.embedded_market.source import MarketSource

pytestmark = pytest.mark.end_to_end

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "first_hour.md").read_text(encoding="utf-8")

#: What the output of a command must hold; those that are not named must only succeed.
SHOWS = {
    "check": "accepts",
    "plan": "could see",
    "sweep": "25 cells: 25 ok",
    "gate": "corrected p",
    "results --by week": "AUC influence",
    "results --by regime": "regime",
    "suspects": "suspect rows",
    "report": ".html",
}
#: Run elsewhere: by `.ci/run`, and by the test that walks through the UI.
ELSEWHERE = ("make smoke", "ftf ui")


def commands() -> list[str]:
    """Every line of the page that a reader would type."""
    lines = re.findall(r"^    (make .*|\.venv/bin/ftf .*)$", PAGE, re.MULTILINE)
    return [line.removeprefix(".venv/bin/").partition("#")[0].strip() for line in lines]


def test_every_command_of_the_first_hour_runs(tmp_path: Path):
    (tmp_path / "my" / "candles").mkdir(parents=True)
    bars = MarketSource(seed=5).candles("OPUSDC").tail(3_400)
    bars = bars.assign(date=bars.index - pd.Timedelta(hours=1)).drop(bars.index[1_000:1_003])
    bars.to_csv(tmp_path / "my/candles/OPUSDT_1h.csv", index=False)
    environment = {
        name: text for name, text in os.environ.items() if name not in ("FTF_HOME", "DAGSTER_HOME")
    }
    ran = [line for line in commands() if line not in ELSEWHERE]
    assert len(ran) >= 10
    for line in ran:
        words = shlex.split(line)[1:]
        done = subprocess.run(
            [sys.executable, "-m", "ftf_assets.command", *words],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment | {"COLUMNS": "110"},
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        expected = next((SHOWS[start] for start in SHOWS if " ".join(words).startswith(start)), "")
        if "filter_random" in line:
            expected = "every stored value is current" if words[0] == "plan" else "15 cells: 15 ok"
        assert expected in done.stdout, f"{line}\n{done.stdout}"


def test_what_is_run_elsewhere_is_run_there():
    assert set(ELSEWHERE) <= set(commands())
    assert "smoke" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
