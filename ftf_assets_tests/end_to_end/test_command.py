"""The command as a process: what it prints, what it writes, how it ends."""

from __future__ import annotations

import io
import json
import signal
import sys
from pathlib import Path

import pandas as pd
import pytest

from ftf_assets.command.main import main
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.end_to_end.conftest import Ftf
from ftf_assets_tests.support.processes import start_ftf
from ftf_assets_tests.support.settings import set_options
from ftf_assets_tests.support.small_sweep import QUICK_FITS, FinishedSweep

pytestmark = pytest.mark.end_to_end

SMALL = ("--crypto", "OPUSDC", "--trials", "0", *set_options(n_folds=1, **QUICK_FITS))


@pytest.mark.slow
def test_the_main_job_ends_with_125_ok_rows_on_real_candles_and_a_second_run_replaces_them(
    ftf: Ftf, home: Home, real_candles: Path
):
    command = ("sweep", "--factor", "label_smoothing,cleanlab", "--crypto-group", "defi_top5")
    command += ("--phase", "manual", "--power-mode", "standard", "--confirm-long-run")
    command += ("--source", "candles", "--path", str(real_candles), "--trials", "0")
    command += set_options(**QUICK_FITS)
    first = ftf(*command)
    assert first.returncode == 0, first.stderr
    rows = ResultsStore(home).read()
    assert rows.groupby("crypto").size().to_dict() == dict.fromkeys(
        ["AAVEUSDC", "ARBUSDC", "LDOUSDC", "OPUSDC", "UNIUSDC"], 25
    )
    assert set(rows["status"]) == {"ok"}
    assert (rows["n_trials"] == 0).all()
    assert set(rows["quote_currency"]) == {"USDT"}
    assert set(rows["source_file"]) == {f"{base}USDT_1h.csv" for base in ("AAVE", "ARB", "LDO", "OP", "UNI")}
    assert "125 cells: 125 ok" in first.stdout
    for variant in ("baseline", "mild", "aggressive", "filter", "reweight"):
        assert variant in first.stdout

    second = ftf(*command, "--json")
    assert json.loads(second.stdout)["statuses"] == {"ok": 125}
    assert_same_rows(ResultsStore(home).read(), rows)


def test_results_come_in_every_format(ftf: Ftf, home: Home, finished_sweep: FinishedSweep, tmp_path: Path):
    finished_sweep.copy(home)
    rows = ResultsStore(home).read()
    table, csv, as_json = (ftf("results", "--format", form) for form in ("table", "csv", "json"))
    assert "reweight" in table.stdout
    frame = pd.read_csv(io.StringIO(csv.stdout))
    assert frame["variant"].tolist() == rows["variant"].tolist()
    assert [row["status"] for row in json.loads(as_json.stdout)] == ["ok"] * 20
    ftf("results", "--format", "parquet", "--output", str(tmp_path / "rows.parquet"))
    assert pd.read_parquet(tmp_path / "rows.parquet")["f1_buy"].tolist() == rows["f1_buy"].tolist()


def test_a_plan_knows_what_is_done_and_a_sweep_shows_its_progress_although_dagster_redirects_its_steps(
    ftf: Ftf, home: Home
):
    before = json.loads(ftf("plan", *SMALL, "--json").stdout)
    assert (before["cells"], before["fits"], before["fits_done"]) == (5, 11, 0)
    assert before["estimated_by"].startswith("the published pace")
    assert not home.path.exists()
    done = ftf("sweep", *SMALL)
    assert done.returncode == 0, done.stderr
    assert "11 of 11 fits" in done.stderr
    assert "5 cells: 5 ok" in done.stdout
    (headline,) = ResultsStore(home).decision(before["sweep_id"]).summary["headline"]
    assert done.stdout.startswith(headline), "the answer comes first"
    after = json.loads(ftf("plan", *SMALL, "--json").stdout)
    assert after["sweep_id"] == before["sweep_id"]
    assert (after["fits_done"], after["fits_left"]) == (11, 0)
    one_more_level = ("--factor", "label_smoothing,cleanlab=off,filter,reweight,filter_random")
    assert json.loads(ftf("plan", *SMALL, *one_more_level, "--json").stdout)["fits_left"] == 1


