"""The report on the real path: a sweep ends with it, and a real browser opens it without complaint."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from ftf_assets.checks import domain_checks
from ftf_assets.contracts.errors import BlockedError
from ftf_assets.contracts.tables.gate_decision import DecisionTables
from ftf_assets.graph.instance import open_instance
from ftf_assets.report.page_check import missing_from_page
from ftf_assets.running.sweep_run import run_sweep
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.sweep import Sweep
from ftf_assets_tests.end_to_end.conftest import Ftf
from ftf_assets_tests.support.changed_results import change_results
from ftf_assets_tests.support.small_sweep import FinishedSweep, small_sweep

pytestmark = pytest.mark.end_to_end

#: What Chromium writes to its log for each message of a page's console.
CONSOLE = "CONSOLE"


@pytest.fixture
def browse(tmp_path: Path, chromium: str):
    """Open a file in a headless Chromium: the DOM after loading, and its log with the console's messages."""

    def open_file(file: Path) -> tuple[str, str]:
        done = subprocess.run(
            [
                *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
                *("--no-first-run", "--enable-logging=stderr", f"--user-data-dir={tmp_path / 'browser'}"),
                *("--dump-dom", file.as_uri()),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return done.stdout, done.stderr

    return open_file


@pytest.mark.pictures
def test_a_sweep_ends_with_a_report_that_a_browser_opens(
    ftf: Ftf, home: Home, finished_sweep: FinishedSweep, browse, tmp_path: Path
):
    sweep, done = finished_sweep.sweep, finished_sweep.copy(home)
    assert done.failed_checks == []
    assert "no noise audit of these data yet" in done.hints[0]
    assert done.report == home.report(sweep.sweep_id)
    dom, log = browse(done.report)
    metrics, verdicts, _ = ResultsStore(home).decision(sweep.sweep_id)
    assert missing_from_page(dom, metrics) == []
    assert all(verdict in dom for verdict in verdicts["verdict"])
    assert CONSOLE not in log
    assert not re.search(r"https?://", dom)
    assert dom.count("<svg") == 3 + 1 + 1 + 4 + 2 + 1 + 1 + 12

    shown = {
        "gate_decision": ("differences", "by_crypto_fold"),
        "cleanlab_masks": ("suspects_over_time", "worst_suspects"),
        "trained_models": ("precision_recall",),
        "finetune_results": ("most_confident_calls", "equity"),
    }
    with open_instance(home) as instance:
        for asset, pictures in shown.items():
            event = instance.get_latest_materialization_event(dg.AssetKey(asset))
            metadata = event.asset_materialization.metadata
            for name in pictures:
                assert "](data:image/svg+xml;base64," in metadata[name].value, f"{name} of {asset}"
        said = instance.get_latest_materialization_event(dg.AssetKey("gate_decision"))
        words = said.asset_materialization.metadata["in_words"].value
        assert all(reason in words for reason in verdicts["reason"])

    broken = tmp_path / "broken.html"
    broken.write_text("<script>undefined_function()</script>", encoding="utf-8")
    assert CONSOLE in browse(broken)[1], "the log shows a page's errors"

    again = tmp_path / "again.html"
    printed = ftf("report", "--output", str(again))
    assert printed.stdout.strip() == str(again)
    assert again.read_bytes() == done.report.read_bytes()


def test_suspects_can_be_listed_and_exported(
    ftf: Ftf, home: Home, finished_sweep: FinishedSweep, tmp_path: Path
):
    finished_sweep.copy(home)
    rows = ResultsStore(home).read(finished_sweep.sweep.sweep_id)
    file = tmp_path / "suspects.parquet"
    assert ftf("suspects", "--format", "parquet", "--output", str(file)).returncode == 0
    suspects = pd.read_parquet(file)
    by_cell = suspects.groupby(["crypto", "fold", "cleaner"]).size()
    for row in rows[rows["cleanlab"] != "off"].itertuples():
        assert by_cell[row.crypto, row.fold, row.cleanlab] == row.n_suspects
    one = json.loads(ftf("suspects", "--crypto", "LDOUSDC", "--format", "json").stdout)
    assert {record["crypto"] for record in one} == {"LDOUSDC"}
    refused = ftf("suspects", "--crypto", "BTCUSDC")
    assert refused.returncode == 2
    assert "allowed: LDOUSDC, OPUSDC" in refused.stderr
    assert "p_buy" in ftf("suspects").stdout


def test_what_cannot_be_reported_is_one_line(ftf: Ftf, home: Home, finished_sweep: FinishedSweep):
    def refused(*arguments: str) -> str:
        done = ftf("report", *arguments)
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1
        return done.stderr

    assert "no results yet" in refused()
    assert ftf("smoke").returncode == 0
    assert not list(home.path.glob("reports/*")), "one variant alone has nothing to report"
    assert "one variant alone" in refused()
    assert "no rows of sweep 'ftf_000000000000'" in refused("--sweep", "ftf_000000000000")

    shutil.rmtree(home.path)
    finished_sweep.copy(home)
    store, sweep = ResultsStore(home), finished_sweep.sweep
    empty = DecisionTables(*(rows.head(0) for rows in store.decision(sweep.sweep_id)))
    store.write_decision(empty, sweep.sweep_id)
    assert "no verdict yet" in refused()


def test_verdicts_that_rows_have_overtaken_are_not_reported(
    ftf: Ftf, home: Home, finished_sweep: FinishedSweep
):
    finished_sweep.copy(home)
    assert change_results(home, "UPDATE finetune_results SET roc_auc = 0.6 WHERE variant = 'mild'") > 0
    done = ftf("report")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "the verdicts of" in line
    assert "are out of date: rows, checks or settings have changed since. ftf gate says what holds" in line


def test_a_blocking_check_that_fails_later_takes_the_verdicts_back_everywhere(
    home: Home, finished_sweep: FinishedSweep, monkeypatch: pytest.MonkeyPatch
):
    sweep, store = finished_sweep.sweep, ResultsStore(home)
    finished_sweep.copy(home)
    assert "INVALID" not in set(store.decision(sweep.sweep_id).verdicts["verdict"])
    shutil.rmtree(home.path / home.artifact("trained_models", *models_of(sweep)).name)  # so it is made again
    leak = "fold 0: fit row 7 overlaps"
    with monkeypatch.context() as patched:
        patched.setattr(domain_checks, "walk_forward_leaks", lambda *_, **__: [leak])
        with pytest.raises(BlockedError, match=f"no_leak of .* {leak}"):
            run_sweep(sweep, home, on_fit=lambda event: None)
    assert set(store.decision(sweep.sweep_id).verdicts["verdict"]) == {"INVALID"}
    assert "INVALID" in home.report(sweep.sweep_id).read_text(encoding="utf-8")
    done = run_sweep(sweep, home, on_fit=lambda event: None)
    assert done.failed_checks == finished_sweep.done.failed_checks
    assert done.decision.verdicts == finished_sweep.done.decision.verdicts


def test_a_copy_of_the_results_alone_keeps_its_verdicts_invalid_and_says_what_is_not_known(
    ftf: Ftf, home: Home, finished_sweep: FinishedSweep
):
    finished_sweep.copy(home)
    shutil.rmtree(home.path / "dagster")
    untouched = ftf("gate")
    assert "INVALID" not in untouched.stdout
    assert "on this machine know no check of" in untouched.stderr

    reason = "A check failed, so the numbers cannot be trusted: trained_models of OPUSDC: row 7 overlaps."
    assert change_results(home, f"UPDATE gate_verdicts SET verdict = 'INVALID', reason = '{reason}'") > 0
    said = json.loads(ftf("gate", "--json").stdout)
    assert {(one["verdict"], one["reason"]) for one in said["verdicts"]} == {("INVALID", reason)}
    assert ftf("report").returncode == 0


def test_a_blocking_check_in_the_first_sweep_of_a_home_is_named(home: Home, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(domain_checks, "walk_forward_leaks", lambda *_, **__: ["row 7 overlaps"])
    sweep = small_sweep(cryptos="OPUSDC", n_folds=1, factors="label_smoothing=none,mild")
    with pytest.raises(BlockedError, match="Check no_leak of trained_models failed for OPUSDC"):
        run_sweep(sweep, home, on_fit=lambda event: None)


def models_of(sweep: Sweep) -> tuple[str, str]:
    return "OPUSDC", sweep.artifact_key("trained_models", "OPUSDC")


def test_a_report_outlives_the_artifacts_and_says_what_is_gone(
    ftf: Ftf, home: Home, finished_sweep: FinishedSweep, tmp_path: Path
):
    finished_sweep.copy(home)
    shutil.rmtree(home.path / "artifacts" / "trained_models")
    page = tmp_path / "report.html"
    assert ftf("report", "--output", str(page)).returncode == 0
    assert "their stored models and arrays cannot be read any more" in page.read_text(encoding="utf-8")
