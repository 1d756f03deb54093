"""Sweeps with little or nothing in them: every way to the gate states a verdict or names what is wrong.

The rows are written as a sweep writes them; the job, the command and the report are the real ones.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from ftf_assets.command import main as cli
from ftf_assets.contracts.tables.finetune_results import METRIC_COLUMNS
from ftf_assets.definitions import defs
from ftf_assets.graph.instance import open_instance
from ftf_assets.graph.jobs import DECIDE_JOB
from ftf_assets.running.job_runs import run_config
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_database import refresh_index
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.sweep import Sweep
from ftf_assets_tests.support.results_rows import LEVELS, failed_row, ok_row, results_table, skipped_row
from ftf_assets_tests.support.small_sweep import small_sweep

pytestmark = pytest.mark.end_to_end

CELL = ("crypto", "fold", "variant", "label_smoothing", "cleanlab")


def cells(settings: dict[str, Any], variants: tuple[str, ...] = tuple(LEVELS)) -> list[dict[str, Any]]:
    """Measured cells that beat always-BUY, with differences that wiggle by crypto and fold."""
    sweep = small_sweep(**settings)
    return [
        ok_row(crypto, fold, variant) | wiggle(i, fold, j)
        for i, crypto in enumerate(sweep.cryptos)
        for fold in range(sweep.settings.folds.n_folds)
        for j, variant in enumerate(variants)
    ]


def wiggle(i: int, fold: int, j: int) -> dict[str, float]:
    shift = 0.004 * ((3 * i + 5 * fold + 7 * j) % 4) if j else 0.0
    level = 0.01 * i + 0.003 * fold + shift
    return {"roc_auc": 0.56 + level, "f1_buy": 0.40 + level, "average_precision": 0.2 + shift / 2}


def replaced(row: dict[str, Any], like: Any) -> dict[str, Any]:
    return like(**{name: row[name] for name in CELL})


STANDARD: dict[str, Any] = {}
CONSTANT = {name: ok_row()[name] for name in METRIC_COLUMNS} | {"f1_buy": 0.4}
NO_TRADES = {"n_trades": 0, "return_net": 0.0, "max_drawdown": 0.0} | dict.fromkeys(
    ("trade_precision", "win_rate", "expectancy_net", "sortino")
)


@dataclass(frozen=True)
class Poor:
    """A poor sweep: its rows, and the verdict (with words of its reason) or the error that it deserves."""

    rows: list[dict[str, Any]]
    verdict: str = ""
    words: str = ""
    error: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    #: What a file of the same rows deserves, where it is not the same: a file does not know what is missing.
    file_verdict: str = ""


ONE_CRYPTO, ONE_FOLD = {"cryptos": "OPUSDC"}, {"n_folds": 1}
ONE_CELL = ONE_CRYPTO | ONE_FOLD
POOR = {
    "an empty sweep": Poor([], error="no results|nothing to judge|no rows|holds no row"),
    "one crypto": Poor(cells(ONE_CRYPTO), "KEEP_AVAILABLE", "Neither shown", settings=ONE_CRYPTO),
    "one fold": Poor(cells(ONE_FOLD), "KEEP_AVAILABLE", "Neither shown", settings=ONE_FOLD),
    "one cell": Poor(cells(ONE_CELL), "KEEP_AVAILABLE", "Nothing can be tested", settings=ONE_CELL),
    "all cells failed": Poor(
        [replaced(row, failed_row) for row in cells(STANDARD)], "INVALID", "0 of 4 expected pairs"
    ),
    "all histories are short": Poor(
        [replaced(row, skipped_row) for row in cells(STANDARD)], "INVALID", "enough history"
    ),
    "every metric constant": Poor(
        [row | CONSTANT for row in cells(STANDARD)], "ABANDON", "every pair the same"
    ),
    "a level that is its baseline": Poor(
        [row | {"roc_auc": 0.56 + 0.01 * row["fold"]} for row in cells(STANDARD)],
        "ABANDON", "No useful effect",
    ),
    "no trades": Poor(
        [row | NO_TRADES for row in cells(STANDARD, ("baseline", "filter"))],
        "KEEP_AVAILABLE", "Neither shown",
    ),
    "a level without baseline": Poor(
        [row for row in cells(STANDARD) if row["variant"] != "baseline"], error="needs a baseline"
    ),
    "a baseline without level": Poor(
        [row for row in cells(STANDARD) if row["variant"] == "baseline"],
        error="the results hold only the baseline",
    ),
    "one crypto of two": Poor(
        [row for row in cells(STANDARD) if row["crypto"] == "OPUSDC"], "INVALID", "2 of 4 expected pairs",
        file_verdict="KEEP_AVAILABLE",
    ),
    "a failed baseline": Poor(
        [replaced(row, failed_row) if row["variant"] == "baseline" else row for row in cells(STANDARD)],
        "INVALID", "0 of 4 expected pairs",
    ),
}  # fmt: skip


@pytest.fixture(params=POOR, ids=lambda name: name.replace(" ", "-"))
def poor(request: pytest.FixtureRequest) -> Poor:
    return POOR[request.param]


@dataclass(frozen=True)
class SharedHome:
    """One home for all poor sweeps, each written when a test first asks for it."""

    home: Home
    written: set[str] = field(default_factory=set)

    def sweep(self, poor: Poor) -> Sweep:
        """Give a sweep of the case's settings, with its rows in the store as that sweep wrote them."""
        # A seed of its own gives each case a sweep_id of its own.
        sweep = small_sweep(**poor.settings, seed=list(POOR.values()).index(poor))
        if sweep.sweep_id not in self.written:
            store = ResultsStore(self.home)
            store.write_sweep(sweep.sweep_id, sweep.settings.model_dump_json())
            for crypto in sweep.cryptos:
                rows = [row | {"sweep_id": sweep.sweep_id} for row in poor.rows if row["crypto"] == crypto]
                store.write_partition(results_table(rows), sweep.sweep_id, crypto)
            self.written.add(sweep.sweep_id)
        return sweep


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> SharedHome:
    return SharedHome(Home(tmp_path_factory.mktemp("poor_sweeps") / "home"))


