"""A table format is one reader, one line of the registry, and one suffix in the source that accepts it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.sources.candles.source import CandleFileSource
from ftf_assets.sources.features.source import FeatureFileSource
from ftf_assets.sources.readers.csv_files import read_csv_table
from ftf_assets.sources.readers.file_formats import TABLE_FORMATS, TableFormat
from ftf_assets_tests.faults.test_fuzzed_readers import READERS

SOURCES = (CandleFileSource, FeatureFileSource)

CANDLES = b"""time,open,high,low,close,volume
2023-01-01 00:00:00,10,11,9,10.5,100
2023-01-01 01:00:00,10.5,12,10,11,100
2023-01-01 02:00:00,11,much,10,10,0
"""


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_accepts_registered_formats_only(source) -> None:
    assert source.suffixes
    assert set(source.suffixes) <= set(TABLE_FORMATS)


def test_every_registered_format_has_a_source_and_is_fuzzed() -> None:
    accepted = {suffix for source in SOURCES for suffix in source.suffixes}
    assert set(TABLE_FORMATS) == accepted
    assert accepted <= {"".join(Path(name).suffixes) for _, name, _ in READERS}


def read_compressed(path: Path, *, crypto: str | None = None) -> pd.DataFrame:
    plain = path.with_suffix("")
    plain.write_bytes(gzip.decompress(path.read_bytes()))
    return read_csv_table(plain, crypto=crypto)


def test_a_source_reads_a_format_of_two_suffixes_once_it_is_registered(tmp_path, monkeypatch) -> None:
    (tmp_path / "AAVEUSDT_1h.csv.gz").write_bytes(gzip.compress(CANDLES.replace(b"much", b"11.5")))
    (tmp_path / "OPUSDT_1h.csv.gz").write_bytes(gzip.compress(CANDLES))
    source = CandleFileSource(path=str(tmp_path))
    with pytest.raises(InputError, match=r"no \.csv or \.parquet file"):
        source.candles("AAVEUSDC")
    compressed = TableFormat(read_compressed, index_is_line_number=True)
    monkeypatch.setitem(TABLE_FORMATS, ".csv.gz", compressed)
    monkeypatch.setattr(CandleFileSource, "suffixes", (*CandleFileSource.suffixes, ".csv.gz"))
    assert source.provenance("AAVEUSDC").quote_currency == "USDT"
    assert source.candles("AAVEUSDC")["high"].tolist() == [11.0, 12.0, 11.5]
    with pytest.raises(InputError, match=r"file OPUSDT_1h\.csv\.gz, column 'high', row 4"):
        source.candles("OPUSDC")
