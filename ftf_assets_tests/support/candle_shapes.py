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
from ftf_assets_tests.support import candle_writers as write
from ftf_assets_tests.support.candle_bars import (
    Bars,
    arrow_stream,
    bars_of,
    csv,
    feather,
    json_bytes,
    packed,
    zipped,
)

CRYPTO = "UNIUSDC"
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


DECIMAL_COMMAS = write.separated(";", decimal=",")
#: The days of the bars are the 11th and 12th, so their dates can be read day first and month first.
EITHER_ORDER = write.dated("%d/%m/%Y %H:%M")
NEW_YORK = {"zone": "America/New_York"}

ACCEPTED = [
    Shape("ISO times, named index", "pandas", "UNIUSDT-1h.csv", lambda b: csv(b.frame.rename_axis("date"))),
    Shape("ISO times, unnamed index", "pandas", "UNIUSDT.csv", lambda b: csv(b.frame)),
    Shape("counted rows as first column", "pandas", "UNIUSDT.csv", lambda b: csv(b.named("timestamp"))),
    Shape("columns in any order, capitals", "pandas", "UNIUSDT.csv", write.pandas_capitals_backwards),
    Shape("newest first", "pandas", "UNIUSDT.csv", lambda b: csv(b.frame.iloc[::-1])),
    Shape("integer index, times in a column", "pandas", "UNIUSDT.parquet", write.pandas_removed_rows),
    Shape("datetime index", "pandas", "UNIUSDT.parquet", lambda b: b.frame.to_parquet()),
    Shape("naive datetime index in microseconds", "pandas", "UNIUSDT.parquet", write.pandas_naive_index),
    Shape("index of another zone", "pandas", "UNIUSDT.parquet", lambda b: b.frame.tz_convert("Asia/Tokyo").to_parquet()),
    Shape("index of symbol and time", "pandas", "UNIUSDT.parquet", write.pandas_symbol_index),
    Shape("epoch in ns, int64", "pandas", "UNIUSDT.parquet", lambda b: b.named("ts").assign(ts=b.open_time).to_parquet()),
    Shape("Arrow IPC stream", "pyarrow", "UNIUSDT.arrow", lambda b: arrow_stream(b.named())),
    Shape("to_json(), objects", "pandas", "UNIUSDT.json", write.pandas_json("records")),
    Shape("to_json(), columns", "pandas", "UNIUSDT.json", write.pandas_json("columns")),
    Shape("to_json(), rows by time", "pandas", "UNIUSDT.json", write.pandas_json("index")),
    Shape("to_json(), index and data apart", "pandas", "UNIUSDT.json", write.pandas_json("split")),
    Shape("to_json(), with a schema", "pandas", "UNIUSDT.json", write.pandas_json("table")),
    Shape("JSON lines", "pandas", "UNIUSDT.jsonl", write.pandas_json("records", lines=True)),
    Shape("JSON lines, gzip", "pandas", "UNIUSDT.ndjson.gz", lambda b: packed(write.pandas_json("records", lines=True)(b))),
    Shape("semicolons", "spreadsheets", "UNIUSDT.csv", write.separated(";")),
    Shape("tabs", "spreadsheets", "UNIUSDT.tsv", write.separated("\t")),
    Shape("byte-order mark of UTF-8", "spreadsheets", "UNIUSDT.csv", lambda b: b"\xef\xbb\xbf" + write.separated(",")(b)),
    Shape("UTF-16", "spreadsheets", "UNIUSDT.txt", write.utf16),
    Shape("decimal commas", "spreadsheets", "UNIUSDT.csv", DECIMAL_COMMAS, settings={"decimal": "comma"}),
    Shape("times named UTC, another zone stated", "scripts", "UNIUSDT.csv",
        lambda b: csv(b.named("timestamp_utc").assign(timestamp_utc=b.text("%Y-%m-%d %H:%M")), index=False), settings=NEW_YORK),
    Shape("a column of zones", "scripts", "UNIUSDT.csv", write.local_times("America/New_York")),
    Shape("`begin` and `end`", "scripts", "UNIUSDT.csv", write.begin_and_end, times="both"),
    Shape("`close_date`", "scripts", "UNIUSDT.csv", write.closes("close_date", "%Y-%m-%d %H:%M"), times="close"),
    Shape("compact hours such as 2023031105", "scripts", "UNIUSDT.csv", write.dated("%Y%m%d%H")),
    Shape("compact hours as numbers", "scripts", "UNIUSDT.parquet", write.compact_hours),
    Shape("compact hours, no names", "scripts", "UNIUSDT.csv", write.compact_hours_without_names),
    Shape("dates proved day first", "spreadsheets", "UNIUSDT.csv", write.dated("%d/%m/%Y %H:%M", later=72), shift_hours=72),
    Shape("dates that fit both orders", "spreadsheets", "UNIUSDT.csv", EITHER_ORDER, settings={"date_order": "day_first"}),
    Shape("dates month first", "spreadsheets", "UNIUSDT.csv", write.dated("%m/%d/%Y %I:%M:%S %p"), settings={"date_order": "month_first"}),
    Shape("semicolons and decimal commas, no names", "spreadsheets", "UNIUSDT.csv", write.two_separators, settings={"separator": "semicolon", "decimal": "comma"}),
    Shape("local times", "spreadsheets", "UNIUSDT.csv", write.in_zone("America/New_York"), settings=NEW_YORK),
    Shape("comments around the table", "scripts", "UNIUSDT.csv", lambda b: b"# UNI, 1h\n" + csv(b.frame) + b"# end\n"),
    Shape("names in a comment", "NumPy", "UNIUSDT.txt", write.commented_names),
    Shape("files put together, header repeated", "cat", "UNIUSDT.csv", write.with_line("date,open,high,low,close,volume", 20)),
    Shape("date and time of day apart", "scripts", "UNIUSDT.csv", write.date_and_clock),
    Shape("time of the close only", "scripts", "UNIUSDT.csv", write.closes_only, times="close"),
    Shape("Feather", "freqtrade", "UNI_USDT-1h.feather", lambda b: feather(b.named())),
    Shape("JSON", "freqtrade", "UNI_USDT-1h.json", write.json_rows("ohlcv", "ms")),
    Shape("JSON, gzip", "freqtrade", "UNI_USDT-1h.json.gz", lambda b: packed(write.json_rows("ohlcv", "ms")(b))),
    Shape("klines without header", "Binance Vision", "UNIUSDT-1h-2023-03.csv", write.binance_csv, times="both"),
    Shape("klines of 2025, microseconds, zip", "Binance Vision", "UNIUSDT-1h-2025-01.zip", write.binance_csv_2025, times="both"),
    Shape("unit changes within the file", "Binance Vision", "UNIUSDT-1h.csv", write.binance_csv_of_two_years, times="both"),
    Shape("futures klines with header", "Binance Vision", "UNIUSDT-1h.csv", lambda b: write.with_header(write.KLINE_NAMES, write.klines(b)), times="both"),
    Shape("klines of the API", "Binance", "UNIUSDT-1h.json", lambda b: json_bytes(write.klines(b)), times="both"),
    Shape("klines in a DataFrame without names", "Binance", "UNIUSDT-1h.csv", lambda b: csv(pd.DataFrame(write.klines(b))), times="both"),
    Shape("address line, newest first", "CryptoDataDownload", "Binance_UNIUSDT_1h.csv", write.cryptodatadownload()),
    Shape("hours with AM and PM", "CryptoDataDownload", "Coinbase_UNIUSD_1h.csv", write.cryptodatadownload("%Y-%m-%d %I-%p", unix=False)),
    Shape("OHLCVT without header", "Kraken", "UNIUSD_60.csv", write.no_names("ohlcv", extra=(12,))),
    Shape("OHLC of the API", "Kraken", "UNIUSD_60.json", write.kraken_json, times="open"),
    Shape("candles of the API", "Coinbase Exchange", "UNI-USD.json", write.json_rows("lhocv", "s", newest_first=True), times="open"),
    Shape("candles of the API", "Coinbase Advanced", "UNI-USD.json", write.coinbase_advanced, times="open"),
    Shape("OHLC of the API", "Bitstamp", "uniusd.json", write.bitstamp_json),
    Shape("klines of the API", "Bybit", "UNIUSDT.json", write.bybit_json),
    Shape("klines for MetaTrader, gzip", "Bybit", "UNIUSDT_60.csv.gz", write.bybit_csv),
    Shape("candles of the API", "OKX", "UNI-USDT.json", write.okx_json, times="open"),
    Shape("historical download", "OKX", "UNI-USDT-candlesticks.csv", write.okx_csv, times="open"),
    Shape("candles of the API", "Bitfinex", "UNIUSD.json", write.json_rows("ochlv", "ms", newest_first=True), times="open"),
    Shape("candles of the API", "KuCoin", "UNI-USDT.json", write.kucoin_json, times="open"),
    Shape("GMT", "Dukascopy", "UNIUSD.csv", write.dukascopy_gmt, times="open"),
    Shape("local time with offset", "Dukascopy", "UNIUSD.csv", write.dukascopy_local, times="open"),
    Shape("history centre, zone stated", "MetaTrader 5", "UNIUSD_H1.csv", write.metatrader5(), times="open", settings={"zone": "Europe/Athens"}),
    Shape("history centre, volume of an exchange", "MetaTrader 5", "UNIUSD_H1.csv", write.metatrader5("UTC", real_volume=True), times="open", settings={"zone": "UTC"}),
    Shape("history centre, zone stated", "MetaTrader 4", "UNIUSD60.csv", write.metatrader4, times="open", settings={"zone": "UTC"}),
    Shape("export, UNIX time", "TradingView", "BINANCE_UNIUSDT, 60.csv", write.tradingview_unix),
    Shape("export, ISO time", "TradingView", "BINANCE_UNIUSDT, 60.csv", write.tradingview_iso),
    Shape("columns of lists", "TradingView data feeds", "UNIUSDT.json", write.columns_of_lists),
    Shape("header of three rows", "yfinance", "UNI-USD.csv", lambda b: csv(write.yfinance("UNI-USD")(b))),
    Shape("header of three rows, by ticker", "yfinance", "UNI-USD.csv", lambda b: csv(write.yfinance("UNI-USD", by_ticker=True)(b))),
    Shape("columns of two levels", "yfinance", "UNI-USD.parquet", lambda b: write.yfinance("UNI-USD")(b).to_parquet()),
    Shape("aggregates of the API", "Polygon", "X_UNIUSD.json", write.polygon_json, times="open"),
    Shape("flat file, gzip", "Polygon", "X_UNIUSD.csv.gz", write.polygon_csv, times="open"),
    Shape("bars of the API", "Alpaca", "UNIUSD.json", write.alpaca_json, times="open"),
    Shape("frame of alpaca-py", "Alpaca", "UNIUSD.parquet", write.alpaca_parquet, times="open"),
    Shape("both times, semicolons", "CoinMarketCap", "UNI_historical.csv", write.coinmarketcap, times="both"),
    Shape("quotes of the API", "CoinMarketCap", "UNI.json", write.coinmarketcap_json, times="both"),
    Shape("export, two times", "Gemini", "Gemini_UNIUSD_1h.csv", write.gemini),
    Shape("bucketed trades of the API", "BitMEX", "UNIUSD.json", write.bitmex, times="close"),
    Shape("no names, separator at the end", "TSLab", "UNIUSD.txt", write.tslab, times="open", settings={"date_order": "month_first", "zone": "UTC"}),
    Shape("histohour", "CryptoCompare", "UNI_USD.json", write.cryptocompare, times="open"),
]  # fmt: skip

