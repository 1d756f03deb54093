"""The resources of a run: one home for everything that it writes, and no run without a crypto."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from ftf_assets.definitions import defs
from ftf_assets.graph.jobs import SWEEP_JOB
from ftf_assets.running.job_runs import run_config
from ftf_assets.storage.home import Home
from ftf_assets_tests.support.small_sweep import small_sweep


@pytest.mark.parametrize("by", ["the launchpad", "FTF_HOME"])
def test_what_a_run_writes_lies_in_one_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str):
    named, other = Home(tmp_path / "named"), Home(tmp_path / "other")
    monkeypatch.setenv("FTF_HOME", str(named.path if by == "FTF_HOME" else other.path))
    config = run_config(small_sweep(), named)
    if by == "FTF_HOME":
        del config["resources"]["home"]
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("crypto", ["OPUSDC"])
        done = defs.resolve_job_def(SWEEP_JOB).execute_in_process(
            instance=instance,
            partition_key="OPUSDC",
            asset_selection=[dg.AssetKey("candles")],
            run_config=config,
        )
    assert done.success
    assert len(list((named.path / "artifacts").glob("candles/OPUSDC/*"))) == 1
    assert (named.path / "home.lock").is_file()
    assert not other.path.exists()
