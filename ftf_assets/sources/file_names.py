"""What the name of a data file says: pair, timeframe, period, and whether it is another instrument.

Tools write the same facts in many ways: ``BTC_USDT-1h.feather`` (freqtrade), ``UNIUSDT-1h-2024-01.csv``
(Binance Vision), ``Binance_UNIUSDT_1h.csv`` (CryptoDataDownload), ``UNIUSD_60.csv`` (Kraken),
``BINANCE_UNIUSDT, 60.csv`` (TradingView), ``UNI7083-USD.csv`` (yfinance), ``coin_UNI.csv``. A name is cut
into words here; which word is a crypto's base asset is asked with :meth:`FileName.quote_of`.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

from ftf_assets.sources.name_words import (
    GENERAL,
    NEUTRAL,
    expiry,
    known_quote,
    may_be_symbol,
    other_instrument,
)
from ftf_assets.sources.symbols import DOLLAR_QUOTES, OTHER_NAMES, QUOTES, split_symbol
from ftf_assets.sources.timeframes import timeframes_of

_DATE = re.compile(
    r"""(?<![0-9])(?:
        (?:20\d\d)([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])   # 2024-01-15, 20240115
            (?:T?\d\d[-:.]?\d\d(?:[-:.]?\d\d)?Z?)?                     # and the time of the day
      | (?:0?[1-9]|[12]\d|3[01])[-_.](?:0?[1-9]|[12]\d|3[01])[-_.]20\d\d   # 15.01.2024, 1.15.2024
      | 20\d\d[-_.]?(?:0[1-9]|1[0-2])                                  # 2024-01, 202401
      | 20\d\d[-_]?[Qq][1-4]                                           # 2024-Q1
      | [Qq][1-4][-_]?20\d\d                                           # Q1_2024
      | 1[0-9]{9}(?:[0-9]{3})?                                         # epoch seconds or milliseconds
      | 20\d\d                                                         # 2024
    )(?![0-9])""",
    re.VERBOSE,
)
#: Words of folders that sort files by their period.
_PERIOD_FOLDERS = ("monthly", "daily", "yearly")


@dataclass(frozen=True)
class FileName:
    """What a file's name and its folders below the data folder say.

    Attributes
    ----------
    path
        Path below the data folder, with ``/``.
    words
        Words of the file's own name, upper case, without timeframe, period and copy marks.
    folder_words
        Words of its folders, likewise.
    timeframes
        Bar lengths in nanoseconds that it may mean; empty where it states none. A bare 60 may be minutes or
        seconds.
    periods
        Dates in it, such as ``2024-01``; empty where it states none.
    history
        What is left without the period: equal for files that are parts of one history.
    expiry
        Date at which a future ends, such as ``240329`` in ``BTCUSDT_240329``; "" for none.
    """

    path: str
    words: tuple[str, ...]
    folder_words: tuple[str, ...]
    timeframes: tuple[int, ...]
    periods: tuple[str, ...]
    history: str
    expiry: str = ""

    @property
    def other_instrument(self) -> str | None:
        """The word that names another instrument than the spot pair; None for a spot pair."""
        return self.expiry or other_instrument(self.folder_words) or other_instrument(self.words)

    @property
    def pair(self) -> tuple[str, str] | None:
        """Base asset and quote currency, the quote "" where none is stated; None where the name says no pair.

        A word beside the base that may be a currency is taken for the quote, such as TRX in ``UNI_TRX.csv``.

        Examples
        --------
        >>> names = ("AAVE_USDT-1h.feather", "Binance_UNIUSDT_1h.csv", "coin_UNI.csv", "USDT_AAVE.csv")
        >>> [read_file_name(name).pair for name in names]
        [('AAVE', 'USDT'), ('UNI', 'USDT'), ('UNI', ''), ('AAVE', 'USDT')]
        >>> read_file_name("features.parquet").pair is None, read_file_name("UNI/USDT/1h.csv").pair
        (True, ('UNI', 'USDT'))
        """
        own, folders = (
            tuple(word for word in words if word not in NEUTRAL | GENERAL)
            for words in (self.words, self.folder_words)
        )
        pair = _pair_in(own or folders)
        return (pair[0], pair[1] or _quote_of_folder(own, folders, pair[0])) if pair else None

    def quote_of(self, base: str) -> str | None:
        """Return the quote that the name states for a base asset; "" for none, None if it is another pair.

        A word beside the base that may be a currency is taken for the quote, known or not. The file's own
        name counts. Its folders count only where its own name has no symbol at all, such as
        ``UNIUSDT/1h/2024-01.csv``.

        Examples
        --------
        >>> quotes = [
        ...     ("AAVE", "AAVE_USDT-1h.feather"), ("AAVE", "aaveusdt_1h.parquet"), ("AAVE", "coin_AAVE.csv"),
        ...     ("AAVE", "USDT_AAVE.csv"), ("BTC", "XBTUSD_60.csv"), ("UNI", "UNI7083-USD.csv"),
        ...     ("UNI", "UNI/USDT/1h.csv"),
        ... ]
        >>> [read_file_name(path).quote_of(base) for base, path in quotes]
        ['USDT', 'USDT', '', 'USDT', 'USD', 'USD', 'USDT']
        >>> read_file_name("UNI_ETH-1h.feather").quote_of("ETH") is None
        True
        """
        names, upper = (base, *_other_names(base)), self.path.upper()
        if not any(name in upper for name in names):  # most files of a folder: they are asked n times n
            return None
        own, folders = (
            tuple(word for word in words if word not in NEUTRAL or word == base)
            for words in (self.words, self.folder_words)
        )
        quote = _quote_in(own or folders, base, is_own=bool(own))
        return _quote_of_folder(own, folders, base) if quote == "" else quote


@lru_cache(maxsize=20_000)  # a plan looks through a folder many times
def read_file_name(path: str, suffix: str = "") -> FileName:
    """Cut the name of a file into what it says.

    Parameters
    ----------
    path
        Path of the file below the data folder, with ``/``.
    suffix
        Suffix of its format, such as ``.csv.gz``; "" takes what follows the last dot.

    Examples
    --------
    >>> name = read_file_name("spot/monthly/klines/UNIUSDT/1h/UNIUSDT-1h-2024-01.zip")
    >>> name.words, name.periods, name.timeframes == (3_600_000_000_000,)
    (('UNIUSDT',), ('2024-01',), True)
    >>> read_file_name("spot/daily/klines/UNIUSDT/1h/UNIUSDT-1h-2024-02-03.csv").history == name.history
    True
    >>> read_file_name("okx/UNI-USDT-SWAP_1H.csv").other_instrument
    'SWAP'
    """
    parts = PurePosixPath(path)
    stem = parts.name[: -len(suffix)] if suffix else parts.stem
    stem = re.sub(r"\s*\(\d+\)$", "", stem)  # the mark of a second download
    periods = _periods(stem)
    words = _words(_DATE.sub(" ", stem))
    symbol_words, timeframes = _without_timeframe(words)
    folders = [one for one in parts.parts[:-1] if one.lower() not in _PERIOD_FOLDERS]
    dated = tuple(period for folder in folders for period in _periods(folder))
    if stem.isdecimal() and parts.parent.name.isdecimal():  # the month or day below a year
        symbol_words, timeframes, periods = (), (), (f"{parts.parent.name}-{stem}",)
        words = []
    folder_words: list[str] = []
    places: list[str] = []
    for folder in folders:
        if re.fullmatch(r"[\d\-_.]+", folder):  # a year, a month or a day
            continue
        of_folder = _words(_DATE.sub(" ", folder))
        places += ["-".join(of_folder)] if of_folder else []
        rest, stated = _without_timeframe(of_folder, bare=False)
        folder_words += rest
        timeframes = timeframes or stated
    return FileName(
        path=path,
        words=symbol_words,
        folder_words=tuple(folder_words),
        timeframes=timeframes,
        periods=periods or dated,
        history="/".join([*places, "-".join(words)]).upper(),
        expiry=expiry(words),
    )


def _periods(text: str) -> tuple[str, ...]:
    return tuple(match.group() for match in _DATE.finditer(text))


def _words(text: str) -> list[str]:
    words = [word for word in re.split(r"[^A-Za-z0-9]+", text) if word]
    cut: list[str] = []
    for written in words:
        # Bitfinex writes a small t before the symbol of a trading pair: tUNIUSD.
        word = written[1:] if re.fullmatch(r"t[A-Z0-9]{5,}", written) else written
        # MetaTrader writes the timeframe right after the symbol: EURUSD60, EURUSDH1.
        glued = re.fullmatch(rf"(\w+?(?:{'|'.join(QUOTES)}))([1-9]\d{{0,4}}|[MHDW]\d{{1,2}}|MN1)", word, re.I)
        cut += [glued[1], glued[2]] if glued and timeframes_of(glued[2]) else [word]
    return cut


def _without_timeframe(words: list[str], *, bare: bool = True) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the words, upper case, without those of the timeframe, and that timeframe.

    A number with its unit counts first. A bare number or unit (60, D) counts only behind a symbol, and in the
    names of folders not at all: it may be a symbol itself.
    """
    for lone in (False, True) if bare else (False,):
        for place, word in enumerate(words):
            following = words[place + 1] if place + 1 < len(words) else ""
            two = word.isdecimal() and following.isalpha()  # "1_Hour" is one timeframe in two words
            for text, taken in ((word + following, 2),) * two + ((word, 1),):
                found = timeframes_of(text)
                is_lone = text.isalpha() or text.isdecimal()
                if found and is_lone == lone and not (lone and place == 0 and len(words) > 1):
                    rest = words[:place] + words[place + taken :]
                    return tuple(one.upper() for one in rest), found
    return tuple(word.upper() for word in words), ()


