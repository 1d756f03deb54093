"""Bars written by pandas, Polars, Arrow and the csv module, in any mixture of shapes, are read back equal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ftf_assets.contracts.errors import InputError
from ftf_assets.sources.candles.bar_table import BarTable
from ftf_assets.sources.candles.table import read_bar_table
from ftf_assets.sources.readers.options import ReadingOptions
from ftf_assets_tests.support.candle_bars import COLUMNS, Bars, bars_of, packed, zipped
from ftf_assets_tests.support.candle_writers import dukascopy_gmt

BARS = bars_of(30)
NAMES = ["date", *COLUMNS]

#: How a time is written, and what the reader says of it.
TIMES: dict[str, Callable[[Bars], list]] = {
    "s": lambda bars: bars.epoch("s"),
    "ms": lambda bars: bars.epoch("ms"),
    "us": lambda bars: bars.epoch("us"),
    "ns": lambda bars: bars.epoch("ns"),
    "ISO": lambda bars: bars.text("%Y-%m-%d %H:%M:%S"),
    "ISO T": lambda bars: bars.text("%Y-%m-%dT%H:%M"),
    "ISO Z": lambda bars: bars.text("%Y-%m-%dT%H:%M:%S.000Z"),
    "offset": lambda bars: bars.index.tz_convert("Asia/Kolkata").map(lambda time: time.isoformat()).tolist(),
    "short offset": lambda bars: bars.index.tz_convert("Etc/GMT-3").strftime("%Y-%m-%dT%H:%M:%S+03").tolist(),
    "dots": lambda bars: bars.text("%Y.%m.%d %H:%M"),
    "slashes": lambda bars: bars.text("%Y/%m/%d %H:%M:%S"),
    "compact": lambda bars: bars.text("%Y%m%d %H%M%S"),
    "float s": lambda bars: [float(one) for one in bars.epoch("s")],
    "changing": lambda bars: [*bars.epoch("ms")[:12], *bars.epoch("us")[12:]],
    "mixed": lambda bars: [*bars.epoch("s")[:12], *bars.text("%Y-%m-%dT%H:%M:%SZ")[12:]],
}


def table_of(bars: Bars, times: str, order: list[str], *, newest_first: bool, title: bool) -> dict[str, list]:
    """Columns of the bars, in an order, by name."""
    columns = {"date": TIMES[times](bars)} | {name: bars.frame[name].tolist() for name in COLUMNS}
    step = -1 if newest_first else 1
    return {name.title() if title else name: columns[name][::step] for name in order}


def by_csv(table: dict[str, list], separator: str) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerow(table)
    writer.writerows(zip(*table.values(), strict=True))
    return text.getvalue().encode()


def by_arrow_csv(table: dict[str, list], separator: str) -> bytes:
    buffer = io.BytesIO()
    pa.csv.write_csv(pa.table(plain(table)), buffer, pa.csv.WriteOptions(delimiter=separator))
    return buffer.getvalue()


def plain(table: dict[str, list]) -> dict[str, list]:
    """Columns of one type each: mixed ones become text."""
    mixed = {name for name, cells in table.items() if len({type(cell) for cell in cells}) > 1}
    return {name: list(map(str, cells)) if name in mixed else cells for name, cells in table.items()}


def polars_frame(table: dict[str, list]) -> pl.DataFrame:
    return pl.DataFrame(plain(table))


def by_polars(frame: pl.DataFrame, method: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    getattr(frame, method)(buffer, **options)
    return buffer.getvalue()


def by_json(frame: pd.DataFrame, **options: str) -> bytes:
    return frame.to_json(double_precision=15, **options).encode()


def rows_of(table: dict[str, list]) -> list[dict]:
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


#: Writer and format to what it makes of a table and a separator.
WRITERS: dict[str, Callable[[dict[str, list], str], bytes]] = {
    "pandas CSV": lambda table, sep: pd.DataFrame(table).to_csv(sep=sep, index=False).encode(),
    "pandas CSV with rows counted": lambda table, sep: pd.DataFrame(table).to_csv(sep=sep).encode(),
    "pandas JSON": lambda table, _: by_json(pd.DataFrame(table), orient="records"),
    "pandas JSON columns": lambda table, _: by_json(pd.DataFrame(table)),
    "csv module": by_csv,
    "json module": lambda table, _: json.dumps(rows_of(table)).encode(),
    "json lines": lambda table, _: "\n".join(map(json.dumps, rows_of(table))).encode(),
    "Arrow CSV": by_arrow_csv,
    "Polars CSV": lambda table, sep: by_polars(polars_frame(table), "write_csv", separator=sep),
    "Polars JSON": lambda table, _: by_polars(polars_frame(table), "write_json"),
    "Polars JSON lines": lambda table, _: by_polars(polars_frame(table), "write_ndjson"),
    "Polars Parquet": lambda table, _: by_polars(polars_frame(table), "write_parquet"),
    "Polars IPC": lambda table, _: by_polars(polars_frame(table), "write_ipc", compression="zstd"),
    "Polars IPC stream": lambda table, _: by_polars(polars_frame(table), "write_ipc_stream"),
}  # fmt: skip
TYPED = {"Polars Parquet", "Polars IPC", "Polars IPC stream"}


def read_back(
    folder: Path, content: bytes, bars: Bars, name: str = "UNIUSDT.txt", **options: str
) -> BarTable:
    """Write a file, read it and compare it with the bars."""
    (folder / name).write_bytes(content)
    table = read_bar_table(folder / name, crypto="UNIUSDC", options=ReadingOptions(**options))  # type: ignore[arg-type]
    np.testing.assert_array_equal(table.time, bars.open_time)
    np.testing.assert_array_equal(table.values, bars.values)
    return table


@given(
    writer=st.sampled_from(list(WRITERS)),
    times=st.sampled_from(list(TIMES)),
    order=st.permutations(NAMES),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    pack=st.sampled_from(["", "gzip", "zip", "mark", "UTF-16", "lines of Windows"]),
    newest_first=st.booleans(),
    title=st.booleans(),
)
@example("Polars CSV", "changing", NAMES, ";", "zip", True, True)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_mixture_of_writer_and_shape_is_read_back_equal(
    tmp_path, writer, times, order, separator, pack, newest_first, title
):
    table = table_of(BARS, times, order, newest_first=newest_first, title=title)
    content = WRITERS[writer](table, separator)
    if writer not in TYPED:
        content = {
            "": lambda text: text.encode(),
            "gzip": packed,
            "zip": lambda text: zipped("UNIUSDT.csv", text),
            "mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
            "UTF-16": lambda text: text.encode("utf-16"),
            "lines of Windows": lambda text: text.replace("\r\n", "\n").replace("\n", "\r\n").encode(),
        }[pack](content.decode())
    read = read_back(tmp_path, content, BARS)
    assert read.understood.newest_first == newest_first


ARROW_TIMES = {
    "s": pa.timestamp("s", "UTC"),
    "ms": pa.timestamp("ms", "Europe/Berlin"),
    "us": pa.timestamp("us"),
    "ns": pa.timestamp("ns", "UTC"),
}


@pytest.mark.parametrize("unit", ARROW_TIMES)
@pytest.mark.parametrize("prices", [pa.float64(), pa.decimal128(18, 6), pa.string()], ids=str)
@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_every_type_that_arrow_stores_is_read_back_equal(tmp_path, unit, prices, kind):
    times = pa.array(BARS.epoch(unit), pa.int64()).cast(ARROW_TIMES[unit])
    cells = {name: pa.array(BARS.frame[name].round(6).map(str).tolist()) for name in COLUMNS}
    table = pa.table({"date": times} | {name: column.cast(prices) for name, column in cells.items()})
    buffer = io.BytesIO()
    (pa.parquet.write_table if kind == "parquet" else pa.feather.write_feather)(table, buffer)
    read_back(tmp_path, buffer.getvalue(), BARS)


# --- times ------------------------------------------------------------------------------------------------


def csv_of(times: list, bars: Bars = BARS) -> bytes:
    return bars.frame.set_axis(pd.Index(times, name="date")).to_csv().encode()


@given(
    start=st.datetimes(pd.Timestamp("2000-01-02"), pd.Timestamp("2099-12-01")),
    unit=st.sampled_from(["s", "ms", "us", "ns"]),
)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_epoch_of_this_century_is_one_instant_whatever_its_unit(tmp_path, start, unit):
    bars = (
        bars_of(3, start=str(pd.Timestamp(start).floor("s")))
        if False
        else _at(pd.Timestamp(start).floor("s"))
    )
    read = read_back(tmp_path, csv_of(bars.epoch(unit), bars), bars)
    assert read.understood.units == (unit,)


def _at(start: pd.Timestamp) -> Bars:
    first = start.tz_localize("UTC").value
    return Bars(first + (BARS.open_time - BARS.open_time[0]), BARS.length, BARS.values)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
@pytest.mark.parametrize("start", ["2023-01-10", "2023-07-10", "2023-03-12 12:00"])
def test_naive_times_are_read_in_their_stated_zone(tmp_path, zone, start):
    bars = _at(pd.Timestamp(start))
    local = bars.index.tz_convert(zone).tz_localize(None)
    for times in (local.strftime("%Y-%m-%d %H:%M").tolist(), local.strftime("%Y.%m.%d %H:%M").tolist()):
        assert read_back(tmp_path, csv_of(times, bars), bars, zone=zone).understood.zone == zone
    parquet = bars.frame.set_axis(local).to_parquet()
    assert read_back(tmp_path, parquet, bars, zone=zone).understood.zone == zone


def test_a_stated_zone_changes_no_time_that_has_an_offset(tmp_path):
    for times in (TIMES["ISO Z"], TIMES["s"], TIMES["offset"], TIMES["short offset"]):
        assert read_back(tmp_path, csv_of(times(BARS)), BARS, zone="Asia/Tokyo").understood.zone is None


REFUSED_TIMES = [
    ("soon", "the time cannot be read (found 'soon'"),
    ("2023", "the time cannot be read"),
    ("2023-02-30 00:00", "the time cannot be read"),
    ("2023-03-11 25:00", "the time cannot be read"),
    ("1999-12-31 23:00", "the time cannot be read"),
    ("2100-01-01 01:00", "the time cannot be read"),
    ("946684799", "the time cannot be read"),
    ("99999999999999999999", "the time cannot be read"),
    ("-1678492800", "the time cannot be read"),
    ("1678492800 s", "the time cannot be read"),
    ("2023-03-11 13:00 PM", "the time cannot be read"),
    ("45000.5", "the time cannot be read"),
    ("1.678E+09", "the time has lost digits"),
    ("11/03/2023 00:00", "the date can be read day first and month first"),
    ("", "the time cannot be read (found ''"),
]


@pytest.mark.parametrize(("cell", "words"), REFUSED_TIMES)
def test_a_cell_that_is_no_certain_time_is_refused_with_its_row(tmp_path, cell, words):
    for times in (TIMES["ISO"](BARS), TIMES["ms"](BARS)):
        (tmp_path / "UNI.csv").write_bytes(csv_of([*times[:4], cell, *times[5:]]))
        with pytest.raises(InputError) as refused:
            read_bar_table(tmp_path / "UNI.csv", crypto="UNIUSDC")
        assert f"column 'date', row 6: {words}" in str(refused.value)


def test_dates_of_both_orders_are_never_mixed_in_one_file(tmp_path):
    times = ["13/03/2023 00:00", "03/14/2023 01:00", *BARS.text("%d/%m/%Y %H:%M")[2:]]
    (tmp_path / "UNI.csv").write_bytes(csv_of(times))
    with pytest.raises(InputError, match="row 3: the time cannot be read"):
        read_bar_table(tmp_path / "UNI.csv", crypto="UNIUSDC")


def test_a_stated_order_of_dates_changes_no_writer_that_always_uses_one(tmp_path):
    read_back(tmp_path, dukascopy_gmt(BARS), BARS, date_order="month_first", zone="Asia/Tokyo")


def test_hours_that_do_not_exist_are_refused_by_name(tmp_path):
    times = pd.date_range("2023-03-12", periods=30, freq="h").strftime("%Y-%m-%d %H:%M").tolist()
    (tmp_path / "UNI.csv").write_bytes(csv_of(times))
    with pytest.raises(
        InputError, match="row 4: the time does not exist in America/New_York, where clocks were set"
    ):
        read_bar_table(tmp_path / "UNI.csv", crypto="UNI", options=ReadingOptions(zone="America/New_York"))
