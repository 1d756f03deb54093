"""Watch the runs of a deployment until they end: finished fits, failures and asset checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ftf_assets.contracts.errors import FtfError, RunError, shown
from ftf_assets.graph.check_history import FailedCheck
from ftf_assets.graph.fit_events import FitsFinished, Listener
from ftf_assets.running.deployment.backfill import RunState
from ftf_assets.running.deployment.graphql_client import Deployment, union
from ftf_assets.running.run_failures import Cause, failure_of
from ftf_assets.training.fit_engine import FitEvent

#: Seconds between two looks at the runs.
SECONDS_BETWEEN_LOOKS = 2.0
#: Seconds without any run after which the user is told: the daemon looks for backfills every 30 s.
SECONDS_WITHOUT_RUN = 90.0
#: Runs whose events are asked for in one request, and events of each.
_RUNS_A_REQUEST, _EVENTS_A_RUN = 20, 500

_ERROR = "className message causes { className message }"
_EVENTS = f"""{{ __typename ... on PythonError {{ message }} ... on RunNotFoundError {{ message }}
    ... on EventConnection {{ cursor hasMore events {{ __typename
    ... on LogMessageEvent {{ message }}
    ... on ExecutionStepFailureEvent {{ error {{ {_ERROR} }} }}
    ... on RunFailureEvent {{ message error {{ {_ERROR} }} }}
    ... on AssetCheckEvaluationEvent {{ evaluation {{
        assetKey {{ path }} checkName success severity description }} }} }} }} }}"""


@dataclass
class RunEvents:
    """What the events of a run have said so far.

    Attributes
    ----------
    last
        The progress line that came last.
    causes
        Errors of failed steps, each followed by its causes.
    end
        Why Dagster ended the run, where no step failed: its process was lost, for example.
    checks
        The latest result of each check, (asset, check) to the failure or None.
    """

    last: FitsFinished | None = None
    causes: list[Cause] = field(default_factory=list)
    end: str = ""
    checks: dict[tuple[str, str], FailedCheck | None] = field(default_factory=dict)
    _cursor: str | None = None

    def add(self, event: Mapping[str, Any], crypto: str | None) -> None:
        """Take in one event."""
        match event["__typename"]:
            case "LogMessageEvent":
                self.last = FitsFinished.read(event["message"]) or self.last
            case "ExecutionStepFailureEvent":
                self.causes += _causes(event["error"])
            case "RunFailureEvent":
                self.end = event["message"] or ""
            case "AssetCheckEvaluationEvent":
                found = event["evaluation"]
                asset, check = "/".join(found["assetKey"]["path"]), found["checkName"]
                failed = FailedCheck(
                    crypto,
                    asset,
                    check,
                    found["description"] or "no description",
                    found["severity"] == "WARN",
                )
                self.checks[asset, check] = None if found["success"] else failed


class EventReader:
    """Reads the events of runs, each event once."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._of: dict[str, RunEvents] = {}

    def read(self, runs: Iterable[RunState]) -> None:
        """Read what is new in the events of some runs."""
        wanted = list(runs)
        for first in range(0, len(wanted), _RUNS_A_REQUEST):
            waiting = wanted[first : first + _RUNS_A_REQUEST]
            while waiting:
                waiting = self._read_page(waiting)

    def known(self, run: RunState) -> RunEvents:
        """What has been read of a run's events."""
        return self._of.get(run.run_id) or RunEvents()

    def _read_page(self, runs: Sequence[RunState]) -> list[RunState]:
        """Read the next events of some runs; give the runs that have more."""
        variables: dict[str, str | None] = {}
        for number, run in enumerate(runs):
            events = self._of.setdefault(run.run_id, RunEvents())
            variables |= {f"run{number}": run.run_id, f"after{number}": events._cursor}
        declared = ", ".join(f"$run{n}: ID!, $after{n}: String" for n in range(len(runs)))
        fields = " ".join(
            f"logs{n}: logsForRun(runId: $run{n}, afterCursor: $after{n}, limit: {_EVENTS_A_RUN}) {_EVENTS}"
            for n in range(len(runs))
        )
        data = self._deployment.ask(f"query({declared}) {{ {fields} }}", variables)
        more = []
        for number, run in enumerate(runs):
            page, events = union(data, f"logs{number}", "EventConnection"), self._of[run.run_id]
            for event in page["events"]:
                events.add(event, run.crypto)
            events._cursor = page["cursor"]
            if page["hasMore"]:
                more.append(run)
        return more


