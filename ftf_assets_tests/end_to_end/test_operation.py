"""What keeps the product easy to operate: lazy imports, retries that can help, a UI that stays at home."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from ftf_assets.command import main as cli
from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.definitions import defs
from ftf_assets.graph.crypto_partitions import partition_of
from ftf_assets.graph.instance import open_instance
from ftf_assets.graph.jobs import SWEEP_JOB
from ftf_assets.running.job_runs import run_config
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
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


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Commands that would have been started."""
    commands: list[list[str]] = []

    def serve(command: list[str], _variables: dict[str, str]) -> int:
        commands.append(command)
        return 0

    monkeypatch.setattr("ftf_assets.command.ui.serve", serve)
    return commands


def run_ui(home: Home, monkeypatch: pytest.MonkeyPatch, *flags: str) -> int:
    monkeypatch.setattr(sys, "argv", ["ftf", "ui", "--home", str(home.path), *flags])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_the_ui_listens_on_loopback_and_says_nothing_of_exposure(
    home: Home, started: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert run_ui(home, monkeypatch) == 0
    (command,) = started
    assert command[command.index("-h") + 1] == "127.0.0.1"
    assert "Warning" not in capsys.readouterr().err


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::"])
def test_any_other_address_is_asked_for_by_name_and_says_what_is_exposed(
    host: str,
    home: Home,
    started: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    assert run_ui(home, monkeypatch, "--host", host, "--port", "3123") == 0
    (command,) = started
    assert command[command.index("-h") + 1] == host
    warning = capsys.readouterr().err
    assert warning.startswith("Warning: anyone who can reach")
    for what in (f"{host}".strip(":"), "3123", str(home.path), "start and stop runs", "no password"):
        assert what in warning


def test_a_name_is_no_address(home: Home, started: list[list[str]], monkeypatch: pytest.MonkeyPatch):
    assert run_ui(home, monkeypatch, "--host", "localhost; rm -rf") == 2
    assert started == []
    assert not Path(home.path).exists()
