"""The files of a crypto: which serve, which are one history, and why the others do not serve."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.sources import find_files
from ftf_assets.sources.find_files import CryptoFiles, find_crypto_files
from ftf_assets.sources.timeframes import DAY, HOUR

CSV = (".csv", ".parquet", ".csv.gz")


def folder_of(path: Path, *names: str) -> Path:
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(name)
    return path


def found(path: Path, *names: str, crypto: str = "UNIUSDC", **options) -> CryptoFiles:
    return find_crypto_files(folder_of(path, *names), crypto, suffixes=CSV, **options)


def names_of(files: CryptoFiles) -> list[str]:
    return [file.name for file in files.files]


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("UNIUSDT_1h.csv", ".csv"),
        ("UNIUSDT_1h.CSV", ".csv"),
        ("UNIUSDT_1h.csv.gz", ".csv.gz"),
        ("spot/UNIUSDT/1h/UNIUSDT_1h.parquet", ".parquet"),
    ],
)
def test_a_file_is_found_by_the_longest_suffix_in_any_folder(tmp_path, name, suffix):
    files = found(tmp_path, name)
    assert (files.name, files.files[0].suffix, files.quote_currency, files.timeframes) == (
        name, suffix, "USDT", (HOUR,)
    )  # fmt: skip


def test_months_and_days_of_one_pair_and_timeframe_are_one_history(tmp_path):
    names = [
        "daily/klines/UNIUSDT/1h/UNIUSDT-1h-2024-02-01.csv",
        "monthly/klines/UNIUSDT/1h/UNIUSDT-1h-2023-12.csv",
        "monthly/klines/UNIUSDT/1h/UNIUSDT-1h-2024-01.csv",
    ]
    files = found(tmp_path, *names)
    assert names_of(files) == [names[1], names[2], names[0]]
    assert files.name == f"{names[1]} to {names[0]} (3 files)"
    assert files.passed_over == ()


def test_a_dated_file_continues_an_undated_one(tmp_path):
    assert len(found(tmp_path, "UNIUSDT-1h.csv", "UNIUSDT-1h-2024-01.csv").files) == 2


def test_the_timeframe_picks_one_of_several(tmp_path):
    names = ["UNIUSDT-1h-2024-01.csv", "UNIUSDT-1h-2024-02.csv", "UNIUSDT-1d-2024-01.csv", "UNIUSDC_1d.csv"]
    assert names_of(found(tmp_path, *names, bar=HOUR)) == names[:2]
    with pytest.raises(InputError, match=r"files of 2 timeframes match equally well.*1h, 1d"):
        found(tmp_path, *names, crypto="UNIUSDT")
    exact = found(tmp_path, *names)
    assert (names_of(exact), exact.passed_over) == (["UNIUSDC_1d.csv"], tuple(sorted(names[:3])))
    with pytest.raises(
        InputError,
        match=r"UNIUSDC_1d.csv, UNIUSDT-1d-2024-01.csv \(bars of 1d, wanted 4h\).*Take one of the timeframes "
        r"that are there: --timeframe 1h or 1d",
    ):
        found(tmp_path, *names, bar=4 * HOUR)


def test_a_bare_number_is_a_timeframe_where_one_of_its_meanings_is_wanted(tmp_path):
    assert names_of(found(tmp_path, "UNIUSD_60.csv", "UNIUSD_1440.csv", bar=HOUR)) == ["UNIUSD_60.csv"]
    assert names_of(found(tmp_path, "UNIUSD_60.csv", "UNIUSD_1440.csv", bar=DAY)) == ["UNIUSD_1440.csv"]


@pytest.mark.parametrize(
    ("names", "fix"),
    [
        (["Binance_UNIUSDT_1h.csv", "Bitstamp_UNIUSDT_1h.csv"], "Move all but the one"),
        (["UNIUSDT_1h.csv", "UNIUSDT_1h.parquet"], "Move all but the one"),
        (["UNIUSDT_1h.csv", "old/UNIUSDT_1h.csv"], "Move all but the one"),
        (["a/UNIUSDT_1h.csv", "b/UNIUSDT_1h.csv"], "give the one that is meant as the path"),
    ],
)
def test_two_files_that_serve_equally_well_are_both_named_and_nothing_is_lost(tmp_path, names, fix):
    with pytest.raises(
        InputError, match=rf"two files match equally well \(found {' and '.join(names)}.*{fix}"
    ):
        found(tmp_path, *names)


def test_of_two_dollar_quotes_the_crypto_says_which_is_meant(tmp_path):
    names = ["UNIUSDT-1h.csv", "UNIFDUSD-1h.csv"]
    with pytest.raises(InputError, match=r"match equally well.*: --crypto UNIFDUSD or --crypto UNIUSDT\.$"):
        found(tmp_path, *names)
    assert names_of(found(tmp_path, crypto="UNIUSDT")) == names[:1]
    assert names_of(found(tmp_path, crypto="UNIFDUSD")) == names[1:]


@pytest.mark.parametrize("crypto", ["UNIUSDC", "UNI"])
def test_prices_in_an_unknown_currency_serve_only_where_they_are_allowed(tmp_path, crypto):
    with pytest.raises(
        InputError, match=r"UNI_TRX-1h.csv in TRX, UNI_XRP.csv in XRP; .* with --allow-quote TRX"
    ):
        found(tmp_path, "UNI_TRX-1h.csv", "UNI_XRP.csv", crypto=crypto)
    assert names_of(found(tmp_path, crypto=crypto, allow_quote=("TRX",))) == ["UNI_TRX-1h.csv"]
    assert names_of(found(tmp_path, "UNIUSDT.csv", crypto=crypto)) == ["UNIUSDT.csv"]


def test_a_word_that_is_no_currency_is_left_out_of_the_name(tmp_path):
    with pytest.raises(InputError, match=r"If JOHN is no currency, leave it out of the name\.$"):
        found(tmp_path, "UNI_john.csv")
    (tmp_path / "UNI_john.csv").rename(tmp_path / "UNI.csv")
    assert names_of(found(tmp_path)) == ["UNI.csv"]


def test_a_file_whose_name_reads_as_another_pair_says_so(tmp_path):
    with pytest.raises(InputError, match=r"ETH_BTC-1h.csv \(its name says ETH in BTC\)"):
        found(tmp_path, "ETH_BTC-1h.csv", crypto="BTCUSDC", allow_quote=("ETH",))


def test_the_remedy_for_two_folders_works(tmp_path):
    folder_of(tmp_path, "a/UNIUSDT_1h.csv", "b/UNIUSDT_1h.csv")
    assert names_of(found(tmp_path / "a")) == ["UNIUSDT_1h.csv"]


def test_a_folder_without_a_match_says_why_each_file_does_not_serve(tmp_path):
    names = [
        "README.md", "ARBUSDT_1h.csv", "UNI-USDT-SWAP.csv", "UNIUSDT-1M.csv", "UNIUSDT.csv~", ".UNIUSDT.csv",
    ]  # fmt: skip
    with pytest.raises(InputError) as error:
        found(tmp_path, *names)
    for reason in (
        "UNIUSDC: no file for base asset UNI",
        "README.md, UNIUSDT.csv~ (not of the suffixes .csv, .parquet)",
        "ARBUSDT_1h.csv (its name has no UNI)",
        "UNI-USDT-SWAP.csv (SWAP in its name means another instrument than the spot pair)",
        "UNIUSDT-1M.csv (bars of calendar months have no fixed length)",
        "UNIUSDC_1h.csv, UNI_USDT-1h.csv or UNIUSDT-1h-2024-01.csv, also in subfolders)",
    ):
        assert reason in str(error.value)
    assert ".UNIUSDT.csv" not in str(error.value).replace("README.md", "")


def test_a_perpetual_serves_under_a_name_that_does_not_call_it_one(tmp_path):
    with pytest.raises(InputError, match="If its prices are those that you mean, leave the word out of the"):
        found(tmp_path, "UNI-USDT-SWAP.csv")
    (tmp_path / "UNI-USDT-SWAP.csv").rename(tmp_path / "UNI-USDT.csv")
    assert names_of(found(tmp_path)) == ["UNI-USDT.csv"]
    folder_of(tmp_path / "um", "futures/um/UNIUSDT-1h.csv")
    assert names_of(found(tmp_path / "um" / "futures" / "um")) == ["UNIUSDT-1h.csv"]


def test_many_files_are_counted_and_not_all_named(tmp_path):
    with pytest.raises(InputError, match=r"C0USDT.csv, .*C16USDT.csv and 22 more \(its name has no UNI\)"):
        found(tmp_path, *(f"C{number}USDT.csv" for number in range(30)))
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="found an empty folder"):
        found(tmp_path / "none")


def test_what_is_no_file_serves_nobody_and_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "UNIUSDT_1h.csv")
    (tmp_path / "UNI.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(InputError, match=r"found UNI.csv, UNIUSDT_1h.csv \(not a file\)"):
        found(tmp_path)
    assert names_of(found(tmp_path, "UNIUSDC.csv")) == ["UNIUSDC.csv"]


def test_a_folder_of_too_many_files_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(find_files, "MOST_FILES", 2)
    with pytest.raises(InputError, match="more than 2 files lie in the folder and below it"):
        found(tmp_path, "UNIUSDT.csv", "b.csv", "c.csv")


def test_the_fingerprint_is_of_the_content_and_not_of_the_names(tmp_path):
    first = found(tmp_path / "a", "UNIUSDT-1h-2024-01.csv", "UNIUSDT-1h-2024-02.csv").fingerprint()
    other = folder_of(tmp_path / "b")
    other.mkdir()
    (other / "UNI_USDT-60m-2024-01.csv").write_text("UNIUSDT-1h-2024-02.csv")
    (other / "UNI_USDT-60m-2024-02.csv").write_text("UNIUSDT-1h-2024-01.csv")
    assert find_crypto_files(other, "UNIUSDC", suffixes=CSV).fingerprint() == first
    fingerprints = {first}
    for month in ("01", "02"):
        (other / f"UNI_USDT-60m-2024-{month}.csv").write_text("another")
        fingerprints.add(find_crypto_files(other, "UNIUSDC", suffixes=CSV).fingerprint())
    assert len(fingerprints) == 3, "every part counts"