def symbol_quote(symbol: str, base: str) -> str | None:
    """Return the quote of a symbol that rows are marked with; "" for none, None if it is of another pair.

    Perpetuals and futures count as other pairs: their prices are not those of the spot pair.

    Examples
    --------
    >>> [symbol_quote(symbol, "UNI") for symbol in ("UNI/USD", "X:UNIUSD", "uni", "UNIBTC", "XUNIZUSD")]
    ['USD', 'USD', '', 'BTC', 'USD']
    >>> [symbol_quote(symbol, "UNI") for symbol in ("UNI/USDT:USDT", "WUNIUSDT", "UNI-USDT-SWAP")]
    [None, None, None]
    """
    written = re.sub(r"^X([A-Z]{3})Z([A-Z]{3})$", r"\1_\2", symbol.strip())  # older symbols of Kraken
    read = read_file_name(re.sub(r"[^A-Za-z0-9]+", "_", written).strip("_"))
    return None if read.other_instrument else read.quote_of(base)


def _quote_of_folder(own: tuple[str, ...], folders: tuple[str, ...], base: str) -> str:
    """Return the quote currency that the folder of a file without a quote is called by: KRW/UNI.csv."""
    quote = known_quote(folders[-1]) if own and folders else ""
    return "" if quote == base else quote


