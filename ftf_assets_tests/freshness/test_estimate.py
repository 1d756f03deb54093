"""The cost of a sweep: fits are counted before it runs, and timed by finished fits or the published pace."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from ftf_assets.freshness import estimate
from ftf_assets.freshness.current import stale_assets
from ftf_assets.freshness.estimate import describe_plan
from ftf_assets.freshness.reason import Reason, StaleAsset
from ftf_assets.storage.fit_store import fit_store
from ftf_assets.storage.home import Home
from ftf_assets.storage.time_estimate import PUBLISHED_ROUNDS, PUBLISHED_SECONDS_PER_ROW_AND_ROUND
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets.training.boosting import FitResult
from ftf_assets_tests.support.settings import settings_of

SECONDS_A_ROW = 3e-5


def sweep(**settings: object) -> Sweep:
    return open_sweep(settings_of(**{"cryptos": "OPUSDC", "trials": 0, "workers": 2, **settings}))


def finished_fit(n_rows: int) -> FitResult:
    return FitResult(b"booster", 33, SECONDS_A_ROW * n_rows, {"test": np.zeros(3)}, n_rows)


def plan_of(one: Sweep, home: Home) -> dict[str, Any]:
    return describe_plan(one, home, stale_assets(one, home))


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path)


def test_of_a_crypto_whose_fitted_values_are_current_no_fit_is_left_whatever_the_home_lacks(home: Home):
    one = sweep(cryptos="OPUSDC,LDOUSDC")
    mask = StaleAsset("LDOUSDC", "cleanlab_masks", Reason("check", "its check contract has not run"))
    rows = StaleAsset("OPUSDC", "finetune_results", Reason("damaged", "a row is missing"))
    assert describe_plan(one, home, [mask, rows])["fits_left"] == one.n_fits // 2
    assert describe_plan(one, home, [rows])["fits_left"] == 0
    assert describe_plan(one, home, [])["estimated_seconds"] == 0


def test_without_a_timed_fit_the_published_pace_counts_and_the_plan_says_so(home: Home):
    rows = sum(sweep().expected_rows("OPUSDC").values())
    plan = plan_of(sweep(), home)
    pace = PUBLISHED_SECONDS_PER_ROW_AND_ROUND * PUBLISHED_ROUNDS
    assert plan["estimated_seconds"] == pytest.approx(rows * pace / 2, abs=0.06)
    assert plan["estimated_by"] == "the published pace, because this home has no finished fit"
    fit_store(home).put("0" * 16, finished_fit(500))
    assert plan_of(sweep(), home)["estimated_by"] == "the pace of 1 finished fit of this home"


def test_few_rounds_make_the_published_pace_faster(home: Home):
    long, short = (plan_of(sweep(**rounds), home) for rounds in ({}, {"max_rounds": 50}))
    ratio = short["estimated_seconds"] / long["estimated_seconds"]
    assert ratio == pytest.approx(50 / PUBLISHED_ROUNDS, rel=0.05)


def test_the_time_is_the_rows_left_times_the_seconds_per_row_of_finished_fits_by_the_workers(home: Home):
    store = fit_store(home)
    for number, n_rows in enumerate((500, 7_000)):
        store.put(f"{number:016x}", finished_fit(n_rows))
    one, five = sweep(), sweep(cryptos="OPUSDC,LDOUSDC,UNIUSDC,ARBUSDC,AAVEUSDC")
    rows = one.expected_rows("OPUSDC")
    expected = sum(rows.values()) * SECONDS_A_ROW / 2
    assert plan_of(one, home)["estimated_seconds"] == pytest.approx(expected, abs=0.06)
    assert plan_of(five, home)["estimated_seconds"] == pytest.approx(5 * expected, abs=0.06)
    assert plan_of(sweep(workers=8), home)["estimated_seconds"] == pytest.approx(expected / 4, abs=0.06)

    largest = max(rows, key=lambda key: rows[key])
    store.put(largest, finished_fit(1_000))
    left = (sum(rows.values()) - rows[largest]) * SECONDS_A_ROW / 2
    assert plan_of(one, home)["estimated_seconds"] == pytest.approx(left, abs=0.06)


def test_a_tuned_plan_advises_against_trials_that_gain_nothing(home: Home):
    tuned = plan_of(sweep(trials=15), home)
    n_tuning = 5 * 15 * 3 * 2
    assert tuned["tuning_advice"].startswith(f"--trials 0 saves {n_tuning} of {tuned['fits']} fits")
    assert plan_of(sweep(), home)["tuning_advice"] is None


@pytest.mark.parametrize(
    ("pays_from", "device", "advised"),
    [(10_000_000, "cuda", "cpu"), (10_000_000, "cpu", None), (1_000, "cpu", "cuda"), (1_000, "cuda", None)],
)
def test_a_plan_advises_the_other_device_where_it_was_measured_to_fit_faster(
    home: Home, monkeypatch: pytest.MonkeyPatch, pays_from: int, device: str, advised: str | None
):
    monkeypatch.setattr(estimate, "GPU_PAYS_FROM", estimate.GpuPays(pays_from, "an H100 against 16 cores"))
    largest = max(sweep().expected_rows("OPUSDC").values())
    words = (
        f"--device {advised} fits faster: the largest fit here has {largest:.0f} training rows, "
        f"and a GPU pays from {pays_from} (an H100 against 16 cores; docs/operating.md)"
    )
    advice = plan_of(sweep(device=device), home)["gpu_advice"]
    assert advice == (words if advised else None)
    monkeypatch.setattr(estimate, "GPU_PAYS_FROM", None)
    assert plan_of(sweep(device=device), home)["gpu_advice"] is None


def test_fits_on_another_device_do_not_count_for_the_pace(home: Home):
    store = fit_store(home)
    store.put("0" * 16, finished_fit(500))
    on_gpu = plan_of(sweep(device="cuda"), home)
    assert on_gpu["estimated_by"] == (
        "the published pace of a core, because this home has no finished fit on cuda"
    )
    fast = dataclasses.replace(finished_fit(5_000), seconds=SECONDS_A_ROW, device="cuda")
    store.put("1" * 16, fast)
    assert plan_of(sweep(device="cuda"), home)["estimated_by"] == (
        "the pace of 1 finished fit on cuda of this home"
    )
    assert plan_of(sweep(), home)["estimated_by"] == "the pace of 1 finished fit of this home"


def test_fits_at_a_time_on_a_gpu_are_a_setting_of_their_own(home: Home):
    assert plan_of(sweep(device="cuda", gpu_fits=3), home)["workers"] == 3
    assert plan_of(sweep(device="cpu", gpu_fits=3), home)["workers"] == 2


def test_a_damaged_fit_does_not_change_the_pace(home: Home):
    store = fit_store(home)
    store.put("00" * 8, finished_fit(1_000))
    known = plan_of(sweep(), home)["estimated_seconds"]
    store.put("01" * 8, finished_fit(1_000))
    header = next((home.path / "fits" / "01").glob("*/header.json"))
    header.write_text(header.read_text(encoding="utf-8").replace('"n_rows": 1000', '"n_rows": 1'))
    assert plan_of(sweep(), home)["estimated_seconds"] == known