class FitCounter:
    """Turns the progress lines of a deployment's runs into one event for each fit.

    Parameters
    ----------
    waiting
        Crypto to the keys of its fits that are not finished.
    on_fit
        Called with an event for each fit that the runs have made. The lines count fits, so which of the
        crypto's fits it was is not known: the keys come in the plan's order.
    """

    def __init__(self, waiting: Mapping[str, Sequence[str]], on_fit: Listener) -> None:
        self._waiting = {crypto: list(reversed(keys)) for crypto, keys in waiting.items()}
        self._on_fit = on_fit

    def count(self, crypto: str, events: Iterable[RunEvents], *, complete: bool) -> None:
        """Report the fits of a crypto that its runs have made since the last call.

        Parameters
        ----------
        crypto, events
            The crypto, and the events of its runs.
        complete
            Whether a run of it has succeeded: then no fit is left.
        """
        if crypto not in self._waiting:
            return
        of_runs = list(events)
        last = next((one.last for one in reversed(of_runs) if one.last is not None), None)
        waiting = self._waiting[crypto]
        left = 0 if complete else len(waiting) if last is None else max(last.of - last.ended, 0)
        while len(waiting) > left:
            self._on_fit(
                FitEvent("done", waiting.pop(), crypto, last.fold if last else 0, last.name if last else "")
            )


class Runs:
    """The runs of one backfill or one job, looked at again and again until they have ended.

    Parameters
    ----------
    deployment
        Who runs them.
    look
        Gives the runs as they are, the newest first.
    has_ended
        Called with the newest run of each partition; whether no more will come and all have ended.
    on_look
        Called after each look with the runs of each partition, the oldest first.
    say
        Called once with a sentence for the user where no run appears.
    """

    def __init__(
        self,
        deployment: Deployment,
        look: Callable[[], list[RunState]],
        has_ended: Callable[[Mapping[str | None, RunState]], bool],
        on_look: Callable[[Mapping[str | None, Sequence[RunState]]], None],
        say: Callable[[str], None],
    ) -> None:
        self._deployment, self._look, self._has_ended, self._on_look = deployment, look, has_ended, on_look
        self._say = say

    def follow(self) -> dict[str | None, RunState]:
        """Wait until the runs have ended; give the newest run of each partition."""
        without_run: float | None = 0.0
        while True:
            partitions = _by_crypto(self._look())
            newest = {crypto: runs[-1] for crypto, runs in partitions.items()}
            self._on_look(partitions)
            if self._has_ended(newest):
                return newest
            if newest:
                without_run = None
            elif without_run is not None and without_run >= SECONDS_WITHOUT_RUN:
                self._say("no run has started yet; is Dagster's daemon running?")
                without_run = None
            self._deployment.pause(SECONDS_BETWEEN_LOOKS)
            if without_run is not None:
                without_run += SECONDS_BETWEEN_LOOKS


def run_failure(run: RunState, events: RunEvents) -> FtfError:
    """Turn what stopped a run into the error that a local sweep raises.

    Parameters
    ----------
    run
        It has ended, and not well.
    events
        Its events.
    """
    name = run.crypto or run.job
    failed = [check for check in events.checks.values() if check is not None and not check.is_warning]
    error = failure_of(events.causes, name, run.run_id, failed, "the deployment")
    if isinstance(error, FtfError):
        return error
    how = "was stopped in the deployment" if run.status == "CANCELED" else f"failed: {shown(events.end)}"
    return RunError(f"{name}: its run {run.run_id} {how}")


def _by_crypto(runs: Sequence[RunState]) -> dict[str | None, list[RunState]]:
    """Group runs by crypto, the oldest first."""
    groups: dict[str | None, list[RunState]] = {}
    for run in sorted(runs, key=lambda run: run.created):
        groups.setdefault(run.crypto, []).append(run)
    return groups


def _causes(error: Mapping[str, Any] | None) -> list[Cause]:
    if error is None:
        return []
    return [Cause(one["className"] or "", one["message"]) for one in (error, *error["causes"])]
