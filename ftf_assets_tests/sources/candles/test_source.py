"""Candle files: accepted names and times, and for each defect an error with file, row and column."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables.candles import Candles
from ftf_assets.sources.candles.options import CandleOptions
from ftf_assets.sources.candles.source import CandleFileSource

HEADER = "date,open,high,low,close,volume,ticker"
GOOD = [
    "2023-01-01 00:00:00,10,11,9,10.5,100,AAVEUSDT",
    "2023-01-01 01:00:00,10.5,12,10,11,100,AAVEUSDT",
    "2023-01-01 02:00:00,11,11.5,10,10,0,AAVEUSDT",
    "2023-01-01 03:00:00,10,10.5,9.5,10,100,AAVEUSDT",
]
FIRST_CLOSE = pd.Timestamp("2023-01-01 01:00", tz="UTC")


def write(directory: Path, *lines: str, name: str = "AAVEUSDT_1h.csv") -> CandleFileSource:
    (directory / name).write_text("\n".join(lines) + "\n")
    return CandleFileSource(path=str(directory))


def changed(line: int, *cells: str) -> list[str]:
    """Return the good file with the cells of one line (1 = header) replaced; "" keeps a cell."""
    lines = [HEADER, *GOOD]
    old = lines[line - 1].split(",")
    lines[line - 1] = ",".join(new or was for new, was in itertools.zip_longest(cells, old))
    return lines


def test_candles_are_stamped_with_the_close_of_the_bar(tmp_path) -> None:
    candles = write(tmp_path, HEADER, *GOOD).candles("AAVEUSDC")
    Candles.validate(candles, lazy=True)
    assert candles.index[0] == FIRST_CLOSE
    assert candles.iloc[1].to_dict() == {"open": 10.5, "high": 12, "low": 10, "close": 11, "volume": 100}


@pytest.mark.parametrize(
    "header", ["date", "Date", "DATETIME", "timestamp", "open_time", "openTime", "Open Time"]
)
def test_time_columns_are_known_by_their_usual_names(tmp_path, header: str) -> None:
    source = write(tmp_path, HEADER.replace("date", header), *GOOD)
    assert source.candles("AAVEUSDC").index[0] == FIRST_CLOSE


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(lambda t: t.isoformat(), id="ISO with offset Z"),
        pytest.param(lambda t: t.tz_convert("Asia/Tokyo").isoformat(), id="ISO with another offset"),
        pytest.param(lambda t: t.strftime("%Y-%m-%d %H:%M:%S"), id="ISO naive is UTC"),
        pytest.param(lambda t: t.strftime("%Y-%m-%dT%H:%M"), id="ISO without seconds"),
        pytest.param(lambda t: t.value // 10**9, id="epoch s"),
        pytest.param(lambda t: f"{t.value // 10**9}.0", id="epoch s as float"),
        pytest.param(lambda t: t.value // 10**6, id="epoch ms"),
        pytest.param(lambda t: t.value // 10**3, id="epoch us"),
        pytest.param(lambda t: t.value, id="epoch ns"),
    ],
)
def test_times_come_as_iso_text_or_epoch(tmp_path, form) -> None:
    times = pd.date_range("2023-01-01", periods=4, freq="h", tz="UTC")
    lines = [f"{form(time)},{line.split(',', 1)[1]}" for time, line in zip(times, GOOD, strict=True)]
    candles = write(tmp_path, HEADER, *lines).candles("AAVEUSDC")
    assert candles.index.equals(times.rename("timestamp") + pd.Timedelta("1h"))


def test_short_column_names_and_any_order_are_fine(tmp_path) -> None:
    lines = [",".join(line.split(",")[i] for i in (5, 4, 3, 2, 1, 0)) for line in GOOD]
    candles = write(tmp_path, "V,C,L,H,O,Time", *lines).candles("AAVEUSDC")
    assert candles.iloc[0].to_dict() == {"open": 10, "high": 11, "low": 9, "close": 10.5, "volume": 100}


def test_blank_lines_are_skipped_but_still_counted(tmp_path) -> None:
    source = write(tmp_path, HEADER, GOOD[0], "", GOOD[1], "", GOOD[2].replace("11,11.5", "11,much"))
    with pytest.raises(InputError, match="column 'high', row 6"):
        source.candles("AAVEUSDC")


def test_a_gap_is_no_error(tmp_path) -> None:
    candles = write(tmp_path, HEADER, GOOD[0], GOOD[1], GOOD[2], GOOD[3].replace("03:00", "09:00")).candles(
        "AAVEUSDC"
    )
    assert candles.index[-1] == pd.Timestamp("2023-01-01 10:00", tz="UTC")


def test_decimals_keep_their_last_digit(tmp_path) -> None:
    source = write(tmp_path, *changed(2, "", "9.369616873214543", "", "", "9.697874137206213"))
    row = source.candles("AAVEUSDC").iloc[0]
    assert (row["open"], row["close"]) == (9.369616873214543, 9.697874137206213)


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        pytest.param(
            changed(4, "2023-01-01 01:00:00"),
            ["column 'date'", "row 4", "time repeats", "2023-01-01 01:00:00"],
            id="duplicate",
        ),
        pytest.param(
            [HEADER, GOOD[0], GOOD[2], GOOD[1], GOOD[3]],
            ["column 'date'", "row 4", "goes back", "Sort the file"],
            id="disorder",
        ),
        pytest.param(
            [HEADER, *GOOD, GOOD[3].replace("03:00", "04:30")],
            [
                "column 'date'",
                "row 6",
                "off the grid of 1h bars",
                "from 2023-01-01 00:00:00+00:00 on",
                "--set data.off_grid=leave_out",
            ],
            id="off the grid",
        ),
        pytest.param(
            changed(3, "yesterday"),
            ["column 'date'", "row 3", "time cannot be read", "'yesterday'"],
            id="unparsable time",
        ),
        pytest.param(
            changed(3, "01/02/2023 01:00"), ["column 'date'", "row 3", "ISO 8601"], id="ambiguous date"
        ),
        pytest.param(
            changed(3, "1970-01-01 01:00"), ["column 'date'", "row 3", "from 2000"], id="time before 2000"
        ),
        pytest.param(
            changed(3, "", "", "8"),
            ["column 'high'", "row 3", "high is below low", "'8'", "at least low 10.0"],
            id="high < low",
        ),
        pytest.param(
            changed(3, "", "13"),
            ["column 'open'", "row 3", "outside its bar", "low 10.0 to high 12.0"],
            id="open outside",
        ),
        pytest.param(
            changed(3, "", "", "", "", "9"),
            ["column 'close'", "row 3", "outside its bar"],
            id="close outside",
        ),
        pytest.param(
            changed(3, "", "", "", "0"), ["column 'low'", "row 3", "finite and positive"], id="zero price"
        ),
        pytest.param(
            changed(5, "", "-10"), ["column 'open'", "row 5", "finite and positive"], id="negative price"
        ),
        pytest.param(
            changed(4, "", "", "", "", "", "-1"),
            ["column 'volume'", "row 4", "finite and not negative"],
            id="negative volume",
        ),
        pytest.param(changed(5, "", "ten"), ["column 'open'", "row 5", "not a number", "'ten'"], id="text"),
        pytest.param(changed(5, "", "nan"), ["column 'open'", "row 5", "not a number", "'nan'"], id="nan"),
        pytest.param(
            changed(5, "", "inf"), ["column 'open'", "row 5", "not a number", "'inf'"], id="infinity"
        ),
        pytest.param(
            [HEADER, GOOD[0], "2023-01-01 01:00:00,10.5,12,10", GOOD[2]],
            ["column 'close'", "row 3", "not a number", "''"],
            id="short line",
        ),
        pytest.param(
            [HEADER, GOOD[0], GOOD[1] + ",1,2", GOOD[2]],
            ["row 3", "the line has too many cells", "found 9; allowed: 7 cells, as in the header"],
            id="long line",
        ),
        pytest.param(
            [HEADER, *(line + ",x" for line in GOOD)],
            ["row 2 (4 rows in all: 2, 3, 4, 5)", "the line has too many cells", "found 8"],
            id="every line too long",
        ),
        pytest.param(
            changed(1, "", "", "", "", "", "amount"),
            ["column 'volume'", "no volume column", "amount", "vol"],
            id="missing column",
        ),
        pytest.param(
            changed(1, "day"), ["no time column", "found day,", "timestamp"], id="missing time column"
        ),
        pytest.param(
            changed(1, "", "", "", "", "", "", "Close"),
            ["two columns both look like 'close'", "'close' and 'Close'"],
            id="repeated column",
        ),
        pytest.param([HEADER, GOOD[0]], ["at least two bars", "found 1"], id="one bar"),
        pytest.param([HEADER], ["at least two bars", "found 0"], id="header only"),
        pytest.param([""], ["the file is empty"], id="empty"),
    ],
)
def test_a_defect_names_file_row_and_column(tmp_path, lines, named) -> None:
    source = write(tmp_path, *lines)
    with pytest.raises(InputError) as error:
        source.candles("AAVEUSDC")
    for part in ["AAVEUSDC", "file AAVEUSDT_1h.csv", *named]:
        assert part in str(error.value)
    assert "\n" not in str(error.value)


def test_bytes_that_are_no_text_are_refused(tmp_path) -> None:
    (tmp_path / "AAVEUSDT.csv").write_bytes(b"\xff\xfe\x00date")
    with pytest.raises(InputError, match=r"AAVEUSDT\.csv: the file is not a readable CSV table"):
        CandleFileSource(path=str(tmp_path)).candles("AAVEUSDC")


@pytest.mark.parametrize(
    ("crypto", "files", "chosen", "quote"),
    [
        ("AAVEUSDC", ["AAVEUSDT_1h.csv", "OPUSDT_1h.csv"], "AAVEUSDT_1h.csv", "USDT"),
        ("AAVEUSDC", ["AAVEUSDT.csv", "AAVEUSDC.csv"], "AAVEUSDC.csv", "USDC"),
        ("AAVEUSDC", ["AAVEBTC.csv", "AAVEFDUSD.csv"], "AAVEFDUSD.csv", "FDUSD"),
        ("AAVE", ["AAVEUSDT.csv"], "AAVEUSDT.csv", "USDT"),
        ("AAVEUSDC", ["AAVE_USDT-1h.csv"], "AAVE_USDT-1h.csv", "USDT"),
        ("AAVEUSDC", ["Binance_aaveusdt_1h.csv"], "Binance_aaveusdt_1h.csv", "USDT"),
        ("AAVEUSDC", ["AAVE.csv", "AAVEEUR.csv"], "AAVE.csv", ""),
        ("OPUSDC", ["LOOPUSDT.csv", "OPXUSDT.csv", "OPUSD.csv"], "OPUSD.csv", "USD"),
    ],
    ids=[
        "base asset",
        "exact quote",
        "dollars first",
        "crypto without a quote",
        "separated",
        "any case",
        "no quote",
        "whole names only",
    ],
)
def test_the_file_of_a_crypto_is_found_by_base_asset(tmp_path, crypto, files, chosen, quote) -> None:
    for name in files:
        source = write(tmp_path, HEADER, *GOOD, name=name)
    found = source.provenance(crypto)
    assert (found.source, found.file, found.quote_currency) == ("candles", chosen, quote)


def test_a_file_in_another_quote_currency_serves_only_where_its_quote_is_allowed(tmp_path) -> None:
    write(tmp_path, HEADER, *GOOD, name="AAVEBTC_1h.csv")
    write(tmp_path, HEADER, *GOOD, name="AAVEETH_1h.csv")
    with pytest.raises(
        InputError,
        match=r"AAVEUSDC: the data of base asset AAVE are priced in another currency \(found "
        r"AAVEBTC_1h.csv in BTC, AAVEETH_1h.csv in ETH; allowed: a dollar quote, or a file name "
        r"without a quote\)\. Add such a file, or accept these prices with "
        r"--allow-quote BTC \(data.allow_quote=BTC\)",
    ):
        CandleFileSource(str(tmp_path)).provenance("AAVEUSDC")
    found = CandleFileSource(str(tmp_path), options=CandleOptions(allow_quote=("BTC",))).provenance(
        "AAVEUSDC"
    )
    assert (found.file, found.quote_currency, found.passed_over) == (
        "AAVEBTC_1h.csv", "BTC", ("AAVEETH_1h.csv",)
    )  # fmt: skip
    write(tmp_path, HEADER, *GOOD, name="AAVE.csv")
    allowed = CandleFileSource(str(tmp_path), options=CandleOptions(allow_quote=("BTC",)))
    assert allowed.provenance("AAVEUSDC").file == "AAVE.csv", "a stated other quote is the last choice"


def test_the_files_that_were_passed_over_are_named(tmp_path) -> None:
    for name in ("AAVEUSDC.csv", "AAVEUSDT_1h.csv", "AAVE.csv", "OPUSDC.csv"):
        source = write(tmp_path, HEADER, *GOOD, name=name)
    assert source.provenance("AAVEUSDC").passed_over == ("AAVE.csv", "AAVEUSDT_1h.csv")
    assert source.provenance("OPUSDC").passed_over == ()


def test_a_file_whose_name_is_no_plain_name_is_refused(tmp_path) -> None:
    source = write(tmp_path, HEADER, *GOOD, name="AAVEUSDC\x1b[2J.csv")
    with pytest.raises(InputError, match=r"file AAVEUSDC\\x1b.*invisible character U\+001B.*Rename the file"):
        source.provenance("AAVEUSDC")


def test_of_two_timeframes_one_must_be_said(tmp_path) -> None:
    write(tmp_path, HEADER, *GOOD, name="AAVEUSDT_1h.csv")
    source = write(tmp_path, HEADER, *GOOD, name="AAVEUSDT_5m.csv")
    with pytest.raises(
        InputError,
        match=r"files of 2 timeframes match equally well \(found AAVEUSDT_1h.csv, AAVEUSDT_5m.csv; allowed: "
        r"one timeframe a sweep: 5m, 1h\)\. Say which, such as --timeframe 5m \(data.bar\)",
    ):
        source.candles("AAVEUSDC")


def test_a_crypto_without_a_file_lists_what_is_there(tmp_path) -> None:
    source = write(tmp_path, HEADER, *GOOD)
    with pytest.raises(InputError, match=r"OPUSDC: no file for base asset OP \(found AAVEUSDT_1h\.csv"):
        source.candles("OPUSDC")


@pytest.mark.parametrize(("path", "rule"), [("absent", "does not exist"), ("file.csv", "is not a directory")])
def test_a_path_that_is_no_directory_is_named(tmp_path, path: str, rule: str) -> None:
    (tmp_path / "file.csv").write_text(HEADER)
    with pytest.raises(InputError, match=rf"{path}: the path {rule}"):
        CandleFileSource(path=str(tmp_path / path)).provenance("AAVEUSDC")


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(lambda f: f, id="naive datetimes"),
        pytest.param(lambda f: f.assign(date=f["date"].dt.tz_localize("UTC")), id="UTC datetimes"),
        pytest.param(
            lambda f: f.assign(date=f["date"].dt.tz_localize("UTC").dt.as_unit("ms")), id="milliseconds"
        ),
        pytest.param(lambda f: f.assign(date=f["date"].astype("int64") // 10**6), id="epoch integers"),
        pytest.param(lambda f: f.assign(date=f["date"].astype(str)), id="text"),
        pytest.param(lambda f: f.set_index("date"), id="time as index"),
        pytest.param(lambda f: f.set_index("date").rename_axis(None), id="time as unnamed index"),
        pytest.param(lambda f: f.convert_dtypes(dtype_backend="pyarrow"), id="Arrow columns"),
    ],
)
def test_parquet_and_csv_give_the_same_candles(tmp_path, shape) -> None:
    expected = write(tmp_path, HEADER, *GOOD).candles("AAVEUSDC")
    table = pd.read_csv(tmp_path / "AAVEUSDT_1h.csv", parse_dates=["date"])
    (tmp_path / "AAVEUSDT_1h.csv").unlink()
    shape(table).to_parquet(tmp_path / "AAVEUSDT_1h.parquet")
    pd.testing.assert_frame_equal(CandleFileSource(path=str(tmp_path)).candles("AAVEUSDC"), expected)


def test_a_parquet_row_is_counted_from_one(tmp_path) -> None:
    write(tmp_path, *changed(4, "", "", "", "-1"))
    frame = pd.read_csv(tmp_path / "AAVEUSDT_1h.csv").drop(columns="ticker")
    frame.to_parquet(tmp_path / "OPUSDT.parquet")
    with pytest.raises(
        InputError,
        match=r"OPUSDC, file OPUSDT\.parquet, column 'low', row 3: prices must be finite and positive",
    ):
        CandleFileSource(path=str(tmp_path)).candles("OPUSDC")


def test_a_broken_parquet_file_is_refused(tmp_path) -> None:
    (tmp_path / "OPUSDT.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(InputError, match=r"OPUSDT\.parquet: the file is not a readable Parquet table"):
        CandleFileSource(path=str(tmp_path)).candles("OPUSDC")


def test_the_fingerprint_depends_on_the_content_and_not_on_the_time(tmp_path) -> None:
    source = write(tmp_path, HEADER, *GOOD)
    first = source.provenance("AAVEUSDC").fingerprint
    os.utime(tmp_path / "AAVEUSDT_1h.csv", (1, 1))
    assert source.provenance("AAVEUSDC").fingerprint == first
    write(tmp_path, *changed(2, "", "10.01"))
    assert source.provenance("AAVEUSDC").fingerprint != first
    assert len(first) == 16


def test_the_span_is_first_to_last_close_also_after_the_file_grew(tmp_path) -> None:
    source = write(tmp_path, HEADER, *GOOD)
    assert source.span("AAVEUSDC") == (FIRST_CLOSE, FIRST_CLOSE + pd.Timedelta("3h"), 4)
    write(tmp_path, HEADER, *GOOD, GOOD[3].replace("03:00", "04:00"))
    assert source.span("AAVEUSDC") == (FIRST_CLOSE, FIRST_CLOSE + pd.Timedelta("4h"), 5)