#: The whole table of refusals is in faults/test_malformed_input.py; here the command is a process of its own.
BAD_INPUT = [
    (("sweep", "--crypto", "../../x"), "a pair is written in letters and digits (found '../../X'"),
    (("sweep", "--crypto", "BTCUSDC"), "unknown crypto (found 'BTCUSDC'; allowed: UNIUSDC, OPUSDC"),
    (("sweep", "--nonsense"), "No such option"),
    (("results",), "no results yet"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_INPUT, ids=lambda value: " ".join(value)[:60])
def test_bad_input_is_one_line_that_names_it_exit_code_2_and_nothing_written(
    ftf: Ftf, home: Home, arguments: tuple[str, ...], message: str
):
    done = ftf(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""
    assert not home.has_results
    assert not home.dagster.exists()


def test_a_long_run_is_refused_with_its_plan_until_it_is_confirmed(ftf: Ftf, home: Home):
    factorial = ("sweep", "--design", "factorial", "--trials", "0", "--set", "training.seeds=100")
    done = ftf(*factorial)
    assert done.returncode == 2
    assert "5 cryptos x 5 folds x 9 variants = 225 cells, 23275 fits" in done.stderr
    assert "--confirm-long-run" in done.stderr
    assert not home.path.exists()


def test_a_bad_row_in_a_candle_file_stops_the_sweep_before_anything_is_written(
    ftf: Ftf, home: Home, tmp_path: Path
):
    lines = ["date,open,high,low,close,volume,ticker"]
    hours = pd.date_range("2023-01-01", periods=50, freq="h")
    lines += [f"{hour},1.0,1.1,0.9,1.0,10,OPUSDT" for hour in hours]
    lines[20] = f"{hours[19]},1.0,1.1,0.9,n/a,10,OPUSDT"
    folder = tmp_path / "candles"
    folder.mkdir()
    (folder / "OPUSDT_1h.csv").write_text("\n".join(lines), encoding="utf-8")
    done = ftf("sweep", "--crypto", "OPUSDC", "--source", "candles", "--path", str(folder))
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) <= 3
    for part in ("OPUSDC", "OPUSDT_1h.csv", "close", "21", "n/a"):
        assert part in done.stderr
    assert not home.has_results


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_an_interrupt_stops_the_sweep_with_one_line_and_keeps_what_is_finished(
    home: Home, tmp_path: Path, how: signal.Signals
):
    command = ["sweep", *SMALL, "--crypto", "LDOUSDC", "--home", str(home.path)]
    sweep = start_ftf(command, tmp_path / "logs")
    sweep.wait_until_it_says("\n5 of")
    sweep.send(how)
    assert sweep.wait() == 130
    assert "ftf: interrupted. Finished fits are kept; run the same command again to go on" in sweep.stderr
    assert "Traceback" not in sweep.stderr
    assert list((home.path / "fits").glob("*/*/header.json"))


def test_an_unforeseen_error_is_one_line_that_names_the_run(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a defect of ours")

    monkeypatch.setattr("ftf_assets.training.plan.treated_labels", broken)
    monkeypatch.setattr(sys, "argv", ["ftf", "sweep", *SMALL, "--home", str(home.path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("ftf: OPUSDC: ZeroDivisionError: a defect of ours (run ")


def test_ready_feature_caches_run_without_candles_and_say_which_file_they_were(
    ftf: Ftf, home: Home, tmp_path: Path
):
    folder = tmp_path / "features"
    folder.mkdir()
    market = MarketSource()
    frame, _ = market.feature_cache("OPUSDC", market.candles("OPUSDC"))
    as_another_system_writes_it = frame.astype({"label": "int64", "return_1": "float32"})
    as_another_system_writes_it.index = as_another_system_writes_it.index.as_unit("us")
    as_another_system_writes_it.to_parquet(folder / "OPUSDT.parquet")
    one_level = ("--factor", "label_smoothing=mild")
    done = ftf("sweep", *SMALL, *one_level, "--source", "features", "--path", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["statuses"] == {"ok": 2}
    rows = ResultsStore(home).read()
    assert set(rows["data_source"]) == {"features"}
    assert set(rows["source_file"]) == {"OPUSDT.parquet"}


def test_a_history_that_is_too_short_is_skipped_shown_and_no_failure(ftf: Ftf, home: Home):
    edges = "2024-01-20T00:00:00Z,2024-03-01T00:00:00Z,2024-12-30T00:00:00Z"
    two_folds = ("--set", "folds.n_folds=2", "--set", f"folds.edges={edges}")
    done = ftf("sweep", *SMALL, *two_folds, "--factor", "label_smoothing=mild")
    assert done.returncode == 0, done.stderr
    rows = ResultsStore(home).read()
    assert set(rows.loc[rows["fold"] == 0, "status"]) == {"skipped_short_history"}
    assert set(rows.loc[rows["fold"] == 1, "status"]) == {"ok"}
    assert "skipped_short_history: OPUSDC fold 0 baseline" in done.stdout
    assert "fit rows, 1000 needed" in done.stdout


def assert_same_rows(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Every column but those that name the run itself."""
    of_the_run = ["run_id", "created_at", "fit_seconds"]
    pd.testing.assert_frame_equal(one.drop(columns=of_the_run), other.drop(columns=of_the_run))


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("--set", "treatment.design=one_factor"), "found 4 variants of 1 crypto"),
        (("--crypto", "OPUSDC,LDOUSDC"), "found 1 variant of 2 cryptos"),
    ],
)
def test_a_smoke_of_more_than_one_cell_a_fold_is_refused_before_it_runs(
    ftf: Ftf, home: Home, arguments: tuple[str, ...], found: str
):
    done = ftf("smoke", *arguments)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "a smoke is one variant of one crypto" in line
    assert found in line
    assert not home.path.exists()