REFUSED = [
    Shape("decimal commas", "spreadsheets", "UNIUSDT.csv", DECIMAL_COMMAS, refused=
        "5 faults: (1) column 'open', row 2 (48 rows in all: 2, 3, 4, 5, 6, …): the number has a comma"),
    Shape("dates that fit both orders", "spreadsheets", "UNIUSDT.csv", EITHER_ORDER, refused=
        "column 'date', row 2 (48 rows in all: 2, 3, 4, 5, 6, …): the date can be read day first and month first "
        "(found '11/03/2023 00:00'; allowed: ISO 8601 text such as 2023-02-01). "
        "State which: --set data.date_order=day_first or --set data.date_order=month_first"),
    Shape("a column of two zones", "scripts", "UNIUSDT.csv", write.local_times("America/New_York", "Etc/UTC"), refused=
        "column 'date', row 2 (48 rows in all: 2, 3, 4, 5, 6, …): the zone of the times is not known: their column of zones "
        "names several of them, or none that is known"),
    Shape("index without a name and closes", "pandas", "UNIUSDT.parquet", write.index_and_closes, refused=
        "column '', row 1 (48 rows in all: 1, 2, 3, 4, 5, …): the time is not that of column 'timestamp' (found "),
    Shape("`close_date`, days", "scripts", "UNIUSDT.csv", write.closes("close_date", "%Y-%m-%d"), refused=
        "column 'close_date', row 2 (48 rows in all: 2, 3, 4, 5, 6, …): the close is a day without a time of day (found "),
    Shape("years of two digits", "scripts", "UNIUSDT.csv", write.dated("%y%m%d%H%M"), refused=
        "column 'date', row 2 (48 rows in all: 2, 3, 4, 5, 6, …): the year of the time has two digits, or the time is after 2033 "
        "(found '2303110000'; allowed: ISO 8601 text, or an epoch in s, ms, us or ns, from 2000 to 2100). "
        "Write all four digits of the year, such as 202303110900."),
    Shape("thousands separators", "spreadsheets", "UNIUSDT.csv", write.changed(7, volume="1,234.5"), refused=
        "column 'volume', row 7: the number has a comma (found '1,234.5'; allowed: a decimal point, no thousands "
        "separator). If every comma is a decimal sign, add --set data.decimal=comma."),
    Shape("epoch shortened by Excel", "spreadsheets", "UNIUSDT.csv", write.shortened_epochs, refused=
        "column 'time', row 2 (48 rows in all: 2, 3, 4, 5, 6, …): the time has lost digits (found '1.67849E+12'; allowed: "
        "every digit of the epoch). Export the file again without opening it in a spreadsheet."),
    Shape("missing cells", "pandas", "UNIUSDT.csv", write.changed(7, close="None", high="NaN"), refused=
        "2 faults: (1) column 'high', row 7: the cell is not a number (found 'NaN'; allowed: a finite number without "
        "thousands separator) (2) column 'close', row 7: the cell is not a number (found 'None'; allowed: a finite "
        "number without thousands separator)"),
    Shape("a line of totals", "spreadsheets", "UNIUSDT.csv", lambda b: csv(b.named(), index=False) + b"Total,,,,,123\n", refused=
        "row 50: the row has no price (found 'Total, , , , , 123'). Remove it; a missing bar is a gap."),
    Shape("rows of nulls", "Yahoo", "UNI-USD.csv", write.yahoo_with_nulls, refused=
        "row 2 (20 rows in all: 2, 5, 8, 9, 10, …): the row has no price (found '2023-03-11 00:00:00+00:00, null, null, null, null, null'). Remove it; a missing bar is a gap."),
    Shape("local hours that occur twice", "spreadsheets", "UNIUSDT.csv", write.clocks_set_back, settings=NEW_YORK, refused=
        "column 'date', row 3: the time occurs twice in America/New_York, where clocks were set back (found "
        "'2023-11-05 01:00'). Write the times in UTC or with their offset."),
    Shape("zone not stated", "MetaTrader 5", "UNIUSD_H1.csv", write.metatrader5(), refused=
        "column '<DATE>', row 2 (48 rows in all: 2, 3, 4, 5, 6, …): the zone of the times is not known: this writer takes "
        "that of its server (found '2023.03.11'; allowed: a stated zone). State it, such as --set data.zone=Europe/Athens, "
        "or --set data.zone=UTC"),
    Shape("two columns of times that differ", "scripts", "UNIUSDT.csv", write.two_times, refused=
        "column 'time', row 2 (48 rows in all: 2, 3, 4, 5, 6, …): the time is not that of column 'timestamp' (found "
        "'2023-03-11 00:30'; allowed: 2023-03-11 00:00:00+00:00). Keep one of them; call them open_time and close_time "
        "if they are that; or state the zone of times without offset: --set data.zone=…"),
    Shape("several tickers", "yfinance", "UNI-USD.csv", lambda b: csv(write.yfinance("UNI-USD", "OP-USD")(b)), refused=
        "the columns hold bars of more than one symbol (found UNI-USD, OP-USD). Write one file for each symbol."),
    Shape("several symbols", "pandas", "all.csv", write.two_symbols, refused=
        "column 'symbol': the rows hold bars of more than one symbol (found OPUSDT, UNIUSDT). Write one file for each symbol."),
    Shape("open and close swapped, no names", "scripts", "UNIUSDT.csv", write.no_names("chlov"), refused=
        "the file has no column names, and its open looks like the close (found each bar closes where the one before "
        "opened; allowed: each bar opens near the close of the one before). Write the column names into the first line, "
        "such as time,close,high,low,open,volume."),
    Shape("no names, unknown order", "scripts", "UNIUSDT.csv", write.no_names("vohlc"), refused=
        "the file has no column names, and its columns are in no known order (found 6 columns, first row "),
    Shape("no volume", "CoinGecko", "uniswap.json", lambda b: json_bytes([row[:5] for row in b.rows("ohlcv", b.epoch("ms"))]), refused=
        "the file has no column names, and its columns are in no known order (found 5 columns, first row "),
    Shape("an unfinished bar", "OKX", "UNI-USDT.json", write.okx_unfinished, refused=
        "column 'column 9', row 48: the bar is not finished (found '0'; allowed: 1, a finished bar). Remove it."),
    Shape("an error message", "Binance", "UNIUSDT-1h.json", lambda _: b'{"code":-1121,"msg":"Invalid symbol."}', refused=
        "the JSON object must hold exactly one list of rows (found the keys code, msg; allowed: a list of rows, a list of "
        "objects, an object that holds one such list, or columns as pandas writes). If it is an error message of an "
        "exchange, fetch again."),
    Shape("semicolons and decimal commas, no names", "spreadsheets", "UNIUSDT.csv", write.two_separators, refused=
        "more than one separator fits (found comma and semicolon). State it: --set data.separator=comma or "
        "--set data.separator=semicolon"),
    Shape("an archive of several files", "Binance Vision", "UNIUSDT-1h.zip", write.binance_archive, refused=
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
