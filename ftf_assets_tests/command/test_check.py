"""``ftf check``: what it understands, what it refuses, and that it reads as the sweep does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from ftf_assets.command.check_tables import show_data_check
from ftf_assets.command.main import cli
from ftf_assets.contracts.errors import InputError
from ftf_assets.running.data_check import DataCheck, check_data, kind_of_columns
from ftf_assets.running.preflight import check_inputs
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.storage.home import Home
from ftf_assets.sweep.crypto_check import CryptoCheck
from ftf_assets.sweep.settings import sweep_settings
from ftf_assets.sweep.sweep import open_sweep
from ftf_assets_tests.support import candle_shapes, feature_shapes
from ftf_assets_tests.support.candle_bars import bars_of
from ftf_assets_tests.support.gate_rows import sweep_rows
from ftf_assets_tests.support.production import feature_cache


@pytest.fixture(scope="module")
def candles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 3,500 good hours of OPUSDT, a broken file of LDOUSDT, and a text."""
    folder = tmp_path_factory.mktemp("candles")
    frame = MarketSource().candles("OPUSDC").head(3_500)
    frame = frame.assign(date=frame.index - pd.Timedelta(hours=1))
    frame.to_csv(folder / "OPUSDT_1h.csv", index=False)
    broken = frame.head(60).assign(close=["-1", *frame["close"][1:58], "soon", "soon"], volume=-1.0)
    broken.to_csv(folder / "LDO_USDT-1h.csv", index=False)
    (folder / "notes.md").write_text("mine", encoding="utf-8")
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["check", *map(str, arguments)], standalone_mode=False)


def test_a_good_file_is_understood_and_what_to_run_next_works(candles: Path):
    done = run(candles / "OPUSDT_1h.csv", "--set", "folds.n_folds=2")
    assert done.return_value == 0, done.output
    for said in (
        *("OPUSDT", "1h", "2023-12-25 01:00", "3,500", "2 of 2", "accepts"),
        "Understood (OPUSDT): CSV, comma, usual names of columns, times 'date': the open of each bar",
        "Assumed: 2 folds on each crypto's own history",
    ):
        assert said in done.output, said
    (command,) = [line for line in done.output.splitlines() if line.startswith("Next: ftf ")]
    _, name, *words = command.removeprefix("Next: ").split()
    assert name == "plan"
    assert "folds.n_folds=2" in words
    planned = CliRunner().invoke(cli, [name, *words, "--home", str(candles / "no home")])
    assert planned.exit_code == 0, planned.output


def test_every_pair_of_a_folder_is_checked_and_all_faults_are_listed(candles: Path):
    done = run(candles)
    assert done.return_value == 2
    lines = done.output.splitlines()
    (refused,) = [number for number, line in enumerate(lines) if line.startswith("Refused: ")]
    assert lines[refused] == "Refused: LDOUSDT, file LDO_USDT-1h.csv: 4 faults"
    assert "column 'close', row 60 (2 rows in all: 60, 61): the cell is not a number" in lines[refused + 1]
    assert "column 'close', row 2: prices must be finite and positive" in lines[refused + 2]
    assert "column 'volume'" in lines[refused + 3]
    assert "close lies outside its bar" in lines[refused + 4]
    assert "Not looked at: notes.md (no accepted format)." in done.output
    assert [one["accepted"] for one in json.loads(run(candles, "--json").output)["cryptos"]] == [False, True]


def test_json_says_when_rows_are_known_and_which_settings_were_assumed(candles: Path):
    content = json.loads(run(candles / "OPUSDT_1h.csv", "--json").output)
    assert (content["kind"], content["accepted"]) == ("candles", True)
    (one,) = content["cryptos"]
    assert one["reading"]["first_open"] == "2023-12-25T00:00:00Z"
    assert one["reading"]["first_close"] == "2023-12-25T01:00:00Z"
    assert (one["reading"]["bar_seconds"], one["reading"]["bar_share"]) == (3600.0, 1.0)
    assert one["rows"] == one["report"]["rows"]
    assert one["labels"]["buy_rate"] == pytest.approx(one["report"]["buy_rate"])
    assert one["labels"]["longest_horizon_seconds"] == 4 * 3600
    assert one["n_folds"] == len(one["folds"]) == content["settings"]["folds.n_folds"]


