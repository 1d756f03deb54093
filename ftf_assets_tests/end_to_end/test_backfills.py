"""docs/backfills.md is true: Dagster's own commands write into the home, as the page says them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest
import requests
import yaml

from ftf_assets.graph.instance import open_instance
from ftf_assets.graph.jobs import SWEEP_JOB, SWEEP_TAG
from ftf_assets.storage.home import Home
from ftf_assets_tests.support.processes import PATIENCE
from ftf_assets_tests.support.s3_server import free_port

pytestmark = pytest.mark.end_to_end

CLONE = Path(__file__).parents[2]
PAGE = (CLONE / "docs" / "backfills.md").read_text(encoding="utf-8")


PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def commands_of(heading: str) -> str:
    """Read the commands of a section of the page: its first indented lines."""
    return str(re.findall(r"((?:^    .*\n)+)", section(heading), re.MULTILINE)[0])


def runs_shown(port: int) -> list[dict[str, str]]:
    """Ask a webserver for its runs, the newest first; none where it does not answer yet."""
    query = "{ runsOrError { ... on Runs { results { pipelineName status } } } }"
    try:
        answer = requests.post(f"http://127.0.0.1:{port}/graphql", json={"query": query}, timeout=60)
    except requests.RequestException:
        return []
    return list(answer.json()["data"]["runsOrError"]["results"])


def section(heading: str) -> str:
    return PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def test_dagsters_own_commands_write_into_the_home(tmp_path: Path):
    home = Home(tmp_path / ".ftf")
    with open_instance(home):
        pass
    done = subprocess.run(
        ["bash", "-e", "-c", commands_of("With Dagster's own commands")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PATH": PATH},
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


def test_dg_checks_lists_launches_and_serves_on_the_records_of_the_home(tmp_path: Path):
    home = Home(tmp_path / ".ftf")
    with open_instance(home):
        pass
    for name in ("pyproject.toml", "ftf_assets"):  # a clone of its own: dg looks for its project here
        (tmp_path / name).symlink_to(CLONE / name)
    (settings,) = re.findall(r"```yaml\n(.+?)```", section("With `dg`, in the clone"), re.DOTALL)
    (tmp_path / "settings.yaml").write_text(settings, encoding="utf-8")
    port = free_port()
    commands = commands_of("With `dg`, in the clone").replace("dg dev", f"exec dg dev --port {port}")
    log = (tmp_path / "log").open("w+", encoding="utf-8")
    shell = subprocess.Popen(
        ["bash", "-e", "-c", commands],
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=tmp_path,
        env={**os.environ, "PATH": PATH, "VIRTUAL_ENV": str(Path(sys.executable).parents[1])},
        process_group=0,
    )
    try:
        while not (runs := runs_shown(port)):
            assert shell.poll() is None, (tmp_path / "log").read_text(encoding="utf-8")
            time.sleep(0.5)
        assert [(run["pipelineName"], run["status"]) for run in runs][-1] == (SWEEP_JOB, "SUCCESS")
    finally:
        if shell.poll() is None:
            os.killpg(shell.pid, signal.SIGINT)
            shell.wait(PATIENCE)
    said = (tmp_path / "log").read_text(encoding="utf-8")
    for text in ("All definitions loaded successfully", "finetune_results", "gate_when_landed"):
        assert text in said
    with open_instance(home) as instance:
        made = instance.get_latest_materialization_event(dg.AssetKey("feature_cache"))
        assert made is not None
        run = instance.get_run_by_id(made.run_id)
        assert run is not None
        assert run.run_config == yaml.safe_load(settings)
        assert run.status is dg.DagsterRunStatus.SUCCESS
