"""A short or missing crypto of a group: skipped and said, or refused, as the setting asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError, MissingDataError, input_error
from ftf_assets.sources.protocol import Provenance, Span
from ftf_assets.sweep.settings import stored_sweep_settings
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets_tests.support.settings import settings_of

LONG = ("UNIUSDC", "OPUSDC", "ARBUSDC", "AAVEUSDC")
HOURS = 4000
WHOLE = (0, HOURS)
FOUR = dict.fromkeys(LONG, WHOLE)
BEGIN = pd.Timestamp("2023-01-01 01:00", tz="UTC")

Open = Callable[..., Sweep]


class Histories:
    """A source that knows how long each history is, in hours since the beginning, and holds nothing else."""

    has_candles = True

    def __init__(self, hours: dict[str, tuple[int, int]]) -> None:
        self.hours = hours

    def span(self, crypto: str) -> Span:
        if crypto not in self.hours:
            raise input_error("no file", crypto=crypto, found="others", kind=MissingDataError)
        begin, end = (self.hours[crypto][0], self.hours[crypto][1] - 1)
        return Span(BEGIN + pd.Timedelta(hours=begin), BEGIN + pd.Timedelta(hours=end), end - begin + 1)

    def provenance(self, crypto: str) -> Provenance:
        return Provenance("candles", f"{crypto}.csv", "USDC", f"{self.span(crypto).rows:016x}")


@pytest.fixture
def sweep(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open a sweep on histories of these hours; its settings can be opened again on others."""

    def opened(hours: dict[str, tuple[int, int]], **settings: object) -> Sweep:
        monkeypatch.setattr("ftf_assets.sweep.sweep.open_source", lambda *_, **__: Histories(hours))
        return open_sweep(settings_of(source="candles", path="candles", trials=0, **settings))

    return opened


def test_a_crypto_without_a_file_is_skipped_with_the_reason(sweep: Open):
    one = sweep(FOUR)
    assert one.cryptos == LONG
    assert dict(one.skipped) == {"LDOUSDC": "no file"}
    assert one.n_cells == 4 * 5 * 5
    assert one.settings.data.crypto_group == "defi_top5", "so that it is looked for again next week"


def test_a_crypto_with_too_little_history_is_skipped_and_shortens_no_fold(sweep: Open):
    one = sweep({**FOUR, "LDOUSDC": (2800, HOURS)})
    assert one.cryptos == LONG
    assert one.skipped["LDOUSDC"] == (
        "too little history for the folds: 1200 rows from 2023-04-27 to 2023-06-16; at least 2354 rows are "
        "needed, half of them before the first test span"
    )
    np.testing.assert_array_equal(one.edges("UNIUSDC"), sweep(FOUR, cryptos=LONG).edges("UNIUSDC"))


def test_a_history_that_ends_before_the_others_have_begun_is_skipped(sweep: Open):
    later = dict.fromkeys(LONG, (1500, HOURS))
    one = sweep({**later, "LDOUSDC": (0, 2400)}, validation_fraction=0.05)
    assert one.cryptos == LONG
    assert one.skipped["LDOUSDC"] == (
        "its history does not cover the folds: 2400 rows from 2023-01-01 to 2023-04-11; the test spans last "
        "from 2023-04-25 to 2023-06-16 and need 1053 rows before them"
    )


def test_a_group_of_which_nobody_has_the_data_is_refused_with_every_reason(sweep: Open):
    hours = {"UNIUSDC": (0, 1500), "OPUSDC": (0, 900)}
    with pytest.raises(InputError, match="none of the 5 cryptos has the data that the folds need") as refused:
        sweep(hours)
    assert "UNIUSDC: too little history" in str(refused.value)
    assert "OPUSDC: too little history" in str(refused.value)
    for crypto in (*LONG[2:], "LDOUSDC"):
        assert f"{crypto}: no file" in str(refused.value)
    assert sweep(hours, cryptos="UNIUSDC").cryptos == ("UNIUSDC",), "the remedy that the message names"


def test_refuse_refuses_and_its_remedies_work(sweep: Open):
    hours = {**FOUR, "LDOUSDC": (2800, HOURS)}
    with pytest.raises(InputError, match=r"1 of 5 cryptos lack .*: LDOUSDC: too little .* --crypto"):
        sweep(hours, incomplete="refuse")
    assert sweep(hours, incomplete="skip").cryptos == LONG
    assert sweep(hours, incomplete="refuse", cryptos=LONG).cryptos == LONG
    assert not sweep(hours, incomplete="refuse", cryptos=LONG).skipped


