"""A file is read by its content: suffixes only say which files are looked at."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.sources.faults import FaultsError
from ftf_assets.sources.readers import contents
from ftf_assets.sources.readers.arrow_files import unpacked_size
from ftf_assets.sources.readers.file_formats import TABLE_SUFFIXES, read_table
from ftf_assets.sources.readers.options import ReadingOptions
from ftf_assets.sources.readers.raw_table import RawTable

CSV = "time,open,close\n2023-01-01,1.5,2\n2023-01-02,2.5,\n"
CELLS = [["2023-01-01", "1.5", "2"], ["2023-01-02", "2.5", ""]]


def table_of(tmp_path: Path, content: bytes | str, name: str = "table.csv", **options: str) -> RawTable:
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(file, crypto="OPUSDC", options=ReadingOptions(**options))  # type: ignore[arg-type]


def zipped(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def arrow(frame: pd.DataFrame, *, stream: bool) -> bytes:
    buffer = io.BytesIO()
    table = pa.Table.from_pandas(frame)
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(buffer, table.schema) as writer:
        writer.write_table(table)
    return buffer.getvalue()


def feather(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    pa.feather.write_feather(frame, buffer)
    return buffer.getvalue()


FRAME = pd.DataFrame({"time": pd.to_datetime(["2023-01-01", "2023-01-02"], utc=True), "open": [1.5, 2.5]})

TEXTS = {
    "CSV": CSV,
    "semicolons": CSV.replace(",", ";"),
    "tabs": CSV.replace(",", "\t"),
    "bars": CSV.replace(",", "|"),
    "quoted": 'time,open,close\n"2023-01-01","1.5","2"\n"2023-01-02","2.5",""\n',
    "Windows line ends": CSV.replace("\n", "\r\n"),
    "blank lines": CSV.replace("\n", "\n\n"),
    "UTF-8 mark": b"\xef\xbb\xbf" + CSV.encode(),
    "UTF-16": CSV.encode("utf-16"),
    "gzip": gzip.compress(CSV.encode()),
    "gzip in two members": gzip.compress(CSV[:20].encode()) + gzip.compress(CSV[20:].encode()),
    "zip": zipped(**{"a.csv": CSV}),
    "zip from a Mac": zipped(**{"a.csv": CSV, "__MACOSX/._a.csv": "x"}),
    "an address before the header": "https://www.example.com\n" + CSV,
    "comments": "# made by x, at 2023\n" + CSV + "# end\n",
    "a commented header": "# " + CSV,
    "a separator stated by Excel": "sep=;\n" + CSV.replace(",", ";"),
    "a header repeated": CSV + "time,open,close\n",
    "a separator at the end of each line": CSV.replace("\n", ",\n").replace("close,", "close"),
    "JSON objects": json.dumps(
        [{"time": "2023-01-01", "open": 1.5, "close": 2}, {"time": "2023-01-02", "open": 2.5, "close": None}]
    ),
    "JSON lines": '{"time":"2023-01-01","open":1.5,"close":2}\n{"time":"2023-01-02","open":"2.5"}\n',
    "JSON rows with names": '[["time","open","close"],["2023-01-01",1.5,2],["2023-01-02",2.5,null]]',
    "one list in a JSON object": '{"code":0,"x":[],"result":{"last":5,"list":'
    '[{"time":"2023-01-01","open":1.5,"close":2},{"time":"2023-01-02","open":2.5,"close":null}]}}',
    "JSON columns": '{"s":"ok","time":["2023-01-01","2023-01-02"],"open":[1.5,2.5],"close":[2,null]}',
    "JSON split": '{"columns":["time","open","close"],"data":[["2023-01-01",1.5,2],["2023-01-02",2.5,null]]}',
    "JSON in gzip": gzip.compress(
        b'[{"time":"2023-01-01","open":1.5,"close":2},{"time":"2023-01-02","open":2.5,"close":null}]'
    ),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_cells_of_a_text_file_come_as_they_were_written(tmp_path, text) -> None:
    table = table_of(tmp_path, text)
    assert table.frame.to_numpy().tolist() == CELLS
    assert list(table.frame.columns) == ["time", "open", "close"]
    assert table.is_text
    assert table.has_names


@pytest.mark.parametrize("orient", ["columns", "index"])
def test_keys_of_objects_become_an_unnamed_column(tmp_path, orient) -> None:
    frame = FRAME.set_index("time").assign(close=2)
    table = table_of(tmp_path, frame.to_json(orient=orient)).frame
    assert table.columns.tolist() == ["", "open", "close"]
    assert table.to_numpy().tolist() == [["1672531200000", "1.5", "2"], ["1672617600000", "2.5", "2"]]


TYPED = {
    "Parquet": lambda: FRAME.to_parquet(),
    "Feather": lambda: feather(FRAME),
    "Arrow file": lambda: arrow(FRAME, stream=False),
    "Arrow stream": lambda: arrow(FRAME, stream=True),
}


@pytest.mark.parametrize("make", TYPED.values(), ids=TYPED)
def test_typed_tables_keep_their_types_whatever_the_suffix_says(tmp_path, make) -> None:
    table = table_of(tmp_path, make(), "table.csv")
    pd.testing.assert_frame_equal(table.frame, FRAME)
    assert not table.is_text


def test_what_was_understood_is_said(tmp_path) -> None:
    text = "https://www.example.com\ntime;open;close\n2023-01-01;1.5;2\n\ntime;open;close\n# end\n"
    table = table_of(tmp_path, gzip.compress(text.encode()), "table.txt")
    assert (table.format, table.compression, table.encoding) == ("CSV", "gzip", "UTF-8")
    assert (table.separator, table.header) == ("semicolon", 2)
    assert table.left_out == ("line 1: an address", "line 5: the header again", "line 6: a comment")
    assert table.frame.index.tolist() == [3]


def test_numbers_in_json_keep_every_digit(tmp_path) -> None:
    table = table_of(tmp_path, "[[1672531200000000001, 0.1000000000000000055, 12e-1]]")
    assert table.frame.to_numpy().tolist() == [["1672531200000000001", "0.1000000000000000055", "12e-1"]]
    assert not table.has_names


def test_a_file_without_names_has_counted_columns(tmp_path) -> None:
    table = table_of(tmp_path, "1672531200,1,2\n1672534800,2,3\n")
    assert not table.has_names
    assert table.header is None
    assert table.frame.columns.tolist() == [0, 1, 2]


def test_a_header_of_several_rows_stays_one(tmp_path) -> None:
    columns = pd.MultiIndex.from_product([["Close", "Open"], ["OP-USD"]], names=["Price", "Ticker"])
    frame = pd.DataFrame(
        [[1.0, 2.0]] * 2, columns=columns, index=pd.Index(["2023-01-01", "2023-01-02"], name="Date")
    )
    table = table_of(tmp_path, frame.to_csv()).frame
    assert table.columns.tolist() == [("Date", "Date"), ("Close", "OP-USD"), ("Open", "OP-USD")]
    assert table.index.tolist() == [4, 5]


def test_lines_with_too_many_cells_are_named_together(tmp_path) -> None:
    lines = CSV + "2023-01-03,3.5,4,5\n2023-01-04,1,5,6,7\n"
    with pytest.raises(FaultsError) as refused:
        table_of(tmp_path, lines)
    (fault,) = refused.value.faults
    assert (fault.count, fault.first) == (2, (("4", "4"), ("5", "5")))
    assert fault.allowed == "3 cells, as in the header"


REFUSED = [
    ("an empty file", b"", "the file is empty"),
    ("only blanks", " \n\n", "the file is empty"),
    ("one column", "open\n1\n2\n", "no separator"),
    ("two separators", "1;5,1;7\n1;6,1;8\n", "more than one separator.*comma and semicolon.*=semicolon"),
    ("an open quote", 'time,open\n"2023-01-01,1\n', "not a readable CSV table"),
    ("Latin-1", "time,öpen\n1,2\n".encode("latin-1"), "no UTF-8 at position 5.*Save the file as UTF-8"),
    ("a NUL byte", CSV.replace("1.5", "1\0"), "a NUL byte at position 28"),
    ("half a UTF-16 character", CSV.encode("utf-16") + b"x", "not a readable CSV table"),
    ("two files in a zip", zipped(**{"a.csv": CSV, "b.csv": CSV}), r"one file.*a\.csv, b\.csv.*Unpack"),
    ("an empty zip", zipped(), "exactly one file.*no file"),
    ("a workbook", zipped(**{"[Content_Types].xml": "", "xl/x.xml": ""}), "Excel workbook.*CSV"),
    ("a zip in a gzip", gzip.compress(zipped(**{"a.csv": CSV})), "packed twice"),
    ("half a gzip", gzip.compress(CSV.encode())[:-12], "not a readable gzip table.*end too early"),
    ("half a zip", zipped(**{"a.csv": CSV})[:-30], "not a readable zip table"),
    ("xz", lzma.compress(CSV.encode()), "compressed with xz.*Unpack it"),
    ("a pickle", pickle.dumps(FRAME), "pickles are refused.*to_parquet"),
    ("Feather version 1", b"FEA1\0\0\0\0", "Feather version 1.*to_feather"),
    ("a NumPy array", b"\x93NUMPY\x01\x00", "a NumPy array"),
    ("a web page", "<!DOCTYPE html><html>404</html>", "a web page"),
    ("half a Parquet file", FRAME.to_parquet()[:-9], "not a readable Parquet table"),
    ("half a Feather file", feather(FRAME)[:-9], "not a readable Feather table"),
    ("broken JSON", '[{"a": 1},', "not a readable JSON table"),
    ("broken JSON line", '{"a": 1}\n{"a": \n{"a": 3}', "line 2"),
    ("a JSON key twice", '[{"a": 1, "a": 2}]', "the key 'a' twice"),
    ("deep JSON", "[" * 100_000, "not a readable JSON table"),
    ("an error message", '{"code":-1121,"msg":"Invalid symbol."}', "one list.*keys code, msg.*fetch"),
    ("two lists in JSON", '{"a":[[1]],"b":{"c":[[2]]}}', r"one list of rows \(found a, b\.c"),
    ("single values in JSON", "[1, 2]", "a list of single values"),
    ("mixed JSON", '[[1], {"a": 1}]', "neither only lists"),
    ("rows of two lengths", "[[1, 2], [1, 2, 3]]", "row 2.*another number of cells.*2 cells, as in"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_a_file_that_is_no_table_is_refused_with_the_remedy(tmp_path, content, words) -> None:
    with pytest.raises(InputError, match=rf"OPUSDC, file table\.csv.*{words}"):
        table_of(tmp_path, content)


def test_a_stated_separator_is_taken(tmp_path) -> None:
    assert table_of(tmp_path, "1;5,1;7\n1;6,1;8\n", separator="semicolon").frame.shape == (2, 3)
    assert table_of(tmp_path, "1;5,1,7\n1;6,1,8\n", separator="comma").frame.shape == (2, 3)
    assert table_of(tmp_path, "a^b\n1^2\n", separator="^").frame.columns.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    "pack", [gzip.compress, lambda data: zipped(**{"a.csv": data.decode()})], ids=["gzip", "zip"]
)
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch, pack) -> None:
    bomb = pack(b"time,open\n" + b"1,1\n" * 500_000)
    monkeypatch.setattr(contents, "_CHUNK", 64 * 1024)
    monkeypatch.setattr(contents, "ALWAYS_UNPACKED", 256 * 1024)
    with pytest.raises(InputError, match=r"expands too far.*at most 200 times"):
        table_of(tmp_path, bomb)


def test_a_parquet_file_of_repeated_values_is_no_way_around_the_bound(tmp_path, monkeypatch) -> None:
    packed = pd.DataFrame({"open": np.ones(100_000)}).to_parquet()
    assert len(packed) < 20_000
    monkeypatch.setattr("ftf_assets.sources.readers.arrow_files.MOST_UNPACKED", 500_000)
    with pytest.raises(InputError, match="expands too far"):
        table_of(tmp_path, packed)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "file"])
@pytest.mark.parametrize("names", ["dictionary", "text"])
@pytest.mark.parametrize("compression", ["zstd", "lz4", None])
def test_the_size_of_an_arrow_file_is_known_before_it_is_unpacked(compression, names, stream):
    symbols = pa.array(["UNIUSDT"] * 10_000)
    table = pa.table(
        {
            "open": pa.array(np.zeros(10_000)),
            "symbol": symbols.dictionary_encode() if names == "dictionary" else symbols,
        }
    )
    buffer = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(buffer, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=4_000)
    size = unpacked_size(buffer.getvalue(), "Arrow stream" if stream else "Feather")
    assert table.nbytes <= size <= table.nbytes + 200


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "file"])
def test_a_bomb_of_arrow_is_refused_before_it_is_unpacked(tmp_path, monkeypatch, stream):
    frame = pd.DataFrame({"open": np.zeros(100_000)})
    table, buffer = pa.Table.from_pandas(frame), io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(buffer, table.schema, options=options) as writer:
        writer.write_table(table)
    assert len(buffer.getvalue()) < 20_000
    monkeypatch.setattr("ftf_assets.sources.readers.arrow_files.MOST_UNPACKED", 500_000)
    with pytest.raises(InputError, match=r"expands too far .found 800,\d{3} bytes"):
        table_of(tmp_path, buffer.getvalue())


def test_packed_text_has_suffixes_of_two_parts() -> None:
    assert {".csv", ".csv.gz", ".json.gz", ".jsonl.zip", ".feather", ".parquet"} <= set(TABLE_SUFFIXES)
