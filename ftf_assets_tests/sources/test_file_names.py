"""What file names say, in the spellings of the tools that write them."""

from __future__ import annotations

import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.sources.file_names import read_file_name
from ftf_assets.sources.timeframes import (
    DAY,
    HOUR,
    MINUTE,
    WEEK,
    parse_timeframe,
    timeframe_text,
    timeframes_of,
)

#: Name, base asset, and what it says: quote currency, timeframes, periods.
NAMES = [
    ("BTC_USDT-1h.feather", "BTC", "USDT", (HOUR,), ()),
    ("Binance_UNIUSDT_1h.csv", "UNI", "USDT", (HOUR,), ()),
    ("Binance_UNIUSDT_d.csv", "UNI", "USDT", (DAY,), ()),
    ("Gemini_UNIUSD_2023_1min.csv", "UNI", "USD", (MINUTE,), ("2023",)),
    ("UNIUSDT-1h-2024-01.csv", "UNI", "USDT", (HOUR,), ("2024-01",)),
    ("UNIUSDT-1h-2024-01-15.csv", "UNI", "USDT", (HOUR,), ("2024-01-15",)),
    ("spot/daily/klines/UNIUSDT/1h/UNIUSDT-1h-2024-01-15.csv", "UNI", "USDT", (HOUR,), ("2024-01-15",)),
    ("UNIUSDT/1h/2024-01.csv", "UNI", "USDT", (HOUR,), ("2024-01",)),
    ("UNIUSDT/1h/2024/01.csv", "UNI", "USDT", (HOUR,), ("2024-01",)),
    ("UNIUSDT/1h/candles.csv", "UNI", "USDT", (HOUR,), ()),
    ("2024/UNIUSDT.csv", "UNI", "USDT", (), ("2024",)),
    ("coin_UNI.csv", "UNI", "", (), ()),
    ("UNI_historical.csv", "UNI", "", (), ()),
    ("UNIUSD_60.csv", "UNI", "USD", (HOUR, MINUTE), ()),
    ("XBTUSD_1440.csv", "BTC", "USD", (DAY,), ()),
    ("UNIXBT.csv", "UNI", "BTC", (), ()),
    ("UNI-USD_3600.csv", "UNI", "USD", (HOUR,), ()),
    ("BINANCE_UNIUSDT, 60.csv", "UNI", "USDT", (HOUR, MINUTE), ()),
    ("COINBASE_UNIUSD, 1D (2).csv", "UNI", "USD", (DAY,), ()),
    ("UNIUSD60.csv", "UNI", "USD", (HOUR, MINUTE), ()),
    ("UNIUSDH1.csv", "UNI", "USD", (HOUR,), ()),
    ("UNIUSD_H4_202301010000_202312312000.csv", "UNI", "USD", (4 * HOUR,), ("202301010000", "202312312000")),
    (
        "UNIUSD_Candlestick_1_Hour_BID_01.01.2023-31.12.2023.csv",
        "UNI", "USD", (HOUR,), ("01.01.2023", "31.12.2023"),
    ),
    ("tUNIUSD_1h.csv", "UNI", "USD", (HOUR,), ()),
    ("UNI7083-USD.csv", "UNI", "USD", (), ()),
    ("USDT_UNI-1h.csv", "UNI", "USDT", (HOUR,), ()),
    ("Poloniex_BTC_UNI_1h.csv", "UNI", "BTC", (HOUR,), ()),
    ("W_USDT-1h.feather", "W", "USDT", (HOUR,), ()),
    ("Binance_WUSDT_d.csv", "W", "USDT", (DAY,), ()),
    ("Kraken_OHLCVT_Q1_2024/UNIUSD_60.csv", "UNI", "USD", (HOUR, MINUTE), ("Q1_2024",)),
    ("uniusdt_1h.parquet", "UNI", "USDT", (HOUR,), ()),
    ("yahoo_UNI_daily_clean.csv", "UNI", "", (DAY,), ()),
    *((f"UNI_{word}.csv", "UNI", "", (), ()) for word in ("test", "features", "dedup", "split")),
    ("UNI_3fa9c1.csv", "UNI", "", (), ()),
    ("UNI_facade_v2.csv", "UNI", "", (), ()),
    ("UNI_candlestick.csv", "UNI", "", (), ()),
    ("mydata/UNI/1h/2024-01.csv", "UNI", "", (HOUR,), ("2024-01",)),
    ("myexchange_UNI_USDT.csv", "UNI", "USDT", (), ()),
    ("UNIUSDT_1h_240115.csv", "UNI", "USDT", (HOUR,), ()),
    ("UNIUSDT_240101_240630.csv", "UNI", "USDT", (), ()),
    ("UNI-INR.csv", "UNI", "INR", (), ()),
    ("KRW/UNI.csv", "UNI", "KRW", (), ()),
    ("binance/USDT/UNI_1h.csv", "UNI", "USDT", (HOUR,), ()),
    ("ETH/ETH.csv", "ETH", "", (), ()),
    ("BTC/UNI_USDT.csv", "UNI", "USDT", (), ()),
    ("UNIPLN_1h.csv", "UNI", "PLN", (HOUR,), ()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "base", "quote", "timeframes", "periods"), NAMES, ids=[one[0] for one in NAMES]
)
def test_a_name_says_pair_timeframe_and_period(name, base, quote, timeframes, periods):
    read = read_file_name(name)
    assert (read.quote_of(base), read.timeframes, read.periods) == (quote, timeframes, periods)
    assert read.other_instrument is None
    assert read.quote_of("LOOP") is None


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("UNI-USDT-SWAP.csv", "SWAP"),
        ("UNI_USDT_USDT-1h-futures.feather", "FUTURES"),
        ("futures/um/monthly/klines/UNIUSDT/1h/UNIUSDT-1h-2024-01.csv", "FUTURES"),
        ("BYBIT_UNIUSDT.P, 60.csv", "P"),
        ("UNIUSDTPERP_1h.csv", "UNIUSDTPERP"),
        ("UNI_USDT_USDT-1h-mark.feather", "MARK"),
        ("markPriceKlines/UNIUSDT-1h-2024-01.csv", "MARKPRICEKLINES"),
        ("UNIUSDT-premiumIndex-1h.csv", "PREMIUMINDEX"),
        ("UNIUSDT_240329-1h.csv", "240329"),
        ("UNI-USDT-240329_1H.csv", "240329"),
        ("UNI-29MAR24-USDT.csv", "29MAR24"),
        ("um/UNIUSDT-1h.csv", "UM"),
        ("cm/UNIUSD-1h.csv", "CM"),
        ("coin-m/UNIUSD-1h.csv", "COIN-M"),
        ("UNIUSDT_fut.csv", "FUT"),
        ("UNIUSDT_DELIVERY.csv", "DELIVERY"),
        ("UNI_USDT_USDT-1h.feather", "USDT_USDT"),
        ("binanceusdm/UNIUSDT-1h.csv", "BINANCEUSDM"),
    ],
)
def test_perpetuals_futures_and_indexes_are_told_from_the_spot_pair(name, word):
    assert read_file_name(name).other_instrument == word


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("LOOPUSDT.csv", "OP"),
        ("UNIUP_USDT-1h.feather", "UNI"),
        ("1000UNIUSDT.csv", "UNI"),
        ("UNI_ETH-1h.feather", "ETH"),
        ("UNIETH.csv", "ETH"),
        ("UNIUSDT/BTCUSDT-1h.csv", "UNI"),
        ("UNIJPX.csv", "UNI"),
        ("ETH_BTC-1h.csv", "BTC"),
        ("UNI_LDO_USDT-1h.csv", "UNI"),
        ("WUNI_UNI-1h.csv", "UNI"),
    ],
)
def test_another_pair_is_not_taken_for_the_crypto(name, base):
    assert read_file_name(name).quote_of(base) is None