def test_only_named_cryptos_are_checked_and_served_as_a_sweep_serves_them(candles: Path):
    content = json.loads(run(candles, "--crypto", "OP/USDC", "--json").output)
    (one,) = content["cryptos"]
    assert (one["crypto"], one["provenance"]["file"]) == ("OPUSDC", "OPUSDT_1h.csv")


def test_a_history_without_a_fold_is_not_accepted(candles: Path, tmp_path: Path):
    lines = (candles / "OPUSDT_1h.csv").read_text(encoding="utf-8").splitlines()[:800]
    (tmp_path / "OPUSDT_1h.csv").write_text("\n".join(lines), encoding="utf-8")
    done = run(tmp_path)
    assert done.return_value == 2
    assert "too short: no fold" in done.output
    assert "5 of 5 folds are too short, such as: " in done.output
    assert "rows with features and label, " in done.output
    assert "are enough for all" in done.output


@pytest.fixture
def features(tmp_path: Path) -> pd.DataFrame:
    frame = feature_cache(2_500).drop(columns=["regime", "base_weight"])
    frame.to_parquet(tmp_path / "OPUSDC.parquet")
    return frame


def test_features_are_told_by_their_label(features: pd.DataFrame, tmp_path: Path):
    done = run(tmp_path, "--set", "folds.n_folds=1")
    assert done.return_value == 0, done.output
    for said in (
        "Features in ",
        "OPUSDC.parquet",
        "1 of 1",
        "14 rows at the head lack 'rsi_14': left out",
    ):
        assert said in done.output, said


def test_a_target_left_in_is_reported_before_any_run(features: pd.DataFrame, tmp_path: Path):
    target = features["label"].astype(float)
    features.assign(target=target, flat=1.0, copy=features["adx_14"]).to_parquet(tmp_path / "OPUSDC.parquet")
    done = run(tmp_path)
    assert done.return_value == 2
    for said in (
        *("INVALID: leaks", "column 'target' nearly is the label"),
        "constant, of no use to a model: flat",
        "the same numbers twice: adx_14 and copy",
        "named like a target: target",
    ):
        assert said in done.output, said


def test_results_get_their_levels_and_the_command_that_judges_them(tmp_path: Path):
    file = tmp_path / "published.csv"
    pd.DataFrame(sweep_rows(0.02)).to_csv(file, index=False)
    done = run(file)
    assert done.return_value == 0, done.output
    assert "cleanlab: off, filter" in done.output
    assert "Read published.csv: 50 rows of CSV, comma between cells" in done.output
    assert f"Next: ftf gate --results {file}" in done.output
    file.write_text(file.read_text(encoding="utf-8").replace("cleanlab", "cleaner"), encoding="utf-8")
    refused = run(file, "--as", "results")
    assert refused.return_value == 2
    assert "Refused: file published.csv" in refused.output


def test_a_folder_of_two_kinds_asks_which(candles: Path, features: pd.DataFrame, tmp_path: Path):
    (tmp_path / "LDOUSDT_1h.csv").write_bytes((candles / "OPUSDT_1h.csv").read_bytes())
    with pytest.raises(InputError, match=r"several kinds of tables .*--as candles or --as features"):
        check_data(tmp_path)
    assert (
        "1 of 1" in run(tmp_path, "--as", "features", "--crypto", "OPUSDC", "--set", "folds.n_folds=1").output
    )


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        (["date", "open", "high", "low", "close", "volume"], "candles"),
        (["timestamp", "rsi", "label", "label_end", "label_return"], "features"),
        (["rsi", "label"], "features"),
        (["crypto", "fold", "cleanlab", "roc_auc", "f1_buy"], "results"),
        (["cleanlab", "roc_auc"], "results"),
        (["run_id", "params.crypto", "params.cleanlab", "metrics.roc_auc"], "results"),
        (["Symbol", "cleanlab", "auc"], "results"),
        (["symbol", "date", "open", "high", "low", "close", "volume"], "candles"),
    ],
)
def test_the_kind_is_told_by_columns(columns: list[str], kind: str):
    assert kind_of_columns(columns) == kind


