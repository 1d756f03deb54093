"""Words of file names that are no base asset and no quote currency, and which words could be one."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from ftf_assets.sources.symbols import OTHER_NAMES, QUOTES
from ftf_assets.sources.timeframes import timeframes_of


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words that name another instrument than the spot pair: its prices are not those of the pair.
OTHER_INSTRUMENTS = _words("""
    SWAP SWAPS PERP PERPS PERPETUAL FUTURES FUTURE FUT FUTS QUARTERLY QUARTER BIQUARTERLY NEXTQUARTER
    CURRENTQUARTER DELIVERY CONTRACT LINEAR INVERSE COINM USDM USDSM UM CM FAPI DAPI UMCBL DMCBL CMCBL
    MARK MARKPRICE MARKPRICEKLINES INDEX INDEXPRICE INDEXPRICEKLINES PREMIUM PREMIUMINDEX PREMIUMINDEXKLINES
    FUNDING FUNDINGRATE OPTION OPTIONS
""")  # fmt: skip
#: How such words end where they are written together with others.
_ENDINGS = ("PERP", "FUTURES", "USDM", "COINM")
#: Words that may stand before a symbol, or in a file's own name when a folder names the pair.
NEUTRAL = _words("""
    BINANCE BINANCEUS COINBASE KRAKEN BITSTAMP BITFINEX BYBIT OKX GEMINI KUCOIN GATEIO GATE HUOBI HTX MEXC
    BITGET POLONIEX COIN COINS CRYPTO SPOT CANDLES CANDLE KLINES KLINE OHLCV OHLCVT OHLC DATA HISTORICAL
    HISTORY PRICES PRICE BARS
""")  # fmt: skip
#: Words of names that say what a file holds and not of which pair.
GENERAL = _words("FEATURES FEATURE CACHE LABELS DATASET TRAIN RESULTS ROWS FINETUNE ALL")
#: Further words beside a symbol that are no currency: kinds of data, states of a file, sources, months.
_PLAIN = NEUTRAL | GENERAL | _words("""
    RAW CLEAN FULL FINAL NEW OLD TEST VALID VAL EVAL DEV PROD LIVE MERGED JOINED SAMPLE SMALL BIG LONG SHORT
    BID ASK MID UTC GMT CSV TSV TXT JSON PQ ARROW ZIP GZ FILE FILES HIST DUMP EXPORT OUTPUT OUT INPUT BACKUP
    COPY TRADES TRADE TICK TICKS AGG MARKET CHART SERIES TABLE TIME LAST FIRST LATEST RECENT FROM TO UNTIL
    SINCE START END PART PARTS YEAR YEARS MONTH MONTHS DAY DAYS WEEK WEEKS HOUR HOURS MINUTE ADJ FEAT FEATS
    LABEL VER MY MINE THE AND OF IN FOR WITH VS BY TOKEN TOKENS SYMBOL PAIR PAIRS ASSET CLOSE OPEN VOLUME VWAP
    ORIG TEMP TMP FIXED FILLED STOCK FX FOREX QUOTE QUOTES NOTES INFO RESULT ML USE SET SETS STORE DB SQL
    YAHOO YF CCXT ALPACA TIINGO CDD VISION STOOQ KAGGLE CMC MT OKEX OKCOIN BITMEX UPBIT BITSO LBANK FTX LUNO
    GDAX CEX CEXIO EXMO COINEX PHEMEX HITBTC WAZIRX PROBIT XT API REST WS SPBL
    SPLIT SPLITS FOLD FOLDS MODEL SORTED UNIQUE DEDUP NODUP GAP GAPS FILL DEMO DUMMY MOCK SYNTH RANDOM TAIL
    HEAD UPDATE APPEND JOIN MERGE CONCAT COMB CHUNK BATCH TODAY NOW GOOD BAD BEST OK NA DIRTY CHECK DONE WIP
    DRAFT REV EXTRA MORE BASIC SIMPLE PLAIN MAIN USER RUN RUNS EXP LAB NORM SCALED LOG LOGS RET RETS RETURN
    SIGNAL TA TALIB EU US EN DE INTL GLOBAL MARGIN GLASS KAIKO TARDIS BITRUE TARGET SUBSET SERVER LOCAL CLOUD
    HOME WEB PANDAS POLARS PYTHON STAGE BRONZE SILVER READY PREP LOADER CACHED DUMPS ID IDS NO NUM V
    JAN FEB MAR APR JUN JUL AUG SEP SEPT OCT NOV DEC MAY JUNE JULY
""")  # fmt: skip

_MAY_BE_SYMBOL = re.compile(r"[A-Z]{2,6}|USD[A-Z0-9]{1,3}")
_HEX = re.compile(r"[A-F]{6}")
_MONTH = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
#: Expiry as exchanges write it: 240329 or 29MAR24.
_SHORT_DATE = re.compile(r"[2-9]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_MONTH_DATE = re.compile(rf"\d{{1,2}}(?:{_MONTH})\d{{2}}", re.IGNORECASE)


def known_quote(word: str) -> str:
    """Return the quote currency that a word is, in its usual spelling; "" for none."""
    quote = OTHER_NAMES.get(word, word)
    return quote if quote in QUOTES else ""


def may_be_symbol(word: str) -> bool:
    """Whether a word beside a base asset may be another asset or a currency.

    >>> [may_be_symbol(word) for word in ("TRX", "USD1", "CLEAN", "3FA9C1", "V2", "60M", "CANDLESTICK")]
    [True, True, False, False, False, False, False]
    """
    if word in _PLAIN or _HEX.fullmatch(word) or timeframes_of(word):
        return False
    return _MAY_BE_SYMBOL.fullmatch(word) is not None


def other_instrument(words: Sequence[str]) -> str | None:
    """Return the word that names another instrument than the spot pair; None for a spot pair."""
    for word in words:
        if word in OTHER_INSTRUMENTS or word.endswith(_ENDINGS):
            return word
    for before, word in itertools.pairwise(words):
        if word == "P" and ends_in_quote(before):
            return word  # TradingView writes UNIUSDT.P for a perpetual
        if word == "M" and before in ("COIN", "USD", "USDS", "USDT"):
            return f"{before}-M"  # COIN-M and USDT-M are futures
        if word == before and known_quote(word):
            return f"{before}_{word}"  # a pair and what it is settled in: UNI_USDT_USDT
    return None


def expiry(words: Sequence[str]) -> str:
    """Return the date right behind the symbol at which a future ends; "" for none.

    Parameters
    ----------
    words
        Words of a file's own name, timeframe included: a date behind it is a period, not an expiry.

    Examples
    --------
    >>> expiry(["BTCUSDT", "240329", "1h"]), expiry(["BTC", "29MAR24", "USDT"])
    ('240329', '29MAR24')
    >>> expiry(["BTCUSDT", "1h", "240329"])
    ''
    """
    for before, word, after in zip(words, words[1:], [*words[2:], ""], strict=False):
        if _MONTH_DATE.fullmatch(word) and not timeframes_of(before):
            return word.upper()
        is_range = _SHORT_DATE.fullmatch(after)
        if _SHORT_DATE.fullmatch(word) and not is_range and ends_in_quote(before.upper()):
            return word
    return ""


def ends_in_quote(word: str) -> bool:
    """Whether a word is a quote currency or ends with one."""
    return any(word.endswith(quote) for quote in QUOTES)
