"""A sweep on a deployment: one backfill, then the decision, followed to the end of a local sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ftf_assets.contracts.errors import FtfError, Interrupted, RunError, shown
from ftf_assets.freshness.checks import CheckOf, checks_in_order
from ftf_assets.freshness.current import stale_assets
from ftf_assets.graph.check_history import FailedCheck
from ftf_assets.graph.crypto_partitions import crypto_and_source
from ftf_assets.graph.fit_events import Listener
from ftf_assets.graph.jobs import DECIDE_JOB, SWEEP_TAG, sweep_tags
from ftf_assets.running.deployment.backfill import (
    Repository,
    RunState,
    cancel_backfill,
    find_repository,
    find_runs,
    launch_backfill,
    launch_run,
    unfinished_backfill,
)
from ftf_assets.running.deployment.following import EventReader, FitCounter, Runs, run_failure
from ftf_assets.running.deployment.graphql_client import Deployment, UnreachableError, union
from ftf_assets.running.interrupts import interrupts_raise
from ftf_assets.running.job_runs import run_config
from ftf_assets.running.preflight import check_inputs
from ftf_assets.running.progress import waiting_fits
from ftf_assets.running.sweep_run import SweepRun, outcome
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.sweep import Sweep

#: Every run that a backfill starts, and every retry of it, carries the backfill's id.
_BACKFILL_TAG = "dagster/backfill"
_BACKFILL = """query($id: String!) { partitionBackfillOrError(backfillId: $id) { __typename
    ... on PythonError { message } ... on BackfillNotFoundError { message }
    ... on PartitionBackfill { status partitionNames error { message } } } }"""
#: Backfills in these states start no more runs.
_STOPPED = {"FAILED", "CANCELED", "CANCELING", "FAILING"}


@dataclass(frozen=True)
class _Submitted:
    sweep: Sweep
    home: Home
    deployment: Deployment
    repository: Repository
    say: Callable[[str], None]

    @property
    def config(self) -> dict[str, Any]:
        return run_config(self.sweep, self.home)

    @property
    def tags(self) -> dict[str, str]:
        return sweep_tags(self.sweep.sweep_id, self.sweep.settings)


def run_submitted_sweep(
    sweep: Sweep, home: Home, deployment: Deployment, *, on_fit: Listener, say: Callable[[str], None]
) -> SweepRun:
    """Hand a sweep to a deployment as one backfill, follow it, then decide and report once.

    Only cryptos that have something to make are part of the backfill. Where a backfill of this sweep is at
    work, it is followed instead, so the same call after an interrupt goes on following.

    Parameters
    ----------
    sweep
        What to run. Its settings, fold edges included, become the run configuration of every run.
    home
        Where rows and reports are read when the runs have ended; the deployment's runs write to it.
    deployment
        Who runs it.
    on_fit
        Called for every fit that finishes.
    say
        Called with sentences for the user while the runs are at work.

    Raises
    ------
    InputError, StoreError
        Bad input; or a partition was stopped by what :func:`~ftf_assets.running.sweep_run.run_sweep` raises.
    RunError
        Anything else stopped a partition; or the deployment cannot be reached; or it wrote no rows into this
        home.
    Interrupted
        The user stopped following. The backfill goes on.
    """
    check_inputs(sweep, home)
    submitted = _Submitted(sweep, home, deployment, find_repository(deployment), say)
    with interrupts_raise():
        reader, run_ids = EventReader(deployment), {}
        backfill_id = unfinished_backfill(deployment, sweep.sweep_id)
        deciding = sweep.settings.compares_variants
        if backfill_id is not None:
            say(f"Following backfill {backfill_id}, which was submitted before")
        else:
            stale = {one.crypto for one in stale_assets(sweep, home)}
            cryptos = [crypto for crypto in sweep.longest_first if crypto in stale]
            deciding = deciding and bool(stale)
            if cryptos:
                backfill_id = launch_backfill(
                    deployment, submitted.repository, cryptos, submitted.config, submitted.tags
                )
                say(f"Submitted backfill {backfill_id} of {len(cryptos)} cryptos to {deployment.url}")
        if backfill_id is not None:
            with _interrupts_leave(submitted, backfill_id):
                run_ids = _follow_backfill(submitted, backfill_id, reader, on_fit)
                _require_rows(submitted)
                if deciding:
                    _decide(submitted, reader, backfill_id=backfill_id)
        elif deciding:
            _decide(submitted, reader, backfill_id=None)
        checks = _latest_checks(submitted, reader)
    in_order = {crypto: run_ids[crypto] for crypto in sweep.cryptos if crypto in run_ids}
    return outcome(sweep, home, in_order, checks)


def cancel_submitted_sweep(sweep: Sweep, deployment: Deployment) -> str | None:
    """Stop the backfill of a sweep; give its id, or None if none is at work.

    Raises
    ------
    InputError, RunError
        The deployment refuses or cannot be reached.
    """
    backfill_id = unfinished_backfill(deployment, sweep.sweep_id)
    if backfill_id is not None:
        cancel_backfill(deployment, backfill_id)
    return backfill_id


@contextmanager
def _interrupts_leave(submitted: _Submitted, backfill_id: str) -> Iterator[None]:
    """Say what goes on where the user, or a lost deployment, ends the following."""
    again = "The same command follows it again; with --cancel it stops it"
    try:
        yield
    except Interrupted:
        raise Interrupted(
            f"stopped following. Backfill {backfill_id} goes on at {submitted.deployment.url}. {again}"
        ) from None
    except UnreachableError as error:
        raise RunError(f"{error}. Backfill {backfill_id} may go on. {again}") from None


def _follow_backfill(
    submitted: _Submitted, backfill_id: str, reader: EventReader, on_fit: Listener
) -> dict[str, str]:
    """Follow a backfill to its end; give the successful run of each crypto."""
    deployment = submitted.deployment
    backfill: dict[str, Any] = {}
    failures: dict[str, FtfError] = {}
    read: set[str] = set()
    counter = FitCounter(waiting_fits(submitted.sweep, submitted.home), on_fit)

    def look() -> list[RunState]:
        backfill.update(
            union(
                deployment.ask(_BACKFILL, {"id": backfill_id}),
                "partitionBackfillOrError",
                "PartitionBackfill",
            )
        )
        return find_runs(deployment, {_BACKFILL_TAG: backfill_id})

    def on_look(partitions: Mapping[str | None, Sequence[RunState]]) -> None:
        runs = [run for of_crypto in partitions.values() for run in of_crypto]
        reader.read(run for run in runs if run.run_id not in read and run.status != "QUEUED")
        read.update(run.run_id for run in runs if run.status in ("SUCCESS", "FAILURE", "CANCELED"))
        for crypto, of_crypto in partitions.items():
            if crypto is None:
                continue
            run = of_crypto[-1]
            counter.count(crypto, [reader.known(one) for one in of_crypto], complete=run.status == "SUCCESS")
            if run.has_ended and run.status != "SUCCESS" and crypto not in failures:
                failures[crypto] = run_failure(run, reader.known(run))
                submitted.say(f"{crypto} failed: {failures[crypto]}")

    def cryptos() -> set[str]:
        return {crypto_and_source(partition)[0] for partition in backfill["partitionNames"]}

    def has_ended(newest: Mapping[str | None, RunState]) -> bool:
        complete = cryptos() <= set(newest) or backfill["status"] in _STOPPED
        return complete and all(run.has_ended for run in newest.values())

    newest = Runs(deployment, look, has_ended, on_look, submitted.say).follow()
    for crypto in submitted.sweep.cryptos:
        if crypto in failures and newest[crypto].status != "SUCCESS":
            raise failures[crypto]
    missing = sorted(cryptos() - {*newest})
    if missing:
        why = str((backfill["error"] or {}).get("message", "")).strip().partition("\n")[0]
        raise RunError(
            f"backfill {backfill_id} ended as {backfill['status']} without a run of {', '.join(missing)}"
            + (f": {shown(why)}" if why else "")
        )
    return {crypto: run.run_id for crypto, run in newest.items() if crypto is not None}


def _require_rows(submitted: _Submitted) -> None:
    """Refuse to decide where the deployment's runs have not written into this home."""
    sweep, home = submitted.sweep, submitted.home
    rows = ResultsStore(home).read(sweep.sweep_id)
    missing = [crypto for crypto in sweep.cryptos if crypto not in set(rows["crypto"])]
    if missing:
        raise RunError(
            f"the deployment {submitted.deployment.url} has run sweep {sweep.sweep_id}, but the home "
            f"{home.address} holds no rows of {', '.join(missing)}: its runs write to another home, or have "
            "another version of ftf or other input files"
        )


