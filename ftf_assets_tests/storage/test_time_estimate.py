"""A run of more than 10 estimated minutes must be confirmed; the estimate is that of ``ftf plan``."""

from __future__ import annotations

import numpy as np
import pytest

from ftf_assets.audit.settings import audit_settings
from ftf_assets.contracts.errors import InputError
from ftf_assets.graph.resources import HomeResource
from ftf_assets.storage.fit_store import fit_store
from ftf_assets.storage.home import Home
from ftf_assets.storage.time_estimate import (
    estimate_audit,
    estimate_sweep,
    require_confirmed_audit,
    require_confirmed_sweep,
)
from ftf_assets.sweep.noise_audit import Audit
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets.training.boosting import FitResult
from ftf_assets_tests.support.settings import settings_of

MINUTES = 60.0


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path)


def sweep(**settings: object) -> Sweep:
    return open_sweep(settings_of(**{"workers": 2, **settings}))


def take(home: Home, seconds: float, one: Sweep, crypto: str | None = None) -> None:
    """Let a finished fit set the pace so that the fits of a sweep, or of one of its cryptos, take so long."""
    cryptos = one.cryptos if crypto is None else (crypto,)
    rows = sum(sum(one.expected_rows(name).values()) for name in cryptos)
    pace = 2 * seconds / rows
    fit = FitResult(b"booster", 33, 1000 * pace, {"test": np.zeros(3)}, 1000)
    fit_store(home).put("0" * 16, fit)


def test_a_sweep_of_ten_minutes_runs_and_a_longer_one_is_refused_with_its_cost(home: Home):
    one = sweep(trials=0)
    take(home, 9.9 * MINUTES, one)
    require_confirmed_sweep(one, home)
    take(home, 10.1 * MINUTES, one)
    with pytest.raises(InputError) as refused:
        require_confirmed_sweep(one, home)
    for part in (
        "a long run must be confirmed: 5 cryptos x 5 folds x 5 variants = 125 cells, 1025 fits. The 1025 "
        "fits that are not done take about 0:10:0",
        "2 at a time, by the pace of 1 finished fit of this home (the limit without confirmation is 10 "
        "minutes)",
        "Add --confirm-long-run (run.confirm_long_run: true in the launchpad or in the settings from Python)",
    ):
        assert part in str(refused.value)
    require_confirmed_sweep(sweep(trials=0, confirm_long_run=True), home)


def test_the_refusal_counts_the_fits_of_tuning(home: Home):
    take(home, 11 * MINUTES, sweep(trials=0))
    with pytest.raises(InputError, match="= 125 cells, 3275 fits, 2250 of them for tuning"):
        require_confirmed_sweep(sweep(), home)


def test_finished_fits_make_a_run_shorter(home: Home):
    one = sweep(trials=0, cryptos="OPUSDC", n_folds=2)
    take(home, 11 * MINUTES, one)
    pace = estimate_sweep(one, home).pace.seconds_per_row
    store = fit_store(home)
    keys = list(one.expected_rows("OPUSDC"))
    for key in keys[:30]:
        store.put(key, FitResult(b"booster", 33, 1000 * pace, {"test": np.zeros(3)}, 1000))
    assert estimate_sweep(one, home).n_left == len(keys) - 30
    require_confirmed_sweep(one, home)


def test_a_run_of_one_partition_is_as_long_as_that_partition(home: Home):
    one = sweep(trials=0)
    take(home, 30 * MINUTES, one)
    require_confirmed_sweep(one, home, "OPUSDC")
    take(home, 11 * MINUTES, one, "OPUSDC")
    with pytest.raises(InputError, match=r"1025 fits\. The 205 fits of OPUSDC that are not done take"):
        require_confirmed_sweep(one, home, "OPUSDC")


def test_the_default_sweeps_and_the_default_audit_need_no_confirmation_in_a_new_home(home: Home):
    for settings in ({"trials": 0}, {}, {"power_mode": "smoke"}):
        require_confirmed_sweep(sweep(**settings), home)
    require_confirmed_audit(Audit(sweep(), audit_settings({})), home)


def test_a_huge_audit_must_be_confirmed(home: Home):
    huge = Audit(sweep(), audit_settings({"noise_seeds": 50}))
    assert estimate_audit(huge, home).n_left == huge.n_fits
    with pytest.raises(
        InputError, match=rf"a long audit must be confirmed: {huge.n_fits} fits. The .* take about"
    ):
        require_confirmed_audit(huge, home)
    require_confirmed_audit(Audit(sweep(confirm_long_run=True), huge.settings), home)


def test_a_run_in_the_ui_is_refused_before_its_first_fit_and_never_later(home: Home):
    one, resource = sweep(trials=0), HomeResource(path=str(home.path))
    take(home, 11 * MINUTES, one, "OPUSDC")
    with pytest.raises(InputError, match="a long run must be confirmed"):
        resource.sweep_fit_engine(one, "OPUSDC", lambda event: None)
    take(home, 9 * MINUTES, one, "OPUSDC")
    resource.sweep_fit_engine(one, "OPUSDC", lambda event: None)
    take(home, 11 * MINUTES, one, "OPUSDC")  # the fits of the run itself were slower than those before it
    resource.sweep_fit_engine(one, "OPUSDC", lambda event: None)
    audit = Audit(one, audit_settings({"noise_seeds": 100}))
    with pytest.raises(InputError, match="a long audit must be confirmed"):
        resource.audit_fit_engine(audit, "OPUSDC", lambda event: None)
