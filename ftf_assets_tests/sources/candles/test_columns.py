"""Columns are found by name, or proved from the values; what is not certain is refused."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.sources.candles.bar_table import VALUE_COLUMNS, BarTable
from ftf_assets.sources.candles.spellings import ROLES, SPELLINGS, Spelling
from ftf_assets.sources.candles.table import read_bar_table
from ftf_assets.sources.plain_names import plain_name
from ftf_assets_tests.support.candle_bars import COLUMNS, bars_of, csv_lines

BARS = bars_of()


def read(folder: Path, content: bytes, crypto: str = "UNIUSDC") -> BarTable:
    (folder / "UNIUSDT.csv").write_bytes(content)
    return read_bar_table(folder / "UNIUSDT.csv", crypto=crypto)


def frame_with(**columns: object) -> bytes:
    return BARS.frame.rename_axis("time").reset_index().assign(**columns).to_csv(index=False).encode()


@pytest.mark.slow
def test_every_order_of_columns_without_names_is_read_right_or_refused(tmp_path):
    right = 0
    for order in itertools.permutations("ohlcv"):
        try:
            table = read(tmp_path, csv_lines(BARS.rows("".join(order), BARS.epoch("s"))).encode())
        except InputError:
            continue
        np.testing.assert_array_equal(table.values, BARS.values)
        right += 1
    assert right == 3  # those of ccxt, Coinbase and Bitfinex


@pytest.mark.parametrize("rows", [2, 3, 8])
def test_swapped_columns_show_in_few_rows_too(tmp_path, rows):
    with pytest.raises(InputError, match="its open looks like the close"):
        read(tmp_path, csv_lines(BARS.rows("chlov", BARS.epoch("s"))[:rows]).encode())


def test_flat_bars_leave_several_orders_but_one_meaning(tmp_path):
    flat = [[time, 2.0, 2.0, 2.0, 2.0, 5.0] for time in BARS.epoch("s")]
    assert read(tmp_path, csv_lines(flat).encode()).values[0].tolist() == [2.0, 2.0, 2.0, 2.0, 5.0]


def test_orders_that_all_hold_and_differ_are_refused(tmp_path, monkeypatch):
    other = Spelling("another writer", order=("time", "open", "high", "low", "close", "-", "volume"))
    monkeypatch.setattr("ftf_assets.sources.candles.columns.SPELLINGS", (*SPELLINGS, other))
    with pytest.raises(
        InputError, match=r"more than one known order fits .*another writer.*Write the column"
    ):
        read(tmp_path, csv_lines(BARS.rows("ohlcv", BARS.epoch("s"), extra=(7,))).encode())


def test_one_broken_row_does_not_hide_the_order_and_is_named(tmp_path):
    rows = BARS.rows("ohlcv", BARS.epoch("s"))
    rows[4][2] = 0.1
    with pytest.raises(InputError, match=r"column 'column 3', row 5: high is below low"):
        read(tmp_path, csv_lines(rows).encode())


def test_an_open_time_beside_a_time_of_another_meaning_counts(tmp_path):
    late = pd.DatetimeIndex(BARS.close_time, tz="UTC")
    table = read(tmp_path, frame_with(open_time=BARS.epoch("ms"), time=late))
    np.testing.assert_array_equal(table.open_time, BARS.open_time)
    assert (table.stamp, table.close_time) == ("open", None)


@pytest.mark.parametrize(("late", "opens"), [(0, False), (BARS.length, True)])
def test_a_time_beside_a_close_is_that_close_or_the_open(tmp_path, late, opens):
    table = read(tmp_path, frame_with(close_time=BARS.index + pd.Timedelta(late)))
    assert (table.open_time is not None) == opens
    np.testing.assert_array_equal(table.close_time, BARS.open_time + late)


def test_a_close_before_its_time_is_refused(tmp_path):
    with pytest.raises(
        InputError, match=r"column 'time', row 2 .*: the time is not before the close of its bar"
    ):
        read(tmp_path, frame_with(close_time=BARS.index - pd.Timedelta("1h")))


def test_a_day_beside_the_time_is_no_contradiction(tmp_path):
    table = read(tmp_path, frame_with(timestamp=BARS.epoch("s"), time=BARS.text("%Y-%m-%d")))
    assert table.understood.time_columns == ("timestamp",)


@pytest.mark.parametrize("symbol", ["UNIUSDT", "UNI/USD", "X:UNIUSD", "uni-usdt", ""])
def test_a_symbol_of_the_crypto_is_fine(tmp_path, symbol):
    read(tmp_path, frame_with(symbol=symbol))


def test_bars_of_another_asset_are_refused_and_the_remedy_works(tmp_path):
    with pytest.raises(
        InputError, match=r"column 'ticker': the rows hold bars of another asset .found OPUSDT"
    ):
        read(tmp_path, frame_with(ticker="OPUSDT"))
    read(tmp_path, frame_with(ticker="OPUSDT"), crypto="OPUSDC")
    read(tmp_path, frame_with(pair="XBT/USD"), crypto="BTCUSDC")


def test_the_volume_is_that_of_the_base_asset(tmp_path):
    cdd = {"unix": BARS.epoch("s"), "date": BARS.text("%Y-%m-%d"), "symbol": "UNI/USD"}
    content = frame_with(**cdd).replace(b"volume", b"Volume UNI").replace(b"symbol", b"symbol,Volume USD", 1)
    lines = content.decode().splitlines()
    with_quote = "\n".join([lines[0], *(f"{line},1.5" for line in lines[1:])]).encode()
    np.testing.assert_array_equal(read(tmp_path, with_quote).value("volume"), BARS.values[:, 4])
    with pytest.raises(InputError, match=r"no volume column \(found .*Volume UNI, .*Volume USD"):
        read(tmp_path, with_quote.replace(b"UNI/USD", b""), crypto="OPUSDC")


# --- the table of spellings -------------------------------------------------------------------------------


def test_no_usual_name_means_two_things():
    names = [name for role in ROLES for name in ROLES[role]]
    assert len(set(names)) == len(names)
    assert all(plain_name(name) == name for name in names)


@pytest.mark.parametrize(
    "spelling", SPELLINGS, ids=lambda spelling: f"{spelling.writer} {len(spelling.order)}"
)
def test_a_spelling_is_known_by_names_or_by_its_order(spelling):
    assert bool(spelling.names) != bool(spelling.order)
    if spelling.order:
        assert set(VALUE_COLUMNS) <= set(spelling.order)
        assert {"time", "open_time", "date"} & set(spelling.order)
    assert set(spelling.times) <= {*spelling.names}
    assert list(VALUE_COLUMNS) == COLUMNS
