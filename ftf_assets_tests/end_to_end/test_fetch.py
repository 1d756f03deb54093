"""``ftf fetch`` as a process: interrupted, killed, continued, and the plan of a sweep on what it fetched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from ftf_assets.sources.candles.source import CandleFileSource
from ftf_assets_tests.end_to_end.conftest import Ftf
from ftf_assets_tests.support.binance_server import BEGIN, HOUR, TOO_MANY, Exchange, serving

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
pytest.importorskip("ccxt", reason="the extra [exchange] is not installed")

BARS = 5000


def start(address: str, folder: Path) -> subprocess.Popen[str]:
    """Run the installed command; a proxy of the machine must not see the requests to it."""
    command = Path(sys.executable).with_name("ftf")
    pairs = ("--pair", "UNI/USDT", "--pair", "OP/USDT")
    place = ("--server", address, "--folder", str(folder))
    return subprocess.Popen(
        [command, "fetch", "--exchange", "binance", *pairs, "--since", "2023-01-01", *place],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
    )


def wait_for_pages(exchange: Exchange, count: int, process: subprocess.Popen[str]) -> None:
    """Wait until the process has asked for so many more pages."""
    before, deadline = len(exchange.requests), time.monotonic() + 60
    while sum("klines" in path for path, _ in exchange.requests[before:]) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_fetch_survives_an_interrupt_and_a_kill_and_a_sweep_reads_its_files(ftf: Ftf, tmp_path: Path):
    exchange = Exchange(now=BEGIN + BARS * HOUR + 1, delay=0.3, absent={BEGIN + 77 * HOUR})
    folder = tmp_path / "candles"
    with serving(exchange) as address:
        for number, code in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
            process = start(address, folder)
            wait_for_pages(exchange, 2, process)
            process.send_signal(number)
            _, err = process.communicate(timeout=60)
            assert process.returncode == code, err
            assert not list(folder.glob("[!.]*")), "no reader sees half a file"
            if number == signal.SIGINT:
                assert err.splitlines()[-1].startswith(
                    "ftf: interrupted. What was fetched is kept; run the same"
                )
        time.sleep(2 * exchange.delay)  # the last request of the killed process has its answer
        exchange.delay = 0.0
        exchange.troubles.append((429, {"Retry-After": "1"}, TOO_MANY[2]))
        asked = len(exchange.requests)
        process = start(address, folder)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert "Waiting 1 s: binance 429 Too Many Requests" in err
    starts = [int(query["startTime"]) for path, query in exchange.requests[asked:] if "klines" in path]
    assert min(one for one in starts) == BEGIN, "the second pair is fetched from its beginning"
    assert len(starts) <= 5 + 5, "less than two whole histories and the request that was refused"
    assert f"{BARS - 1} bars of binance UNI/USDT" in out

    source = CandleFileSource(path=str(folder))
    for crypto, symbol in (("UNIUSDC", "UNIUSDT"), ("OPUSDC", "OPUSDT")):
        read = source.candles(crypto)
        rows = [exchange.kline(symbol, BEGIN + hour * HOUR, HOUR) for hour in range(BARS) if hour != 77]
        assert [list(map(float, row[1:6])) for row in rows] == read.to_numpy().tolist(), "bit for bit"
        closes = pd.to_datetime([int(row[6]) + 1 for row in rows], unit="ms", utc=True)
        assert list(read.index) == list(closes)
    planned = ftf("plan", "--source", "candles", "--path", str(folder), "--trials", "0")
    assert "cryptos      UNIUSDC, OPUSDC" in planned.stdout, planned.stderr
    assert "skipped      3 of 5 cryptos skipped: ARBUSDC: no file" in planned.stdout
