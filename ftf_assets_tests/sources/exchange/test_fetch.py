"""Fetched files hold exactly what the exchange has, through limits, errors, cuts and kills."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError, RunError, StoreError
from ftf_assets.sources.candles.source import CandleFileSource
from ftf_assets.sources.exchange.bar_file import BarFile
from ftf_assets.sources.exchange.client import MOST_TRIES, ExchangeClient, open_exchange
from ftf_assets.sources.exchange.fetch import Fetched, fetch_history
from ftf_assets_tests.support.binance_server import (
    BANNED,
    BEGIN,
    DOWN,
    ELSEWHERE,
    HOUR,
    LONG_BAN,
    TOO_MANY,
    Exchange,
    serving,
)

pytest.importorskip("ccxt", reason="the extra [exchange] is not installed")

PAIR = "UNI/USDT"


@dataclass
class World:
    """The exchange, a client of it, and what the client has waited for."""

    exchange: Exchange
    client: ExchangeClient
    address: str
    waits: list[float] = field(default_factory=list)

    def fetch(self, folder: Path, *, since: int = BEGIN, until: int | None = None, **more: object) -> Fetched:
        asked = {"on_progress": lambda done, total: None, **more}
        return fetch_history(self.client, PAIR, "1h", folder, since=since, until=until, **asked)

    @property
    def pages(self) -> list[int]:
        """Hours of ``startTime`` since the beginning, of each request for a page."""
        asked = [query for path, query in self.exchange.requests if path.endswith("klines")]
        return [(int(query["startTime"]) - BEGIN) // HOUR for query in asked if query["limit"] == "1000"]


@pytest.fixture(scope="module")
def _shared_world() -> Iterator[World]:
    exchange, waits = Exchange(now=0), []
    with pytest.MonkeyPatch.context() as environment, serving(exchange) as address:
        environment.setenv("NO_PROXY", "127.0.0.1")  # a proxy of the machine must not see the requests
        client = open_exchange("binance", server=address, wait=lambda seconds, _: waits.append(seconds))
        client._api.rateLimit = 0  # the limit is ccxt's; here it would only cost time
        client.symbol(PAIR)
        yield World(exchange, client, address, waits)


@pytest.fixture
def world(_shared_world: World) -> World:
    # Half an hour into a bar: 2500 have closed, one is open.
    _shared_world.exchange.__init__(now=BEGIN + 2500 * HOUR + HOUR // 2)
    _shared_world.waits.clear()
    return _shared_world


def source_of(exchange: Exchange, begin: int = 0, end: int = 2500) -> pd.DataFrame:
    """The bars of the exchange as candles: stamped with their close."""
    opens = [BEGIN + hour * HOUR for hour in range(begin, end)]
    rows = [exchange.kline("UNIUSDT", one, HOUR) for one in opens if one not in exchange.absent]
    times = pd.to_datetime([row[6] + 1 for row in rows], unit="ms", utc=True).as_unit("ns")
    values = [[float(text) for text in row[1:6]] for row in rows]
    return pd.DataFrame(values, pd.Index(times), ["open", "high", "low", "close", "volume"])


def assert_equal(folder: Path, expected: pd.DataFrame) -> None:
    read = CandleFileSource(path=str(folder)).candles("UNIUSDC")
    pd.testing.assert_frame_equal(read, expected, check_exact=True, check_names=False, check_freq=False)


def test_the_file_equals_the_exchange_bit_for_bit_without_the_open_bar(world: World, tmp_path: Path):
    done = world.fetch(tmp_path)
    assert done.file.path == tmp_path / "UNI_USDT-1h.parquet"
    assert (len(done.bars), done.n_new, done.holes.count) == (2500, 2500, 0)
    assert world.pages == [0, 1000, 2000]
    assert_equal(tmp_path, source_of(world.exchange))
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == [
        done.file.path.name
    ]
    assert not done.file.pages.exists()


def test_only_the_wanted_stretch_is_fetched(world: World, tmp_path: Path):
    done = world.fetch(tmp_path, since=BEGIN + 100 * HOUR, until=BEGIN + 350 * HOUR)
    assert_equal(tmp_path, source_of(world.exchange, 100, 350))
    assert done.bars.opens[-1] + HOUR == BEGIN + 350 * HOUR, "the last bar closes at --until"
    with pytest.raises(InputError, match="no bar has closed in this stretch of time"):
        world.fetch(tmp_path / "late", since=BEGIN + 2500 * HOUR)
    with pytest.raises(InputError, match="binance has no bars of this stretch"):
        world.fetch(tmp_path / "early", since=BEGIN - 99 * HOUR, until=BEGIN)


def test_holes_of_the_exchange_are_counted_and_stay_holes(world: World, tmp_path: Path):
    world.exchange.absent |= {BEGIN + hour * HOUR for hour in (7, *range(990, 1010), 1999)}
    done = world.fetch(tmp_path)
    assert (done.holes.count, done.holes.bars, done.holes.longest) == (3, 22, 20)
    assert done.holes.after == BEGIN + 989 * HOUR
    assert_equal(tmp_path, source_of(world.exchange))


def test_a_listing_after_the_wanted_beginning_is_found_with_one_request(world: World, tmp_path: Path):
    done = world.fetch(tmp_path, since=BEGIN - 9000 * HOUR)
    assert (done.bars.opens[0], len(done.bars)) == (BEGIN, 2500)
    assert world.pages == [-9000, 1000, 2000]


@pytest.mark.parametrize(
    ("troubles", "waits"),
    [
        ([TOO_MANY], [7.0]),
        ([BANNED], [120.0]),
        ([DOWN, DOWN, DOWN], [1.0, 2.0, 4.0]),
        (["cut", "half"], [1.0, 2.0]),
        (
            [(200, {}, "<html>sign in</html>"), (200, {}, "{}"), (200, {}, f'[[{BEGIN}, "6.1"]]')],
            [1.0, 2.0, 4.0],
        ),
    ],
)
def test_the_exchange_is_left_alone_as_long_as_it_asks_and_then_asked_again(
    world: World, tmp_path: Path, troubles: list, waits: list[float]
):
    world.exchange.troubles += troubles
    world.fetch(tmp_path)
    assert world.waits == waits
    assert_equal(tmp_path, source_of(world.exchange))


@pytest.mark.parametrize(
    ("troubles", "words"),
    [
        (
            [DOWN] * MOST_TRIES,
            "binance failed 8 times in a row: .*503.* What was fetched is kept; run the same",
        ),
        ([LONG_BAN], "binance asks to wait for 7200 s: .*IP banned.* What was fetched is kept"),
        ([ELSEWHERE], "binance serves nobody where this request comes from: .*restricted location.*--server"),
    ],
)
def test_a_fetch_that_cannot_go_on_keeps_its_pages_and_goes_on_later(
    world: World, tmp_path: Path, troubles: list, words: str
):
    def then_trouble(done: int, total: int) -> None:
        world.exchange.troubles += troubles if len(world.pages) == 2 else []

    with pytest.raises(RunError, match=words):
        world.fetch(tmp_path, on_progress=then_trouble)
    assert not (tmp_path / "UNI_USDT-1h.parquet").exists(), "no reader sees half a history"
    world.exchange.troubles.clear()
    world.exchange.requests.clear()
    assert world.fetch(tmp_path).n_new == 2500
    assert world.pages == [2000], "only what was left"
    assert_equal(tmp_path, source_of(world.exchange))


@pytest.mark.parametrize("at", [1, 2, 3])
def test_an_interrupted_fetch_goes_on_also_where_its_last_page_is_torn(world: World, tmp_path: Path, at: int):
    def stop(done: int, total: int) -> None:
        if len(world.pages) == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.fetch(tmp_path, on_progress=stop)
    file = BarFile(tmp_path, "binance", PAIR, "1h")
    (torn, *_) = sorted(file.pages.glob("*.parquet"), reverse=True)
    torn.write_bytes(torn.read_bytes()[:-300])
    world.exchange.requests.clear()
    world.fetch(tmp_path)
    assert world.pages == [0, 1000, 2000][at - 1 :]
    assert_equal(tmp_path, source_of(world.exchange))


def test_a_file_grows_at_both_ends_and_stays_as_it_is_where_nothing_is_new(world: World, tmp_path: Path):
    world.fetch(tmp_path, since=BEGIN + 500 * HOUR, until=BEGIN + 900 * HOUR)
    content = (tmp_path / "UNI_USDT-1h.parquet").read_bytes()
    assert world.fetch(tmp_path, since=BEGIN + 600 * HOUR, until=BEGIN + 700 * HOUR).n_new == 0
    assert (tmp_path / "UNI_USDT-1h.parquet").read_bytes() == content
    world.exchange.requests.clear()
    assert world.fetch(tmp_path, since=BEGIN + 1200 * HOUR, until=BEGIN + 1300 * HOUR).n_new == 400
    assert world.pages == [900], "without a stretch between that nobody has asked for"
    assert_equal(tmp_path, source_of(world.exchange, 500, 1300))
    world.fetch(tmp_path)
    assert_equal(tmp_path, source_of(world.exchange))
    whole = (tmp_path / "UNI_USDT-1h.parquet").read_bytes()
    world.exchange.now += 10 * 60_000
    world.fetch(tmp_path)
    world.fetch(tmp_path / "again")
    assert (tmp_path / "UNI_USDT-1h.parquet").read_bytes() == whole
    assert (tmp_path / "again" / "UNI_USDT-1h.parquet").read_bytes() == whole, "equal bars are equal bytes"
    world.exchange.now += HOUR
    assert world.fetch(tmp_path).n_new == 1


def test_a_history_that_the_exchange_has_changed_is_no_silent_mixture(world: World, tmp_path: Path):
    world.fetch(tmp_path, until=BEGIN + 900 * HOUR)
    world.exchange.shift = 0.25
    with pytest.raises(RunError, match=r"now gives other values for the last bar of .* Delete the file"):
        world.fetch(tmp_path)
    assert len(CandleFileSource(path=str(tmp_path)).candles("UNIUSDC")) == 900
    (tmp_path / "UNI_USDT-1h.parquet").unlink()
    world.fetch(tmp_path)
    assert_equal(tmp_path, source_of(world.exchange))


def test_files_of_another_origin_and_damaged_ones_are_not_touched(world: World, tmp_path: Path):
    path = tmp_path / "UNI_USDT-1h.parquet"
    world.fetch(tmp_path, until=BEGIN + 50 * HOUR)
    bars, covered = BarFile(tmp_path, "binance", PAIR, "1h").read()
    path.write_bytes(path.read_bytes()[:-80])
    with pytest.raises(InputError, match=r"the file is damaged .*Delete it and fetch it again"):
        world.fetch(tmp_path)
    BarFile(tmp_path, "kraken", PAIR, "1h").write(bars, covered)
    with pytest.raises(InputError, match=r"another origin has this name \(found kraken UNI/USDT; .*--folder"):
        world.fetch(tmp_path)
    source_of(world.exchange, 0, 9).reset_index(names="open_time").to_parquet(path)
    with pytest.raises(InputError, match="found a file of another program"):
        world.fetch(tmp_path)


def test_two_fetches_of_one_file_do_not_meet(world: World, tmp_path: Path):
    def meanwhile(done: int, total: int) -> None:
        with pytest.raises(StoreError, match="another ftf fetch is writing"):
            world.fetch(tmp_path)

    world.fetch(tmp_path, on_progress=meanwhile)
    assert_equal(tmp_path, source_of(world.exchange))


def test_a_folder_that_cannot_be_written_is_named(world: World, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write to"):
        world.fetch(tmp_path / "file")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda client: client.symbol("UNI/USD"),
            r"no such spot pair \(found UNI/USD\). Did you mean UNI/USD",
        ),
        (lambda client: client.symbol("UNX/USDT"), r"found UNX/USDT\). Did you mean UNI/USDT"),
        (lambda client: client.symbol("QQQQ"), r"found QQQQ\). Write it as UNI/USDT"),
        (lambda client: client.step("7h"), r"no bars of this length \(found 7h; allowed: .*15m, .*1h"),
        (lambda client: client.step("1M"), r"found 1M; allowed: 1s, .*1w\)"),
        (
            lambda client: open_exchange("binanse"),
            r"unknown exchange \(found binanse\). Did you mean binance",
        ),
        (lambda client: open_exchange("-"), "unknown exchange .*ccxt knows"),
    ],
)
def test_wrong_names_are_refused_with_near_ones(world: World, call: Callable, words: str):
    with pytest.raises(InputError, match=words):
        call(world.client)


@pytest.mark.parametrize("pair", ["UNI/USDT", "uni/usdt", "UNIUSDT", "UNI-USDT", "UNI_USDT"])
def test_a_pair_is_known_however_it_is_written(world: World, pair: str):
    assert world.client.symbol(pair) == PAIR


def test_without_ccxt_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ccxt", None)
    with pytest.raises(InputError, match=r"needs ccxt, .* pip install 'ftf-assets\[exchange\]'"):
        open_exchange("binance")


def test_only_public_spot_endpoints_are_asked(world: World, tmp_path: Path):
    world.client._api.markets = None
    world.client.symbol(PAIR)
    world.fetch(tmp_path)
    paths = [path for path, _ in world.exchange.requests]
    assert paths == ["/api/v3/exchangeInfo", "/api/v3/time", *["/api/v3/klines"] * 3]
    (asked,) = [query for _, query in world.exchange.requests if query.get("startTime") == str(BEGIN)]
    assert asked == {"symbol": "UNIUSDT", "interval": "1h", "startTime": str(BEGIN), "limit": "1000"}


def test_the_requests_keep_to_the_rate_that_ccxt_knows(world: World):
    api = open_exchange("binance", server=world.address)._api
    assert api.enableRateLimit
    assert api.rateLimit >= 50
    assert np.isfinite(api.rateLimit)


def test_an_exchange_that_cannot_be_reached_is_given_up_soon(world: World):
    waits: list[float] = []
    nowhere = open_exchange(
        "binance", server="http://127.0.0.1:1", wait=lambda seconds, _: waits.append(seconds)
    )
    with pytest.raises(
        RunError,
        match=r"binance cannot be reached: [^(]*\(Connection refused\)\. .*--server names another address",
    ):
        nowhere.symbol(PAIR)
    assert waits == [1.0, 2.0]
