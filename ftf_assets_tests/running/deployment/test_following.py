"""What the events of a deployment's runs say: fits, failures and checks, as a local sweep would say them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ftf_assets.contracts.errors import InputError, RunError
from ftf_assets.graph.check_history import FailedCheck
from ftf_assets.graph.fit_events import FitsFinished
from ftf_assets.running.deployment import submitted_sweep
from ftf_assets.running.deployment.backfill import RunState
from ftf_assets.running.deployment.following import EventReader, FitCounter, RunEvents, Runs, run_failure
from ftf_assets.training.fit_engine import FitEvent


def run(status: str = "FAILURE", run_id: str = "r1", created: float = 1, **tags: str) -> RunState:
    return RunState(run_id, "ftf_sweep", status, created, {"dagster/partition": "OPUSDC|market", **tags})


def step_failure(*causes: tuple[str, str]) -> dict[str, Any]:
    first, *rest = ({"className": kind, "message": message} for kind, message in causes)
    return {"__typename": "ExecutionStepFailureEvent", "error": {**first, "causes": rest}}


def check(success: bool, severity: str = "ERROR") -> dict[str, Any]:
    key = {"path": ["trained_models"]}
    found = {
        "assetKey": key,
        "checkName": "no_leak",
        "success": success,
        "severity": severity,
        "description": "d",
    }
    return {"__typename": "AssetCheckEvaluationEvent", "evaluation": found}


@pytest.mark.parametrize(
    ("events", "error", "message"),
    [
        (
            [
                step_failure(
                    ("Failure", "dagster.Failure: a"),
                    (
                        "InputError",
                        "ftf_assets.contracts.errors.InputError: OPUSDC, column 'close': not a number\n",
                    ),
                )
            ],
            InputError,
            "OPUSDC, column 'close': not a number",
        ),
        (
            [check(False)],
            RunError,
            "a blocking check failed. Check no_leak of trained_models failed for OPUSDC",
        ),
        ([step_failure(("KeyError", "KeyError: 'x'"))], RunError, r"OPUSDC: KeyError: 'x' \(run r1"),
        (
            [{"__typename": "RunFailureEvent", "message": "Run worker is gone", "error": None}],
            RunError,
            "OPUSDC: its run r1 failed: Run worker is gone",
        ),
    ],
)
def test_a_failed_run_says_what_a_local_sweep_says(events, error: type[Exception], message: str):
    read = RunEvents()
    for event in events:
        read.add(event, "OPUSDC")
    failure = run_failure(run(), read)
    assert isinstance(failure, error)
    with pytest.raises(error, match=message):
        raise failure


def test_a_run_that_somebody_stopped_is_no_interrupt_of_this_command():
    assert "was stopped in the deployment" in str(run_failure(run("CANCELED"), RunEvents()))


def test_the_latest_result_of_a_check_counts():
    read = RunEvents()
    read.add(check(False, "WARN"), "OPUSDC")
    failed = FailedCheck("OPUSDC", "trained_models", "no_leak", "d", is_warning=True)
    assert list(read.checks.values()) == [failed]
    read.add(check(True), "OPUSDC")
    assert list(read.checks.values()) == [None]


def test_progress_counts_each_fit_once_over_steps_retries_and_the_end():
    seen: list[FitEvent] = []
    counter = FitCounter({"OPUSDC": list("abcdef")}, seen.append)
    first, retry = RunEvents(), RunEvents()

    def line(ended: int, made: int) -> dict[str, Any]:
        text = str(FitsFinished("OPUSDC", 1, "mild", ended=ended, of=8, made=made))
        return {"__typename": "LogMessageEvent", "message": text}

    first.add(line(ended=3, made=1), "OPUSDC")  # two of the eight were finished before
    first.add(line(ended=5, made=3), "OPUSDC")
    counter.count("OPUSDC", [first], complete=False)
    counter.count("OPUSDC", [first], complete=False)
    assert [one.key for one in seen] == list("abc")
    retry.add(line(ended=6, made=1), "OPUSDC")
    counter.count("OPUSDC", [first, retry], complete=False)
    assert len(seen) == 4
    counter.count("OPUSDC", [first, retry], complete=True)
    assert [one.key for one in seen] == list("abcdef")
    assert (seen[-1].fold, seen[-1].name) == (1, "mild")


@pytest.mark.parametrize(
    ("status", "tags", "ended"),
    [
        ("STARTED", {}, False),
        ("FAILURE", {"dagster/will_retry": "true"}, False),
        ("FAILURE", {"dagster/will_retry": "false"}, True),
        ("SUCCESS", {"dagster/will_retry": "true"}, True),
    ],
)
def test_a_failed_run_has_not_ended_while_a_retry_will_follow(status: str, tags: dict[str, str], ended: bool):
    assert run(status, **tags).has_ended is ended


def test_a_partition_is_what_its_newest_run_is():
    looks = [
        [run("STARTED")],
        [run("FAILURE", **{"dagster/will_retry": "true"})],
        [run("SUCCESS", "r2", 2), run("FAILURE", **{"dagster/will_retry": "true"})],
    ]
    deployment = FakeDeployment()
    seen: list[list[str]] = []
    runs = Runs(
        deployment,  # type: ignore[arg-type]
        lambda: looks.pop(0),
        lambda newest: all(one.has_ended for one in newest.values()),
        lambda partitions: seen.append([one.run_id for one in partitions["OPUSDC"]]),
        pytest.fail,
    )
    assert runs.follow()["OPUSDC"].run_id == "r2"
    assert deployment.waited == [2.0, 2.0]
    assert seen == [["r1"], ["r1"], ["r1", "r2"]]


def test_no_run_for_90_seconds_is_said_once_and_followed_on():
    deployment = FakeDeployment()
    said: list[tuple[float, str]] = []
    runs = Runs(
        deployment,  # type: ignore[arg-type]
        lambda: [run("SUCCESS")] if sum(deployment.waited) >= 300 else [],
        bool,
        lambda _partitions: None,
        lambda text: said.append((sum(deployment.waited), text)),
    )
    assert runs.follow()["OPUSDC"].status == "SUCCESS"
    assert said == [(90.0, "no run has started yet; is Dagster's daemon running?")]


def test_a_look_asks_each_run_for_its_crypto_once(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    crypto = RunState.crypto.fget
    monkeypatch.setattr(RunState, "crypto", property(lambda one: asked.append(one.run_id) or crypto(one)))
    looked = [run("SUCCESS", f"r{n}", n, **{"dagster/partition": f"C{n}|market"}) for n in range(50)]
    deployment = FakeDeployment()
    monkeypatch.setattr(submitted_sweep, "find_runs", lambda *_: looked)
    monkeypatch.setattr(submitted_sweep, "waiting_fits", lambda *_: {})
    monkeypatch.setattr(
        submitted_sweep,
        "union",
        lambda *_: {"partitionNames": [f"C{n}|market" for n in range(50)], "status": "COMPLETED_SUCCESS"},
    )
    deployment.ask = lambda *_: {}  # type: ignore[method-assign]
    reader = SimpleNamespace(read=list, known=lambda _run: RunEvents())
    submitted = SimpleNamespace(
        deployment=deployment, sweep=SimpleNamespace(cryptos=[]), home=None, say=pytest.fail
    )
    found = submitted_sweep._follow_backfill(submitted, "b", reader, lambda _event: None)  # type: ignore[arg-type]
    assert (len(found), len(asked)) == (50, 50)


def test_events_are_read_page_by_page_each_once():
    deployment = FakeDeployment()
    deployment.pages = [["a", "b"], ["c"], []]
    reader = EventReader(deployment)  # type: ignore[arg-type]
    reader.read([run()])
    reader.read([run()])
    assert reader.known(run()).end == "c"
    assert deployment.cursors == [None, "1", "2"]


class FakeDeployment:
    """Answers questions for events from pages of messages."""

    def __init__(self) -> None:
        self.waited: list[float] = []
        self.pages: list[list[str]] = []
        self.cursors: list[str | None] = []
        self.pause = self.waited.append

    def ask(self, _query: str, variables: dict[str, Any]) -> dict[str, Any]:
        self.cursors.append(variables["after0"])
        page = self.pages.pop(0)
        events = [{"__typename": "RunFailureEvent", "message": one, "error": None} for one in page]
        number = str(len(self.cursors))
        more = len(page) == 2
        return {
            "logs0": {"__typename": "EventConnection", "cursor": number, "hasMore": more, "events": events}
        }
