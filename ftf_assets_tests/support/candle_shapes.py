"""Every shape of candle file: who writes it, how, and whether it is accepted or refused with which words.

One row a shape. The tests read each accepted shape back and compare it with the bars that it was written
from, instants of open and close included; ``docs/data.md`` shows the same rows. Add a row, then run
``python -m ftf_assets_tests.support.candle_shapes``, which writes the page.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from ftf_assets.contracts.errors import InputError
from ftf_assets.sources.candles.bar_table import BarTable
from ftf_assets.sources.candles.table import read_bar_table
from ftf_assets.sources.readers.options import ReadingOptions
from ftf_assets_tests.support.candle_bars import (
    Bars,
    arrow_stream,
    bars_of,
    csv,
    csv_lines,
    feather,
    json_bytes,
    packed,
    texts,
    zipped,
)

CRYPTO = "UNIUSDC"
HEADER = ["time", "open", "high", "low", "close", "volume"]
PAGE = Path(__file__).parents[2] / "docs" / "data.md"


@dataclass(frozen=True)
class Shape:
    """One shape of candle file.

    Attributes
    ----------
    shape, writer
        What is peculiar, and who writes it.
    file
        Name of the file.
    write
        Makes the content of the file from bars.
    times
        What the file says about its times: ``open``, ``close``, ``both``, or ``unsaid`` where it does not say
        which of the two it is.
    settings
        Settings of the group ``data`` that the file needs.
    refused
        The words of the refusal, without crypto and file; "" for an accepted shape.
    shift_hours
        How many hours later than the bars the file is.
    """

    shape: str
    writer: str
    file: str
    write: Callable[[Bars], bytes]
    times: str = "unsaid"
    settings: dict[str, str] = field(default_factory=dict)
    refused: str = ""
    shift_hours: int = 0

    @property
    def name(self) -> str:
        """Name for the report of a test."""
        return f"{self.writer}: {self.shape}"

    def read(self, folder: Path, bars: Bars) -> BarTable:
        """Write the file and read it."""
        (folder / self.file).write_bytes(self.write(bars))
        options = ReadingOptions(**self.settings)  # type: ignore[arg-type]
        return read_bar_table(folder / self.file, crypto=CRYPTO, options=options)


def klines(bars: Bars, unit: str = "ms") -> list[list[object]]:
    """The twelve columns of Binance; the close is the last unit of the bar."""
    last = {"ms": 10**6, "us": 10**3}[unit]
    ends = ((bars.close_time - last) // last).tolist()
    rows = bars.rows("ohlcv", bars.epoch(unit))
    return [[*row, end, 1.5, 100, 0.5, 0.7, 0] for row, end in zip(rows, ends, strict=True)]


KLINE_NAMES = [
    *("open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "count"),
    *("taker_buy_volume", "taker_buy_quote_volume", "ignore"),
]


def _mixed_units(bars: Bars) -> bytes:
    half = len(bars.open_time) // 2
    return csv_lines([*klines(bars)[:half], *klines(bars, "us")[half:]]).encode()


def _cryptodatadownload(bars: Bars, date: str = "%Y-%m-%d %H:%M:%S", *, unix: bool = True) -> bytes:
    frame = bars.frame.assign(Date=bars.text(date), Symbol="UNIUSDT", quote=1.5)
    frame.insert(0, "Unix", bars.epoch("ms"))
    order = [*(["Unix"] if unix else []), "Date", "Symbol", "open", "high", "low", "close", "volume", "quote"]
    names = {"volume": "Volume UNI", "quote": "Volume USDT"}
    frame = frame[order].rename(
        columns={**names, "open": "Open", "high": "High", "low": "Low", "close": "Close"}
    )
    return b"https://www.CryptoDataDownload.com\n" + csv(frame.iloc[::-1], index=False)


def _coinmarketcap(bars: Bars) -> bytes:
    ends = pd.DatetimeIndex(bars.close_time - 10**6, tz="UTC").strftime("%Y-%m-%dT%H:%M:%S.999Z")
    frame = bars.frame.assign(
        timeOpen=bars.text("%Y-%m-%dT%H:%M:%S.000Z"),
        timeClose=ends,
        name="7083",
        marketCap=1.5,
        timestamp=ends,
    )
    names = [
        "timeOpen",
        "timeClose",
        "name",
        "open",
        "high",
        "low",
        "close",
        "volume",
        "marketCap",
        "timestamp",
    ]
    return csv(frame[names].iloc[::-1], index=False, sep=";", quoting=2)


def _metatrader5(bars: Bars, zone: str = "Europe/Athens", *, real_volume: bool = False) -> bytes:
    local = bars.index.tz_convert(zone)
    frame = pd.DataFrame({"<DATE>": local.strftime("%Y.%m.%d"), "<TIME>": local.strftime("%H:%M:%S")})
    for column in ("open", "high", "low", "close"):
        frame[f"<{column.upper()}>"] = bars.frame[column].to_numpy()
    volume = bars.frame["volume"].to_numpy()
    frame["<TICKVOL>"] = 7 if real_volume else volume
    frame["<VOL>"] = volume if real_volume else 0
    return csv(frame.assign(**{"<SPREAD>": 2}), index=False, sep="\t")


def _metatrader4(bars: Bars) -> bytes:
    rows = bars.rows("ohlcv", bars.text("%Y.%m.%d,%H:%M"))
    return csv_lines(rows).encode()


def _yfinance(
    bars: Bars, *, by_ticker: bool = False, tickers: tuple[str, ...] = ("UNI-USD",)
) -> pd.DataFrame:
    frame = bars.frame.rename(columns=str.capitalize)[["Close", "High", "Low", "Open", "Volume"]]
    wide = pd.concat(dict.fromkeys(tickers, frame), axis=1, names=["Ticker", "Price"])
    return (wide if by_ticker else wide.swaplevel(axis=1)).rename_axis("Datetime")


def _alpaca(bars: Bars) -> bytes:
    index = pd.MultiIndex.from_product([["UNI/USD"], bars.index], names=["symbol", "timestamp"])
    return bars.frame.set_axis(index).assign(trade_count=5.0, vwap=6.2).to_parquet()


def _two_symbols(bars: Bars) -> bytes:
    return csv(pd.concat([bars.named().assign(symbol=one) for one in ("UNIUSDT", "OPUSDT")]), index=False)


def _with_line(bars: Bars, line: str, at: int) -> bytes:
    lines = csv(bars.named(), index=False).decode().splitlines()
    return "\n".join([*lines[:at], line, *lines[at:]]).encode() + b"\n"


def _changed(bars: Bars, row: int, **cells: object) -> bytes:
    frame = bars.named().astype(object)
    for column, cell in cells.items():
        frame.loc[row - 2, column] = cell
    return csv(frame, index=False)


def _comma(bars: Bars) -> bytes:
    return csv(bars.named(), index=False, sep=";", decimal=",")


def _dated(form: str) -> Callable[[Bars], bytes]:
    return lambda bars: csv(bars.frame.set_axis(pd.Index(bars.text(form), name="date")))


def _local(zone: str) -> Callable[[Bars], bytes]:
    return lambda bars: csv(
        bars.frame.set_axis(bars.index.tz_convert(zone).tz_localize(None).rename("date")),
        date_format="%Y-%m-%d %H:%M:%S",
    )


ACCEPTED = [
    Shape("ISO times, named index", "pandas", "UNIUSDT-1h.csv", lambda b: csv(b.frame.rename_axis("date"))),
    Shape("ISO times, unnamed index", "pandas", "UNIUSDT.csv", lambda b: csv(b.frame)),
    Shape("counted rows as first column", "pandas", "UNIUSDT.csv", lambda b: csv(b.named("timestamp"))),
    Shape("columns in any order, capitals", "pandas", "UNIUSDT.csv", lambda b: csv(b.named("Time").rename(columns=str.upper).iloc[:, ::-1], index=False)),
    Shape("newest first", "pandas", "UNIUSDT.csv", lambda b: csv(b.frame.iloc[::-1])),
    Shape("integer index, times in a column", "pandas", "UNIUSDT.parquet", lambda b: b.named("timestamp").set_axis(range(10, 10 + len(b.values))).to_parquet()),
    Shape("datetime index", "pandas", "UNIUSDT.parquet", lambda b: b.frame.to_parquet()),
    Shape("naive datetime index in microseconds", "pandas", "UNIUSDT.parquet", lambda b: b.frame.set_axis(b.index.tz_localize(None).as_unit("us").rename("date")).to_parquet()),
    Shape("index of another zone", "pandas", "UNIUSDT.parquet", lambda b: b.frame.set_axis(b.index.tz_convert("Asia/Tokyo")).to_parquet()),
    Shape("index of symbol and time", "pandas", "UNIUSDT.parquet", lambda b: b.frame.set_axis(pd.MultiIndex.from_product([["UNIUSDT"], b.index], names=["symbol", "timestamp"])).to_parquet()),
    Shape("epoch in ns, int64", "pandas", "UNIUSDT.parquet", lambda b: b.named("ts").assign(ts=b.open_time).to_parquet()),
    Shape("Arrow IPC stream", "pyarrow", "UNIUSDT.arrow", lambda b: arrow_stream(b.named())),
    *(
        Shape(f'to_json(orient="{orient}")', "pandas", "UNIUSDT.json", lambda b, orient=orient: (b.named("date") if orient == "records" else b.frame).to_json(orient=orient, double_precision=15).encode())
        for orient in ("records", "columns", "index", "split")
    ),
    Shape("JSON lines", "pandas", "UNIUSDT.jsonl", lambda b: b.named().to_json(orient="records", lines=True, double_precision=15).encode()),
    Shape("JSON lines, gzip", "pandas", "UNIUSDT.ndjson.gz", lambda b: packed(b.named().to_json(orient="records", lines=True, double_precision=15))),
    Shape("semicolons", "spreadsheets", "UNIUSDT.csv", lambda b: csv(b.named(), index=False, sep=";")),
    Shape("tabs", "spreadsheets", "UNIUSDT.tsv", lambda b: csv(b.named(), index=False, sep="\t")),
    Shape("byte-order mark of UTF-8", "spreadsheets", "UNIUSDT.csv", lambda b: b"\xef\xbb\xbf" + csv(b.named(), index=False)),
    Shape("UTF-16", "spreadsheets", "UNIUSDT.txt", lambda b: csv(b.named(), index=False, sep="\t").decode().encode("utf-16")),
    Shape("decimal commas", "spreadsheets", "UNIUSDT.csv", _comma, settings={"decimal": "comma"}),
    Shape("dates proved day first", "spreadsheets", "UNIUSDT.csv", lambda b: _dated("%d/%m/%Y %H:%M")(Bars(b.open_time + 3 * 24 * b.length, b.length, b.values)), shift_hours=72),
    Shape("dates that fit both orders", "spreadsheets", "UNIUSDT.csv", _dated("%d/%m/%Y %H:%M"), settings={"date_order": "day_first"}),
    Shape("dates month first", "spreadsheets", "UNIUSDT.csv", _dated("%m/%d/%Y %I:%M:%S %p"), settings={"date_order": "month_first"}),
    Shape("local times", "spreadsheets", "UNIUSDT.csv", _local("America/New_York"), settings={"zone": "America/New_York"}),
    Shape("comments around the table", "scripts", "UNIUSDT.csv", lambda b: b"# UNI/USDT, 1h\n" + csv(b.named(), index=False) + b"# end\n"),
    Shape("names in a comment", "NumPy", "UNIUSDT.txt", lambda b: ("# " + csv_lines([HEADER, *b.rows("ohlcv", b.epoch("s"))])).encode()),
    Shape("files put together, header repeated", "cat", "UNIUSDT.csv", lambda b: _with_line(b, "date,open,high,low,close,volume", 20)),
    Shape("date and time of day apart", "scripts", "UNIUSDT.csv", lambda b: csv(b.frame.assign(date=b.text("%Y-%m-%d"), time=b.text("%H:%M:%S")), index=False)),
    Shape("Feather", "freqtrade", "UNI_USDT-1h.feather", lambda b: feather(b.named())),
    Shape("JSON", "freqtrade", "UNI_USDT-1h.json", lambda b: json_bytes(b.rows("ohlcv", b.epoch("ms")))),
    Shape("JSON, gzip", "freqtrade", "UNI_USDT-1h.json.gz", lambda b: packed(json_bytes(b.rows("ohlcv", b.epoch("ms"))))),
    Shape("klines without header", "Binance Vision", "UNIUSDT-1h-2023-03.csv", lambda b: csv_lines(klines(b)).encode(), times="both"),
    Shape("klines of 2025, microseconds, zip", "Binance Vision", "UNIUSDT-1h-2025-01.zip", lambda b: zipped("UNIUSDT-1h-2025-01.csv", csv_lines(klines(b, "us"))), times="both"),
    Shape("unit changes within the file", "Binance Vision", "UNIUSDT-1h.csv", _mixed_units, times="both"),
    Shape("futures klines with header", "Binance Vision", "UNIUSDT-1h.csv", lambda b: csv_lines([KLINE_NAMES, *klines(b)]).encode(), times="both"),
    Shape("klines of the API", "Binance", "UNIUSDT-1h.json", lambda b: json_bytes(klines(b)), times="both"),
    Shape("klines in a DataFrame without names", "Binance", "UNIUSDT-1h.csv", lambda b: csv(pd.DataFrame(klines(b))), times="both"),
    Shape("address line, newest first", "CryptoDataDownload", "Binance_UNIUSDT_1h.csv", _cryptodatadownload),
    Shape("hours with AM and PM", "CryptoDataDownload", "Coinbase_UNIUSD_1h.csv", lambda b: _cryptodatadownload(b, "%Y-%m-%d %I-%p", unix=False)),
    Shape("OHLCVT without header", "Kraken", "UNIUSD_60.csv", lambda b: csv_lines(b.rows("ohlcv", b.epoch("s"), extra=(12,))).encode()),
    Shape("OHLC of the API", "Kraken", "UNIUSD_60.json", lambda b: json_bytes({"error": [], "result": {"UNIUSD": [[*row[:5], str((row[2] + row[3]) / 2), row[5], 12] for row in b.rows("ohlcv", b.epoch("s"))], "last": 1}}), times="open"),
    Shape("candles of the API", "Coinbase Exchange", "UNI-USD.json", lambda b: json_bytes(b.rows("lhocv", b.epoch("s"))[::-1]), times="open"),
    Shape("candles of the API", "Coinbase Advanced", "UNI-USD.json", lambda b: json_bytes({"candles": [dict(zip(["start", "low", "high", "open", "close", "volume"], texts(row), strict=True)) for row in b.rows("lhocv", b.epoch("s"))[::-1]]}), times="open"),
    Shape("OHLC of the API", "Bitstamp", "uniusd.json", lambda b: json_bytes({"data": {"pair": "UNI/USD", "ohlc": [dict(zip(["timestamp", "open", "high", "low", "close", "volume"], texts(row), strict=True)) for row in b.rows("ohlcv", b.epoch("s"))]}})),
    Shape("klines of the API", "Bybit", "UNIUSDT.json", lambda b: json_bytes({"retCode": 0, "result": {"symbol": "UNIUSDT", "list": [texts(row) for row in b.rows("ohlcv", b.epoch("ms"), extra=(99.5,))[::-1]]}})),
    Shape("klines for MetaTrader, gzip", "Bybit", "UNIUSDT_60.csv.gz", lambda b: packed(csv_lines(b.rows("ohlcv", b.text("%Y.%m.%d %H:%M"))))),
    Shape("candles of the API", "OKX", "UNI-USDT.json", lambda b: json_bytes({"code": "0", "msg": "", "data": [texts(row) for row in b.rows("ohlcv", b.epoch("ms"), extra=(9.5, 9.5, 1))[::-1]]}), times="open"),
    Shape("historical download", "OKX", "UNI-USDT-candlesticks.csv", lambda b: csv_lines([["instrument_name", "open", "high", "low", "close", "vol", "vol_ccy", "vol_quote", "open_time", "confirm"], *(["UNI-USDT", *row[1:], 1.5, 1.5, row[0], 1] for row in b.rows("ohlcv", b.epoch("ms")))]).encode(), times="open"),
    Shape("candles of the API", "Bitfinex", "UNIUSD.json", lambda b: json_bytes(b.rows("ochlv", b.epoch("ms"))[::-1]), times="open"),
    Shape("candles of the API", "KuCoin", "UNI-USDT.json", lambda b: json_bytes({"code": "200000", "data": [texts(row) for row in b.rows("ochlv", b.epoch("s"), extra=(99.5,))[::-1]]}), times="open"),
    Shape("GMT", "Dukascopy", "UNIUSD.csv", lambda b: csv_lines([["Gmt time", "Open", "High", "Low", "Close", "Volume"], *b.rows("ohlcv", b.text("%d.%m.%Y %H:%M:%S.000"))]).encode(), times="open"),
    Shape("local time with offset", "Dukascopy", "UNIUSD.csv", lambda b: csv_lines([["Local time", "Open", "High", "Low", "Close", "Volume"], *b.rows("ohlcv", b.index.tz_convert("Europe/Zurich").strftime("%d.%m.%Y %H:%M:%S.000 GMT%z").tolist())]).encode(), times="open"),
    Shape("history centre, zone stated", "MetaTrader 5", "UNIUSD_H1.csv", _metatrader5, times="open", settings={"zone": "Europe/Athens"}),
    Shape("history centre, volume of an exchange", "MetaTrader 5", "UNIUSD_H1.csv", lambda b: _metatrader5(b, "UTC", real_volume=True), times="open", settings={"zone": "UTC"}),
    Shape("history centre, zone stated", "MetaTrader 4", "UNIUSD60.csv", _metatrader4, times="open", settings={"zone": "UTC"}),
    Shape("export, UNIX time", "TradingView", "BINANCE_UNIUSDT, 60.csv", lambda b: csv_lines([["time", "open", "high", "low", "close", "Volume"], *b.rows("ohlcv", b.epoch("s"))]).encode()),
    Shape("export, ISO time", "TradingView", "BINANCE_UNIUSDT, 60.csv", lambda b: csv_lines([["time", "open", "high", "low", "close", "Volume"], *b.rows("ohlcv", b.index.tz_convert("Europe/Berlin").strftime("%Y-%m-%dT%H:%M:%S%z").str.replace("00$", ":00", regex=True).tolist())]).encode()),
    Shape("header of three rows", "yfinance", "UNI-USD.csv", lambda b: csv(_yfinance(b))),
    Shape("header of three rows, by ticker", "yfinance", "UNI-USD.csv", lambda b: csv(_yfinance(b, by_ticker=True))),
    Shape("columns of two levels", "yfinance", "UNI-USD.parquet", lambda b: _yfinance(b).to_parquet()),
    Shape("aggregates of the API", "Polygon", "X_UNIUSD.json", lambda b: json_bytes({"ticker": "X:UNIUSD", "status": "OK", "results": [dict(zip("tohlcv", row, strict=True)) | {"vw": 6.2, "n": 5} for row in b.rows("ohlcv", b.epoch("ms"))]}), times="open"),
    Shape("flat file, gzip", "Polygon", "X_UNIUSD.csv.gz", lambda b: packed(csv_lines([["ticker", "volume", "open", "close", "high", "low", "window_start", "transactions"], *(["X:UNIUSD", row[5], row[1], row[4], row[2], row[3], row[0], 5] for row in b.rows("ohlcv", b.epoch("ns")))])), times="open"),
    Shape("bars of the API", "Alpaca", "UNIUSD.json", lambda b: json_bytes({"bars": {"UNI/USD": [dict(zip("tohlcv", row, strict=True)) | {"vw": 6.2, "n": 5} for row in b.rows("ohlcv", b.text("%Y-%m-%dT%H:%M:%SZ"))]}, "next_page_token": None}), times="open"),
    Shape("frame of alpaca-py", "Alpaca", "UNIUSD.parquet", _alpaca, times="open"),
    Shape("both times, semicolons", "CoinMarketCap", "UNI_historical.csv", _coinmarketcap, times="both"),
    Shape("histohour", "CryptoCompare", "UNI_USD.json", lambda b: json_bytes({"Response": "Success", "Data": {"Aggregated": False, "Data": [dict(zip(["time", "open", "high", "low", "close", "volumefrom"], row, strict=True)) | {"volumeto": 7.5, "conversionType": "direct"} for row in b.rows("ohlcv", b.epoch("s"))]}}), times="open"),
    Shape("columns of lists", "TradingView data feeds", "UNIUSDT.json", lambda b: json_bytes({"s": "ok", "t": b.epoch("s"), **dict(zip("ohlcv", b.values.T.tolist(), strict=True))})),
    Shape("time of the close only", "scripts", "UNIUSDT.csv", lambda b: csv(b.frame.set_axis(pd.DatetimeIndex(b.close_time, tz="UTC", name="close_time"))), times="close"),
]  # fmt: skip

_NAMES = "Write the column names into the first line, such as time,open,high,low,close,volume."

REFUSED = [
    Shape("decimal commas", "spreadsheets", "UNIUSDT.csv", _comma, refused=
        "5 faults: (1) column 'open', row 2 (48 rows in all: 2, 3, 4, 5, 6, …): the number has a comma"),
    Shape("dates that fit both orders", "spreadsheets", "UNIUSDT.csv", _dated("%d/%m/%Y %H:%M"), refused=
        "column 'date', row 2 (48 rows in all: 2, 3, 4, 5, 6, …): the date can be read day first and month first "
        "(found '11/03/2023 00:00'; allowed: ISO 8601 text such as 2023-02-01). "
        "State which: --set data.date_order=day_first or --set data.date_order=month_first"),
    Shape("thousands separators", "spreadsheets", "UNIUSDT.csv", lambda b: _changed(b, 7, volume="1,234.5"), refused=
        "column 'volume', row 7: the number has a comma (found '1,234.5'; allowed: a decimal point, no thousands "
        "separator). If every comma is a decimal sign, add --set data.decimal=comma."),
    Shape("epoch shortened by Excel", "spreadsheets", "UNIUSDT.csv", lambda b: csv_lines([HEADER, *b.rows("ohlcv", ["1.67849E+12"] * len(b.values))]).encode(), refused=
        "column 'time', row 2 (48 rows in all: 2, 3, 4, 5, 6, …): the time has lost digits (found '1.67849E+12'; allowed: "
        "every digit of the epoch). Export the file again without opening it in a spreadsheet."),
    Shape("missing cells", "pandas", "UNIUSDT.csv", lambda b: _changed(b, 7, close="None", high="NaN"), refused=
        "2 faults: (1) column 'high', row 7: the cell is not a number (found 'NaN'; allowed: a finite number without "
        "thousands separator) (2) column 'close', row 7: the cell is not a number (found 'None'; allowed: a finite "
        "number without thousands separator)"),
    Shape("a line of totals", "spreadsheets", "UNIUSDT.csv", lambda b: csv(b.named(), index=False) + b"Total,,,,,123\n", refused=
        "5 faults: (1) column 'date', row 50: the time cannot be read (found 'Total'; allowed: ISO 8601 text, or an epoch "
        "in s, ms, us or ns, from 2000 to 2100)"),
    Shape("local hours that occur twice", "spreadsheets", "UNIUSDT.csv", lambda b: csv(b.frame.set_axis(pd.Index(pd.date_range("2023-11-05", periods=48, freq="h").strftime("%Y-%m-%d %H:%M"), name="date"))), settings={"zone": "America/New_York"}, refused=
        "column 'date', row 3: the time occurs twice in America/New_York, where clocks were set back (found "
        "'2023-11-05 01:00'). Write the times in UTC or with their offset."),
    Shape("zone not stated", "MetaTrader 5", "UNIUSD_H1.csv", _metatrader5, refused=
        "column '<DATE>', row 2 (48 rows in all: 2, 3, 4, 5, 6, …): the zone of the times is not known: this writer takes "
        "that of its server (found '2023.03.11'; allowed: a stated zone). State it, such as --set data.zone=Europe/Athens, "
        "or --set data.zone=UTC"),
    Shape("two columns of times that differ", "scripts", "UNIUSDT.csv", lambda b: csv(b.named("timestamp").assign(time=b.text("%Y-%m-%d %H:30")), index=False), refused=
        "column 'time', row 2 (48 rows in all: 2, 3, 4, 5, 6, …): the time is not that of column 'timestamp' (found "
        "'2023-03-11 00:30'; allowed: 2023-03-11 00:00:00+00:00). Keep one of them, or state the zone of times without "
        "offset: --set data.zone=…"),
    Shape("several tickers", "yfinance", "UNI-USD.csv", lambda b: csv(_yfinance(b, tickers=("UNI-USD", "OP-USD"))), refused=
        "the columns hold bars of more than one symbol (found UNI-USD, OP-USD). Write one file for each symbol."),
    Shape("several symbols", "pandas", "all.csv", _two_symbols, refused=
        "column 'symbol': the rows hold bars of more than one symbol (found OPUSDT, UNIUSDT). Write one file for each symbol."),
    Shape("open and close swapped, no names", "scripts", "UNIUSDT.csv", lambda b: csv_lines(b.rows("chlov", b.epoch("s"))).encode(), refused=
        "the file has no column names, and its open looks like the close (found each bar closes where the one before "
        "opened; allowed: each bar opens near the close of the one before). Write the column names into the first line, "
        "such as time,close,high,low,open,volume."),
    Shape("no names, unknown order", "scripts", "UNIUSDT.csv", lambda b: csv_lines(b.rows("vohlc", b.epoch("s"))).encode(), refused=
        "the file has no column names, and its columns are in no known order (found 6 columns, first row "),
    Shape("no volume", "CoinGecko", "uniswap.json", lambda b: json_bytes([row[:5] for row in b.rows("ohlcv", b.epoch("ms"))]), refused=
        "the file has no column names, and its columns are in no known order (found 5 columns, first row "),
    Shape("an unfinished bar", "OKX", "UNI-USDT.json", lambda b: json_bytes({"code": "0", "data": [[*texts(row), "0" if number == len(b.values) - 1 else "1"] for number, row in enumerate(b.rows("ohlcv", b.epoch("ms"), extra=(9.5, 9.5)))]}), refused=
        "column 'column 9', row 48: the bar is not finished (found '0'; allowed: 1, a finished bar). Remove it."),
    Shape("an error message", "Binance", "UNIUSDT-1h.json", lambda _: b'{"code":-1121,"msg":"Invalid symbol."}', refused=
        "the JSON object must hold exactly one list of rows (found the keys code, msg; allowed: a list of rows, a list of "
        "objects, an object that holds one such list, or columns as pandas writes). If it is an error message of an "
        "exchange, fetch again."),
    Shape("semicolons and decimal commas, no names", "spreadsheets", "UNIUSDT.csv", lambda b: csv_lines([[b.text("%Y-%m-%d %H:%M")[i], "6,1", "6,2", "6,0", "6,1", "7,5"] for i in range(9)], ";").encode(), refused=
        "more than one separator fits (found comma and semicolon). State it: --set data.separator=comma or "
        "--set data.separator=semicolon"),
    Shape("an archive of several files", "Binance Vision", "UNIUSDT-1h.zip", lambda _: _archive(), refused=
        "the archive must hold exactly one file (found UNIUSDT-1h-2023-01.csv, UNIUSDT-1h-2023-02.csv). Unpack it into the folder."),
    Shape("Feather version 1", "pandas before 1.0", "UNI_USDT-1h.feather", lambda _: b"FEA1" + bytes(64), refused=
        "a file of this kind is not read (found Feather version 1). Write it again with a current pandas or pyarrow: to_feather()."),
    Shape("a pickle", "pandas", "UNIUSDT.csv", lambda _: b"\x80\x04\x95" + bytes(64), refused=
        "pickles are refused, because reading one may run code. Write the table as Parquet: to_parquet()."),
    Shape("HDF5", "freqtrade before 2024", "UNI_USDT-1h.csv", lambda _: b"\x89HDF\r\n\x1a\n" + bytes(64), refused=
        "a file of this kind is not read (found an HDF5 file). Write the table as Parquet: to_parquet()."),
    Shape("a workbook", "Excel", "UNIUSDT.zip", lambda _: zipped("[Content_Types].xml", "<Types/>"), refused=
        "a file of this kind is not read (found an Excel workbook). Save the sheet as CSV."),
    Shape("a web page", "browsers", "UNIUSDT.csv", lambda _: b"<!DOCTYPE html><html><body>404</body></html>", refused=
        "the file is a web page, not a table. The download failed or was saved from a browser's view: get the file itself."),
]  # fmt: skip


def _archive() -> bytes:
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for month in ("01", "02"):
            archive.writestr(zipfile.ZipInfo(f"UNIUSDT-1h-2023-{month}.csv"), "1,2\n")
    return buffer.getvalue()


SHAPES = [*ACCEPTED, *REFUSED]


def refusal(shape: Shape, folder: Path) -> str:
    """Words of the refusal without crypto and file; "" if the shape is read."""
    try:
        shape.read(folder, bars_of())
    except InputError as error:
        return str(error).removeprefix(f"{CRYPTO}, file {shape.file}").lstrip(":, ")
    return ""


def understood(table: BarTable) -> str:
    """What was understood of an accepted shape, in one cell of the page."""
    reading = table.understood
    times = {"open": "open", "close": "close", None: "open or close"}[table.stamp]
    if table.open_time is not None and table.close_time is not None:
        times = "open and close"
    columns = " and ".join(f"`{name}`" for name in reading.time_columns)
    packing = f", {reading.compression}" if reading.compression else ""
    separator = f", {reading.separator}" if reading.separator else ""
    zone = f", {reading.zone}" if reading.zone else ""
    return f"{reading.format}{packing}{separator}; {columns} = {times} ({', '.join(reading.units)}{zone})"


def page_rows() -> list[str]:
    """The rows of the table in ``docs/data.md``."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for shape in sorted(SHAPES, key=lambda one: (one.writer.lower(), bool(one.refused))):
            needs = ", ".join(f"`data.{name}={value}`" for name, value in shape.settings.items())
            if shape.refused:
                answer = f"refused: {refusal(shape, Path(folder))}"
            else:
                answer = f"accepted: {understood(shape.read(Path(folder), bars_of()))}"
            cell = answer.replace("|", "\\|")
            rows.append(f"| {shape.writer} | {shape.shape} | `{shape.file}` | {needs} | {cell} |")
    return rows


def write_page() -> None:
    """Replace the rows of the table in ``docs/data.md``."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    head = lines.index("| Written by | Shape | File | Settings | Answer |")
    end = next((n for n in range(head, len(lines)) if not lines[n].startswith("|")), len(lines))
    PAGE.write_text("\n".join([*lines[: head + 2], *page_rows(), *lines[end:]]) + "\n", encoding="utf-8")


def expected(shape: Shape, bars: Bars) -> dict[str, np.ndarray | None]:
    """The instants of open and close that the file states; None for one that it does not."""
    first = bars.open_time + shape.shift_hours * 3_600 * 10**9
    last_unit = 10**3 if "2025" in shape.file else 10**6
    return {
        "open_time": None if shape.times == "close" else first,
        "close_time": {"close": bars.close_time, "both": bars.close_time - last_unit}.get(shape.times),
    }


if __name__ == "__main__":
    write_page()
