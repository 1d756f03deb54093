"""A step that refuses its input says so first: the sentence, what it names, and whether it may be retried."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from ftf_assets.contracts.errors import InputError, StoreError, input_error
from ftf_assets.definitions import defs
from ftf_assets.graph.asset_decorator import versioned
from ftf_assets.graph.io_managers import (
    ArtifactIOManager,
    AuditIOManager,
    CeilingIOManager,
    DecisionIOManager,
    ResultsIOManager,
)
from ftf_assets.graph.jobs import DECIDE_JOB
from ftf_assets.graph.step_failures import refusals_as_failures
from ftf_assets.running.job_runs import run_config
from ftf_assets.running.run_failures import raise_failure
from ftf_assets.sources.faults import Faults
from ftf_assets.storage.home import Home
from ftf_assets_tests.support.small_sweep import small_sweep

REFUSAL = input_error(
    "prices must be positive", crypto="OPUSDC", file="OP.csv", column="low", row=17, found=-1, allowed="> 0"
)


def failed_step(error: Exception) -> dg.ExecuteInProcessResult:
    @dg.asset
    @versioned
    def candles() -> dg.MaterializeResult:
        raise error

    return dg.materialize([candles], raise_on_error=False)


def test_the_step_fails_with_the_sentence_and_what_it_names_as_metadata():
    (failure,) = (
        event.step_failure_data for event in failed_step(REFUSAL).all_events if event.is_step_failure
    )
    assert failure.user_failure_data.description == str(REFUSAL)
    metadata = {name: value.value for name, value in failure.user_failure_data.metadata.items()}
    assert metadata == {
        "crypto": "OPUSDC",
        "file": "OP.csv",
        "column": "low",
        "row": "17",
        "found": "-1",
        "allowed": "> 0",
        "rule": "prices must be positive",
    }
    assert failure.error.message.strip() == f"dagster._core.definitions.events.Failure: {REFUSAL}"


def test_the_command_raises_the_same_error():
    with pytest.raises(InputError) as raised:
        raise_failure(failed_step(REFUSAL), "OPUSDC", [], Path("records"))
    assert str(raised.value) == str(REFUSAL)


def test_every_fault_of_a_file_is_a_row_of_a_table():
    faults = Faults(crypto="OPUSDC", file="OP.csv")
    faults.add("no volume column")
    faults.add("prices must be positive", column="low")
    with pytest.raises(dg.Failure) as failed, refusals_as_failures():
        faults.raise_if_any()
    records = failed.value.metadata["faults"].records
    assert [(record.data["column"], record.data["rule"]) for record in records] == [
        ("", "no volume column"),
        ("low", "prices must be positive"),
    ]


@pytest.mark.parametrize(
    ("error", "allowed"), [(REFUSAL, False), (StoreError("no answer"), True)], ids=["input", "store"]
)
def test_only_a_store_that_failed_may_be_retried(error: Exception, allowed: bool):
    with pytest.raises(dg.Failure) as failed, refusals_as_failures():
        raise error
    assert failed.value.allow_retries is allowed


MANAGERS = [
    (manager, method)
    for manager in (ArtifactIOManager, ResultsIOManager, CeilingIOManager, AuditIOManager, DecisionIOManager)
    for method in ("handle_output", "load_input")
]


class Refusing:
    """An IO manager, context or value of which everything is refused."""

    def __getattr__(self, name: str) -> None:
        raise REFUSAL


@pytest.mark.parametrize(("manager", "method"), MANAGERS)
def test_an_io_manager_refuses_as_an_asset_does(manager: type[dg.IOManager], method: str):
    arguments = (Refusing(),) * (3 if method == "handle_output" else 2)
    with pytest.raises(dg.Failure) as failed:
        getattr(manager, method)(*arguments)
    assert failed.value.description == str(REFUSAL)


def test_the_report_refuses_as_an_asset_with_a_value_does(tmp_path: Path):
    with dg.DagsterInstance.ephemeral() as instance:
        refused = defs.resolve_job_def(DECIDE_JOB).execute_in_process(
            instance=instance,
            asset_selection=[dg.AssetKey("sweep_report")],
            run_config=run_config(small_sweep(), Home(tmp_path)),
            raise_on_error=False,
        )
    (failure,) = (event.step_failure_data for event in refused.all_events if event.is_step_failure)
    assert "no results yet" in failure.user_failure_data.description


def test_a_defect_of_ours_passes():
    with pytest.raises(ZeroDivisionError), refusals_as_failures():
        raise ZeroDivisionError
