"""Sweeps on two hosts without a shared disk: one with fits on Dask workers, and one that loses a host midway.

Postgres, an object store, one webserver, one daemon and the code server run on a third host; a fourth one
submits the sweeps and reads their results. They prove that runs and fits are handed over, lost and tried
again over the network, that no host judges another's runs by its own processes, and that the table is that of
one machine. The hosts share kernel, clock and installed code, and the object store is one that is made for
tests.
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from ftf_assets.graph.jobs import DECIDE_JOB, SWEEP_JOB, SWEEP_TAG
from ftf_assets.running.deployment.backfill import RunState, find_runs
from ftf_assets.running.deployment.following import EventReader
from ftf_assets.running.deployment.graphql_client import Deployment
from ftf_assets_tests.support.host_launcher import host_of
from ftf_assets_tests.support.network_hosts import OWN, Host, network, on_network, why_no_hosts
from ftf_assets_tests.support.processes import run_ftf, start_ftf
from ftf_assets_tests.support.settings import set_options
from ftf_assets_tests.support.small_sweep import QUICK_FITS

pytestmark = [pytest.mark.end_to_end, pytest.mark.first]

REPOSITORY = Path(__file__).parents[2]
CRYPTOS = ["OPUSDC", "LDOUSDC", "ARBUSDC", "UNIUSDC", "AAVEUSDC"]
#: Far more than anything takes on a quiet machine.
PATIENCE = 600.0
SECRET = "not-to-be-seen"

PYTHON = Path(sys.executable)
BIN = PYTHON.parent
WHY_NOT = why_no_hosts() or (None if shutil.which("postgres") else "PostgreSQL is not installed")

INSTANCE = """
storage:
  postgres:
    postgres_url: {env: FTF_POSTGRES}
run_launcher:
  module: ftf_assets_tests.support.host_launcher
  class: HostLauncher
  config: {hosts: [10.77.0.2, 10.77.0.3], port: 4000}
concurrency: {runs: {max_concurrent_runs: 2}}
run_queue: {dequeue_interval_seconds: 1}
run_monitoring: {enabled: true, poll_interval_seconds: 2}
run_retries: {enabled: true, max_retries: 1, retry_on_asset_or_op_failure: false}
telemetry: {enabled: false}
"""
WORKSPACE = """
load_from:
  - grpc_server: {host: 10.77.0.1, port: 4000, location_name: ftf_assets.definitions}
"""
#: A Dask worker that loads it dies as in a power cut, in the middle of its fourth fit.
DIES_IN_A_FIT = """
from ftf_assets_tests.faults.kill_points import plant

def dask_setup(worker):
    plant("in a fit", 4)