@pytest.mark.parametrize("quote", ["TRX", "DOGE", "XRP", "UST", "LDO", "USD1", "SHIB"])
@pytest.mark.parametrize(
    "form", ["UNI_{}-1h.csv", "UNI-{}.csv", "uni.{}.csv", "UNI/{}/1h.csv", "coin_UNI_raw_{}.csv"]
)
def test_a_word_beside_the_base_that_may_be_a_currency_is_its_quote(form, quote):
    assert read_file_name(form.format(quote)).quote_of("UNI") == quote


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("UNIUSDT-1h-2023-12.csv", "UNIUSDT-1h-2024-01.csv", True),
        ("monthly/UNIUSDT/UNIUSDT-1h-2023-12.csv", "daily/UNIUSDT/UNIUSDT-1h-2024-01-15.csv", True),
        ("2023/UNIUSDT.csv", "2024/UNIUSDT.csv", True),
        ("UNIUSDT/1h/2023/12.csv", "UNIUSDT/1h/2024/01.csv", True),
        ("Binance_UNIUSDT_2023_1h.csv", "Binance_UNIUSDT_1h.csv", True),
        ("Kraken_OHLCVT/UNIUSD_60.csv", "Kraken_OHLCVT_Q1_2024/UNIUSD_60.csv", True),
        ("UNIUSDT-1h-2023-12.csv", "UNIUSDT-4h-2024-01.csv", False),
        ("Binance_UNIUSDT_1h.csv", "Bitstamp_UNIUSDT_1h.csv", False),
        ("spot/UNIUSDT-1h-2023-12.csv", "other/UNIUSDT-1h-2024-01.csv", False),
    ],
)
def test_parts_of_one_history_differ_in_their_period_only(first, second, same):
    assert (read_file_name(first).history == read_file_name(second).history) == same


@pytest.mark.parametrize(
    "word", ["1h", "1H", "60m", "60min", "H1", "h1", "1hour", "1hr", "3600", "3600s", "hourly", "h"]
)
def test_an_hour_has_many_spellings(word):
    assert timeframes_of(word) == (HOUR,)


def test_other_spellings_of_timeframes():
    assert [timeframes_of(word) for word in ("D", "1d", "daily", "86400", "1440")] == [(DAY,)] * 5
    assert [timeframes_of(word) for word in ("15m", "M15", "15T", "15", "900")] == [(15 * MINUTE,)] * 5
    assert timeframes_of("W1") == timeframes_of("1w") == (WEEK,)
    assert timeframes_of("60") == (HOUR, MINUTE), "minutes of Kraken, seconds of Coinbase"
    assert timeframes_of("1M") == timeframes_of("MN1") == timeframes_of("1mo") == (0,), "no fixed length"
    for word in ("UNIUSDT", "2024", "01", "spot", "1x", "0", "h24h", "99999999"):
        assert timeframes_of(word) == ()


def test_a_stated_bar_length_has_a_unit():
    lengths = [parse_timeframe(text, setting="data.bar") for text in ("60m", " 1D", "H4", "30s")]
    assert [timeframe_text(length) for length in lengths] == ["1h", "1d", "4h", "30s"]
    for text in ("60", "1M", "fast", "", "-1h"):
        with pytest.raises(InputError, match=r"column 'data.bar': a bar length is a number and its unit"):
            parse_timeframe(text, setting="data.bar")
