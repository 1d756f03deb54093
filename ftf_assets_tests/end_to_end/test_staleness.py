"""What ``ftf plan`` calls stale, through every asset downstream, and the reason that it gives."""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from ftf_assets.freshness import staleness
from ftf_assets.freshness.staleness import Stale, stale_values
from ftf_assets.graph.instance import open_instance
from ftf_assets.running.sweep_run import run_sweep
from ftf_assets.sources.market.source import MarketSource
from ftf_assets.storage.home import Home
from ftf_assets.sweep import sweep
from ftf_assets_tests.end_to_end.conftest import Ftf
from ftf_assets_tests.support.settings import set_options
from ftf_assets_tests.support.small_sweep import FEW_ROUNDS, small_sweep

pytestmark = pytest.mark.end_to_end

CRYPTO = "OPUSDC"
QUICK = {"cryptos": CRYPTO, "n_folds": 1, "factors": "label_smoothing=none,mild"}
TREATMENT = ["baseline_parameters", "cleanlab_masks", "trained_models"]
WHOLE_SWEEP = [
    Stale("", "gate_decision", f"through finetune_results of {CRYPTO}"),
    Stale("", "sweep_report", f"through finetune_results of {CRYPTO}"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "candles").mkdir()
    write_candles(tmp_path / "candles", 4_000)
    return tmp_path / "candles"


def write_candles(folder: Path, bars: int) -> None:
    candles = MarketSource().candles(CRYPTO).head(bars)
    opened = candles.index - pd.Timedelta(hours=1)
    candles.assign(date=opened).to_csv(folder / "OPUSDT_1h.csv", index=False)


def why(stale: list[Stale]) -> dict[str, str]:
    return {one.asset: one.why for one in stale if one.crypto}


def test_what_is_stale_and_why_from_the_first_run_to_a_change_of_everything(
    home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    here = {**QUICK, "source": "candles", "path": str(folder)}
    one = small_sweep(**here)
    before = stale_values(one, home)
    assert set(why(before).values()) == {"never made"}
    assert before[-2:] == WHOLE_SWEEP
    assert not home.path.exists(), "asking writes nothing"
    run_sweep(one, home, on_fit=lambda event: None)
    assert stale_values(one, home) == []

    smoother = small_sweep(**here, mild_epsilon_buy=0.15)
    changed = why(stale_values(smoother, home))
    assert changed["smoothed_labels"].startswith("settings: label_treatments.")
    assert changed["smoothed_labels"].endswith(" 0.1 to 0.15"), "the value that moved, not all of them"
    assert changed["cleanlab_masks"] == "through smoothed_labels"
    assert changed["trained_models"].endswith(" 0.1 to 0.15")
    assert changed["finetune_results"] == "never made", "another sweep"
    assert not {"candles", "feature_cache", "coerced_arrays", "baseline_parameters"} & set(changed)

    reseeded = why(stale_values(small_sweep(**here, seed=8), home))
    assert reseeded["baseline_parameters"] == "settings: seed 7 to 8"
    assert reseeded["cleanlab_masks"] == "through baseline_parameters"
    assert reseeded["trained_models"] == "through cleanlab_masks"

    frozen = one.settings.folds.edges
    write_candles(folder, 4_010)
    new_data = stale_values(small_sweep(**here, edges=frozen), home)
    assert [one.asset for one in new_data[:2]] == ["candles", "feature_cache"]
    assert all(reason.startswith("data changed") for reason in why(new_data).values())
    assert new_data[-2:] == WHOLE_SWEEP
    write_candles(folder, 4_000)

    for module in (sweep, staleness):
        monkeypatch.setattr(module, "code_version", lambda: "0123456789ab")
    new_code = why(stale_values(small_sweep(**here), home))
    assert new_code["candles"].startswith("code version changed")
    assert new_code["candles"].endswith("to 0123456789ab)")
    assert new_code["finetune_results"] == "code version changed"


def test_rows_without_a_verdict_or_report_are_named_and_the_command_prints_it(ftf: Ftf, home: Home):
    settings = ("--crypto", CRYPTO, "--trials", "0", "--factor", "label_smoothing=none,mild")
    settings += set_options(n_folds=1, **FEW_ROUNDS)
    one = small_sweep(**{**QUICK, "phase": "manual"})
    run_sweep(one, home, on_fit=lambda event: None)
    home.report(one.sweep_id).unlink()
    answer = json.loads(ftf("plan", *settings, "--json").stdout)
    assert answer["sweep_id"] == one.sweep_id
    assert answer["stale"] == [
        {"crypto": "", "asset": "sweep_report", "why": "the report does not show the decision"}
    ]
    printed = ftf("plan", *settings, "--set", "training.seed=9").stdout
    assert "baseline_parameters (settings: seed 7 to 9)" in printed


def test_every_materialisation_carries_the_version_of_its_content(home: Home):
    one = small_sweep(**QUICK)
    versions = []
    for _ in range(2):
        run_sweep(one, home, on_fit=lambda event: None)
        with open_instance(home) as instance:
            latest = {
                key: instance.get_latest_materialization_event(dg.AssetKey(key)).asset_materialization
                for key in ("candles", *TREATMENT, "finetune_results", "gate_decision", "sweep_report")
            }
        versions.append({key: event.tags["dagster/data_version"] for key, event in latest.items()})
    assert versions[0] == versions[1], "the same content, made again"
    assert len(set(versions[0].values())) == len(versions[0])
