"""The report server, asked as browsers and others ask: only reports, only to read, only by its own name."""

from __future__ import annotations

import html
import http.client
import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn

from ftf_assets.contracts.errors import InputError, RunError, StoreError
from ftf_assets.rows.gate_decision import SweepRows, decide_sweep, decision_rows
from ftf_assets.serving import report_server
from ftf_assets.serving.listening import Listening
from ftf_assets.serving.report_address import ADDRESS_VARIABLE
from ftf_assets.serving.report_server import served_reports
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.support.results_rows import SWEEP, partition, results_table
from ftf_assets_tests.support.s3_server import SECRET, environment, free_port, new_bucket, s3_server
from ftf_assets_tests.support.small_sweep import small_sweep

OLD = "ftf_older"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a report of a decided sweep, one whose decision is gone, and what must not be served."""
    home = Home(tmp_path_factory.mktemp("home"))
    decide(home)
    home.blobs.put(home.report_name(OLD), b"<p>older</p>")
    os.utime(home.report(OLD), (0, 0))
    home.blobs.put(home.report_name(SWEEP), "<p>größer</p>".encode())
    home.blobs.put("reports/secret.txt", b"secret")
    home.blobs.put("fits/secret.html", b"secret")
    (home.path.parent / "secret.html").write_text("secret", encoding="utf-8")
    return home


def decide(home: Home) -> None:
    settings = small_sweep(cryptos="OPUSDC", n_folds=5).settings
    decision = decide_sweep(SweepRows(results_table(partition("OPUSDC"))), settings, SWEEP)
    ResultsStore(home).write_decision(decision_rows(decision), SWEEP)


@pytest.fixture(scope="module")
def port(home: Home) -> Iterator[int]:
    at = Listening.on("127.0.0.1", free_port())
    with served_reports(home, at, "--port"):
        yield at.port


def ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, str]:
    """Ask for exactly this path: other clients would tidy it up first."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    return answer, answer.read().decode()


def test_the_list_names_each_report_with_its_answer_the_newest_decision_first(home: Home, port: int):
    answer, page = ask(port, "/reports/")
    assert answer.status == 200
    assert re.findall(r'href="(\w+\.html)"', page) == [f"{SWEEP}.html", f"{OLD}.html"]
    assert html.escape(str(ResultsStore(home).decision(SWEEP).summary["headline"].iloc[0])) in page
    assert "cryptos: 1, folds: 5" in page
    assert "Its decision is no longer among the results" in page
    assert "secret" not in page


def test_a_report_is_served_as_it_lies_in_the_home(port: int):
    answer, page = ask(port, f"/reports/{SWEEP}.html")
    assert (answer.status, page) == (200, "<p>größer</p>")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    head, nothing = ask(port, f"/reports/{SWEEP}.html", "HEAD")
    assert (head.status, nothing) == (200, "")
    assert head.headers["Content-Length"] == answer.headers["Content-Length"]


@pytest.mark.parametrize("path", ["/", "/reports"])
def test_short_addresses_lead_to_the_list(port: int, path: str):
    answer, _ = ask(port, path)
    assert (answer.status, answer.headers["Location"]) == (307, "/reports/")


