"""What is asked of a deployment: one backfill with the sweep's settings, never twice, of known partitions."""

from __future__ import annotations

from typing import Any

import pytest

from ftf_assets.contracts.errors import InputError, RunError
from ftf_assets.graph.jobs import SWEEP_TAG
from ftf_assets.running.deployment.backfill import (
    SUBMISSION_TAG,
    Repository,
    find_repository,
    launch_backfill,
    unfinished_backfill,
)
from ftf_assets.running.deployment.graphql_client import UnclearError

OURS = Repository("ftf_assets.definitions", "__repository__")
TAGS = {SWEEP_TAG: "ftf_1"}
CONFIG = {"resources": {"sweep": {"config": {"data": {"source": "candles"}}}}}


class FakeDeployment:
    """Knows a partition and its backfills; a launch may lose its answer."""

    url = "http://fake"

    def __init__(self, *, loses: str = "") -> None:
        self.loses = loses
        self.partitions = ["OPUSDC|candles"]
        self.backfills: list[dict[str, Any]] = []
        self.locations = {"ftf_assets.definitions": ["ftf_sweep"], "others": ["etl"]}

    def ask(
        self, query: str, variables: dict[str, Any] | None = None, *, repeat: bool = True
    ) -> dict[str, Any]:
        given = variables or {}
        if "repositoriesOrError" in query:
            nodes = [
                {"name": "r", "location": {"name": name}, "jobs": [{"name": job} for job in jobs]}
                for name, jobs in self.locations.items()
            ]
            return {"repositoriesOrError": {"__typename": "RepositoryConnection", "nodes": nodes}}
        if "partitionSetsOrError" in query:
            known = {"__typename": "Partitions", "results": [{"name": one} for one in self.partitions]}
            found = [{"name": "ftf_sweep_partition_set", "partitionsOrError": known}]
            return {"partitionSetsOrError": {"__typename": "PartitionSets", "results": found}}
        if "addDynamicPartition" in query:
            self.partitions.append(f"{given['key']}|candles")
            return {"addDynamicPartition": {"__typename": "AddDynamicPartitionSuccess"}}
        if "launchPartitionBackfill" in query:
            assert not repeat, "a launch is not sent again"
            if self.loses != "request":
                self.backfills.append({"id": "b1", "status": "REQUESTED", **given["backfill"]})
            if self.loses:
                raise UnclearError("no answer")
            return {"launchPartitionBackfill": {"__typename": "LaunchBackfillSuccess", "backfillId": "b1"}}
        assert "partitionBackfillsOrError" in query
        wanted = given["statuses"]
        found = [one for one in self.backfills if wanted is None or one["status"] in wanted]
        return {"partitionBackfillsOrError": {"__typename": "PartitionBackfills", "results": found}}


def launch(deployment: Any) -> str:
    return launch_backfill(deployment, OURS, ["OPUSDC", "DOGEUSDC"], CONFIG, TAGS)


def test_one_backfill_with_the_settings_and_tags_and_new_cryptos_as_partitions():
    deployment = FakeDeployment()
    assert launch(deployment) == "b1"
    assert deployment.partitions == ["OPUSDC|candles", "DOGEUSDC|candles"]
    (backfill,) = deployment.backfills
    assert backfill["partitionNames"] == ["OPUSDC|candles", "DOGEUSDC|candles"]
    assert backfill["runConfigData"] == CONFIG
    tags = {tag["key"]: tag["value"] for tag in backfill["tags"]}
    assert tags[SWEEP_TAG] == "ftf_1"
    assert tags[SUBMISSION_TAG]


def test_a_launch_whose_answer_was_lost_is_found_and_not_sent_again():
    deployment = FakeDeployment(loses="answer")
    assert launch(deployment) == "b1"
    assert len(deployment.backfills) == 1


def test_a_launch_that_was_lost_itself_is_said():
    with pytest.raises(UnclearError):
        launch(FakeDeployment(loses="request"))


def test_only_a_backfill_at_work_is_followed_again():
    deployment: Any = FakeDeployment()
    assert unfinished_backfill(deployment, "ftf_1") is None
    launch(deployment)
    assert unfinished_backfill(deployment, "ftf_1") == "b1"
    assert unfinished_backfill(deployment, "ftf_2") is None
    deployment.backfills[0]["status"] = "COMPLETED_SUCCESS"
    assert unfinished_backfill(deployment, "ftf_1") is None


def test_the_location_with_the_job_is_found_whatever_its_name():
    deployment: Any = FakeDeployment()
    assert find_repository(deployment) == Repository("ftf_assets.definitions", "r")
    deployment.locations = {"others": ["etl"]}
    with pytest.raises(InputError, match=r"must have the job ftf_sweep \(found 0 of these: others\)"):
        find_repository(deployment)


def test_a_partition_that_is_refused_is_one_line():
    deployment: Any = FakeDeployment()
    answer = deployment.ask
    refusal = {"addDynamicPartition": {"__typename": "UnauthorizedError", "message": "not yours"}}
    deployment.ask = lambda query, *given, **named: (
        refusal if "addDynamicPartition" in query else answer(query, *given, **named)
    )
    with pytest.raises(RunError, match="does not accept the partition DOGEUSDC: not yours"):
        launch(deployment)
