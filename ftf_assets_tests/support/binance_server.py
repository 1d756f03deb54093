"""A local server that speaks the protocol of Binance's public spot endpoints, and its troubles.

What ccxt asks of it: ``/api/v3/exchangeInfo``, ``/api/v3/time`` and ``/api/v3/klines`` with ``symbol``,
``interval``, ``startTime``, ``endTime`` and ``limit`` (500 unless given, at most 1000). Klines are lists of
twelve, prices as text, and the last one may not have closed yet.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import exp, sin
from urllib.parse import parse_qs, urlsplit

HOUR = 3_600_000
#: 2023-01-01T00:00Z in milliseconds.
BEGIN = 1_672_531_200_000
LENGTHS = {"1h": HOUR, "15m": HOUR // 4, "1d": 24 * HOUR}


@dataclass
class Exchange:
    """What the server knows and how it behaves; a test changes it while the server runs.

    Attributes
    ----------
    now
        Its clock, milliseconds.
    begin
        Open of the first bar.
    absent
        Opens of the bars that it lacks.
    troubles
        How it answers the next requests for klines, one each, before it answers well: a status with the
        headers and the body that Binance sends, ``cut`` (the connection ends), ``half`` (the answer does).
    requests
        Path and query of every request.
    shift
        How much it changes all prices by.
    delay
        Seconds before it answers a request for klines.
    """

    now: int
    begin: int = BEGIN
    absent: set[int] = field(default_factory=set)
    troubles: list[tuple[int, dict[str, str], str] | str] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    shift: float = 0.0
    delay: float = 0.0

    def klines(self, symbol: str, interval: str, start: int, end: int, limit: int) -> list[list[object]]:
        step = LENGTHS[interval]
        first = self.begin + max(0, -(-(start - self.begin) // step)) * step
        opens = range(first, min(end, self.now) + 1, step)
        found = [self.kline(symbol, one, step) for one in opens if one not in self.absent]
        return found[:limit]

    def kline(self, symbol: str, opens: int, step: int) -> list[object]:
        open_, close = self.price(symbol, opens), self.price(symbol, opens + step)
        high, low = max(open_, close) * 1.0007, min(open_, close) * 0.9993
        volume = 1000 + (opens // step * 7919) % 50021 / 7
        numbers = [f"{value:.8f}" for value in (open_, high, low, close, volume)]
        return [
            *(opens, *numbers, opens + step - 1, f"{volume * close:.8f}", 17),
            *(f"{volume / 2:.8f}", f"{volume * close / 2:.8f}", "0"),
        ]

    def price(self, symbol: str, at: int) -> float:
        hours = at / HOUR
        wave = sin(hours / 5 + len(symbol)) + 2 * sin(hours / 97) + 0.3 * sin(hours * 2.3)
        return (6 + self.shift) * exp(0.03 * wave)


SYMBOLS = ("UNIUSDT", "UNIUSDC", "OPUSDT", "LDOUSDT", "ARBUSDT", "AAVEUSDT", "BTCUSDT")


def exchange_info() -> dict[str, object]:
    filters = [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": "0.00100000",
            "maxPrice": "10000.0",
            "tickSize": "0.00100000",
        },
        {"filterType": "LOT_SIZE", "minQty": "0.01000000", "maxQty": "90000.0", "stepSize": "0.01000000"},
        {"filterType": "NOTIONAL", "minNotional": "5.00000000"},
    ]
    return {
        "timezone": "UTC",
        "serverTime": BEGIN,
        "rateLimits": [],
        "exchangeFilters": [],
        "symbols": [
            {
                "symbol": symbol, "status": "TRADING", "baseAsset": symbol[:-4], "quoteAsset": symbol[-4:],
                "baseAssetPrecision": 8, "quotePrecision": 8, "quoteAssetPrecision": 8,
                "orderTypes": ["LIMIT", "MARKET"], "icebergAllowed": True, "isSpotTradingAllowed": True,
                "isMarginTradingAllowed": False, "filters": filters, "permissions": [],
                "permissionSets": [["SPOT"]],
            }
            for symbol in SYMBOLS
        ],
    }  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    exchange: Exchange
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.exchange.requests.append((parts.path, query))
        if parts.path == "/api/v3/exchangeInfo":
            return self.answer(200, exchange_info())
        if parts.path == "/api/v3/time":
            return self.answer(200, {"serverTime": self.exchange.now})
        if parts.path != "/api/v3/klines":
            return self.answer(404, {"code": -1, "msg": f"no {parts.path}"})
        time.sleep(self.exchange.delay)
        if self.exchange.troubles:
            return self.trouble(self.exchange.troubles.pop(0))
        if query["symbol"] not in SYMBOLS:
            return self.answer(400, {"code": -1121, "msg": "Invalid symbol."})
        start, end = int(query.get("startTime", 0)), int(query.get("endTime", 1 << 62))
        limit = min(int(query.get("limit", 500)), 1000)
        return self.answer(200, self.exchange.klines(query["symbol"], query["interval"], start, end, limit))

    def trouble(self, kind: tuple[int, dict[str, str], str] | str) -> None:
        if kind == "cut":
            self.close_connection = True
            self.connection.close()
        elif kind == "half":
            self.answer(200, self.exchange.klines("UNIUSDT", "1h", BEGIN, 1 << 62, 9), whole=False)
        else:
            self.answer(kind[0], kind[2], kind[1])

    def answer(
        self, status: int, content: object, headers: dict[str, str] | None = None, *, whole: bool = True
    ) -> None:
        body = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json;charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body if whole else body[: len(body) // 2])
        if not whole:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


TOO_MANY = (429, {"Retry-After": "7"}, '{"code":-1003,"msg":"Too much request weight used."}')
BANNED = (418, {"Retry-After": "120"}, '{"code":-1003,"msg":"Way too much request weight used; IP banned."}')
LONG_BAN = (
    418,
    {"Retry-After": "7200"},
    '{"code":-1003,"msg":"Way too much request weight used; IP banned."}',
)
DOWN = (503, {}, "<html><body>503 Service Unavailable</body></html>")
ELSEWHERE = (451, {}, '{"code":0,"msg":"Service unavailable from a restricted location."}')


@contextmanager
def serving(exchange: Exchange, port: int = 0) -> Iterator[str]:
    """Serve while the context lasts; gives the address."""
    handler = type("Handler", (_Handler,), {"exchange": exchange})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