def _decide(submitted: _Submitted, reader: EventReader, *, backfill_id: str | None) -> None:
    """Follow the run that decides, and launch it where the deployment's sensor has not."""
    deployment, tags = submitted.deployment, submitted.tags
    began = 0.0
    if backfill_id is not None:
        began = max(run.created for run in find_runs(deployment, {_BACKFILL_TAG: backfill_id}))
    of_sweep = {SWEEP_TAG: submitted.sweep.sweep_id}
    run_id = next(
        (
            run.run_id
            for run in find_runs(deployment, of_sweep, job=DECIDE_JOB)
            if not run.has_ended or (backfill_id and run.created > began and run.status == "SUCCESS")
        ),
        None,
    ) or launch_run(deployment, submitted.repository, DECIDE_JOB, submitted.config, tags)

    def look() -> list[RunState]:
        runs = find_runs(deployment, of_sweep, job=DECIDE_JOB)
        # Its retry, if Dagster makes one, is a run of its own.
        return [run for run in runs if run_id in (run.run_id, run.tags.get("dagster/root_run_id"))]

    def has_ended(newest: Mapping[str | None, RunState]) -> bool:
        return None in newest and newest[None].has_ended

    run = Runs(deployment, look, has_ended, lambda _partitions: None, submitted.say).follow()[None]
    reader.read([run])
    if run.status != "SUCCESS":
        raise run_failure(run, reader.known(run))


def _latest_checks(submitted: _Submitted, reader: EventReader) -> dict[CheckOf, FailedCheck | None]:
    """Give the checks of the sweep's values, in flow order, as the deployment's runs recorded them last."""
    runs = find_runs(submitted.deployment, {SWEEP_TAG: submitted.sweep.sweep_id})
    runs = sorted((run for run in runs if run.status == "SUCCESS"), key=lambda run: run.created)
    reader.read(runs)
    latest: dict[CheckOf, FailedCheck | None] = {}
    for run in runs:
        latest |= {(run.crypto, *check): failed for check, failed in reader.known(run).checks.items()}
    return {of: latest[of] for of in checks_in_order(submitted.sweep) if of in latest}
