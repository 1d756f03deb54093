"""Which pairs a folder holds, by the names of its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftf_assets.sources.found_pairs import found_pairs, single_file


@pytest.mark.parametrize(
    ("name", "pair"),
    [
        ("AAVE_USDT-1h.feather", "AAVEUSDT"),
        ("Binance_UNIUSDT_1h.csv", "UNIUSDT"),
        ("UNIUSDT-1h-2024-01.zip", "UNIUSDT"),
        ("UNIUSDT/1h/2024-01.csv", "UNIUSDT"),
        ("coin_UNI.csv", "UNI"),
        ("UNIUSD_60.csv", "UNIUSD"),
        ("XBTUSD_60.csv", "BTCUSD"),
        ("UNI_ETH-1h.feather", "UNIETH"),
        ("ETH_BTC-1h.feather", "ETHBTC"),
        ("USDT_AAVE.csv", "AAVEUSDT"),
        ("USDT_BTC.csv", "BTCUSDT"),
        ("OPUSDC.parquet", "OPUSDC"),
        ("DOGEUSDT, 60.csv", "DOGEUSDT"),
        ("UNI-INR.csv", "UNIINR"),
        ("UNI_clean.csv", "UNI"),
        ("yahoo_UNI.csv", "UNI"),
        ("KRW/UNI.csv", "UNIKRW"),
    ],
)
def test_the_pair_of_a_file(name: str, pair: str, tmp_path: Path):
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    assert found_pairs(tmp_path) == ({pair: [name]}, {})


def test_files_of_no_pair_are_named_with_the_reason(tmp_path: Path):
    for name in ("README.md", "features.parquet", "UNI-USDT-SWAP_1H.csv", "UNIUSDT-1h-2024-01.csv"):
        (tmp_path / name).touch()
    pairs, others = found_pairs(tmp_path)
    assert pairs == {"UNIUSDT": ["UNIUSDT-1h-2024-01.csv"]}
    assert others == {
        "README.md": "no accepted format",
        "UNI-USDT-SWAP_1H.csv": "SWAP in its name means another instrument than the spot pair",
        "features.parquet": "its name says no pair",
    }


def test_a_currency_that_is_not_known_is_named(tmp_path: Path):
    (tmp_path / "UNI_XRP-1h.csv").touch()
    pairs, others = found_pairs(tmp_path)
    assert (pairs, list(others)) == ({}, ["UNI_XRP-1h.csv"])
    assert others["UNI_XRP-1h.csv"].startswith(
        "XRP beside UNI in its name may be a currency: rename the file"
    )


def test_one_file_is_taken_whatever_its_name_says(tmp_path: Path):
    files = single_file(tmp_path / "UNIBTC-1h.csv.gz")
    assert (files.name, files.quote_currency, files.files[0].suffix) == ("UNIBTC-1h.csv.gz", "BTC", ".csv.gz")
