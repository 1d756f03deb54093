"""The Dagster instance under fire: fresh homes opened by many, runs whose process is gone."""

from __future__ import annotations

import multiprocessing
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml

import ftf_assets
from ftf_assets.graph.instance import open_instance
from ftf_assets.graph.run_processes import PROCESS_TAG, end_dead_runs, process_tags
from ftf_assets.storage.home import Home
from ftf_assets_tests.support.processes import PROCESSES

ROOT = Path(__file__).parents[2]


def _open_fresh_home(folder: Path, start: multiprocessing.synchronize.Barrier) -> None:
    start.wait(timeout=120)
    with open_instance(Home(folder)) as instance:
        instance.add_run(dg.DagsterRun(job_name="probe", status=dg.DagsterRunStatus.SUCCESS))


@pytest.mark.faults
def test_a_fresh_home_opened_by_eight_processes_at_once_works_for_all_of_them(tmp_path: Path):
    start = PROCESSES.Barrier(8)
    processes = [PROCESSES.Process(target=_open_fresh_home, args=(tmp_path, start)) for _ in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=300)
    assert [process.exitcode for process in processes] == [0] * 8
    with open_instance(Home(tmp_path)) as instance:
        assert instance.get_runs_count() == 8


@pytest.mark.faults
def test_a_run_whose_process_is_gone_is_ended_and_one_whose_is_alive_is_left_alone(tmp_path: Path):
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    gone.wait(timeout=60)
    process, _, host = process_tags()[PROCESS_TAG].partition("@")
    number = process.partition(":")[0]
    with open_instance(Home(tmp_path)) as instance:
        runs = {
            name: instance.add_run(
                dg.DagsterRun(job_name=name, status=dg.DagsterRunStatus.STARTED, tags=tags)
            )
            for name, tags in {
                "gone": {PROCESS_TAG: f"{gone.pid}:1@{host}"},
                "reused number": {PROCESS_TAG: f"{number}:1@{host}"},
                "alive": process_tags(),
                "of the daemon": {},
            }.items()
        }
        ended = end_dead_runs(instance)
        assert set(ended) == {runs["gone"].run_id, runs["reused number"].run_id}
        statuses = {name: instance.get_run_by_id(run.run_id).status.value for name, run in runs.items()}
    assert statuses == {
        "gone": "FAILURE",
        "reused number": "FAILURE",
        "alive": "STARTED",
        "of the daemon": "STARTED",
    }


_LIVING_RUN = """
import sys, dagster as dg
from pathlib import Path
from ftf_assets.graph.instance import open_instance
from ftf_assets.graph.run_processes import process_tags
from ftf_assets.storage.home import Home
with open_instance(Home(Path(sys.argv[1]))) as instance:
    status = dg.DagsterRunStatus.STARTED
    print(instance.add_run(dg.DagsterRun("probe", status=status, tags=process_tags())).run_id, flush=True)
    sys.stdin.read()
"""
_STATUSES = """
import sys
from pathlib import Path
from ftf_assets.graph.instance import open_instance
from ftf_assets.storage.home import Home
with open_instance(Home(Path(sys.argv[1]))) as instance:
    print(*(run.status.value for run in instance.get_runs()))
"""


@pytest.mark.faults
def test_a_container_leaves_the_living_runs_of_another_one_alone(tmp_path: Path):
    container = ["unshare", "--pid", "--mount", "--uts", "--fork", "--mount-proc", "--kill-child"]
    if shutil.which("unshare") is None or subprocess.run([*container, "true"], check=False).returncode:
        pytest.skip("no namespaces can be made here: unshare needs Linux and root")
    command = [*container, sys.executable, "-c"]
    with subprocess.Popen(
        [*command, _LIVING_RUN, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert len(other.stdout.readline().strip()) == 36
        for place in (command, [sys.executable, "-c"]):
            seen = subprocess.run(
                [*place, _STATUSES, str(tmp_path)], check=True, capture_output=True, text=True, timeout=60
            )
            assert seen.stdout.split() == ["STARTED"]
        other.kill()


def test_plain_dagster_dev_and_ftf_share_one_instance_and_its_settings():
    plain = yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8"))
    of_a_home = yaml.safe_load(
        (Path(ftf_assets.__file__).parent / "graph" / "dagster.yaml").read_text(encoding="utf-8")
    )
    places = {"storage", "compute_logs", "local_artifact_storage"}
    assert {name: value for name, value in plain.items() if name not in places} == of_a_home
    assert plain["storage"] == {"sqlite": {"base_dir": ".ftf/dagster"}}
    assert of_a_home["telemetry"] == {"enabled": False}
    assert of_a_home["nux"] == {"enabled": False}
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text(encoding="utf-8"))
    assert workspace["load_from"] == [{"python_module": {"module_name": "ftf_assets.definitions"}}]
