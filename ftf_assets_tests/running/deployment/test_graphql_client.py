"""A deployment's webserver that is away, slow, behind a login, or not a webserver of Dagster at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ftf_assets.contracts.errors import InputError, RunError
from ftf_assets.running.deployment.graphql_client import Deployment, UnclearError, UnreachableError, union

GOOD = (200, {"data": {"answer": 1}})
CUT = (0, {})


class Server(ThreadingHTTPServer):
    """Answers from a list: (status, content), 0 to cut the connection; keeps the headers it got."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, object]] = []
        self.logins: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.logins.append(self.headers["Authorization"])
        status, content = self.server.answers.pop(0)
        if status == 0:
            self.close_connection = True
            return
        text = content if isinstance(content, str) else json.dumps(content)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def waited() -> list[float]:
    return []


@pytest.fixture
def deployment(server: Server, waited: list[float], monkeypatch: pytest.MonkeyPatch) -> Deployment:
    monkeypatch.setenv("FTF_DEPLOYMENT", server.url + "/")
    found = Deployment.locate()
    found.pause = waited.append
    return found


def test_a_webserver_that_restarts_is_asked_again(
    server: Server, deployment: Deployment, waited: list[float]
):
    server.answers = [GOOD, CUT, (503, ""), (502, ""), GOOD]
    assert [deployment.ask("query { answer }") for _ in range(2)] == [{"answer": 1}] * 2
    assert waited == [0.5, 1.0, 2.0]


def test_a_webserver_that_stays_away_is_one_line_after_bounded_attempts(
    server: Server, deployment: Deployment, waited: list[float]
):
    server.answers = [GOOD, *[(503, "")] * 20]
    deployment.ask("query { answer }")
    with pytest.raises(
        UnreachableError, match=r"cannot be reached: it answers 503, after 8 attempts in 60.5 s"
    ):
        deployment.ask("query { answer }")
    assert sum(waited) == 60.5


def test_a_wrong_address_is_refused_soon(waited: list[float]):
    with pytest.raises(UnreachableError, match="connection refused or lost, after 3 attempts"):
        Deployment("http://127.0.0.1:1", waited.append).ask("query { answer }")
    assert sum(waited) == 1.5


@pytest.mark.parametrize(
    "answer", [CUT, (502, ""), (503, ""), (504, ""), (429, "")], ids=lambda one: str(one[0])
)
def test_a_request_that_changes_something_is_not_sent_again_after_an_unclear_answer(
    server: Server, deployment: Deployment, answer: tuple[int, object]
):
    server.answers = [answer, GOOD]
    with pytest.raises(UnclearError):
        deployment.ask("mutation { launch }", repeat=False)
    assert len(server.logins) == 1


@pytest.mark.parametrize(
    ("variables", "login"),
    [
        ({"FTF_DEPLOYMENT_TOKEN": "s3cret"}, "Bearer s3cret"),
        ({"FTF_DEPLOYMENT_USER": "ann", "FTF_DEPLOYMENT_PASSWORD": "s3cret"}, "Basic YW5uOnMzY3JldA=="),
        ({}, None),
    ],
)
def test_credentials_come_from_the_environment_and_are_never_shown(
    server: Server, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], login: str | None
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    server.answers = [(401, "")]
    deployment = Deployment.locate(server.url)
    with pytest.raises(InputError, match=r"asks for a login.*Set FTF_DEPLOYMENT_TOKEN") as refused:
        deployment.ask("query { answer }")
    assert server.logins == [login]
    assert "s3cret" not in f"{refused.value} {deployment!r}"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "no deployment is named"),
        ("ftp://host", "not the address of a deployment"),
        ("https://ann:s3cret@host", "must not hold credentials"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(url: str, message: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("FTF_DEPLOYMENT", raising=False)
    with pytest.raises(InputError, match=message) as refused:
        Deployment.locate(url)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        ((200, "<html>"), InputError, "not the address of a Dagster webserver"),
        ((400, {"errors": [{"message": "Cannot query field"}]}), RunError, "reports: Cannot query field"),
    ],
)
def test_another_server_or_another_api_is_one_line(
    server: Server, deployment: Deployment, answer: tuple[int, object], error: type[Exception], message: str
):
    server.answers = [answer]
    with pytest.raises(error, match=message):
        deployment.ask("query { answer }")


def test_an_answer_of_another_type_says_why():
    answer = {"launchRun": {"__typename": "PythonError", "message": "KeyError: 'x'\n  at line 1"}}
    with pytest.raises(RunError, match=r"answers PythonError: KeyError: 'x'$"):
        union(answer, "launchRun", "LaunchRunSuccess")
