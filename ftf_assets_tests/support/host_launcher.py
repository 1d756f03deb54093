"""A run launcher for the hosts of :mod:`~ftf_assets_tests.support.network_hosts`, as small as one can be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, LaunchRunContext, WorkerStatus
from dagster._grpc.client import DagsterGrpcClient
from dagster._serdes import ConfigurableClassData

_HOST_TAG = "host"
_UNFINISHED = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


class HostLauncher(DefaultRunLauncher):
    """Starts each run on the host that answers and has the fewest runs; a silent host's runs are lost.

    Parameters
    ----------
    hosts
        Addresses. On each, a code server listens that executes runs in processes of its own.
    port
        Port of the code servers.
    inst_data
        As Dagster gives it.
    """

    def __init__(self, hosts: list[str], port: int, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(inst_data)
        self._hosts, self._port = hosts, port

    @classmethod
    def config_type(cls) -> Any:
        """The names of its settings in ``dagster.yaml``."""
        return {"hosts": [str], "port": int}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]
    ) -> HostLauncher:
        """Make it from its block in ``dagster.yaml``."""
        return cls(config_value["hosts"], config_value["port"], inst_data)

    def launch_run(self, context: LaunchRunContext) -> None:
        """Start the run on a host."""
        runs = self._instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED))
        busy = [host_of(run) for run in runs if run.run_id != context.dagster_run.run_id]
        for host in sorted(self._hosts, key=busy.count):
            client = DagsterGrpcClient(host=host, port=self._port)
            if _answers(client):
                self._instance.add_run_tags(context.dagster_run.run_id, {_HOST_TAG: host})
                self.launch_run_from_grpc_client(self._instance, context.dagster_run, client)
                return
        raise RuntimeError(f"none of the hosts {self._hosts} answers")

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Whether run monitoring may ask for a run's host."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Say that a run is lost when its host is silent."""
        host = host_of(run)
        if host is None or _answers(DagsterGrpcClient(host=host, port=self._port)):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, f"its host {host} does not answer")


def host_of(run: Any) -> str | None:
    """The address of the host that a run was started on; None before."""
    host: str | None = run.tags.get(_HOST_TAG)
    return host


def _answers(client: DagsterGrpcClient) -> bool:
    try:
        client.ping("")
    except Exception:  # noqa: BLE001  whatever it says, it is no answer
        return False
    return True
