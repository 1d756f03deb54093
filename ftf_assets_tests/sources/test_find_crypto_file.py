"""The file of a crypto: its name, its suffix and its fingerprint."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.sources.find_crypto_file import find_crypto_file


@pytest.mark.parametrize(
    ("name", "suffixes", "suffix", "quote"),
    [
        ("AAVEUSDT_1h.csv", (".csv", ".parquet"), ".csv", "USDT"),
        ("AAVEUSDT_1h.CSV", (".csv", ".parquet"), ".csv", "USDT"),
        ("AAVEUSDT_1h.csv.gz", (".csv", ".csv.gz"), ".csv.gz", "USDT"),
        ("AAVE.csv.gz", (".gz", ".csv.gz"), ".csv.gz", ""),
    ],
    ids=["one suffix", "any case", "two parts", "the longest"],
)
def test_a_file_is_of_the_longest_accepted_suffix_that_its_name_ends_with(
    tmp_path: Path, name, suffixes, suffix, quote
):
    (tmp_path / name).write_bytes(b"")
    found = find_crypto_file(tmp_path, "AAVEUSDC", suffixes=suffixes)
    assert (found.name, found.suffix, found.quote_currency) == (name, suffix, quote)


@pytest.mark.parametrize("name", ["AAVEUSDT.csv.gz", "AAVEUSDT.csv~", ".AAVEUSDT.csv", "AAVEUSDT"])
def test_hidden_files_and_other_suffixes_are_ignored(tmp_path: Path, name):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(InputError, match="no file for base asset AAVE"):
        find_crypto_file(tmp_path, "AAVEUSDC", suffixes=(".csv",))
