"""One exchange through ccxt: its pairs, timeframes and bars, and when to wait and try again."""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

from ftf_assets.contracts.errors import InputError, RunError, input_error, shown
from ftf_assets.sources.exchange.bars import BadAnswerError, Bars, bars_of_rows

T = TypeVar("T")
Wait = Callable[[float, str], None]

#: Failures in a row after which a fetch ends, and the seconds that are waited after the first of them: twice
#: as long after each further one, up to a minute.
MOST_TRIES = 8
FIRST_WAIT = 1.0
_LONGEST_BACK_OFF = 60.0
#: The same before the exchange has answered at all: a wrong address or a machine without a network.
FIRST_TRIES = 3
#: A longer wait than this that the exchange asks for (a ban) ends the fetch.
LONGEST_WAIT = 600.0
#: Bars that are asked for in one request; an exchange that gives fewer is asked more often.
PAGE = 1000
#: Ends of a message by which an exchange says that it serves nobody where the request comes from.
_LOCATION = re.compile(r"\b451\b|restricted location", re.IGNORECASE)


class ExchangeClient:
    """An exchange that is asked for bars.

    Parameters
    ----------
    api
        The exchange of ccxt.
    wait
        Waits some seconds; gets the reason too.
    """

    def __init__(self, api: Any, wait: Wait) -> None:
        self._api = api
        self._wait = wait

    @property
    def name(self) -> str:
        """Its name in ccxt, such as ``binance``."""
        return str(self._api.id)

    def symbol(self, pair: str) -> str:
        """Give the exchange's spelling of a spot pair, such as ``UNI/USDT``.

        Raises
        ------
        InputError
            The exchange has no such pair; the message names near ones.
        RunError
            The exchange cannot be reached.
        """
        markets = self._call(self._api.load_markets, FIRST_TRIES)
        spot = {str(name): market for name, market in markets.items() if market.get("spot")}
        word = _plain(pair)
        for name, market in spot.items():
            if word in (_plain(name), _plain(str(market.get("id")))):
                return name
        base = pair.upper().partition("/")[0]
        near = difflib.get_close_matches(pair.upper(), spot, n=3, cutoff=0.7)
        near += [name for name in spot if name.partition("/")[0] == base]
        raise input_error(
            f"{self.name} has no such spot pair",
            found=pair,
            fix=f"Did you mean {', '.join(list(dict.fromkeys(near))[:4])}?"
            if near
            else "Write it as UNI/USDT.",
        )

    def step(self, timeframe: str) -> int:
        """Give the length of a bar in milliseconds.

        Raises
        ------
        InputError
            The exchange has no bars of that length, or they are months.
        """
        known = [name for name in self._api.timeframes or {} if not name.endswith(("M", "y"))]
        if timeframe not in known:
            raise input_error(
                f"{self.name} has no bars of this length", found=timeframe, allowed=", ".join(known)
            )
        return int(self._api.parse_timeframe(timeframe)) * 1000

    def now(self) -> int:
        """Give the exchange's time in milliseconds; that of this machine where the exchange tells none."""
        if self._api.has.get("fetchTime"):
            return int(self._call(self._api.fetch_time))
        return int(self._api.milliseconds())

    def bars(self, symbol: str, timeframe: str, begin: int, limit: int = PAGE) -> Bars:
        """Ask for bars that open at ``begin`` (milliseconds) or later.

        Raises
        ------
        InputError, RunError
            The exchange refuses the request, or does not answer it.
        """
        step = self.step(timeframe)

        def request() -> Bars:
            rows = self._api.fetch_ohlcv(symbol, timeframe, since=begin, limit=limit)
            answer = self._api.last_json_response
            # ccxt makes an empty list of anything; an exchange that means one says so in a list or an object.
            if not rows and not answer and not isinstance(answer, list):
                raise BadAnswerError("the answer holds nothing")
            return bars_of_rows(rows, step)

        return self._call(request)

    def _call(self, request: Callable[[], T], most_tries: int = MOST_TRIES) -> T:
        from ccxt import ExchangeError, OperationFailed

        for tries in range(1, most_tries + 1):
            self._api.last_response_headers, self._api.last_json_response = {}, None
            try:
                return request()
            except OperationFailed as error:
                if _LOCATION.search(str(error)):
                    raise RunError(
                        f"{self.name} serves nobody where this request comes from: {_said(error)}. Name "
                        "another address of it with --server"
                    ) from None
                reason = _said(error)
            except ExchangeError as error:
                raise InputError(f"{self.name} refuses the request: {_said(error)}") from None
            except (BadAnswerError, TypeError, ValueError, KeyError, AttributeError) as error:
                # ccxt hands half an answer on as text, and fails on it somewhere.
                reason = f"{self.name} gave an answer that cannot be read: {shown(error)}"
            seconds = self._asked_to_wait() or min(FIRST_WAIT * 2 ** (tries - 1), _LONGEST_BACK_OFF)
            if seconds > LONGEST_WAIT:
                raise RunError(
                    f"{self.name} asks to wait for {seconds:.0f} s: {reason}. What was fetched is kept; run "
                    "the same command again then"
                )
            if tries < most_tries:
                self._wait(seconds, reason)
        if most_tries == FIRST_TRIES:
            raise RunError(
                f"{self.name} cannot be reached: {reason}. Is there a network? --server names another address"
            )
        raise RunError(
            f"{self.name} failed {most_tries} times in a row: {reason}. What was fetched is kept; run the "
            "same command again to go on"
        )

    def _asked_to_wait(self) -> float | None:
        """Read how long the exchange wants to be left alone, from the header ``Retry-After``."""
        headers = {
            str(name).lower(): value for name, value in (self._api.last_response_headers or {}).items()
        }
        value = str(headers.get("retry-after", ""))
        return float(value) if re.fullmatch(r"\d+(\.\d+)?", value) else None