def test_a_named_crypto_is_wanted_so_its_absence_is_refused(sweep: Open):
    hours = {"UNIUSDC": WHOLE, "LDOUSDC": (2800, HOURS)}
    with pytest.raises(MissingDataError, match=r"OPUSDC: no file \(found others\)\. Give the data, or leave"):
        sweep(hours, cryptos="UNIUSDC,OPUSDC")
    with pytest.raises(InputError, match="shorten the folds of the others: LDOUSDC: too") as no:
        sweep(hours, cryptos="UNIUSDC,LDOUSDC")
    assert "--set folds.calendar=per_crypto" in str(no.value)
    assert sweep(hours, cryptos="UNIUSDC,LDOUSDC", calendar="per_crypto").cryptos == ("UNIUSDC", "LDOUSDC")
    assert sweep(hours, cryptos="LDOUSDC").cryptos == ("LDOUSDC",), "alone it spoils nobody's folds"


def test_each_crypto_is_judged_alone_where_it_cuts_its_own_folds(sweep: Open):
    longer, shorter = ({**FOUR, "LDOUSDC": (0, end)} for end in (2400, 2300))
    assert sweep(longer, calendar="per_crypto").cryptos == (*LONG, "LDOUSDC")
    assert list(sweep(shorter, calendar="per_crypto").skipped) == ["LDOUSDC"]


def test_given_edges_decide_who_has_history_enough(sweep: Open):
    hours = {**FOUR, "LDOUSDC": (1000, HOURS)}
    edges = sweep(FOUR, cryptos="UNIUSDC").settings.folds.edges
    assert list(sweep(hours, edges=edges).skipped) == ["LDOUSDC"], "1000 of 1177 rows before the first edge"
    later = tuple(edge + (edges[-1] - edges[0]) / 2 for edge in edges[:3])
    assert not sweep(hours, edges=later, n_folds=2).skipped


def test_the_resolved_settings_are_the_same_sweep_wherever_they_are_opened(sweep: Open):
    one = sweep(FOUR)
    again = open_sweep(stored_sweep_settings(one.sweep_id, one.settings.model_dump_json()))
    assert (again.sweep_id, again.cryptos, again.skipped) == (one.sweep_id, one.cryptos, one.skipped)
    sweep({**FOUR, "LDOUSDC": WHOLE})  # its file has come
    late = open_sweep(one.settings)
    assert (late.sweep_id, late.cryptos) == (one.sweep_id, LONG), "a run that began without a crypto ends so"
    assert open_sweep(one.settings.following_group()).cryptos == (*LONG, "LDOUSDC")


def test_a_group_without_one_crypto_is_another_sweep_than_the_others_by_name(sweep: Open):
    skipping, named = sweep(FOUR), sweep(FOUR, cryptos=LONG)
    assert skipping.sweep_id != named.sweep_id
    assert skipping.artifact_key("trained_models", "UNIUSDC") == named.artifact_key(
        "trained_models", "UNIUSDC"
    ), "no fit is made twice"


def test_a_run_on_a_skipped_crypto_says_why_it_is_skipped(sweep: Open):
    with pytest.raises(InputError, match="LDOUSDC: the sweep skips this crypto: no file"):
        sweep(FOUR).require_member("LDOUSDC")


def test_who_is_skipped_is_found_and_never_given(sweep: Open):
    for given in ({"skipped": {"LDOUSDC": "no"}}, {"skipped": {"OPUSDC": "no"}, "cryptos": ("OPUSDC",)}):
        with pytest.raises(InputError, match=r"data\.skipped names the cryptos .* Leave it out"):
            sweep(FOUR, **given)


def test_a_broken_file_is_never_a_reason_to_skip_and_one_in_another_currency_is(tmp_path: Path):
    times = pd.date_range("2023-01-01", periods=2400, freq="h", tz="UTC")
    bars = pd.DataFrame({"date": times, "open": 9.0, "high": 9.5, "low": 8.5, "close": 9.1, "volume": 7.0})
    bars.to_parquet(tmp_path / "UNIUSDT_1h.parquet")
    bars.to_parquet(tmp_path / "OPBTC_1h.parquet")
    asked = settings_of(source="candles", path=str(tmp_path), trials=0)
    one = open_sweep(asked)
    assert one.cryptos == ("UNIUSDC",)
    assert one.skipped["OPUSDC"] == "the data of base asset OP are priced in another currency"
    bars.assign(close=-1.0).to_parquet(tmp_path / "LDOUSDT_1h.parquet")
    with pytest.raises(InputError, match=r"LDOUSDC, file LDOUSDT_1h\.parquet"):
        open_sweep(asked)