def _quote_in(words: tuple[str, ...], base: str, *, is_own: bool) -> str | None:
    for place, word in enumerate(words):
        before = known_quote(words[place - 1]) if place else ""
        after = known_quote(words[place + 1]) if place + 1 < len(words) else ""
        if OTHER_NAMES.get(word, word) == base:
            if after:
                return after
            if before:
                # USDT_BTC is priced in USDT; ETH_BTC is no file of BTC.
                if before in DOLLAR_QUOTES or not known_quote(word):
                    return before
                continue
            # UNI_ETH is no file of ETH, and WUNI_UNI may be one of WUNI. Folders may have any name.
            if any(map(may_be_symbol, words[:place])) and (is_own or known_quote(word)):
                continue
            rest = [one for one in words[place + 1 :] if may_be_symbol(one)]
            if len(rest) > 1 and not known_quote(rest[0]) and known_quote(rest[1]):
                continue  # UNI_LDO_USDT is a file of LDO
            return OTHER_NAMES.get(rest[0], rest[0]) if rest else ""
        if after and re.fullmatch(rf"{re.escape(base)}\d{{3,6}}", word):
            return after  # yfinance numbers the tickers that several coins share: UNI7083-USD
        for name in (base, *_other_names(base)):
            if word.startswith(name) and (quote := known_quote(word.removeprefix(name))):
                return quote
    return None


@lru_cache
def _other_names(base: str) -> tuple[str, ...]:
    return tuple(other for other, own in OTHER_NAMES.items() if own == base)


def _pair_in(words: tuple[str, ...]) -> tuple[str, str] | None:
    for word, after in itertools.pairwise((*words, "")):
        if quote := known_quote(after):
            # USDT_AAVE has the quote before the base.
            turned = known_quote(word) in DOLLAR_QUOTES and quote not in DOLLAR_QUOTES
            return (quote, known_quote(word)) if turned else (OTHER_NAMES.get(word, word), quote)
        for other, own in OTHER_NAMES.items():  # XBTUSD is no XB in TUSD
            if word.startswith(other) and (quote := known_quote(word.removeprefix(other))):
                return own, quote
        base, quote = split_symbol(word)
        if quote:
            return base, quote
    if len(words) > 1 and known_quote(words[0]):
        return words[1], known_quote(words[0])
    named = [word for word in words if may_be_symbol(word)] or list(words)
    second = named[1] if len(named) > 1 and may_be_symbol(named[1]) else ""
    return (OTHER_NAMES.get(named[0], named[0]), second) if named else None