def open_exchange(name: str, *, server: str | None = None, wait: Wait | None = None) -> ExchangeClient:
    """Open an exchange by its name in ccxt. Requests are limited to the rate that ccxt knows of it.

    Parameters
    ----------
    name
        Such as ``binance``.
    server
        Address instead of the exchange's own, such as ``https://data-api.binance.vision``: a mirror, a proxy
        or a test server that speaks its protocol. Its paths stay.
    wait
        Waits some seconds and gets the reason; None sleeps.

    Raises
    ------
    InputError
        ccxt is not installed, or knows no such exchange, or the exchange gives no bars.
    """
    try:
        import ccxt
    except ImportError:
        raise InputError(
            "ftf fetch needs ccxt, which is not installed. Install it: pip install 'ftf-assets[exchange]'"
        ) from None
    known = name.strip().lower()
    if known not in ccxt.exchanges:
        near = difflib.get_close_matches(known, ccxt.exchanges, n=3, cutoff=0.6)
        raise input_error(
            "unknown exchange",
            found=name,
            fix=f"Did you mean {' or '.join(near)}?"
            if near
            else f"ccxt knows {len(ccxt.exchanges)}, binance one.",
        )
    api = getattr(ccxt, known)({"enableRateLimit": True})
    if not api.has.get("fetchOHLCV"):
        raise input_error("this exchange gives no bars", found=known, fix="Name another exchange.")
    api.enableLastJsonResponse = True
    api.requests_trust_env = True  # HTTPS_PROXY and its like are honoured
    api.session.trust_env = True
    if known.startswith("binance"):
        api.options["fetchMarkets"] = {"types": ["spot"]}  # else three servers are asked for their markets
    if server is not None:
        api.urls["api"] = _at_server(api.urls["api"], server.rstrip("/"))
    return ExchangeClient(api, wait or (lambda seconds, _: time.sleep(seconds)))


def _at_server(urls: Any, server: str) -> Any:
    if isinstance(urls, dict):
        return {name: _at_server(url, server) for name, url in urls.items()}
    return re.sub(r"^https?://[^/]+", server, str(urls))


def _plain(pair: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", pair.upper())


def _innermost(error: BaseException) -> str:
    """Give the words of what failed first: of a connection those of the operating system."""
    seen: set[int] = set()
    while id(error) not in seen:
        seen.add(id(error))
        wrapped = [getattr(error, "reason", None), *error.args, error.__cause__, error.__context__]
        error = next((one for one in wrapped if isinstance(one, BaseException)), error)
    return str(getattr(error, "strerror", None) or error)


def _said(error: Exception) -> str:
    cause = f" ({_innermost(error.__cause__)})" if error.__cause__ is not None else ""
    return shown(f"{error}{cause}".strip() or type(error).__name__)