@pytest.mark.parametrize(
    "path",
    [
        "/reports/ftf_unknown.html",
        "/reports/secret.txt",
        "/reports/secret.txt.html",
        "/reports/../fits/secret.html",
        "/reports/%2e%2e/fits/secret.html",
        "/reports/..%2ffits%2fsecret.html",
        "/reports/..%5cfits%5csecret.html",
        "/reports/%2e%2e%2f%2e%2e%2fsecret.html",
        "/reports//etc/passwd.html",
        f"/reports/{SWEEP}%00.html",
        f"/reports/{SWEEP}%0a.html",
        "/reports/" + "a" * 65 + ".html",
        "/fits/secret.html",
        "/results.duckdb",
        "/.html",
    ],
)
def test_nothing_else_is_served(port: int, path: str):
    answer, said = ask(port, path)
    assert (answer.status, said) == (
        404,
        "There is no such report. /reports/ lists those of this home.\n",
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_written(home: Home, port: int, method: str):
    answer, _ = ask(port, f"/reports/{SWEEP}.html", method)
    assert answer.status == 405
    assert home.blobs.exists(home.report_name(SWEEP))


@pytest.mark.parametrize("path", ["/reports/", f"/reports/{SWEEP}.html", "/reports/none.html"])
def test_every_answer_forbids_scripts_frames_and_guessing(port: int, path: str):
    headers = ask(port, path)[0].headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in headers


def test_another_site_cannot_make_its_name_lead_here(port: int):
    assert ask(port, "/reports/", Host="rebound.example.com")[0].status == 400
    assert ask(port, "/reports/", Host=f"localhost:{port}")[0].status == 200


@pytest.mark.parametrize(
    ("host", "address", "name"),
    [
        ("127.0.0.1", "https://ftf.example.org:8443", "ftf.example.org:8443"),
        ("0.0.0.0", "https://ftf.example.org/team", "ftf.example.org"),
        ("0.0.0.0", "http://[fd00::5]:3001", "[fd00::5]:3001"),
    ],
)
def test_a_proxy_may_pass_its_own_name_on_and_another_site_may_not(
    host: str, address: str, name: str, home: Home, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(ADDRESS_VARIABLE, address)
    at = Listening.on(host, free_port())
    with served_reports(home, at, "--port"):
        assert ask(at.port, "/reports/", Host=name)[0].status == 200
        assert ask(at.port, "/reports/", Host=f"localhost:{at.port}")[0].status == 200
        assert ask(at.port, "/reports/", Host="rebound.example.com")[0].status == 400


def test_on_a_network_whose_name_nobody_gave_every_name_is_answered(
    home: Home, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv(ADDRESS_VARIABLE, raising=False)
    at = Listening.on("0.0.0.0", free_port())
    with served_reports(home, at, "--port"):
        assert ask(at.port, "/reports/", Host="ftf.example.org")[0].status == 200


@pytest.mark.parametrize(
    "start", [lambda _, sockets: None, lambda _, sockets: time.sleep(0.3)], ids=["ends", "hangs"]
)
def test_a_server_that_does_not_begin_is_an_error_and_leaves_its_port(
    start: Callable[..., None], home: Home, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(report_server, "_SECONDS_TO_START", 0.1)
    at = Listening.on("127.0.0.1", free_port())
    with monkeypatch.context() as broken:
        broken.setattr(uvicorn.Server, "run", start)
        with (
            pytest.raises(RunError, match=f"does not answer on {at}"),
            served_reports(home, at, "--port"),
        ):
            pytest.fail("nothing is said to be served")
    at.open("--port").close()


def test_a_home_that_cannot_be_read_is_said_in_the_log_and_not_to_the_visitor(
    home: Home, port: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def refuse(_store: ResultsStore) -> None:
        raise StoreError("/srv/home: no such folder")

    monkeypatch.setattr(ResultsStore, "summaries", refuse)
    answer, said = ask(port, "/reports/")
    assert (answer.status, "/srv" in said) == (503, False)
    assert "event=reports_unreadable error=/srv/home: no such folder" in caplog.text


def test_an_empty_home_says_how_a_report_comes_to_be(tmp_path: Path):
    at = Listening.on("127.0.0.1", free_port())
    with served_reports(Home(tmp_path / "none"), at, "--port"):
        answer, page = ask(at.port, "/reports/")
    assert (answer.status, "No report yet" in page) == (200, True)
    assert not (tmp_path / "none").exists(), "reading makes nothing"


@pytest.mark.slow
def test_a_home_in_a_bucket_is_served_from_the_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    at = Listening.on("127.0.0.1", free_port())
    with s3_server() as endpoint:
        ours = environment(endpoint) | {"FTF_CACHE": str(tmp_path / "cache"), "FTF_STORE_PATIENCE": "1"}
        for name, value in ours.items():
            monkeypatch.setenv(name, value)
        home = Home.locate(new_bucket(endpoint))
        decide(home)
        home.blobs.put(home.report_name(SWEEP), b"<p>in the bucket</p>")
        with served_reports(home, at, "--port"):
            assert f'href="{SWEEP}.html"' in ask(at.port, "/reports/")[1]
            assert ask(at.port, f"/reports/{SWEEP}.html")[1] == "<p>in the bucket</p>"
            assert ask(at.port, "/reports/ftf_unknown.html")[0].status == 404
    with served_reports(home, at, "--port"):
        answer, said = ask(at.port, f"/reports/{SWEEP}.html")
    assert (answer.status, str(home.address) in said) == (503, False)
    assert str(home.address) in caplog.text
    assert SECRET not in caplog.text + said


def test_a_port_in_use_is_refused_in_one_line_and_free_again_after_the_end(home: Home):
    at = Listening.on("127.0.0.1", free_port())
    with (
        served_reports(home, at, "--port"),
        pytest.raises(InputError, match=rf"port {at.port} of 127\.0\.0\.1 is in use .* --report-port"),
        served_reports(home, at, "--report-port"),
    ):
        pass
    with served_reports(home, at, "--port"):
        assert ask(at.port, "/reports/")[0].status == 200


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_addresses_as_people_write_them():
    assert str(Listening.on("::1", 3000)) == "[::1]:3000"
    assert Listening.on("::", 3000).url_here == "http://[::1]:3000"
    assert Listening.on("0.0.0.0", 3000).url_here == "http://127.0.0.1:3000"
    with pytest.raises(InputError, match="--host takes an IP address"):
        Listening.on("localhost; rm -rf", 3000)
    with pytest.raises(InputError, match=r"cannot listen on 192\.0\.2\.7:3000: "):
        Listening.on("192.0.2.7", 3000).open("--port")