@pytest.mark.parametrize(
    "words",
    [("no/such/folder",), ("{empty}",), ("README.md",), ("{empty}", "--set", "folds.n_fold=3")],
)
def test_a_path_or_setting_that_cannot_be_used_is_one_line(words: tuple[str, ...], tmp_path: Path):
    with pytest.raises(InputError):
        CliRunner().invoke(
            cli, ["check", *(word.format(empty=tmp_path) for word in words)], catch_exceptions=False
        )


def content_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        yield str(path), path.read_bytes() if path.is_file() else b""


def test_nothing_is_written(candles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    before = dict(content_of(candles))
    run(candles)
    assert (dict(content_of(candles)), list(tmp_path.iterdir())) == (before, [])


def test_the_output_for_500_files_is_bounded(tmp_path: Path):
    checks = tuple(
        CryptoCheck(f"C{number}USDT", refused=f"C{number}USDT: no", notes=("a note",))
        for number in range(500)
    )
    others = {f"{number}.txt": "its name says no pair" for number in range(500)}
    console = Console(width=120, record=True)
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ftf_assets.command.check_tables.say", lambda _, text: lines.append(text))
        show_data_check(console, DataCheck(str(tmp_path), "candles", checks, others=others))
    assert len(console.export_text().splitlines()) + len(lines) < 80
    assert "500 cryptos, 500 not accepted. 480 are left out above: see --json." in lines


def refusal_of_a_sweep(kind: str, folder: Path, crypto: str, tmp_path: Path, **data: object) -> str:
    settings = {"data": {"source": kind, "path": str(folder), "cryptos": [crypto], **data}}
    try:
        check_inputs(open_sweep(sweep_settings(settings)), Home.locate(str(tmp_path / "home")))
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("shape", feature_shapes.REFUSED[::2], ids=lambda shape: shape.name)
def test_check_refuses_feature_files_in_the_words_of_the_sweep(
    shape: feature_shapes.FeatureShape, tmp_path: Path
):
    folder = tmp_path / "files"
    folder.mkdir()
    shape.write(folder)
    (found,) = check_data(folder, {"data.cryptos": ["OPUSDC"]}, kind="features").cryptos
    assert found.refused == refusal_of_a_sweep("features", folder, "OPUSDC", tmp_path) != ""
    assert len(found.faults) > 0


@pytest.mark.parametrize(
    "shape", candle_shapes.SHAPES[::6], ids=lambda shape: f"{shape.writer}, {shape.shape}"
)
def test_check_reads_candle_files_as_the_sweep_does(shape: candle_shapes.Shape, tmp_path: Path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / shape.file).write_bytes(shape.write(bars_of()))
    settings = {"data.cryptos": [candle_shapes.CRYPTO]}
    data = {name.removeprefix("data."): value for name, value in shape.settings.items()}
    settings |= {f"data.{name}": value for name, value in data.items()}
    (found,) = check_data(folder, settings, kind="candles").cryptos
    refusal = refusal_of_a_sweep("candles", folder, candle_shapes.CRYPTO, tmp_path, **data)
    assert found.refused, "48 bars are too short"
    assert found.refused in refusal


def test_a_file_that_a_sweep_of_its_folder_passes_over_is_refused(candles: Path, tmp_path: Path):
    for name in ("OPUSDT_1h.csv", "OPUSDC_1h.csv", "kraken-OPUSDT-1h.csv"):
        (tmp_path / name).write_bytes((candles / "OPUSDT_1h.csv").read_bytes())
    other = run(tmp_path / "OPUSDT_1h.csv", "--crypto", "OPUSDC")
    assert other.return_value == 2
    assert "reads OPUSDC_1h.csv instead" in other.output
    unfound = run(tmp_path / "OPUSDT_1h.csv")
    assert unfound.return_value == 2
    assert "does not find it" in unfound.output
    assert "Next: " not in unfound.output, "the plan of the folder would be another one"
    (tmp_path / "kraken-OPUSDT-1h.csv").unlink()
    assert run(tmp_path / "OPUSDT_1h.csv").return_value == 0


def test_a_file_is_not_accepted_for_another_crypto(candles: Path):
    done = run(candles / "OPUSDT_1h.csv", "--crypto", "BTCUSDC")
    assert done.return_value == 2
    assert "OPUSDT_1h.csv (its name has no BTC)" in done.output
    assert "Name the pair that it holds with --crypto, or rename it." in done.output
    assert run(candles / "OPUSDT_1h.csv", "--crypto", "OPUSDC").return_value == 0


def test_a_part_of_a_history_is_accepted_and_said_to_be_one(candles: Path, tmp_path: Path):
    lines = (candles / "OPUSDT_1h.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "OPUSDT-1h-2023.csv").write_text("".join([lines[0], *lines[1:169]]), encoding="utf-8")
    (tmp_path / "OPUSDT-1h-2024.csv").write_text("".join([lines[0], *lines[169:]]), encoding="utf-8")
    done = run(tmp_path / "OPUSDT-1h-2024.csv")
    assert done.return_value == 0, done.output
    assert "a sweep of its folder reads 2 files, this is a part" in done.output


def test_a_name_of_another_instrument_is_said(candles: Path, tmp_path: Path):
    (tmp_path / "OP-USDT-SWAP.csv").write_bytes((candles / "OPUSDT_1h.csv").read_bytes())
    with pytest.raises(InputError, match=r"says no pair \(found SWAP in its name means another instrument"):
        check_data(tmp_path / "OP-USDT-SWAP.csv")


def test_a_group_skips_what_has_no_file_as_its_sweep_does(candles: Path, tmp_path: Path):
    (tmp_path / "OPUSDT_1h.csv").write_bytes((candles / "OPUSDT_1h.csv").read_bytes())
    done = run(tmp_path, "--crypto-group", "defi_top5")
    assert done.return_value == 0, done.output
    assert done.output.count("skips: no data") == 4
    assert "Skipped: LDOUSDC: no file for base asset LDO" in done.output
    assert run(tmp_path, "--crypto-group", "defi_top5", "--set", "data.incomplete=refuse").return_value == 2


def test_lines_that_were_left_out_and_an_order_that_was_proved_are_said(candles: Path, tmp_path: Path):
    lines = (candles / "OPUSDT_1h.csv").read_text(encoding="utf-8").splitlines()[:400]
    (tmp_path / "OPUSDT_1h.csv").write_text("\n".join(["# mine", *lines, lines[0]]), encoding="utf-8")
    said = run(tmp_path).output
    assert "OPUSDT: left out: line 402: the header again" in said
    assert "OPUSDT: left out: line 1: a comment" in said
    rows = [",".join([line.split(",")[-1], *line.split(",")[:-1]]) for line in lines[1:]]
    (tmp_path / "OPUSDT_1h.csv").write_text("\n".join(rows), encoding="utf-8")
    said = run(tmp_path).output
    assert "the order proved from the values: time open high low close volume" in said


def test_hours_without_trade_are_suggested_for_many_gaps(candles: Path, tmp_path: Path):
    lines = (candles / "OPUSDT_1h.csv").read_text(encoding="utf-8").splitlines()
    kept = [line for number, line in enumerate(lines) if number % 9 != 8]
    (tmp_path / "OPUSDT_1h.csv").write_text("\n".join(kept), encoding="utf-8")
    assert "--set data.no_trade_bars=flat fills them" in run(tmp_path).output
    filled = run(tmp_path, "--set", "data.no_trade_bars=flat")
    assert "fills them" not in filled.output
    assert "388 bars without trade filled" in filled.output


def test_a_table_of_several_cryptos_is_checked_for_each(features: pd.DataFrame, tmp_path: Path):
    folder = tmp_path / "panel"
    folder.mkdir()
    panel = pd.concat({"OP/USDT": features, "UNI/USDT": features}, names=["symbol", "timestamp"])
    panel.to_parquet(folder / "features.parquet")
    for path in (folder, folder / "features.parquet"):
        content = json.loads(run(path, "--json", "--set", "folds.n_folds=1").output)
        assert [(one["crypto"], one["accepted"]) for one in content["cryptos"]] == [
            ("OPUSDT", True),
            ("UNIUSDT", True),
        ]
    features.to_parquet(folder / "features.parquet")
    with pytest.raises(InputError, match="neither the name of the file nor a column says"):
        check_data(folder)
