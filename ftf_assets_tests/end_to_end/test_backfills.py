"""docs/backfills.md is true: Dagster's own commands write into the home, as the page says them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from ftf_assets.graph.instance import open_instance
from ftf_assets.graph.jobs import SWEEP_JOB, SWEEP_TAG
from ftf_assets.storage.home import Home

pytestmark = pytest.mark.end_to_end

PAGE = (Path(__file__).parents[2] / "docs" / "backfills.md").read_text(encoding="utf-8")


def test_dagsters_own_commands_write_into_the_home(tmp_path: Path):
    home = Home(tmp_path / ".ftf")
    with open_instance(home):
        pass
    section = PAGE.partition("## With Dagster's own commands")[2].partition("\n## ")[0]
    (commands,) = re.findall(r"((?:^    .*\n)+)", section, re.MULTILINE)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-e", "-c", commands],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with open_instance(home) as instance:
        (backfill,) = instance.get_backfills()
        assert backfill.partition_names == ["OPUSDC|market", "LDOUSDC|market"]
        queued = instance.get_runs(dg.RunsFilter(job_name=SWEEP_JOB))
        assert [run.status for run in queued] == [dg.DagsterRunStatus.QUEUED] * 2
        made = instance.get_latest_materialization_event(dg.AssetKey("feature_cache"))
        assert made is not None
        run = instance.get_run_by_id(made.run_id)
        assert run is not None
        assert run.tags[SWEEP_TAG].startswith("ftf_")
