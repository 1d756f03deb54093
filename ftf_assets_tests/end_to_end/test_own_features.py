"""docs/own_features.md is true: its blocks run on a candle file, and its commands take what they write."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ftf_assets as ftf
from ftf_assets.sources.embedded_market.source import MarketSource

pytestmark = pytest.mark.end_to_end

PAGE = (Path(__file__).parents[2] / "docs" / "own_features.md").read_text(encoding="utf-8")
#: Two folds and one fit a cell: whether the page is true does not depend on more.
SMALL = {"folds.n_folds": 2, "training.seeds": 1, "ceiling.enabled": False}


def test_the_blocks_run_and_the_commands_take_what_they_write(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my" / "candles").mkdir(parents=True)
    bars = MarketSource(seed=5).candles("OPUSDC").tail(3_600)
    bars = bars.drop(bars.index[2_000:2_200])  # an outage
    bars = bars.assign(date=(bars.index - pd.Timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S"))
    bars.to_csv("my/candles/OPUSDT_1h.csv", index=False)
    sweep = ftf.run_sweep
    monkeypatch.setattr(
        ftf,
        "run_sweep",
        lambda frames, factor, settings, progress: sweep(
            frames, factor, settings=settings | SMALL, progress=progress, home=tmp_path / "home"
        ),
        raising=False,
    )
    names: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 4
    for block in blocks:
        exec(compile(block, "docs/own_features.md", "exec"), names)
        if "features_of" in block:
            assert_the_test_of_the_page_sees_a_leak(names)
        if "label_return" in block:
            assert_labels_end_when_they_say(names["cache"], names["bars"]["close"])
    assert re.search(r"own +(KEEP_AVAILABLE|ABANDON|LOCK|NO_SIGNAL) +2", capsys.readouterr().out)
    lines = re.findall(r"^    ftf (.*)$", PAGE, re.MULTILINE)
    assert len(lines) == 3
    environment = {
        name: text for name, text in os.environ.items() if name not in ("FTF_HOME", "DAGSTER_HOME")
    }
    for line in [*lines, "check my/own_labels"]:
        words = shlex.split(line)
        if words[0] == "sweep":  # the last block has run one
            continue
        small = [f"--set={name}={value}" for name, value in SMALL.items()] if words[0] != "check" else []
        done = subprocess.run(
            [sys.executable, "-m", "ftf_assets.command", *words, *small],
            capture_output=True,
            text=True,
            env=environment,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


def assert_the_test_of_the_page_sees_a_leak(names: dict[str, Any]) -> None:
    honest = names["features_of"]
    names["features_of"] = lambda bars: honest(bars).assign(jump=bars["close"].pct_change().shift(-1))
    with pytest.raises(AssertionError):
        names["test_no_feature_knows_a_later_bar"](names["bars"])
    names["features_of"] = honest


def assert_labels_end_when_they_say(cache: pd.DataFrame, close: pd.Series) -> None:
    """Each label's return leads to the close at its ``label_end``, also beside the outage."""
    assert close.index.diff().max() > pd.Timedelta("8D"), "the bars have a gap"
    at_the_end = close.reindex(cache["label_end"]).to_numpy() / close.reindex(cache.index).to_numpy() - 1
    np.testing.assert_allclose(cache["label_return"], at_the_end, atol=1e-9)