"""
#: Columns that tell who ran a cell, and when.
OF_THE_RUN = ["run_id", "created_at", "fit_seconds"]

pytestmark += [pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "")]


class Cluster:
    """Four hosts: servers, two that run, and one of a user."""

    def __init__(self, hosts: dict[str, Host], logs: Path) -> None:
        self.servers, self.one, self.other, self.user = hosts.values()
        self.logs = logs
        self.sweep = ""
        self._has_daemon = False
        for host in hosts.values():
            host.write("dagster/dagster.yaml", INSTANCE)
            host.write("dagster/workspace.yaml", WORKSPACE)

    @property
    def url(self) -> str:
        return f"http://{self.servers.address}:3000"

    def serve(self) -> None:
        """Start database, bucket, code servers and webserver; the daemon comes last, by itself."""
        database, log = Path(OWN, "database"), self.log("postgres")
        self.servers.run(["install", "-d", "-o", "postgres", database], log)
        initialise = [tool("initdb"), "--no-sync", "--auth=trust", "-D", database]
        assert self.servers.run(initialise, log, user="postgres") == 0, log.read_text()
        with (self.servers.own / "database/pg_hba.conf").open("a") as rules:
            rules.write("host all all 10.77.0.0/24 trust\n")
        where = ["-D", database, "-k", database, "-h", self.servers.address, "-F"]
        self.servers.start([tool("postgres"), *where], log, user="postgres")
        bucket = [PYTHON, "-m", "moto.server", "-H", self.servers.address, "-p", "5000"]
        self.servers.start(bucket, self.log("bucket"))
        for host in (self.servers, self.one, self.other):
            address = ["-h", host.address, "-p", "4000"]
            serve = [PYTHON, "-m", "dagster", "api", "grpc", "-m", "ftf_assets.definitions", *address]
            host.start(serve, self.log(f"code-{host.name}"))
        self.wait_for("the database", lambda: connects(self.servers.address, 5432))
        self.wait_for("the bucket server", lambda: connects(self.servers.address, 5000))
        assert on_network(self.servers, lambda: made_bucket(self.servers.address)) == 200
        self.wait_for("the code server", lambda: connects(self.servers.address, 4000))
        address = ["-h", self.servers.address, "-p", "3000"]
        web = ["dagster-webserver", *address, "-w", f"{OWN}/dagster/workspace.yaml"]
        self.servers.start([BIN / web[0], *web[1:]], self.log("webserver"))
        self.wait_for("the webserver", lambda: connects(self.servers.address, 3000))

    def start_daemon(self) -> None:
        daemon = [BIN / "dagster-daemon", "run", "-w", f"{OWN}/dagster/workspace.yaml"]
        if not self._has_daemon:
            self.servers.start(daemon, self.log("daemon"))
        self._has_daemon = True

    def submit(self, name: str, home: str, sweep: list[str]) -> subprocess.Popen[bytes]:
        """Have the user submit a sweep, and wait until it is; the daemon starts its runs."""
        self.sweep = name
        words = ["sweep", "--submit", "--deployment", self.url, *sweep, "--home", home, "--json"]
        submitted = self.user.start([BIN / "ftf", *words], self.log(name))
        self.wait_for("the submission", lambda: "Submitted backfill" in self.log(name).read_text())
        self.start_daemon()
        return submitted

    def start_dask(self) -> subprocess.Popen[bytes]:
        """Start a scheduler, and a worker on each host that runs; gives the worker that dies in a fit."""
        dask = [PYTHON, "-m"]
        here = ["--host", self.servers.address, "--port", "8786", "--no-dashboard"]
        self.servers.start([*dask, "distributed.cli.dask_scheduler", *here], self.log("scheduler"))
        self.wait_for("the Dask scheduler", lambda: connects(self.servers.address, 8786))
        self.one.write("dies.py", DIES_IN_A_FIT)
        workers = []
        for host, more in ((self.one, ["--preload", f"{OWN}/dies.py"]), (self.other, [])):
            place = [f"tcp://{self.servers.address}:8786", "--host", host.address, "--nthreads", "1"]
            alone = ["--no-nanny", "--no-dashboard", "--local-directory", f"{OWN}/tmp"]
            worker = [*dask, "distributed.cli.dask_worker", *place, *alone, *more]
            workers.append(host.start(worker, self.log(f"worker-{host.name}")))
        for host in (self.one, self.other):
            joined = f"Register worker addr: tcp://{host.address}:"
            self.wait_for("a Dask worker", lambda joined=joined: joined in self.log("scheduler").read_text())
        return workers[0]

    def runs(self, job: str) -> list[RunState]:
        return on_network(
            self.servers, lambda: find_runs(Deployment(self.url), {SWEEP_TAG: self.sweep_id}, job=job)
        )

    @property
    def sweep_id(self) -> str:
        return self.log(self.sweep).read_text().partition("Sweep ")[2].partition(":")[0]

    def made(self, run: RunState) -> int:
        """How many fits a run has logged."""

        def read() -> int:
            reader = EventReader(Deployment(self.url))
            reader.read([run])
            line = reader.known(run).last
            return 0 if line is None else line.made

        return on_network(self.servers, read)

    def wait_for(self, what: str, holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not on_network(self.servers, holds):
            assert not (ended := [*self.servers.ended, *self.user.ended]), f"{ended}: {self.last_lines()}"
            assert time.monotonic() < deadline, f"waited {PATIENCE:g} s for {what}; {self.last_lines()}"
            time.sleep(0.2)

    def wait_for_end(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until a command has ended well; else say what every host has said."""
        self.wait_for("the end of a command", lambda: process.poll() is not None)
        assert process.returncode == 0, self.last_lines()

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def last_lines(self) -> str:
        logs = sorted(self.logs.glob("*.log"))
        return "\n".join(f"{log.stem}: {log.read_text(errors='replace')[-1500:]}" for log in logs)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The hosts. The tests share them, so the one that takes a host away comes last."""
    environment = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY),
        "DAGSTER_HOME": f"{OWN}/dagster",
        "FTF_POSTGRES": f"postgresql+psycopg2://postgres:{SECRET}@10.77.0.1/postgres",
        "AWS_ENDPOINT_URL": "http://10.77.0.1:5000",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "team",
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }
    with network(["servers", "one", "other", "user"], environment) as hosts:
        cluster = Cluster(hosts, tmp_path_factory.mktemp("logs"))
        cluster.serve()
        yield cluster


def test_a_dask_worker_is_lost_midway_and_the_table_is_that_of_one_machine(cluster: Cluster, tmp_path: Path):
    """Two cryptos, each with its run on one of the hosts and its fits on the workers of both."""
    home, sweep = "s3://team/dask", sweep_of(CRYPTOS[:2])
    dies = cluster.start_dask()
    fits = ["--fits", f"dask://{cluster.servers.address}:8786"]
    submitted = cluster.submit("dask-sweep", home, [*sweep, *fits])
    alone = start_ftf(["sweep", *sweep, "--home", str(tmp_path / "alone")], tmp_path)

    cluster.wait_for_end(submitted)
    assert dies.wait(PATIENCE) == -signal.SIGKILL
    assert f"Remove worker addr: tcp://{cluster.one.address}:" in cluster.log("scheduler").read_text()
    runs = cluster.runs(SWEEP_JOB)
    assert sorted((run.crypto, run.status) for run in runs) == [
        (crypto, "SUCCESS") for crypto in sorted(CRYPTOS[:2])
    ], "no run was ended, none was tried again"
    assert {host_of(run) for run in runs} == {cluster.one.address, cluster.other.address}

    assert alone.wait() == 0, alone.stderr
    assert_tables_are_equal(cluster, home, tmp_path)


def test_a_host_is_lost_midway_and_the_table_is_that_of_one_machine(cluster: Cluster, tmp_path: Path):
    home, sweep = "s3://team/ftf", sweep_of(CRYPTOS)
    submitted = cluster.submit("sweep", home, sweep)
    alone = start_ftf(["sweep", *sweep, "--home", str(tmp_path / "alone")], tmp_path)

    def on_one() -> list[RunState]:
        return [run for run in cluster.runs(SWEEP_JOB) if host_of(run) == cluster.one.address]

    cluster.wait_for("fits on the first host", lambda: any(cluster.made(run) for run in on_one()))
    lost = {run.run_id for run in on_one() if not run.has_ended}
    cluster.one.kill()

    cluster.wait_for_end(submitted)
    runs = cluster.runs(SWEEP_JOB)
    assert lost == {run.run_id for run in runs if run.status == "FAILURE"}, "no other run was ended"
    assert sorted(run.crypto or "" for run in runs if run.status == "SUCCESS") == sorted(CRYPTOS)
    again = {run.tags["dagster/parent_run_id"] for run in runs if "dagster/parent_run_id" in run.tags}
    assert again == lost
    (decided,) = cluster.runs(DECIDE_JOB)
    assert host_of(decided) == cluster.other.address

    assert alone.wait() == 0, alone.stderr
    assert_tables_are_equal(cluster, home, tmp_path)
    for host in (cluster.servers, cluster.other, cluster.user):
        assert SECRET not in everything_under(host.own)
    assert SECRET not in cluster.last_lines()


def sweep_of(cryptos: list[str]) -> list[str]:
    """The arguments of a sweep that takes seconds a crypto."""
    factors = ["--trials", "0", "--factor", "label_smoothing=none,mild,aggressive", "--phase", "test"]
    names = [word for crypto in cryptos for word in ("--crypto", crypto)]
    return [*factors, *names, *set_options(n_folds=2, **QUICK_FITS)]


def assert_tables_are_equal(cluster: Cluster, home: str, folder: Path) -> None:
    """What the user reads of the home equals the results in ``folder / "alone"``, to the last bit."""
    export = ["results", "--format", "csv", "--home", home, "--output", f"{OWN}/rows.csv"]
    assert cluster.user.run([BIN / "ftf", *export], cluster.log("results")) == 0, cluster.last_lines()
    words = ["results", "--home", str(folder / "alone"), "--output", str(folder / "rows.csv")]
    assert run_ftf(words, folder).process.exitcode == 0
    tables = [table(cluster.user.own / "rows.csv"), table(folder / "rows.csv")]
    pd.testing.assert_frame_equal(*tables, check_exact=True)


def table(path: Path) -> pd.DataFrame:
    rows = pd.read_csv(path)
    assert set(OF_THE_RUN) <= set(rows.columns)
    return rows.drop(columns=OF_THE_RUN).sort_values(["crypto", "fold", "variant"], ignore_index=True)


def tool(name: str) -> Path:
    """A program of PostgreSQL; Debian keeps most of them out of the search path."""
    found = shutil.which(name) or next(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), None)
    assert found is not None
    return Path(found)


def connects(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True


def made_bucket(address: str) -> int:
    """Make the bucket of the home, as an administrator does once; gives the status of the answer."""
    connection = http.client.HTTPConnection(address, 5000, timeout=10)
    login = "AWS4-HMAC-SHA256 Credential=team/x/us-east-1/s3/x"
    connection.request("PUT", "/team", headers={"Authorization": login})
    return connection.getresponse().status


def everything_under(folder: Path) -> str:
    """The text of every file below a folder, and of nothing that is no file."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return "".join(path.read_text(errors="replace") for path in files)
