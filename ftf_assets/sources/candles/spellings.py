"""How the writers of candle files name or order their columns: one table, a row a spelling.

``SPELLINGS`` is what is known about each writer. A file whose columns have names is matched by the names
that only this writer uses; the usual names of ``ROLES`` find the rest. A file without names is matched by the
number of its columns, and the order of its prices is then proved from their values
(:mod:`~ftf_assets.sources.candles.columns`). A row says nothing that its writer does not document.
"""

from __future__ import annotations

from dataclasses import dataclass

from ftf_assets.sources.candles.bar_table import Stamp
from ftf_assets.sources.plain_names import plain_name
from ftf_assets.sources.readers.options import DateOrder

#: Usual names of the columns, by what they hold: lower case, without punctuation. Where a table has several
#: names of one role, the first of this list counts; only values must not come twice.
ROLES: dict[str, tuple[str, ...]] = {
    "open_time": (
        *("opentime", "timeopen", "opentimestamp", "timestampopen", "opentimems", "starttime", "startat"),
        *("start", "windowstart", "periodstart", "timeperiodstart", "candlebegintime", "klineopentime"),
    ),
    "close_time": (
        *("closetime", "timeclose", "closetimestamp", "timestampclose", "closetimems", "endtime"),
        *("windowend", "periodend", "timeperiodend", "candleendtime", "klineclosetime"),
    ),
    "time": (
        *("timestamp", "datetime", "date", "time", "unix", "epoch", "ts", "t", "unixtime", "unixtimestamp"),
        *("timestampms", "timestamps", "timestamputc", "datetimeutc", "dateutc", "timeutc", "mts"),
        *("gmttime", "localtime"),
    ),
    "open": ("open", "o", "openprice", "priceopen", "quoteusdopen"),
    "high": ("high", "h", "highprice", "pricehigh", "quoteusdhigh"),
    "low": ("low", "l", "lowprice", "pricelow", "quoteusdlow"),
    "close": ("close", "c", "closeprice", "priceclose", "quoteusdclose"),
    "volume": ("volume", "vol", "v", "volumebase", "basevolume", "quoteusdvolume"),
    "symbol": ("symbol", "ticker", "tic", "pair", "instrument", "instrumentname", "instid"),
    "confirm": ("confirm",),
}

#: Names that count only where a table has no other time: many columns are called so that hold something else.
WEAK_NAMES = {"open_time": ("opendate", "dateopen", "begin"), "close_time": ("closedate", "dateclose", "end")}

#: Names of a column that holds the zone of each row's time.
ZONE_NAMES = ("timezone", "tz", "zone", "timezonename")

#: Names that an index gets where it has none: its column counts only where no other one holds times.
UNNAMED = ("", "unnamed0", "index", "level0", "level1")


@dataclass(frozen=True)
class Spelling:
    """The columns of one writer.

    Attributes
    ----------
    writer
        Who writes such files.
    names
        Names that only this writer uses, as in the file but for their case; empty where files have no names.
    order
        What the columns of a file without names hold, from left to right, by role; ``-`` is not read.
    times
        Names of its single time: one column, or date and time of day.
    stamp
        Whether that time is the open or the close of a bar; None where the writer does not say.
    volume
        Names of the volume, best first, where it is not one of the usual ones; ``BASE`` stands for the base
        asset of the crypto. A column that is zero throughout is passed over.
    zone
        ``UTC`` for a writer of UTC times; ``stated`` where only the user can know the zone; None takes
        ``data.zone``.
    date_order
        Order of day and month that this writer always uses.
    note
        What people should know about this writer's data.
    """

    writer: str
    names: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    stamp: Stamp | None = None
    volume: tuple[str, ...] = ()
    zone: str | None = None
    date_order: DateOrder = "auto"
    note: str = ""


def _named(writer: str, names: str, **known: object) -> Spelling:
    return Spelling(writer, names=tuple(names.split(",")), **known)  # type: ignore[arg-type]


def _ordered(writer: str, order: str, **known: object) -> Spelling:
    return Spelling(writer, order=tuple(order.split()), **known)  # type: ignore[arg-type]


_DOLLARS = "the volume is in dollars, over all exchanges"

