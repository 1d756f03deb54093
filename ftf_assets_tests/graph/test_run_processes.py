"""Whether the process of a run is alive: told by its own host alone."""

from __future__ import annotations

import os

import dagster as dg
import pytest

from ftf_assets.graph.run_processes import PROCESS_TAG, end_dead_runs, is_alive, process_tags

OURS = process_tags()[PROCESS_TAG]
PROCESS, _, HOST = OURS.partition("@")
NAME, BOOT, NAMESPACE = HOST.split("/")


@pytest.mark.parametrize(
    ("process", "alive"),
    [
        pytest.param(OURS, True, id="this process"),
        pytest.param(f"{os.getpid()}:1@{HOST}", False, id="an earlier process of the same number"),
        pytest.param(f"4194304:1@{HOST}", False, id="a number that no process has"),
        pytest.param(f"{PROCESS}@other/{BOOT}/{NAMESPACE}", None, id="another host name"),
        pytest.param(f"{PROCESS}@{NAME}/{BOOT}/1", None, id="another PID namespace of this machine"),
        pytest.param(f"{PROCESS}@other/9c1f/{NAMESPACE}", None, id="another machine"),
        pytest.param(f"{PROCESS}@{NAME}/9c1f/1", None, id="a container of the same name on another machine"),
        pytest.param("7", None, id="not a tag of ours"),
    ],
)
def test_a_process_is_judged_by_its_own_host_alone(process: str, alive: bool | None):
    assert is_alive(process) is alive
    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.add_run(
            dg.DagsterRun("probe", status=dg.DagsterRunStatus.STARTED, tags={PROCESS_TAG: process})
        )
        assert end_dead_runs(instance) == ([run.run_id] if alive is False else [])


def test_a_machine_that_was_started_again_knows_that_its_process_is_gone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ftf_assets.graph.run_processes._OUTSIDE_CONTAINERS", NAMESPACE)
    assert is_alive(f"{PROCESS}@{NAME}/9c1f/{NAMESPACE}") is False
    monkeypatch.setattr("ftf_assets.graph.run_processes._OUTSIDE_CONTAINERS", "0")
    assert is_alive(f"{PROCESS}@{NAME}/9c1f/{NAMESPACE}") is None, "a container's number is given out again"
