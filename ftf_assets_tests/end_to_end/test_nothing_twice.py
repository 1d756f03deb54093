"""Nothing is computed twice on the real path: fits, cells, artifacts; nor after a child was killed."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import dagster as dg
import pandas as pd
import psutil
import pytest

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.errors import RunError
from ftf_assets.freshness.current import stale_assets
from ftf_assets.graph.instance import open_instance
from ftf_assets.running.sweep_run import run_sweep
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training import fit_task
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_engine import FitEvent
from ftf_assets.training.fit_task import FitTask
from ftf_assets.training.planned_fits import planned_fit_keys
from ftf_assets_tests.end_to_end.test_command import assert_same_rows
from ftf_assets_tests.support.changed_results import change_results
from ftf_assets_tests.support.small_sweep import small_sweep

pytestmark = pytest.mark.end_to_end


def materialised(home: Home, run_id: str) -> list[str]:
    with open_instance(home) as instance:
        events = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    return [event.dagster_event.asset_key.to_user_string() for event in events]


def run_ids(home: Home) -> list[str]:
    """Every run of a home, the first one first."""
    with open_instance(home) as instance:
        return [run.run_id for run in instance.get_runs()][::-1]


def test_a_finished_sweep_again_runs_nothing_and_one_more_level_its_own_fits(home: Home):
    heard: list[FitEvent] = []
    sweep = small_sweep(cryptos="OPUSDC", factors="label_smoothing=mild,cleanlab=filter")
    first = run_sweep(sweep, home, on_fit=heard.append)
    assert {event.key for event in heard if event.kind == "done"} == set(
        planned_fit_keys(sweep.plan("OPUSDC"))
    )
    assert len(materialised(home, first.run_ids["OPUSDC"])) == 8
    rows = ResultsStore(home).read()

    heard.clear()
    again = run_sweep(sweep, home, on_fit=heard.append)
    assert again.run_ids == {}
    assert heard == []
    pd.testing.assert_frame_equal(ResultsStore(home).read(), rows)
    assert (again.decision, again.failed_checks) == (first.decision, first.failed_checks)
    assert len(run_ids(home)) == 2, "one of the crypto, one of the gate"

    more = small_sweep(cryptos="OPUSDC", factors="label_smoothing=mild,aggressive,cleanlab=filter")
    one_more = run_sweep(more, home, on_fit=heard.append)
    assert {event.name for event in heard if event.kind == "done"} == {"aggressive"}
    made = materialised(home, one_more.run_ids["OPUSDC"])
    assert not {"candles", "feature_cache", "coerced_arrays", "fold_baselines"} & set(made)

    assert ResultsStore(home).latest_sweep_id() == more.sweep_id
    run_sweep(sweep, home, on_fit=heard.append)
    assert ResultsStore(home).latest_sweep_id() == sweep.sweep_id, "it was run last, though it made nothing"


def lose_the_report(home: Home, sweep: Sweep) -> None:
    home.report(sweep.sweep_id).unlink()


def change_a_number_of_the_report(home: Home, sweep: Sweep) -> None:
    page = home.report(sweep.sweep_id)
    text = page.read_text(encoding="utf-8")
    changed = re.sub(r'(<span data-name="mean_difference">)[^<]+', r"\1+0.9999", text)
    assert changed != text
    page.write_text(changed, encoding="utf-8")


def flip_a_bit_of_the_models(home: Home, sweep: Sweep) -> None:
    key = sweep.artifact_key("trained_models", "OPUSDC")
    array = next((home.path / home.artifact("trained_models", "OPUSDC", key).name).glob("*.pack"))
    content = array.read_bytes()
    array.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def lose_a_row(home: Home, sweep: Sweep) -> None:
    assert change_results(home, "DELETE FROM finetune_results WHERE variant = 'mild' AND fold = 1") == 1


#: What is lost, and the assets that are made again: with rows also what covers the whole sweep.
LOSSES = {
    "its report": (lose_the_report, ["sweep_report"]),
    "a number of its report": (change_a_number_of_the_report, ["sweep_report"]),
    "its models": (
        flip_a_bit_of_the_models,
        ["trained_models", "finetune_results", "gate_decision", "sweep_report"],
    ),
    "a row": (lose_a_row, ["finetune_results", "gate_decision", "sweep_report"]),
}


def test_a_finished_sweep_that_lost_something_makes_just_that_again(home: Home):
    sweep = small_sweep(cryptos="OPUSDC", factors="label_smoothing=mild")
    first = run_sweep(sweep, home, on_fit=lambda event: None)
    rows = ResultsStore(home).read()
    for loss, (lose, made) in LOSSES.items():
        lose(home, sweep)
        assert [one.asset for one in stale_assets(sweep, home)] == made, loss
        before = run_ids(home)
        heard: list[FitEvent] = []
        again = run_sweep(sweep, home, on_fit=heard.append)
        assert {event.kind for event in heard} <= {"reused"}, loss
        new_runs = [run_id for run_id in run_ids(home) if run_id not in before]
        assert [asset for run_id in new_runs for asset in materialised(home, run_id)] == made, loss
        assert stale_assets(sweep, home) == [], loss
        assert_same_rows(ResultsStore(home).read(), rows)
        assert (again.decision, again.failed_checks) == (first.decision, first.failed_checks), loss
        assert home.report(sweep.sweep_id).is_file()


@pytest.mark.faults
def test_a_child_that_is_killed_is_named_and_the_same_command_goes_on_from_what_is_finished(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    sweep, before = small_sweep(), psutil.Process().children()
    healthy = fit_task.execute_fit

    def out_of_memory(task: FitTask, arrays: TrainingArrays) -> FitResult:
        if (task.crypto, task.name) == ("LDOUSDC", "mild"):
            os.kill(os.getpid(), signal.SIGKILL)
        return healthy(task, arrays)

    monkeypatch.setattr(fit_task, "execute_fit", out_of_memory)
    with pytest.raises(RunError, match="LDOUSDC: its process was killed by SIGKILL"):
        run_sweep(sweep, home, on_fit=lambda event: None)
    assert psutil.Process().children() == before
    finished = {path.parent.name for path in (home.path / "fits").glob("*/*/header.json")}
    assert finished

    monkeypatch.setattr(fit_task, "execute_fit", healthy)
    heard: list[FitEvent] = []
    run_sweep(sweep, home, on_fit=heard.append)
    assert not finished & {event.key for event in heard if event.kind == "done"}
    assert set(ResultsStore(home).read()["status"]) == {"ok"}
    with open_instance(home) as instance:
        unfinished = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING]
        assert instance.get_runs_count(dg.RunsFilter(statuses=unfinished)) == 0
