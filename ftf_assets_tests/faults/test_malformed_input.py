"""Malformed input, from one table: one line that names the culprit, exit code 2, nothing written.

Each case is run as the ``ftf`` command is, in this process. What a reader refuses in detail is specified
beside the readers; here the whole way from the file or flag to the user's terminal is held.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ftf_assets.command.main import main
from ftf_assets.contracts.errors import InputError
from ftf_assets.sweep.crypto_groups import read_crypto_groups
from ftf_assets_tests.support.gate_rows import sweep_rows
from ftf_assets_tests.support.production import feature_cache

Content = bytes | str | pd.DataFrame | pa.Table
Case = tuple[str, tuple[str, ...]]

HEADER = "date,open,high,low,close,volume"
HOURS = pd.date_range("2023-01-01", periods=60, freq="h")
BARS = [f"{hour},1.0,1.1,0.9,1.0,10" for hour in HOURS]


# --- flags and settings: arguments of ftf sweep, what the line says ------------------------------------

SETTINGS: list[tuple[str, tuple[str, ...]]] = [
    ("--factor magic", ("unknown factor", "'magic'", "label_smoothing, cleanlab")),
    ("--factor cleanlab=of", ("unknown level of factor cleanlab", "'of'", "off, filter")),
    ("--factor cleanlab=off,off", ("nothing to compare", "cleanlab=off", "--design single")),
    ("--factor ,", ("a sweep needs at least one factor",)),
    ("--factor label_smoothing=none,extreme", ("unknown level", "'extreme'", "none, mild")),
    ("--power-mode huge", ("power_mode", "'huge'", "smoke, standard, deep")),
    ("--trials many", ("training.trials", "'many'", ">= 0")),
    ("--trials 1e9", ("trials", "'1e9'")),
    ("--tune per-fold", ("tune", "'per-fold'", "baseline, per_variant, off")),
    ("--design latin", ("design", "'latin'", "one_factor, factorial")),
    ("--source ftp", ("source", "'ftp'", "market, candles, features")),
    ("--source candles", ("the source candles needs a path", "--path")),
    ("--path somewhere", ("the embedded market takes no path", "'somewhere'", "--source candles")),
    (
        "--source features --path caches --factor cleanlab=off,filter_temporal",
        ("filter_temporal learns from candles", "ready feature caches", "--source candles"),
    ),
    (
        "--source features --path caches --factor label_truth",
        ("relabel_truth is a control that trains on the true labels", "source market"),
    ),
    ("--source candles --path no/such/folder", ("no/such/folder", "does not exist")),
    ("--source candles --path {home}/keep", ("keep", "is not a directory")),
    ("--source candles --path {home}/" + "x" * 5_000, ("the path cannot be read", "File name too long")),
    ("--source candles --path {home}/keep/below", ("below",)),
    ("--phase two|words", ("phase must be one word", "'two words'")),
    ("--phase ../../x", ("phase must be one word", "'../../x'")),
    ("--phase \x1b[2J", ("phase must be one word", r"'\x1b[2J'")),
    ("--workers -1", ("run.workers", "'-1'", ">= 1")),
    ("--device tpu", ("device", "'tpu'", "cpu, cuda")),
    ("--seed 99999999999", ("seed", "'99999999999'", "< 2147483648")),
    ("--set folds.n_folds", ("--set takes NAME=VALUE", "'folds.n_folds'")),
    ("--set folds.n_fold=3", ("unknown setting", "'folds.n_fold'", "folds.n_folds")),
    ("--set n_folds=3", ("unknown setting", "'n_folds'", "Did you mean folds.n_folds?")),
    ("--set folds.n_folds=0", ("n_folds", "'0'", ">= 1")),
    ("--set folds.n_folds=5.5", ("n_folds", "'5.5'")),
    ("--set data.market_noise=nan", ("market_noise", "'nan'")),
    ("--set evaluation.cost_bps=inf", ("cost_bps", "'inf'", "<= 1000")),
    ("--set treatment.suspect_cap=-0.1", ("suspect_cap", "'-0.1'", ">= 0")),
    ("--set treatment.mild_epsilon_buy=0.01", ("smoothing level 'mild'", "epsilon_buy 0.01")),
    ("--set training.min_rounds=1501", ("training.min_rounds must not exceed", "1501 > 1500")),
    (
        "--set folds.n_folds=1 --set folds.edges=1677-01-01T00:00Z,2024-01-01T00:00Z",
        ("folds.edges", "1677", "from 1678"),
    ),
    ("--set folds.edges=2024-01-01", ("folds.edges must be UTC instants", "'2024-01-01'")),
    ("--set folds.edges=2024,2025", ("folds.edges must be UTC instants", "'2024'")),
    ("--set folds.edges=2024-01-01T00:00Z,2023-01-01T00:00Z", ("folds.edges must increase", "6 instants")),
    ("--set training.search_space=max_depth=9:8", ("bounds of max_depth in search_space", "9:8")),
    ("--set run.confirm_long_run=perhaps", ("confirm_long_run", "'perhaps'")),
    ("--nonsense", ("No such option", "--nonsense")),
    ("surplus", ("unexpected extra argument", "surplus")),
]

# --- cryptos: partition keys on their way in ------------------------------------------------------------

CRYPTOS: list[Case] = [
    ("DOGEUSDC", ("unknown crypto", "'DOGEUSDC'", "OPUSDC", "--source candles --path")),
    ("", ("unknown crypto", "''", "A-Z and 0-9")),
    ("../../x", ("unknown crypto", "'../../X'")),
    ("a'; drop table finetune_results; --", ("unknown crypto", "DROP TABLE")),
    ("OPUSDC/../LDOUSDC", ("unknown crypto", "'OPUSDC/../LDOUSDC'")),
    ("X" * 100_000, ("unknown crypto", "characters)")),
    ("\u041ePUSDC", ("unknown crypto", "'\u041ePUSDC'")),
    ("OP\u202eUSDC", ("unknown crypto", r"'OP\u202eUSDC'")),
    ("OPUSDC\nLDOUSDC", ("unknown crypto", r"'OPUSDC\nLDOUSDC'")),
    ("OPUSDC\x00", ("unknown crypto", r"'OPUSDC\x00'")),
    ("OP\udcffUSDC", ("unknown crypto", r"'OP\udcffUSDC'")),
    ("<script>alert(1)</script>", ("unknown crypto", "'<SCRIPT>")),
]


# --- candle files: the content of OPUSDC_1h.csv or .parquet ---------------------------------------------


def bars(row: int = 0, **changed: str) -> str:
    """A candle file whose line ``row`` (the header is line 1) has other cells."""
    lines = [HEADER, *BARS]
    if row:
        cells = dict(zip(HEADER.split(","), lines[row - 1].split(","), strict=True)) | changed
        lines[row - 1] = ",".join(cells.values())
    return "\n".join(lines)


def bar_table(**changed: object) -> pd.DataFrame:
    frame = pd.DataFrame({"open": 1.0, "high": 1.1, "low": 0.9, "close": 1.0, "volume": 10.0}, index=HOURS)
    return frame.rename_axis("date").reset_index().assign(**changed)


CANDLES: list[tuple[str, str, Content, tuple[str, ...]]] = [
    ("an empty file", "csv", b"", ("the file is empty",)),
    ("blank lines only", "csv", "\n\n\n", ("the file is empty",)),
    ("a header only", "csv", HEADER, ("at least two bars", "found 0")),
    ("one bar", "csv", f"{HEADER}\n{BARS[0]}", ("at least two bars", "found 1")),
    ("bytes that are no text", "csv", b"\x81\xfed", ("not a readable CSV", "no UTF-8 at position 0", "Save")),
    ("a NUL byte", "csv", bars(9).replace("10", "1\x000", 1), ("not a readable CSV", "a NUL byte at")),
    ("an open quote", "csv", bars().replace(",1.0,", ',"1.0,', 1), ("not a readable CSV",)),
    ("a line too long", "csv", bars() + ",7,8", ("row 61", "too many cells (found 8", "6 cells")),
    ("a line too short", "csv", bars() + f"\n{HOURS[-1]},1.0", ("column 'high'", "row 62", "''")),
    ("a compressed file", "csv", b"\x1f\x8b\x08\x00\x00", ("not a readable gzip", "too early")),
    ("two separators", "csv", "1;5,1;7\n1;6,1;8\n", ("more than one separator", "data.separator=comma")),
    (
        "many faults at once",
        "csv",
        bars(7, date="soon", close="n/a", volume="-1"),
        ("3 faults: (1) column 'date', row 7", "(2) column 'close', row 7", "(3) column 'volume', row 7"),
    ),
    ("decimal commas", "csv", bars(7, volume='"1,5"'), ("row 7", "has a comma", "data.decimal=comma")),
    ("an error message", "json", b'{"code":-1121,"msg":"x"}', ("one list of rows", "keys code, msg")),
    ("half a JSON array", "json", b"[[1, 2], [3", ("not a readable JSON",)),
    ("a zip of nothing", "zip", b"PK\x05\x06" + bytes(18), ("exactly one file", "no file")),
    ("half a Feather file", "feather", b"ARROW1\0\0half", ("not a readable Feather",)),
    ("no volume", "csv", bars().replace("volume", "amount"), ("column 'volume'", "no volume column")),
    ("no time", "csv", bars().replace("date", "day"), ("column 'time'", "no time column")),
    (
        "a column twice",
        "csv",
        bars().replace("volume", "open"),
        ("two columns both look like 'open'", "'open'"),
    ),
    ("a look-alike", "csv", bars().replace("close", "\u0441lose"), ("no close column", "\u0441lose")),
    ("a hidden mark", "csv", bars().replace("close", "clo\u202ese"), ("no close column", r"clo\u202ese")),
    ("a time that is none", "csv", bars(7, date="soon"), ("column 'date'", "row 7", "'soon'", "ISO 8601")),
    ("an ambiguous date", "csv", bars(7, date="01/02/2023"), ("column 'date'", "row 7", "ISO 8601")),
    ("a time of another form", "csv", bars(7, date="44927.5"), ("column 'date'", "row 7", "an epoch")),
    ("a time before 2000", "csv", bars(7, date="1970-01-01"), ("row 7", "from 2000 to 2100")),
    ("a repeated time", "csv", bars(7, date=str(HOURS[4]), close="1.05"), ("row 7", "the time repeats with")),
    ("a time off the grid", "csv", bars(7, date="2023-01-01 05:30"), ("row 7", "off the grid of 1h bars")),
    ("a price that is no number", "csv", bars(7, close="n/a"), ("column 'close'", "row 7", "'n/a'")),
    ("a missing price", "csv", bars(7, close=""), ("column 'close'", "row 7", "not a number")),
    ("an infinite price", "csv", bars(7, high="inf"), ("column 'high'", "row 7", "'inf'")),
    ("an overflowing price", "csv", bars(7, high="1e400"), ("column 'high'", "row 7", "'1e400'")),
    ("thousands separators", "csv", bars(7, volume='"1,000"'), ("column 'volume'", "row 7", "'1,000'")),
    ("other digits", "csv", bars(7, volume="\uff11\uff10"), ("column 'volume'", "row 7", "not a number")),
    ("a price of zero", "csv", bars(7, low="0"), ("column 'low'", "row 7", "finite and positive")),
    (
        "a negative volume",
        "csv",
        bars(7, volume="-1"),
        ("column 'volume'", "row 7", "finite and not negative"),
    ),
    ("high below low", "csv", bars(7, high="0.5"), ("column 'high'", "row 7", "below low")),
    ("a close outside its bar", "csv", bars(7, close="2"), ("column 'close'", "row 7", "outside its bar")),
    ("a cell of a megabyte", "csv", bars(7, close="9" * 1_000_000), ("'close'", "row 7", "characters)")),
    ("too few bars", "csv", bars(), ("the candles are too short", "found 60 bars", "longer history")),
    ("no Parquet", "parquet", b"PAR1 but not really", ("not a readable Parquet",)),
    ("lists as prices", "parquet", bar_table(close=[[1.0]] * 60), ("column 'close'", "row 1")),
    ("times as text", "parquet", bar_table(date="soon"), ("column 'date'", "row 1", "'soon'")),
    ("bytes as prices", "parquet", bar_table(close=b"\xff"), ("column 'close'", "row 1")),
    ("missing prices", "parquet", bar_table(close=np.nan), ("column 'close'", "row 1", "nan")),
]

# --- feature caches: what is done to a good OPUSDC.parquet ------------------------------------------------

GOOD_CACHE = feature_cache(2_000)

FEATURES: list[tuple[str, Callable[[pd.DataFrame], Content], tuple[str, ...]]] = [
    ("no rows", lambda f: f.iloc[:0], ("the file is empty",)),
    ("no Parquet", lambda _: b"\x00" * 64, ("not a readable Parquet",)),
    ("no label", lambda f: f.drop(columns="label"), ("column 'label'", "no such column")),
    ("no label_end", lambda f: f.drop(columns="label_end"), ("column 'label_end'", "no such column")),
    ("no feature", lambda f: f[["label", "label_end", "label_return"]], ("feature",)),
    (
        "naive times",
        lambda f: f.set_axis(f.index.tz_localize(None)),
        ("'timestamp'", "must have a timezone", "tz_localize"),
    ),
    ("no times", lambda f: f.reset_index(drop=True), ("'timestamp'", "datetimes with a timezone")),
    ("a label of 2", lambda f: f.assign(label=2), ("column 'label'", "row 2021-04-01", "found 2")),
    ("a soft label", lambda f: f.assign(label=0.9), ("column 'label'", "found 0.9")),
    ("one class", lambda f: f.assign(label=0), ("column 'label'", "both classes", "only [0]")),
    ("a text feature", lambda f: f.assign(rsi_14="high"), ("column 'rsi_14'", "not a number", "'high'")),
    ("a time feature", lambda f: f.assign(rsi_14=f.index), ("column 'rsi_14'", "times are no features")),
    ("a feature of infinity", lambda f: f.assign(rsi_14=np.inf), ("column 'rsi_14'", "infinite")),
    ("a hole in a feature", lambda f: holed(f), ("column 'rsi_14'", "missing=allow")),
    (
        "an empty feature",
        lambda f: f.assign(rsi_14=np.nan),
        ("'rsi_14'", "every row lacks a feature", "100%"),
    ),
    ("a value beyond float32", lambda f: f.assign(rsi_14=1e39), ("column 'rsi_14'", "fit float32")),
    ("a label_end before its row", lambda f: f.assign(label_end=f.index[0]), ("label_end must not precede",)),
    ("rows out of order", lambda f: f.iloc[[1, 0, *range(2, 2_000)]], ("increase strictly",)),
    ("a row twice", lambda f: f.iloc[[*range(50), 49, *range(50, 2_000)]], ("2021-04-03",)),
    ("a negative weight", lambda f: f.assign(base_weight=-1.0), ("column 'base_weight'",)),
    ("weights of zero", lambda f: f.assign(base_weight=0.0), ("column 'base_weight'", "all be zero")),
    ("a return that is missing", lambda f: f.assign(label_return=np.nan), ("column 'label_return'",)),
    ("a name with a line break", lambda f: f.rename(columns={"rsi_14": "a\nb"}), (r"'a\nb'", "U+000A")),
    ("a name with NUL", lambda f: f.rename(columns={"rsi_14": "a\0b"}), ("U+0000", "Rename it")),
    ("a name with a right-to-left mark", lambda f: f.rename(columns={"rsi_14": "a\u202eb"}), ("U+202E",)),
    ("a name without end", lambda f: f.rename(columns={"rsi_14": "x" * 9_999}), ("9999 characters",)),
    ("a label in disguise", lambda f: f.rename(columns={"rsi_14": "Label"}), ("named like", "'label'")),
    ("a full-width name", lambda f: f.rename(columns={"rsi_14": "\uff52si"}), ("plain characters",)),
    ("a terminal code as regime", lambda f: f.assign(regime="\x1b[2J"), ("column 'regime'", "U+001B")),
    ("an extension type", lambda f: planted_extension(f), ("'rsi_14'", "extension types", "py_extension")),
]


def holed(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.copy()
    frame.iloc[1_000, 0] = np.nan
    return frame


def planted_extension(frame: pd.DataFrame) -> pa.Table:
    """A column whose type claims to be a pickled Python object, as older readers would load it."""
    table = pa.Table.from_pandas(frame)
    number = table.schema.get_field_index("rsi_14")
    planted = {
        "ARROW:extension:name": "arrow.py_extension_type",
        "ARROW:extension:metadata": b"cos\nsystem\n.",
    }
    return table.cast(table.schema.set(number, table.schema.field(number).with_metadata(planted)))


# --- result files: what is done to a good published.csv or .parquet ---------------------------------------

GOOD_ROWS = pd.DataFrame(sweep_rows(0.02)).drop(columns="status")


def rows(column: str, row: int, value: object) -> pd.DataFrame:
    table = GOOD_ROWS.assign(sweep_id="ftf_0123456789ab", status="ok").astype({column: object})
    table.loc[row - 1, column] = value
    return table


RESULTS: list[tuple[str, str, Content | None, tuple[str, ...]]] = [
    ("no file", "csv", None, ("does not exist",)),
    ("another format", "xls", b"\xd0\xcf\x11\xe0", ("Excel workbook", "Save the sheet as CSV")),
    ("an empty file", "csv", b"", ("the file is empty",)),
    ("a header only", "csv", GOOD_ROWS.iloc[:0], ("no rows",)),
    ("no Parquet", "parquet", b"PAR1", ("not a readable Parquet",)),
    ("no crypto", "csv", GOOD_ROWS.drop(columns="crypto"), ("column 'crypto'", "lack a column")),
    ("no factor", "csv", GOOD_ROWS[["crypto", "fold", "f1_buy"]], ("no factor column", "cleanlab")),
    ("no metric", "csv", GOOD_ROWS[["crypto", "fold", "cleanlab"]], ("no metric that can decide", "f1_buy")),
    ("a column twice", "csv", GOOD_ROWS.rename(columns={"sortino": "f1_buy"}), ("'f1_buy'", "there twice")),
    ("a missing crypto", "csv", rows("crypto", 7, None), ("column 'crypto'", "row 7", "is missing")),
    ("a missing fold", "csv", rows("fold", 8, None), ("row 8", "some rows have a fold")),
    ("a missing metric", "csv", rows("f1_buy", 4, None), ("'f1_buy'", "row 4", "AAVEUSDC", "fold 1")),
    ("a metric that is no number", "csv", rows("f1_buy", 4, "n/a"), ("'f1_buy'", "row 4", "n/a")),
    ("an f1 of 41.8 per cent", "csv", rows("f1_buy", 4, 41.8), ("'f1_buy'", "row 4", "0 to 1")),
    ("an infinite metric", "csv", rows("sortino", 4, "inf"), ("'sortino'", "row 4", "inf")),
    (
        "a metric in words that may be empty",
        "csv",
        rows("sortino", 4, "none lost"),
        ("'sortino'", "row 4", "none"),
    ),
    ("fewer than no trades", "csv", rows("n_trades", 4, -5), ("'n_trades'", "row 4", ">= 0")),
    ("an unknown status", "csv", rows("status", 4, "fine"), ("'status'", "row 4", "training_failed")),
    ("a cell twice", "csv", pd.concat([GOOD_ROWS, GOOD_ROWS[3:4]]), ("row 51", "two rows for one cell")),
    ("no baseline", "csv", GOOD_ROWS[GOOD_ROWS["cleanlab"] != "off"], ("every factor at its baseline",)),
    ("two sweeps", "csv", rows("sweep_id", 4, "another"), ("several sweeps", "another")),
    ("a crypto of terminal codes", "csv", rows("crypto", 4, "\x1b[2JOP"), ("row 4", "U+001B")),
    ("a level with a line break", "csv", rows("cleanlab", 4, "fil\nter"), ("row 4", "U+000A")),
    ("a crypto without end", "csv", rows("crypto", 4, "O" * 9_999), ("row 4", "9999 characters")),
    ("a sweep_id with NUL", "parquet", rows("sweep_id", 4, "a\0b"), ("'sweep_id'", "U+0000")),
]


# --- the cases run as commands ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    """What the user types, and a home whose content must not change."""

    folder: Path
    home: Path

    def refuses(
        self, capsys: pytest.CaptureFixture[str], arguments: list[str], parts: tuple[str, ...]
    ) -> None:
        before = content_of(self.home)
        sys.argv = ["ftf", *arguments, "--home", str(self.home)]
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        lines = printed.err.strip().splitlines()
        assert ended.value.code == 2, printed.err
        assert len(lines) == 1, printed.err
        assert lines[0].startswith("ftf: ")
        assert lines[0].isprintable()
        assert len(lines[0]) < 1_500
        for part in parts:
            assert part in lines[0]
        assert printed.out == ""
        assert content_of(self.home) == before


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setattr(sys, "argv", [])
    home = tmp_path / "home"
    home.mkdir()
    (home / "keep").write_text("what was there before", encoding="utf-8")
    return Command(tmp_path / "input", home)


def content_of(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in folder.glob("**/*")}


def write(folder: Path, name: str, content: Content) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    if isinstance(content, pa.Table):
        pa.parquet.write_table(content, file)
    elif isinstance(content, pd.DataFrame):
        content.to_parquet(file) if file.suffix == ".parquet" else content.to_csv(file, index=False)
    else:
        file.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return file


def cases(table: list) -> list:
    return [pytest.param(*case, id=ascii(case[0]).strip("'\"")[:40]) for case in table]


@pytest.mark.parametrize(("arguments", "parts"), cases(SETTINGS))
def test_a_setting_is_refused(command, capsys, arguments, parts):
    words = arguments.format(home=command.home).split(" ")
    command.refuses(capsys, ["sweep", *(word.replace("|", " ") for word in words)], parts)


@pytest.mark.parametrize(("crypto", "parts"), cases(CRYPTOS))
@pytest.mark.parametrize("name", ["sweep", "plan", "smoke"])
def test_a_crypto_is_refused(command, capsys, name, crypto, parts):
    command.refuses(capsys, [name, "--crypto", crypto], parts)


@pytest.mark.parametrize(("case", "suffix", "content", "parts"), cases(CANDLES))
def test_a_candle_file_is_refused(command, capsys, case, suffix, content, parts):
    file = write(command.folder, f"OPUSDC_1h.{suffix}", content)
    arguments = ["plan", "--crypto", "OPUSDC", "--source", "candles", "--path", str(command.folder)]
    command.refuses(capsys, arguments, ("OPUSDC", f"file {file.name}", *parts))


@pytest.mark.parametrize(("case", "broken", "parts"), cases(FEATURES))
def test_a_feature_cache_is_refused(command, capsys, case, broken, parts):
    write(command.folder, "OPUSDC.parquet", broken(GOOD_CACHE.copy()))
    arguments = ["plan", "--crypto", "OPUSDC", "--source", "features", "--path", str(command.folder)]
    command.refuses(capsys, arguments, ("OPUSDC", "file OPUSDC.parquet", *parts))


@pytest.mark.parametrize(("case", "suffix", "content", "parts"), cases(RESULTS))
def test_a_result_file_is_refused(command, capsys, case, suffix, content, parts):
    file = command.folder / f"published.{suffix}"
    if content is not None:
        write(command.folder, file.name, content)
    command.refuses(capsys, ["gate", "--results", str(file)], (file.name, *parts))


GROUPS: list[tuple[str, tuple[str, ...]]] = [
    ("", ("there must be a crypto group",)),
    ("defi = [", ("cannot be read",)),
    ("defi = 5", ("column 'defi'", "must be a list of names", "found 5")),
    ("defi = []", ("column 'defi'", "must be a list of names")),
    ('defi = "UNIUSDC"', ("column 'defi'", "must be a list of names", "'UNIUSDC'")),
    ("defi = [5]", ("column 'defi'", "must be capital letters and digits", "found 5")),
    ('defi = ["uniusdc"]', ("column 'defi'", "must be capital letters and digits", "'uniusdc'")),
    ('defi = ["../../x"]', ("column 'defi'", "'../../x'")),
    ('defi = ["UNIUSDC", "UNIUSDC"]', ("column 'defi'", "must be in its group only once", "UNIUSDC")),
    ('"a b" = ["UNIUSDC"]', ("column 'a b'", "must be one word")),
    ("[defi]\nx = 1", ("column 'defi'", "must be a list of names")),
]


@pytest.mark.parametrize(("content", "parts"), cases(GROUPS))
def test_a_file_of_crypto_groups_is_refused(tmp_path, content, parts):
    (tmp_path / "crypto_groups.toml").write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_crypto_groups(tmp_path / "crypto_groups.toml")
    for part in ("file crypto_groups.toml", *parts):
        assert part in str(refused.value)


def test_the_table_is_as_long_as_it_should_be():
    assert sum(map(len, (SETTINGS, CRYPTOS, CANDLES, FEATURES, RESULTS, GROUPS))) >= 80