#: Every known spelling. Of those whose names a file has, the first counts.
SPELLINGS: tuple[Spelling, ...] = (
    # The day's bar closes at 23:59:59.999: both times are in the file, and `timestamp` repeats the close.
    _named("CoinMarketCap", "timeOpen,timeClose,marketCap", note=_DOLLARS),
    _named("CoinMarketCap", "time_open,time_close,quote.USD.open", note=_DOLLARS),
    # Historical download of OKX; `confirm` is 0 for a bar that is still open.
    _named("OKX", "open_time,confirm"),
    # Klines with names: futures of Binance Vision and most clients of the API. close_time is the last
    # millisecond (since 2025 the last microsecond) of the bar.
    _named("Binance", "open_time,close_time"),
    # An address in the first line, newest first, two volumes named by their currency.
    _named("CryptoDataDownload", "unix,date,symbol", times=("unix",), volume=("Volume BASE",)),
    _named("CryptoDataDownload", "date,symbol,Volume BASE", times=("date",), volume=("Volume BASE",)),
    # min-api: `time` begins the period; volumefrom counts base units, volumeto quote units.
    _named("CryptoCompare", "volumefrom,volumeto", stamp="open", volume=("volumefrom",)),
    # Historical data feed: 01.02.2024 is 1 February, the header says GMT, bars begin at their time.
    _named("Dukascopy", "Gmt time", times=("Gmt time",), stamp="open", zone="UTC", date_order="day_first"),
    # JForex in local time writes its offset into every cell: 01.02.2024 00:00:00.000 GMT+0100.
    _named("Dukascopy", "Local time", times=("Local time",), stamp="open", date_order="day_first"),
    # Times are those of the broker's server, whose zone no file states. <VOL> is 0 where the broker has no
    # exchange volume; <TICKVOL> then counts price changes. Bars begin at their time (MqlRates: period start).
    _named(
        "MetaTrader 5",
        "<DATE>,<TIME>,<TICKVOL>",
        times=("<DATE>", "<TIME>"),
        stamp="open",
        volume=("<VOL>", "<TICKVOL>"),
        zone="stated",
    ),
    _named(
        "MetaTrader 5, daily",
        "<DATE>,<TICKVOL>",
        times=("<DATE>",),
        stamp="open",
        volume=("<VOL>", "<TICKVOL>"),
        zone="stated",
    ),
    _named("MetaTrader or Finam", "<DATE>,<TIME>", times=("<DATE>", "<TIME>"), zone="stated"),
    # trade/bucketed: the timestamp is that of the close, unlike everywhere else.
    _named("BitMEX", "timestamp,homeNotional,foreignNotional", times=("timestamp",), stamp="close"),
    # Flat files: window_start in nanoseconds.
    _named("Polygon", "window_start,transactions"),
    # Aggregates of both interfaces: t begins the window (Polygon in ms, Alpaca as RFC 3339).
    _named("Polygon or Alpaca", "t,o,h,l,c,v,vw,n", times=("t",), stamp="open"),
    # alpaca-py frames: index (symbol, timestamp); a bar is named by its left edge.
    _named("Alpaca", "timestamp,trade_count,vwap", times=("timestamp",), stamp="open"),
    # Advanced Trade interface: newest first; `start` begins the bar.
    _named("Coinbase", "start,low,high,open,close,volume"),
    # --- without names: the number of columns, then proof from the values ----------------------------------
    # Spot klines of Binance Vision have no header; milliseconds until 2024, microseconds since 2025.
    _ordered("Binance klines", "open_time open high low close volume close_time - - - - -"),
    # The order of ccxt and freqtrade's JSON, and of many scripts: nothing proves the writer, so nothing is
    # known of the time.
    _ordered("OHLCV, such as ccxt or freqtrade", "time open high low close volume"),
    # Exchange interface, newest first: [time, low, high, open, close, volume], time begins the bucket.
    _ordered("Coinbase", "time low high open close volume", stamp="open"),
    # Interface v2, newest first: [MTS, OPEN, CLOSE, HIGH, LOW, VOLUME].
    _ordered("Bitfinex", "time open close high low volume", stamp="open"),
    # OHLCVT download of Kraken (seconds, number of trades) and Bybit v5 (newest first, turnover).
    _ordered("OHLCV and one more, such as Kraken or Bybit", "time open high low close volume -"),
    # KuCoin: [time, open, close, high, low, volume, turnover], newest first.
    _ordered("KuCoin", "time open close high low volume -", stamp="open"),
    # History centre of MetaTrader 4: 2024.01.01,00:00,…; the zone is that of the broker's server.
    _ordered("MetaTrader 4", "date clock open high low close volume", stamp="open", zone="stated"),
    # Kraken's interface: [time, open, high, low, close, vwap, volume, count].
    _ordered("Kraken", "time open high low close vwap volume -", stamp="open"),
    _ordered("OHLCV and two more", "time open high low close volume - -"),
    # OKX v5, newest first: [ts, o, h, l, c, vol, volCcy, volCcyQuote, confirm]; ts is the opening time.
    _ordered("OKX", "time open high low close volume - - confirm", stamp="open"),
)

USUAL = Spelling("usual names")


def names_utc(name: str) -> bool:
    """Whether the name of a time column says that its times are UTC.

    >>> names_utc("timestamp_utc"), names_utc("Date (UTC)"), names_utc("date")
    (True, True, False)
    """
    return plain_name(name).startswith(("utc", "gmt")) or plain_name(name).endswith(("utc", "gmt"))


def named_spelling(names: list[str], base: str) -> Spelling:
    """Return the first spelling all of whose names the file has, ``USUAL`` for none.

    ``base`` is the base asset that ``BASE`` stands for.
    """
    there = {name.lower() for name in names}
    for spelling in SPELLINGS:
        if spelling.names and {with_base(name, base) for name in spelling.names} <= there:
            return spelling
    return USUAL


def with_base(name: str, base: str) -> str:
    """Return the name of a spelling in lower case, with the base asset in it."""
    return name.replace("BASE", base).lower()
