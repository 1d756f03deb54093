"""The backfill of a sweep on a deployment: job, partitions, launch, search and cancellation."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftf_assets.contracts.errors import RunError, input_error
from ftf_assets.graph.crypto_partitions import (
    CRYPTOS,
    PARTITION_TAG,
    crypto_and_source,
    partition_of,
)
from ftf_assets.graph.jobs import SWEEP_JOB, SWEEP_TAG
from ftf_assets.running.deployment.graphql_client import Deployment, UnclearError, union

#: Tag that tells one submission from another of the same sweep.
SUBMISSION_TAG = "ftf/submission"
#: A backfill that may still start runs, or whose runs are still at work.
_UNFINISHED = ["REQUESTED", "CANCELING", "FAILING"]

_REPOSITORIES = """query { repositoriesOrError { __typename ... on PythonError { message }
    ... on RepositoryConnection { nodes { name location { name } jobs { name } } } } }"""
_PARTITIONS = """query($job: String!, $repository: RepositorySelector!) {
    partitionSetsOrError(pipelineName: $job, repositorySelector: $repository) { __typename
    ... on PythonError { message } ... on PartitionSets { results { name
    partitionsOrError { __typename ... on PythonError { message }
    ... on Partitions { results { name } } } } } } }"""
_ADD_PARTITION = """mutation($repository: RepositorySelector!, $of: String!, $key: String!) {
    addDynamicPartition(repositorySelector: $repository, partitionsDefName: $of, partitionKey: $key) {
    __typename ... on UnauthorizedError { message } ... on PythonError { message } } }"""
_LAUNCH = """mutation($backfill: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $backfill) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PartitionSetNotFoundError { message }
    ... on PartitionKeysNotFoundError { message } ... on UnauthorizedError { message }
    ... on RunConfigValidationInvalid { errors { message } } ... on PythonError { message } } }"""
_LAUNCH_RUN = """mutation($run: ExecutionParams!) { launchRun(executionParams: $run) { __typename
    ... on LaunchRunSuccess { run { runId } } ... on UnauthorizedError { message }
    ... on PythonError { message }
    ... on PipelineNotFoundError { message } ... on RunConfigValidationInvalid { errors { message } } } }"""
_BACKFILLS = """query($statuses: [BulkActionStatus!], $cursor: String) {
    partitionBackfillsOrError(limit: 100, cursor: $cursor, filters: {statuses: $statuses}) { __typename
    ... on PythonError { message }
    ... on PartitionBackfills { results { id status tags { key value } } } } }"""
_CANCEL = """mutation($id: String!) { cancelPartitionBackfill(backfillId: $id) { __typename
    ... on UnauthorizedError { message } ... on PythonError { message } } }"""
_RUNS = """query($filter: RunsFilter!, $cursor: String) {
    runsOrError(filter: $filter, cursor: $cursor, limit: 500) {
    __typename ... on PythonError { message } ... on InvalidPipelineRunsFilterError { message }
    ... on Runs { results { runId jobName status creationTime tags { key value } } } } }"""


@dataclass(frozen=True)
class Repository:
    """The code of this project on a deployment, as its API names it."""

    location: str
    name: str

    @property
    def selector(self) -> dict[str, str]:
        """As queries take it."""
        return {"repositoryLocationName": self.location, "repositoryName": self.name}


@dataclass(frozen=True)
class RunState:
    """What the deployment says of a run.

    Attributes
    ----------
    run_id, job, status
        Its id, its job and Dagster's status.
    created
        When it was requested, seconds since 1970.
    tags
        Its tags.
    """

    run_id: str
    job: str
    status: str
    created: float
    tags: Mapping[str, str]

    @property
    def crypto(self) -> str | None:
        """The crypto of its partition; None for a run of the whole sweep."""
        partition = self.tags.get(PARTITION_TAG)
        return None if partition is None else crypto_and_source(partition)[0]

    @property
    def has_ended(self) -> bool:
        """Whether it has ended and no retry will follow."""
        will_retry = self.status == "FAILURE" and self.tags.get("dagster/will_retry") == "true"
        return self.status in ("SUCCESS", "FAILURE", "CANCELED") and not will_retry


def find_repository(deployment: Deployment) -> Repository:
    """Find the code location that has the sweep's job.

    Raises
    ------
    InputError
        No code location of the deployment has it, or several have.
    """
    nodes = union(deployment.ask(_REPOSITORIES), "repositoriesOrError", "RepositoryConnection")["nodes"]
    found = [
        Repository(node["location"]["name"], node["name"])
        for node in nodes
        if any(job["name"] == SWEEP_JOB for job in node["jobs"])
    ]
    if len(found) != 1:
        names = ", ".join(sorted(node["location"]["name"] for node in nodes)) or "none"
        raise input_error(
            f"exactly one code location of the deployment {deployment.url} must have the job {SWEEP_JOB}",
            found=f"{len(found)} of these: {names}",
            fix="Load the module ftf_assets.definitions there; a location that failed to load is not listed",
        )
    return found[0]


def launch_backfill(
    deployment: Deployment,
    repository: Repository,
    cryptos: Sequence[str],
    config: Mapping[str, Any],
    tags: Mapping[str, str],
) -> str:
    """Submit one backfill of the sweep's job over some cryptos; give its id.

    Cryptos that the deployment does not know yet become partitions first. After an unclear answer, the
    submission is looked for before it is sent again, so it never starts twice.

    Raises
    ------
    InputError, RunError
        As :meth:`~ftf_assets.running.deployment.graphql_client.Deployment.ask`.
    """
    source = config["resources"]["sweep"]["config"]["data"]["source"]
    partitions = [str(partition_of(crypto, source)) for crypto in cryptos]
    partition_set = _with_partitions(deployment, repository, partitions)
    submission = uuid.uuid4().hex
    params = {
        "selector": {"partitionSetName": partition_set, "repositorySelector": repository.selector},
        "partitionNames": partitions,
        "runConfigData": dict(config),
        "tags": [{"key": key, "value": value} for key, value in {**tags, SUBMISSION_TAG: submission}.items()],
        "title": f"Sweep {tags[SWEEP_TAG]}",
    }
    try:
        data = deployment.ask(_LAUNCH, {"backfill": params}, repeat=False)
    except UnclearError:
        found = _backfill_tagged(deployment, SUBMISSION_TAG, submission, statuses=None)
        if found is None:
            raise
        return found
    backfill_id: str = union(data, "launchPartitionBackfill", "LaunchBackfillSuccess")["backfillId"]
    return backfill_id


def launch_run(
    deployment: Deployment,
    repository: Repository,
    job: str,
    config: Mapping[str, Any],
    tags: Mapping[str, str],
) -> str:
    """Launch one run of a job without partitions; give its id.

    Raises
    ------
    InputError, RunError
        As :func:`launch_backfill`.
    """
    submission = uuid.uuid4().hex
    params = {
        "selector": {**repository.selector, "jobName": job},
        "runConfigData": dict(config),
        "executionMetadata": {
            "tags": [
                {"key": key, "value": value} for key, value in {**tags, SUBMISSION_TAG: submission}.items()
            ]
        },
    }
    try:
        data = deployment.ask(_LAUNCH_RUN, {"run": params}, repeat=False)
    except UnclearError:
        found = find_runs(deployment, {SUBMISSION_TAG: submission})
        if not found:
            raise
        return found[0].run_id
    run_id: str = union(data, "launchRun", "LaunchRunSuccess")["run"]["runId"]
    return run_id


def unfinished_backfill(deployment: Deployment, sweep_id: str) -> str | None:
    """Find the newest backfill of a sweep that has not ended; None if there is none."""
    return _backfill_tagged(deployment, SWEEP_TAG, sweep_id, statuses=_UNFINISHED)


def cancel_backfill(deployment: Deployment, backfill_id: str) -> None:
    """Stop a backfill: it starts no more runs, and its running ones are terminated.

    Raises
    ------
    RunError
        The deployment refuses.
    """
    union(deployment.ask(_CANCEL, {"id": backfill_id}), "cancelPartitionBackfill", "CancelBackfillSuccess")


def find_runs(deployment: Deployment, tags: Mapping[str, str], *, job: str | None = None) -> list[RunState]:
    """List the runs with some tags, the newest first."""
    wanted: dict[str, Any] = {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
    if job is not None:
        wanted["pipelineName"] = job
    found: list[RunState] = []
    while True:
        cursor = found[-1].run_id if found else None
        data = deployment.ask(_RUNS, {"filter": wanted, "cursor": cursor})
        page = union(data, "runsOrError", "Runs")["results"]
        found += [
            RunState(one["runId"], one["jobName"], one["status"], one["creationTime"], _tags(one))
            for one in page
        ]
        if len(page) < 500:
            return found


def _with_partitions(deployment: Deployment, repository: Repository, partitions: Sequence[str]) -> str:
    """Make the partitions known to the deployment; give the name of the job's set of partitions."""
    selector = repository.selector
    data = deployment.ask(_PARTITIONS, {"job": SWEEP_JOB, "repository": selector})
    (found,) = union(data, "partitionSetsOrError", "PartitionSets")["results"]
    known = {one["name"] for one in union(found, "partitionsOrError", "Partitions")["results"]}
    for partition in partitions:
        if partition in known:
            continue
        crypto, _ = crypto_and_source(partition)
        of = {"repository": selector, "of": CRYPTOS.name, "key": crypto}
        kind = deployment.ask(_ADD_PARTITION, of)["addDynamicPartition"]
        if kind["__typename"] not in ("AddDynamicPartitionSuccess", "DuplicateDynamicPartitionError"):
            why = kind.get("message", kind["__typename"])
            raise RunError(f"the deployment does not accept the partition {crypto}: {why}")
    name: str = found["name"]
    return name


def _backfill_tagged(
    deployment: Deployment, tag: str, value: str, *, statuses: list[str] | None
) -> str | None:
    cursor = None
    while True:
        data = deployment.ask(_BACKFILLS, {"statuses": statuses, "cursor": cursor})
        page = union(data, "partitionBackfillsOrError", "PartitionBackfills")["results"]
        for one in page:
            if _tags(one).get(tag) == value:
                backfill_id: str = one["id"]
                return backfill_id
        if len(page) < 100 or statuses is None:  # a submission of this minute is on the first page
            return None
        cursor = page[-1]["id"]


def _tags(node: Mapping[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in node["tags"]}
