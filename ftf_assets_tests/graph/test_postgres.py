"""A sweep on a PostgreSQL instance over TLS: its records are on the server, and the password is nowhere."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ftf_assets.contracts.errors import StoreError
from ftf_assets.graph.instance import existing_instance, open_instance
from ftf_assets.storage.home import Home
from ftf_assets_tests.support.postgres import PASSWORD, PostgresServer, postgres_server
from ftf_assets_tests.support.processes import FtfProcess, run_ftf
from ftf_assets_tests.support.settings import set_options

pytestmark = pytest.mark.faults

#: Planted in the variables of an object store, as the platform gives them.
KEY = "AKIA-planted-7hW"
SECRET = "planted-secret-9uXq4"
SETTINGS = "storage:\n  postgres:\n    postgres_url: {env: FTF_POSTGRES_URL}\ntelemetry: {enabled: false}\n"


@dataclass(frozen=True)
class Swept:
    """A home whose sweep has run on a server, and what the command printed."""

    server: PostgresServer
    home: Home
    logs: Path
    command: FtfProcess


def _set(variables: dict[str, str]) -> None:
    os.environ.update(variables)


def secret_variables(url: str) -> dict[str, str]:
    return {"FTF_POSTGRES_URL": url, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swept]:
    folder = tmp_path_factory.mktemp("swept")
    home = Home(folder / "home")
    home.dagster.mkdir(parents=True)
    (home.dagster / "dagster.yaml").write_text(SETTINGS, encoding="utf-8")
    with postgres_server(tls=True) as server:
        url = server.url(sslmode="verify-full", sslrootcert=server.certificate)
        words = ("sweep", "--home", str(home.path), "--trials", "0", "--crypto", "OPUSDC")
        quick = set_options(n_folds=1, min_rounds=5, max_rounds=16, patience=5, seeds=1, enabled=False)
        quick += set_options(factors="label_smoothing=none,mild")
        prepare = functools.partial(_set, secret_variables(url))
        command = run_ftf([*words, *quick], folder / "logs", prepare=prepare)
        yield Swept(server, home, folder / "logs", command)


def test_the_records_are_on_the_server_and_no_sqlite_file_is_made(swept: Swept):
    assert swept.command.wait() == 0, swept.command.stderr
    runs = swept.server.rows("SELECT pipeline_name, status FROM runs")
    assert sorted(runs) == [("ftf_decide", "SUCCESS"), ("ftf_sweep", "SUCCESS")]
    ((events,),) = swept.server.rows("SELECT count(*) FROM event_logs")
    assert events > 100
    assert (swept.home.dagster / "dagster.yaml").read_text(encoding="utf-8") == SETTINGS
    assert not [path for path in swept.home.path.rglob("*.db") if "duckdb" not in path.name]


def test_the_connections_were_encrypted_because_the_server_takes_no_others(swept: Swept, monkeypatch):
    monkeypatch.setenv("FTF_POSTGRES_URL", swept.server.url(sslmode="disable"))
    with pytest.raises(StoreError, match="no encryption"), existing_instance(swept.home):
        pass
    monkeypatch.setenv(
        "FTF_POSTGRES_URL",
        swept.server.url(sslmode="verify-full", sslrootcert=swept.home.dagster / "dagster.yaml"),
    )
    with pytest.raises(StoreError, match="certificate"), existing_instance(swept.home):
        pass


def test_the_password_may_lie_in_a_file(swept: Swept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    server, file = swept.server, tmp_path / "pgpass"
    file.write_text(f"{server.address}:{server.port}:*:ftf:{PASSWORD}\n", encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    monkeypatch.setenv("FTF_POSTGRES_URL", server.url(password=None, sslmode="require"))
    with existing_instance(swept.home) as instance:
        assert instance is not None
        assert instance.get_runs_count() >= 2


@pytest.mark.parametrize(
    ("password", "port", "said"),
    [("planted-wrong-8Zk", None, "password authentication failed"), (PASSWORD, 1, "Connection refused")],
    ids=["wrong password", "no server"],
)
def test_a_server_that_refuses_is_one_line_without_the_password(
    swept: Swept, monkeypatch: pytest.MonkeyPatch, password: str, port: int | None, said: str
):
    server = swept.server
    url = server.url(password=password, sslmode="require")
    monkeypatch.setenv("FTF_POSTGRES_URL", url.replace(f":{server.port}/", f":{port or server.port}/"))
    with pytest.raises(StoreError) as refused, open_instance(swept.home):
        pass
    message = str(refused.value)
    assert said in message
    assert str(swept.home.dagster / "dagster.yaml") in message
    assert password not in message
    assert "\n" not in message


def test_planted_secrets_are_nowhere_in_the_home_nor_in_what_was_printed(swept: Swept):
    served = _pages(swept)
    places = {str(path): path for folder in (swept.home.path, swept.logs) for path in folder.rglob("*")}
    contents = {name: path.read_bytes() for name, path in places.items() if path.is_file()}
    columns = swept.server.rows(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
        "AND data_type IN ('text', 'character varying', 'json')"
    )
    for table, column in columns:
        rows = swept.server.rows(f'SELECT "{column}" FROM "{table}"')
        contents[f"{table}.{column}"] = repr(rows).encode()
    assert len(contents) > 40
    for name, content in (contents | served).items():
        for secret in (PASSWORD, KEY, SECRET):
            assert secret.encode() not in content, name


def _pages(swept: Swept) -> dict[str, bytes]:
    """Ask the webserver, in a process of its own, for what it shows of instance and runs."""
    asking = """
import json, sys
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster_webserver.webserver import DagsterWebserver
from starlette.testclient import TestClient
with DagsterInstance.get() as instance:
    with WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as process:
        client = TestClient(DagsterWebserver(process).create_asgi_app())
        of_runs = "runsOrError { ... on Runs { results { runConfigYaml tags { key value } } } }"
        query = "{ instance { info } " + of_runs + " }"
        for path in ("/", "/server_info"):
            print(client.get(path).text)
        print(client.post("/graphql", json={"query": query}).text)
"""
    url = swept.server.url(sslmode="require")
    environment = {**os.environ, **secret_variables(url), "DAGSTER_HOME": str(swept.home.dagster)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", asking],
        env=environment, capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    assert b"postgres" in done.stdout.lower(), "the page of the instance shows its settings"
    assert b"ftf/sweep_id" in done.stdout
    return {"pages": done.stdout, "log of the webserver": done.stderr}
