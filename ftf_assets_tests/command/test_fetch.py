"""What ``ftf fetch`` prints and refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ftf_assets.command.main import cli
from ftf_assets_tests.support.binance_server import BEGIN, HOUR, Exchange, serving

pytest.importorskip("ccxt", reason="the extra [exchange] is not installed")

ASKED = ("--exchange", "binance", "--pair", "UNI/USDT", "--since", "2022-12-31T20:00")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving(Exchange(now=BEGIN + 300 * HOUR, absent={BEGIN + 7 * HOUR, BEGIN + 8 * HOUR})) as address:
        yield address


def ftf(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["fetch", *arguments])


def test_it_says_what_lies_in_the_files_and_what_the_exchange_lacks(server: str, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = ftf(*ASKED, "--pair", "opusdt", "--server", server)
    assert done.stdout.splitlines() == [
        *(
            f"candles/{pair.replace('/', '_')}-1h.parquet: 298 bars of binance {pair}, 298 of them new; "
            "open 2023-01-01T00:00:00Z to close 2023-01-13T12:00:00Z; the exchange begins 4 bars after "
            "--since; the exchange lacks 2 bars in 1 holes, the longest of 2 after the bar that opens "
            "2023-01-01T06:00:00Z"
            for pair in ("UNI/USDT", "OP/USDT")
        ),
        "Next: ftf check candles shows what a sweep would read of them",
    ]
    assert "UNI/USDT 1h: 100 % fetched" in done.stderr


def test_json_has_the_same(server: str, tmp_path: Path):
    answer = json.loads(ftf(*ASKED, "--server", server, "--folder", str(tmp_path), "--json").stdout)
    assert answer == [
        {
            "file": str(tmp_path / "UNI_USDT-1h.parquet"),
            "exchange": "binance",
            "pair": "UNI/USDT",
            "timeframe": "1h",
            "bars": 298,
            "new_bars": 298,
            "first_open": "2023-01-01T00:00:00Z",
            "last_close": "2023-01-13T12:00:00Z",
            "holes": 1,
            "missing_bars": 2,
            "longest_hole": 2,
            "longest_hole_after": "2023-01-01T06:00:00Z",
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--since", "yesterday"), "--since takes a time such as 2023-01-01"),
        (("--since", "2023-01-02", "--until", "2023-01-02"), "--until 2023-01-02 is not after --since"),
        (("--folder", ""), "it is empty"),
        (("--timeframe", "2h30m"), "no bars of this length"),
        (("--pair", "UNI/EUR"), "no such spot pair"),
    ],
)
def test_wrong_requests_are_refused_before_anything_is_written(
    server: str, tmp_path: Path, monkeypatch, arguments: tuple[str, ...], words: str
):
    monkeypatch.chdir(tmp_path)
    refused = ftf(*ASKED, "--server", server, *arguments)
    assert words in f"{refused.output}{refused.exception}"
    assert not list(tmp_path.iterdir())
