"""A short or missing crypto of a group: skipped and said, or refused, as the setting asks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError, MissingDataError
from ftf_assets.sweep.settings import stored_sweep_settings
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets_tests.support.settings import settings_of

LONG = ("UNIUSDC", "OPUSDC", "ARBUSDC", "AAVEUSDC")
HOURS = 4000


@pytest.fixture(scope="module")
def prices() -> pd.DataFrame:
    """Hourly bars as an exchange writes them, stamped with their open."""
    close = 10 * np.exp(np.cumsum(np.random.default_rng(3).normal(0, 0.01, HOURS)))
    opens = np.concatenate([[10.0], close[:-1]])
    times = pd.date_range("2023-01-01", periods=HOURS, freq="h", tz="UTC")
    high, low = np.maximum(opens, close) * 1.002, np.minimum(opens, close) * 0.998
    return pd.DataFrame(
        {"date": times, "open": opens, "high": high, "low": low, "close": close, "volume": 100.0}
    )


def write(folder: Path, prices: pd.DataFrame, hours: dict[str, slice]) -> Path:
    for crypto, part in hours.items():
        prices[part].to_csv(folder / f"{crypto.removesuffix('USDC')}USDT_1h.csv", index=False)
    return folder


def four(prices: pd.DataFrame, folder: Path, **more: slice) -> Path:
    return write(folder, prices, {**dict.fromkeys(LONG, slice(None)), **more})


def sweep(folder: Path, **settings: object) -> Sweep:
    return open_sweep(settings_of(source="candles", path=str(folder), trials=0, **settings))


def test_a_crypto_without_a_file_is_skipped_with_the_reason(prices, tmp_path):
    one = sweep(four(prices, tmp_path))
    assert one.cryptos == LONG
    assert dict(one.skipped) == {"LDOUSDC": "no file for base asset LDO"}
    assert one.n_cells == 4 * 5 * 5
    assert one.settings.data.crypto_group == "defi_top5", "so that it is looked for again next week"


def test_a_crypto_with_too_little_history_is_skipped_and_shortens_no_fold(prices, tmp_path):
    one = sweep(four(prices, tmp_path, LDOUSDC=slice(2800, None)))
    assert one.cryptos == LONG
    assert one.skipped["LDOUSDC"] == (
        "too little history for the folds: 1200 rows from 2023-04-27 to 2023-06-16; 2354 rows are needed, "
        "half of them before the first test span"
    )
    np.testing.assert_array_equal(one.edges("UNIUSDC"), sweep(tmp_path, cryptos=LONG).edges("UNIUSDC"))


def test_a_history_that_ends_before_the_others_have_begun_is_skipped(prices, tmp_path):
    later = dict.fromkeys(LONG, slice(1500, None))
    one = sweep(write(tmp_path, prices, {**later, "LDOUSDC": slice(0, 2400)}), validation_fraction=0.05)
    assert one.cryptos == LONG
    assert one.skipped["LDOUSDC"].startswith(
        "its history does not cover the folds: 2400 rows from 2023-01-01"
    )
    assert one.skipped["LDOUSDC"].endswith("from 2023-04-25 to 2023-06-16 and need 1053 rows before them")


def test_a_broken_file_is_never_a_reason_to_skip(prices, tmp_path):
    folder = four(prices, tmp_path)
    prices.assign(close=-1.0).to_csv(folder / "LDOUSDT_1h.csv", index=False)
    with pytest.raises(InputError, match=r"LDOUSDC, file LDOUSDT_1h\.csv"):
        sweep(folder)


def test_a_group_of_which_nobody_has_the_data_is_refused_with_every_reason(prices, tmp_path):
    folder = write(tmp_path, prices, {"UNIUSDC": slice(0, 1500), "OPUSDC": slice(0, 900)})
    with pytest.raises(InputError, match="none of the 5 cryptos has the data that the folds need") as refused:
        sweep(folder)
    for part in (
        "UNIUSDC: too little history",
        "OPUSDC: too little",
        *(f"{one}: no file" for one in LONG[2:]),
    ):
        assert part in str(refused.value)
    assert sweep(folder, cryptos="UNIUSDC").cryptos == ("UNIUSDC",), "the remedy that the message names"


def test_refuse_refuses_and_its_remedies_work(prices, tmp_path):
    folder = four(prices, tmp_path, LDOUSDC=slice(2800, None))
    with pytest.raises(InputError, match=r"1 of 5 cryptos lack .*: LDOUSDC: too little .* --crypto"):
        sweep(folder, incomplete="refuse")
    assert sweep(folder, incomplete="skip").cryptos == LONG
    assert sweep(folder, incomplete="refuse", cryptos=LONG).cryptos == LONG
    assert not sweep(folder, incomplete="refuse", cryptos=LONG).skipped


def test_a_named_crypto_is_wanted_so_its_absence_is_refused(prices, tmp_path):
    folder = four(prices, tmp_path, LDOUSDC=slice(2800, None))
    (folder / "OPUSDT_1h.csv").unlink()
    with pytest.raises(MissingDataError, match=r"OPUSDC: no file for base asset OP .* leave the crypto out"):
        sweep(folder, cryptos="UNIUSDC,OPUSDC")
    with pytest.raises(InputError, match="shorten the folds of the others: LDOUSDC: too") as no:
        sweep(folder, cryptos="UNIUSDC,LDOUSDC")
    assert "--set folds.calendar=per_crypto" in str(no.value)
    assert sweep(folder, cryptos="UNIUSDC,LDOUSDC", calendar="per_crypto").cryptos == ("UNIUSDC", "LDOUSDC")
    assert sweep(folder, cryptos="LDOUSDC").cryptos == ("LDOUSDC",), "alone it spoils nobody's folds"


def test_each_crypto_is_judged_alone_where_it_cuts_its_own_folds(prices, tmp_path):
    folder = four(prices, tmp_path, LDOUSDC=slice(0, 2400))
    assert sweep(folder, calendar="per_crypto").cryptos == (*LONG, "LDOUSDC")
    write(tmp_path, prices, {"LDOUSDC": slice(0, 2300)})
    assert list(sweep(folder, calendar="per_crypto").skipped) == ["LDOUSDC"]


def test_given_edges_decide_who_has_history_enough(prices, tmp_path):
    folder = four(prices, tmp_path, LDOUSDC=slice(1000, None))
    edges = sweep(four(prices, tmp_path), cryptos="UNIUSDC").settings.folds.edges
    assert list(sweep(folder, edges=edges).skipped) == ["LDOUSDC"], "1000 of 1177 rows before the first edge"
    later = tuple(edge + (edges[-1] - edges[0]) / 2 for edge in edges[:3])
    assert not sweep(folder, edges=later, n_folds=2).skipped


def test_the_resolved_settings_are_the_same_sweep_wherever_they_are_opened(prices, tmp_path):
    one = sweep(four(prices, tmp_path))
    again = open_sweep(stored_sweep_settings(one.sweep_id, one.settings.model_dump_json()))
    assert (again.sweep_id, again.cryptos, again.skipped) == (one.sweep_id, one.cryptos, one.skipped)
    write(tmp_path, prices, {"LDOUSDC": slice(None)})
    late = open_sweep(one.settings)
    assert (late.sweep_id, late.cryptos) == (one.sweep_id, LONG), "a run that began without a crypto ends so"
    assert open_sweep(one.settings.following_group()).cryptos == (*LONG, "LDOUSDC")


def test_a_group_without_one_crypto_is_another_sweep_than_the_others_by_name(prices, tmp_path):
    skipping, named = sweep(four(prices, tmp_path)), sweep(tmp_path, cryptos=LONG)
    assert skipping.sweep_id != named.sweep_id
    assert skipping.artifact_key("trained_models", "UNIUSDC") == named.artifact_key(
        "trained_models", "UNIUSDC"
    ), "no fit is made twice"


def test_a_run_on_a_skipped_crypto_says_why_it_is_skipped(prices, tmp_path):
    with pytest.raises(InputError, match="LDOUSDC: the sweep skips this crypto: no file for base asset LDO"):
        sweep(four(prices, tmp_path)).require_member("LDOUSDC")


def test_who_is_skipped_is_found_and_never_given(prices, tmp_path):
    for given in ({"skipped": {"LDOUSDC": "no"}}, {"skipped": {"OPUSDC": "no"}, "cryptos": ("OPUSDC",)}):
        with pytest.raises(InputError, match=r"data\.skipped names the cryptos .* Leave it out"):
            sweep(four(prices, tmp_path), **given)
