"""What each writer makes of bars: one function a shape, named after who writes it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ftf_assets_tests.support.candle_bars import Bars, csv, csv_lines, json_bytes, packed, texts, zipped

HEADER = ["time", "open", "high", "low", "close", "volume"]
KLINE_NAMES = [
    *("open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "count"),
    *("taker_buy_volume", "taker_buy_quote_volume", "ignore"),
]
OKX_NAMES = [
    *(
        "instrument_name",
        "open",
        "high",
        "low",
        "close",
        "vol",
        "vol_ccy",
        "vol_quote",
        "open_time",
        "confirm",
    ),
]
POLYGON_NAMES = ["ticker", "volume", "open", "close", "high", "low", "window_start", "transactions"]

Writer = Callable[[Bars], bytes]


def named_cells(names: list[str] | str, rows: list[list[Any]], **more: Any) -> list[dict[str, Any]]:
    """Rows as objects, each with the same further cells."""
    return [dict(zip(names, row, strict=True)) | more for row in rows]


def with_header(names: list[str], rows: list[list[Any]]) -> bytes:
    return csv_lines([names, *rows]).encode()


# --- pandas -----------------------------------------------------------------------------------------------


def pandas_json(orient: str, **options: Any) -> Writer:
    def write(bars: Bars) -> bytes:
        frame = bars.named() if orient == "records" else bars.frame
        return frame.to_json(orient=orient, double_precision=15, **options).encode()

    return write


def pandas_capitals_backwards(bars: Bars) -> bytes:
    return csv(bars.named("Time").rename(columns=str.upper).iloc[:, ::-1], index=False)


def pandas_removed_rows(bars: Bars) -> bytes:
    return bars.named("timestamp").set_axis(range(10, 10 + len(bars.values))).to_parquet()


def pandas_naive_index(bars: Bars) -> bytes:
    return bars.frame.set_axis(bars.index.tz_localize(None).as_unit("us").rename("date")).to_parquet()


def pandas_symbol_index(bars: Bars) -> bytes:
    index = pd.MultiIndex.from_product([["UNIUSDT"], bars.index], names=["symbol", "timestamp"])
    return bars.frame.set_axis(index).to_parquet()


def two_symbols(bars: Bars) -> bytes:
    return csv(pd.concat([bars.named().assign(symbol=one) for one in ("UNIUSDT", "OPUSDT")]), index=False)


def closes_only(bars: Bars) -> bytes:
    return csv(bars.frame.set_axis(pd.DatetimeIndex(bars.close_time, tz="UTC", name="close_time")))


def changed(row: int, **cells: object) -> Writer:
    """A CSV file with other cells in one line; the header is line 1."""

    def write(bars: Bars) -> bytes:
        frame = bars.named().astype(object)
        for column, cell in cells.items():
            frame.loc[row - 2, column] = cell
        return csv(frame, index=False)

    return write


# --- spreadsheets and scripts -----------------------------------------------------------------------------


def separated(separator: str, **options: Any) -> Writer:
    return lambda bars: csv(bars.named(), index=False, sep=separator, **options)


def utf16(bars: Bars) -> bytes:
    return separated("\t")(bars).decode().encode("utf-16")


def dated(form: str, *, later: int = 0) -> Writer:
    """A CSV file whose times have a form, some hours later than the bars."""
    return lambda bars: csv(
        bars.frame.set_axis(pd.Index((bars.index + pd.Timedelta(later, "h")).strftime(form), name="date"))
    )


def compact_hours(bars: Bars) -> bytes:
    return bars.named().assign(date=[int(hour) for hour in bars.text("%Y%m%d%H")]).to_parquet()


def compact_hours_without_names(bars: Bars) -> bytes:
    return csv_lines(bars.rows("ohlcv", bars.text("%Y%m%d%H"))).encode()


def local_times(*zones: str) -> Writer:
    """Times without offset in the first zone, and a column of zones."""

    def write(bars: Bars) -> bytes:
        frame = bars.named().assign(timezone=np.resize(zones, len(bars.index)))
        frame["date"] = bars.index.tz_convert(zones[0]).tz_localize(None)
        return csv(frame, index=False)

    return write


def index_and_closes(bars: Bars) -> bytes:
    return bars.frame.assign(timestamp=pd.DatetimeIndex(bars.close_time, tz="UTC")).to_parquet()


def begin_and_end(bars: Bars) -> bytes:
    return csv(bars.named("begin").assign(end=bars.close_time // 10**6 - 1), index=False)


def closes(name: str, form: str) -> Writer:
    """A CSV file of closes alone."""
    times = lambda bars: pd.DatetimeIndex(bars.close_time).strftime(form)  # noqa: E731
    return lambda bars: csv(bars.named(name).assign(**{name: times(bars)}), index=False)


def in_zone(zone: str, form: str = "%Y-%m-%d %H:%M:%S") -> Writer:
    return lambda bars: csv(
        bars.frame.set_axis(pd.Index(bars.index.tz_convert(zone).strftime(form), name="date"))
    )


def clocks_set_back(bars: Bars) -> bytes:
    hours = pd.date_range("2023-11-05", periods=len(bars.values), freq="h").strftime("%Y-%m-%d %H:%M")
    return csv(bars.frame.set_axis(pd.Index(hours, name="date")))


def with_line(line: str, at: int) -> Writer:
    def write(bars: Bars) -> bytes:
        lines = csv(bars.named(), index=False).decode().splitlines()
        return "\n".join([*lines[:at], line, *lines[at:]]).encode() + b"\n"

    return write


def commented_names(bars: Bars) -> bytes:
    return b"# " + with_header(HEADER, bars.rows("ohlcv", bars.epoch("s")))


def date_and_clock(bars: Bars) -> bytes:
    return csv(bars.frame.assign(date=bars.text("%Y-%m-%d"), time=bars.text("%H:%M:%S")), index=False)


def two_times(bars: Bars) -> bytes:
    return csv(bars.named("timestamp").assign(time=bars.text("%Y-%m-%d %H:30")), index=False)


def shortened_epochs(bars: Bars) -> bytes:
    return with_header(HEADER, bars.rows("ohlcv", ["1.67849E+12"] * len(bars.values)))


def two_separators(bars: Bars) -> bytes:
    rows = bars.rows("ohlcv", bars.text("%Y-%m-%d %H:%M"))
    return csv_lines([[cell.replace(".", ",") for cell in texts(row)] for row in rows], ";").encode()


def no_names(order: str, unit: str = "s", extra: tuple[Any, ...] = ()) -> Writer:
    return lambda bars: csv_lines(bars.rows(order, bars.epoch(unit), extra=extra)).encode()


def json_rows(order: str, unit: str, *, newest_first: bool = False) -> Writer:
    return lambda bars: json_bytes(bars.rows(order, bars.epoch(unit))[:: -1 if newest_first else 1])


# --- exchanges --------------------------------------------------------------------------------------------


def klines(bars: Bars, unit: str = "ms") -> list[list[Any]]:
    """The twelve columns of Binance; the close is the last unit of the bar."""
    last = {"ms": 10**6, "us": 10**3}[unit]
    ends = ((bars.close_time - last) // last).tolist()
    rows = bars.rows("ohlcv", bars.epoch(unit))
    return [[*row, end, 1.5, 100, 0.5, 0.7, 0] for row, end in zip(rows, ends, strict=True)]


def binance_csv(bars: Bars) -> bytes:
    return csv_lines(klines(bars)).encode()


def binance_csv_2025(bars: Bars) -> bytes:
    return zipped("UNIUSDT-1h-2025-01.csv", csv_lines(klines(bars, "us")))


def binance_csv_of_two_years(bars: Bars) -> bytes:
    half = len(bars.open_time) // 2
    return csv_lines([*klines(bars)[:half], *klines(bars, "us")[half:]]).encode()


def binance_archive(_: Bars) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for month in ("01", "02"):
            archive.writestr(zipfile.ZipInfo(f"UNIUSDT-1h-2023-{month}.csv"), "1,2\n")
    return buffer.getvalue()


def kraken_json(bars: Bars) -> bytes:
    rows = bars.rows("ohlcv", bars.epoch("s"))
    with_average = [[*row[:5], str((row[2] + row[3]) / 2), row[5], 12] for row in rows]
    return json_bytes({"error": [], "result": {"UNIUSD": with_average, "last": 1}})


def coinbase_advanced(bars: Bars) -> bytes:
    rows = [texts(row) for row in bars.rows("lhocv", bars.epoch("s"))[::-1]]
    return json_bytes({"candles": named_cells(["start", "low", "high", "open", "close", "volume"], rows)})


def bitstamp_json(bars: Bars) -> bytes:
    rows = [texts(row) for row in bars.rows("ohlcv", bars.epoch("s"))]
    cells = named_cells(["timestamp", *HEADER[1:]], rows)
    return json_bytes({"data": {"pair": "UNI/USD", "ohlc": cells}})


def bybit_json(bars: Bars) -> bytes:
    rows = [texts(row) for row in bars.rows("ohlcv", bars.epoch("ms"), extra=(99.5,))[::-1]]
    return json_bytes({"retCode": 0, "result": {"symbol": "UNIUSDT", "list": rows}})


def bybit_csv(bars: Bars) -> bytes:
    return packed(csv_lines(bars.rows("ohlcv", bars.text("%Y.%m.%d %H:%M"))))


def okx_json(bars: Bars) -> bytes:
    rows = [texts(row) for row in bars.rows("ohlcv", bars.epoch("ms"), extra=(9.5, 9.5, 1))[::-1]]
    return json_bytes({"code": "0", "msg": "", "data": rows})


def okx_unfinished(bars: Bars) -> bytes:
    rows = bars.rows("ohlcv", bars.epoch("ms"), extra=(9.5, 9.5, 1))
    rows[-1][-1] = 0
    return json_bytes({"code": "0", "data": [texts(row) for row in rows]})


def okx_csv(bars: Bars) -> bytes:
    rows = bars.rows("ohlcv", bars.epoch("ms"))
    return with_header(OKX_NAMES, [["UNI-USDT", *row[1:], 1.5, 1.5, row[0], 1] for row in rows])


def kucoin_json(bars: Bars) -> bytes:
    rows = [texts(row) for row in bars.rows("ochlv", bars.epoch("s"), extra=(99.5,))[::-1]]
    return json_bytes({"code": "200000", "data": rows})


# --- providers of data ------------------------------------------------------------------------------------


def cryptodatadownload(date: str = "%Y-%m-%d %H:%M:%S", *, unix: bool = True) -> Writer:
    def write(bars: Bars) -> bytes:
        frame = bars.frame.assign(Date=bars.text(date), Symbol="UNIUSDT", quote=1.5, Unix=bars.epoch("ms"))
        names = {name: name.title() for name in ("open", "high", "low", "close")}
        names |= {"volume": "Volume UNI", "quote": "Volume USDT"}
        order = [*(["Unix"] if unix else []), "Date", "Symbol", *names]
        table = csv(frame[order].rename(columns=names).iloc[::-1], index=False)
        return b"https://www.CryptoDataDownload.com\n" + table

    return write


def coinmarketcap(bars: Bars) -> bytes:
    ends = pd.DatetimeIndex(bars.close_time - 10**6, tz="UTC").strftime("%Y-%m-%dT%H:%M:%S.999Z")
    opens = bars.text("%Y-%m-%dT%H:%M:%S.000Z")
    first = pd.DataFrame({"timeOpen": opens, "timeClose": ends, "name": "7083"}, index=bars.index)
    frame = pd.concat([first, bars.frame.assign(marketCap=1.5, timestamp=ends)], axis=1)
    return csv(frame.iloc[::-1], index=False, sep=";", quoting=2)


def cryptocompare(bars: Bars) -> bytes:
    names = ["time", "open", "high", "low", "close", "volumefrom"]
    cells = named_cells(names, bars.rows("ohlcv", bars.epoch("s")), volumeto=7.5, conversionType="direct")
    return json_bytes({"Response": "Success", "Data": {"Aggregated": False, "Data": cells}})


def dukascopy_gmt(bars: Bars) -> bytes:
    names = ["Gmt time", *map(str.title, HEADER[1:])]
    return with_header(names, bars.rows("ohlcv", bars.text("%d.%m.%Y %H:%M:%S.000")))


def dukascopy_local(bars: Bars) -> bytes:
    names = ["Local time", *map(str.title, HEADER[1:])]
    local = bars.index.tz_convert("Europe/Zurich").strftime("%d.%m.%Y %H:%M:%S.000 GMT%z")
    return with_header(names, bars.rows("ohlcv", local.tolist()))


def metatrader5(zone: str = "Europe/Athens", *, real_volume: bool = False) -> Writer:
    def write(bars: Bars) -> bytes:
        local = bars.index.tz_convert(zone)
        frame = pd.DataFrame({"<DATE>": local.strftime("%Y.%m.%d"), "<TIME>": local.strftime("%H:%M:%S")})
        for column in ("open", "high", "low", "close"):
            frame[f"<{column.upper()}>"] = bars.frame[column].to_numpy()
        volume = bars.frame["volume"].to_numpy()
        frame["<TICKVOL>"] = 7 if real_volume else volume
        frame["<VOL>"] = volume if real_volume else 0
        return csv(frame.assign(**{"<SPREAD>": 2}), index=False, sep="\t")

    return write


def metatrader4(bars: Bars) -> bytes:
    return csv_lines(bars.rows("ohlcv", bars.text("%Y.%m.%d,%H:%M"))).encode()


def tradingview_unix(bars: Bars) -> bytes:
    return with_header([*HEADER[:5], "Volume"], bars.rows("ohlcv", bars.epoch("s")))


def tradingview_iso(bars: Bars) -> bytes:
    local = [time.isoformat() for time in bars.index.tz_convert("Europe/Berlin")]
    return with_header([*HEADER[:5], "Volume"], bars.rows("ohlcv", local))


def columns_of_lists(bars: Bars) -> bytes:
    columns = dict(zip("ohlcv", bars.values.T.tolist(), strict=True))
    return json_bytes({"s": "ok", "t": bars.epoch("s"), **columns})


def yfinance(*tickers: str, by_ticker: bool = False) -> Callable[[Bars], pd.DataFrame]:
    def frame(bars: Bars) -> pd.DataFrame:
        prices = bars.frame.rename(columns=str.capitalize)[["Close", "High", "Low", "Open", "Volume"]]
        wide = pd.concat(dict.fromkeys(tickers, prices), axis=1, names=["Ticker", "Price"])
        return (wide if by_ticker else wide.swaplevel(axis=1)).rename_axis("Datetime")

    return frame


def yahoo_with_nulls(bars: Bars) -> bytes:
    return csv(
        bars.frame[bars.frame["volume"] > 2_000].reindex(bars.index).rename_axis("Date"), na_rep="null"
    )


def gemini(bars: Bars) -> bytes:
    rows = bars.rows("ohlcv", bars.text("%m/%d/%Y %H:%M"))
    names = ["Unix Timestamp", "Date", "Symbol", "Open", "High", "Low", "Close", "Volume"]
    cells = [[epoch, row[0], "UNIUSD", *row[1:]] for epoch, row in zip(bars.epoch("ms"), rows, strict=True)]
    return with_header(names, cells)


def bitmex(bars: Bars) -> bytes:
    closes = pd.DatetimeIndex(bars.close_time, tz="UTC").strftime("%Y-%m-%dT%H:%M:%S.000Z").tolist()
    names = ["timestamp", *HEADER[1:]]
    more = {"symbol": "UNIUSD", "trades": 5, "homeNotional": 1.5, "foreignNotional": 7.5}
    return json_bytes(named_cells(names, bars.rows("ohlcv", closes), **more))


def coinmarketcap_json(bars: Bars) -> bytes:
    ends = pd.DatetimeIndex(bars.close_time - 10**6, tz="UTC").strftime("%Y-%m-%dT%H:%M:%S.999Z")
    cells = named_cells(HEADER[1:], [row[1:] for row in bars.rows("ohlcv", bars.epoch("s"))], timestamp="x")
    quotes = [
        {"time_open": opened, "time_close": closed, "quote": {"USD": cell}}
        for opened, closed, cell in zip(bars.text("%Y-%m-%dT%H:%M:%S.000Z"), ends, cells, strict=True)
    ]
    return json_bytes({"status": {"error_code": 0}, "data": {"id": 7083, "quotes": quotes}})


def tslab(bars: Bars) -> bytes:
    return csv_lines(bars.rows("ohlcv", bars.text("%m/%d/%Y;%H:%M"), extra=("",)), ";").encode()


def polygon_json(bars: Bars) -> bytes:
    cells = named_cells("tohlcv", bars.rows("ohlcv", bars.epoch("ms")), vw=6.2, n=5)
    return json_bytes({"ticker": "X:UNIUSD", "status": "OK", "results": cells})


def polygon_csv(bars: Bars) -> bytes:
    rows = bars.rows("vochl", bars.epoch("ns"))
    return packed(with_header(POLYGON_NAMES, [["X:UNIUSD", *row[1:], row[0], 5] for row in rows]))


def alpaca_json(bars: Bars) -> bytes:
    cells = named_cells("tohlcv", bars.rows("ohlcv", bars.text("%Y-%m-%dT%H:%M:%SZ")), vw=6.2, n=5)
    return json_bytes({"bars": {"UNI/USD": cells}, "next_page_token": None})


def alpaca_parquet(bars: Bars) -> bytes:
    index = pd.MultiIndex.from_product([["UNI/USD"], bars.index], names=["symbol", "timestamp"])
    return bars.frame.set_axis(index).assign(trade_count=5.0, vwap=6.2).to_parquet()
