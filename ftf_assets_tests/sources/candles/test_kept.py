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


def test_old_candles_make_room_and_their_reading_stays(tmp_path):
    kept, read = KeptCandles(most_bars=250), []

    def reader(name: str):
        bars(100).to_csv(tmp_path / "UNI.csv", index=False)
        source = CandleFileSource(str(tmp_path))

        def one():
            read.append(name)
            return source.candles(CRYPTO), source.reading(CRYPTO)

        return one

    for name in ("a", "b", "a", "c", "a", "b"):
        assert len(kept.candles(name, reader(name))) == 100
    assert read == ["a", "b", "c", "b"], "b was used least recently when c came"
    assert kept.reading("c", reader("c")).bars == 100
    assert read == ["a", "b", "c", "b"]
