"""What keeps the product easy to operate: lazy imports, retries that can help, a UI that stays at home."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest
import requests

from ftf_assets.command import main as cli
from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.definitions import defs
from ftf_assets.graph.crypto_partitions import partition_of
from ftf_assets.graph.instance import open_instance
from ftf_assets.graph.jobs import SWEEP_JOB
from ftf_assets.running.job_runs import run_config
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.support.processes import start_ftf
from ftf_assets_tests.support.s3_server import free_port
from ftf_assets_tests.support.small_sweep import small_sweep

pytestmark = pytest.mark.end_to_end

#: What a run imports when it gets there; at the start they would cost each run seconds before its first fit.
HEAVY = ("cleanlab", "matplotlib", "optuna", "scipy", "sklearn", "xgboost")


def test_loading_the_graph_imports_nothing_heavy():
    program = (
        "import sys, ftf_assets.definitions; "
        f"print(sorted(set({HEAVY}) & {{name.split('.')[0] for name in sys.modules}}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def land(home: Home) -> dg.ExecuteInProcessResult:
    sweep = small_sweep(cryptos="OPUSDC", n_folds=1, factors="label_smoothing=none,mild")
    with open_instance(home) as instance:
        return defs.resolve_job_def(SWEEP_JOB).execute_in_process(
            instance=instance,
            partition_key=partition_of("OPUSDC", "market"),
            run_config=run_config(sweep, home),
            raise_on_error=False,
        )


def retried_steps(result: dg.ExecuteInProcessResult) -> list[str]:
    return [str(event.step_key) for event in result.all_events if event.is_step_up_for_retry]


@pytest.mark.parametrize("error", [InputError("a bad row"), StoreError("no space left on device")], ids=repr)
def test_what_would_go_wrong_again_is_not_tried_again(home: Home, monkeypatch, error: Exception):
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(ResultsStore, "write_partition", refuse)
    done = land(home)
    assert not done.success
    assert retried_steps(done) == []


@dataclass(eq=False)
class Started:
    """What ``ftf ui`` would have started: the command, its variables, and its two ports."""

    commands: list[list[str]] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    report_port: int = field(default_factory=free_port)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    started = Started()

    def serve(command: list[str], variables: dict[str, str]) -> int:
        started.commands.append(command)
        started.variables.update(variables)
        reports = requests.get(f"http://127.0.0.1:{started.report_port}/reports/", timeout=30)
        assert "No report yet" in reports.text, "they are served while the UI is"
        return 0

    monkeypatch.setattr("ftf_assets.command.ui.serve", serve)
    return started


def run_ui(home: Home, started: Started, monkeypatch: pytest.MonkeyPatch, *flags: str) -> int:
    ports = ("--port", str(started.port), "--report-port", str(started.report_port))
    monkeypatch.setattr(sys, "argv", ["ftf", "ui", "--home", str(home.path), *ports, *flags])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_the_ui_listens_on_loopback_and_says_nothing_of_exposure(
    home: Home, started: Started, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert run_ui(home, started, monkeypatch) == 0
    (command,) = started.commands
    assert command[command.index("-h") + 1] == "127.0.0.1"
    assert started.variables["FTF_REPORT_URL"] == f"http://127.0.0.1:{started.report_port}"
    said = capsys.readouterr()
    assert f"reports on http://127.0.0.1:{started.report_port}" in said.out
    assert "Warning" not in said.err


@pytest.mark.parametrize("named", [None, "https://ftf.example.org"])
def test_any_other_address_is_asked_for_by_name_and_says_what_is_exposed(
    named: str | None,
    home: Home,
    started: Started,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    if named:
        monkeypatch.setenv("FTF_REPORT_URL", named)
    assert run_ui(home, started, monkeypatch, "--host", "0.0.0.0") == 0
    (command,) = started.commands
    assert command[command.index("-h") + 1] == "0.0.0.0"
    warning = capsys.readouterr().err
    assert warning.startswith("Warning: anyone who can reach")
    for what in (f"0.0.0.0:{started.port}", str(home.path), "start and stop runs", "no password"):
        assert what in warning
    assert ("Links to reports name http://127.0.0.1" in warning) is (named is None)
    assert ("FTF_REPORT_URL" in started.variables) is (named is None)


REFUSED = {
    "a name": (["--host", "localhost; rm -rf"], {}, "--host takes an IP address"),
    "an address of another machine": (["--host", "192.0.2.7"], {}, "cannot listen on 192.0.2.7:"),
    "a link with a password": ([], {"FTF_REPORT_URL": "https://me:word@here"}, "must not hold credentials"),
    "a link that is no address": ([], {"FTF_REPORT_URL": "http://[bad"}, "FTF_REPORT_URL is not an address"),
    "a link to any host": ([], {"FTF_REPORT_URL": "https://*"}, "FTF_REPORT_URL is not an address"),
    "one port for both": (["--port", "4000", "--report-port", "4000"], {}, "need a port of their own"),
}


@pytest.mark.parametrize(("flags", "variables", "says"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_served_is_refused_in_one_line_before_anything_starts(
    flags: list[str],
    variables: dict[str, str],
    says: str,
    home: Home,
    started: Started,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert run_ui(home, started, monkeypatch, *flags) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert started.commands == []
    assert not Path(home.path).exists()


@pytest.mark.parametrize("flag", ["--port", "--report-port"])
def test_a_port_in_use_is_refused_in_one_line_that_names_its_flag(
    flag: str,
    home: Home,
    started: Started,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    taken = started.port if flag == "--port" else started.report_port
    with socket.create_server(("127.0.0.1", taken)):
        assert run_ui(home, started, monkeypatch) == 2
    assert capsys.readouterr().err == (
        f"ftf: port {taken} of 127.0.0.1 is in use by another program; choose another with {flag}\n"
    )
    assert started.commands == []


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_reports_alone_are_served_until_a_signal(home: Home, tmp_path: Path, signum: signal.Signals):
    port = free_port()
    server = start_ftf(["serve", "--port", str(port), "--home", str(home.path)], tmp_path / "logs")
    while f"http://127.0.0.1:{port}" not in server.stdout:
        time.sleep(0.05)
    with requests.Session() as browser:  # its connection stays open
        assert browser.get(f"http://127.0.0.1:{port}/reports/", timeout=30).ok
        server.send(signum)
        assert server.wait() == 0
    assert server.stderr == ""
