"""Nothing is computed twice on the real path: fits, cells, artifacts; nor after a child was killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import dagster as dg
import psutil
import pytest

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.errors import RunError
from ftf_assets.instance import open_instance
from ftf_assets.run import run_sweep
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.training import engine
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.engine import FitEvent, FitTask
from ftf_assets_tests.end_to_end.conftest import small_sweep
from ftf_assets_tests.end_to_end.test_command import assert_same_rows

pytestmark = pytest.mark.end_to_end


def materialised(home: Home, run_id: str) -> list[str]:
    with open_instance(home) as instance:
        events = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    return [event.dagster_event.asset_key.to_user_string() for event in events]


def test_a_finished_sweep_again_makes_its_rows_alone_and_one_more_level_its_own_fits(home: Home):
    heard: list[FitEvent] = []
    sweep = small_sweep(cryptos="OPUSDC", factor="label_smoothing=mild,cleanlab=filter")
    first = run_sweep(sweep, home, on_fit=heard.append)
    assert {event.key for event in heard if event.kind == "done"} == set(sweep.plan("OPUSDC").fit_keys())
    assert len(materialised(home, first.run_ids["OPUSDC"])) == 8
    rows = ResultsStore(home.results).read()

    heard.clear()
    again = run_sweep(sweep, home, on_fit=heard.append)
    assert materialised(home, again.run_ids["OPUSDC"]) == ["finetune_results"]
    assert heard == []
    assert_same_rows(ResultsStore(home.results).read(), rows)
    assert again.decision == first.decision

    more = small_sweep(cryptos="OPUSDC", factor="label_smoothing=mild,aggressive,cleanlab=filter")
    one_more = run_sweep(more, home, on_fit=heard.append)
    assert {event.name for event in heard if event.kind == "done"} == {"aggressive"}
    made = materialised(home, one_more.run_ids["OPUSDC"])
    assert not {"candles", "feature_cache", "coerced_arrays", "baseline_parameters"} & set(made)


@pytest.mark.faults
def test_a_child_that_is_killed_is_named_and_the_same_command_goes_on_from_what_is_finished(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    sweep = small_sweep()
    healthy = engine.execute_fit

    def out_of_memory(task: FitTask, arrays: TrainingArrays) -> FitResult:
        if (task.crypto, task.name) == ("LDOUSDC", "mild"):
            os.kill(os.getpid(), signal.SIGKILL)
        return healthy(task, arrays)

    monkeypatch.setattr(engine, "execute_fit", out_of_memory)
    with pytest.raises(RunError, match="LDOUSDC: its process was killed by SIGKILL"):
        run_sweep(sweep, home, on_fit=lambda event: None)
    assert psutil.Process().children() == []
    finished = {path.parent.name for path in home.fits.glob("*/*/header.json")}
    assert finished

    monkeypatch.setattr(engine, "execute_fit", healthy)
    heard: list[FitEvent] = []
    run_sweep(sweep, home, on_fit=heard.append)
    assert not finished & {event.key for event in heard if event.kind == "done"}
    assert set(ResultsStore(home.results).read()["status"]) == {"ok"}
    with open_instance(home) as instance:
        unfinished = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING]
        assert instance.get_runs_count(dg.RunsFilter(statuses=unfinished)) == 0
