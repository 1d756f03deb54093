"""Unchanged files are read once, a changed one again, and old candles make room for new ones."""

from __future__ import annotations

import pytest

from ftf_assets.sources.candles import source as candle_source
from ftf_assets.sources.candles.kept import KeptCandles
from ftf_assets.sources.candles.options import CandleOptions
from ftf_assets.sources.candles.source import CandleFileSource
from ftf_assets_tests.sources.candles.test_bars import CRYPTO, bars, expected


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are read, in order."""
    read, found = candle_source.read_bar_table, []

    def counted(path, **options):
        found.append(path.name)
        return read(path, **options)

    monkeypatch.setattr(candle_source, "read_bar_table", counted)
    return found


def test_a_process_reads_an_unchanged_file_once_and_a_changed_one_again(tmp_path, reads):
    bars().to_csv(tmp_path / "UNIUSDT_1h.csv", index=False)
    source = CandleFileSource(str(tmp_path))
    source.span(CRYPTO), source.reading(CRYPTO), source.bar_length(CRYPTO), source.provenance(CRYPTO)
    mine = source.candles(CRYPTO)
    mine.iloc[:, :] = 1.0
    assert reads == ["UNIUSDT_1h.csv"]
    assert source.candles(CRYPTO).equals(expected(bars())), "what a caller changes is a copy"
    bars(150).to_csv(tmp_path / "UNIUSDT_1h.csv", index=False)
    assert source.span(CRYPTO).rows == 150
    CandleFileSource(str(tmp_path), options=CandleOptions(stamp="close")).span(CRYPTO)
    assert reads == ["UNIUSDT_1h.csv"] * 3


@pytest.fixture
def read() -> list[str]:
    return []


@pytest.fixture
def reader(tmp_path, read: list[str]):
    bars(100).to_csv(tmp_path / "UNI.csv", index=False)
    source = CandleFileSource(str(tmp_path))

    def of(name: str):
        def one():
            read.append(name)
            return source.candles(CRYPTO), source.reading(CRYPTO)

        return one

    return of


def test_a_reading_stays_as_long_as_its_candles(reader, read):
    kept = KeptCandles(most_bars=10_000, most_readings=2)
    for name in ("a", "b", "c", "a"):
        kept.candles(name, reader(name))
    assert [kept.reading(name, reader(name)).bars for name in ("a", "b", "c")] == [100] * 3
    assert read == ["a", "b", "c"]


def test_old_readings_make_room_once_their_candles_are_gone(reader, read):
    kept = KeptCandles(most_bars=100, most_readings=2)
    for name in ("a", "b", "c"):
        kept.candles(name, reader(name))
    kept.reading("b", reader("b"))
    assert read == ["a", "b", "c"]
    kept.reading("a", reader("a"))
    assert read == ["a", "b", "c", "a"]


def test_old_candles_make_room_and_their_reading_stays(reader, read):
    kept = KeptCandles(most_bars=250)
    for name in ("a", "b", "a", "c", "a", "b"):
        assert len(kept.candles(name, reader(name))) == 100
    assert read == ["a", "b", "c", "b"], "b was used least recently when c came"
    assert kept.reading("c", reader("c")).bars == 100
    assert read == ["a", "b", "c", "b"]