@pytest.fixture
def home(shared: SharedHome) -> Home:
    return shared.home


@pytest.fixture
def sweep(poor: Poor, shared: SharedHome) -> Sweep:
    return shared.sweep(poor)


@pytest.fixture
def ftf_here(home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run the command in this process: exit code, what it printed, what it complained about."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ftf", *arguments, "--home", str(home.path)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


def assert_stated(poor: Poor, code: int, out: str, err: str, verdict: str) -> None:
    """Either the verdict with its reason is printed, or one line that says what is wrong; never NaN."""
    assert "Traceback" not in out + err
    assert not re.search(r"\bnan\b|\bNone\b|\bNaT\b|<NA>|\binf\b", out)
    if poor.error:
        assert code == 2
        assert re.search(poor.error, err), err
        assert len(err.strip().splitlines()) == 1
        return
    assert code == 0, err
    assert verdict in out
    if verdict == poor.verdict:
        assert re.search(poor.words, out), out


def test_the_command_states_the_verdict_of_the_stored_rows(poor: Poor, sweep: Sweep, ftf_here):
    assert_stated(poor, *ftf_here("gate", "--sweep", sweep.sweep_id), poor.verdict)
    code, out, err = ftf_here("gate", "--sweep", sweep.sweep_id, "--json")
    assert_stated(poor, code, out, err, poor.verdict)
    if not poor.error:
        assert {one["verdict"] for one in json.loads(out)["verdicts"]} == {poor.verdict}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_of_the_same_rows_gets_the_same_verdict(
    poor: Poor, sweep: Sweep, ftf_here, home: Home, tmp_path: Path, suffix: str
):
    file = tmp_path / f"rows.{suffix}"
    rows = ResultsStore(home).read(sweep.sweep_id)
    rows.to_csv(file, index=False) if suffix == "csv" else rows.to_parquet(file)
    assert_stated(poor, *ftf_here("gate", "--results", str(file)), poor.file_verdict or poor.verdict)


def run_the_job(sweep: Sweep, home: Home) -> dg.ExecuteInProcessResult:
    with open_instance(home) as instance:
        return defs.resolve_job_def(DECIDE_JOB).execute_in_process(
            instance=instance, run_config=run_config(sweep, home), raise_on_error=False
        )


@pytest.mark.pictures
def test_the_job_stores_the_verdict_and_its_report_or_fails_with_one_clear_error(
    poor: Poor, sweep: Sweep, home: Home
):
    result = run_the_job(sweep, home)
    metrics, verdicts, _ = ResultsStore(home).decision(sweep.sweep_id)
    assert_no_table_holds_nan_or_infinity(home)
    if poor.error:
        assert not result.success
        (failure,) = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
        assert re.search(poor.error, failure.to_string())
        assert verdicts.empty
        assert not home.report(sweep.sweep_id).exists()
        return
    assert result.success
    red = [one for one in result.get_asset_check_evaluations() if one.blocking and not one.passed]
    assert red == []
    assert set(verdicts["verdict"]) == {poor.verdict}
    (event,) = result.asset_materializations_for_node("gate_decision")
    assert poor.verdict in event.metadata["in_words"].value
    assert not [name for name in event.metadata if name == "pictures"], "every picture could be drawn"
    page = home.report(sweep.sweep_id).read_text(encoding="utf-8")
    assert not re.search(r">\s*(nan|None|NaT|&lt;NA&gt;|inf)\s*<", page)
    assert all(reason in page.replace("&#39;", "'") for reason in verdicts["reason"])
    assert len(metrics) == 7 * len(verdicts) > 0


def test_the_command_writes_the_same_report_as_the_job(shared: SharedHome, ftf_here, tmp_path: Path):
    home, sweep = shared.home, shared.sweep(POOR["one cell"])
    assert run_the_job(sweep, home).success
    code, out, err = ftf_here("report", "--sweep", sweep.sweep_id, "--output", str(tmp_path / "again.html"))
    assert (code, out.strip(), err) == (0, str(tmp_path / "again.html"), "")
    assert (tmp_path / "again.html").read_bytes() == home.report(sweep.sweep_id).read_bytes()


def test_the_command_names_what_is_wrong_with_a_sweep_that_has_no_report(shared: SharedHome, ftf_here):
    poor = POOR["an empty sweep"]
    assert_stated(poor, *ftf_here("report", "--sweep", shared.sweep(poor).sweep_id), "")


def assert_no_table_holds_nan_or_infinity(home: Home) -> None:
    assert refresh_index(home, wait=60).note == ""  # a sweep without a row has not made it
    connection = duckdb.connect(str(home.results), read_only=True)
    numbers = connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE data_type = 'DOUBLE' AND NOT internal "
        "AND table_name NOT IN ('leaderboard', 'clean_results')"
    ).fetchall()
    assert len(numbers) > 40
    for table, column in numbers:
        found = connection.execute(f"SELECT count(*) FROM {table} WHERE isnan({column}) OR isinf({column})")
        assert found.fetchone() == (0,), f"{table}.{column}"
    connection.close()
