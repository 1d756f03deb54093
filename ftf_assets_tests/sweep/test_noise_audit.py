"""What an audit is told about its labels, by source: aligned in time, refused where it is of other rows."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ftf_assets.audit.kinds import NOISE_KINDS
from ftf_assets.audit.settings import audit_settings
from ftf_assets.contracts.coercion import coerce_candles, coerce_feature_cache
from ftf_assets.contracts.errors import InputError
from ftf_assets.graph.io_managers import artifact_types
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.sweep.noise_audit import Audit
from ftf_assets.sweep.sweep import open_sweep
from ftf_assets_tests.support.settings import settings_of

CRYPTO = "OPUSDC"


@pytest.fixture(scope="module")
def cache() -> pd.DataFrame:
    source = MarketSource()
    frame, _ = source.feature_cache(CRYPTO, source.candles(CRYPTO))
    return frame


@pytest.fixture(scope="module")
def market() -> Audit:
    return Audit(open_sweep(settings_of(cryptos=CRYPTO)), audit_settings({}))


@pytest.fixture(scope="module")
def arrays(cache):
    return coerce_feature_cache(cache, crypto=CRYPTO)


@pytest.fixture(scope="module")
def bars():
    return coerce_candles(MarketSource().candles(CRYPTO), crypto=CRYPTO)


def features(cache: pd.DataFrame, folder: Path, *drop: str) -> Audit:
    folder.mkdir(exist_ok=True)
    cache.drop(columns=list(drop)).to_parquet(folder / f"{CRYPTO}.parquet")
    settings = settings_of(cryptos=CRYPTO, source="features", path=str(folder))
    return Audit(open_sweep(settings), audit_settings({}))


def test_the_market_gives_every_kind_what_it_needs(market, arrays, bars):
    plan = market.plan(CRYPTO)
    assert plan.unavailable == ()
    labels = market.labels(CRYPTO, arrays, bars)
    fit = plan.fold(arrays).fit
    np.testing.assert_array_equal(labels.y, arrays.y[fit])
    truth = MarketSource().truth(CRYPTO).iloc[fit]
    np.testing.assert_array_equal(labels.truth.label, truth["true_label"])
    np.testing.assert_array_equal(labels.y != labels.truth.label, truth["flipped"])
    for kind in NOISE_KINDS.values():
        kind.inject(labels, 0.10, np.random.default_rng(0))


def test_no_stored_value_holds_the_truth(cache, arrays):
    truth = MarketSource().truth(CRYPTO)
    wrong = truth["flipped"].to_numpy()
    assert {"true_label", "flipped", "in_burst"}.isdisjoint(cache.columns)
    assert "truth" not in str(artifact_types())
    # Chance correlation with any feature, at most: 4 standard errors of 8,780 rows.
    correlation = [abs(np.corrcoef(arrays.X[:, j], wrong)[0, 1]) for j in range(arrays.X.shape[1])]
    assert np.nanmax(correlation) < 4.5 / np.sqrt(len(wrong))


@pytest.mark.parametrize(
    ("drop", "unavailable"),
    [
        ((), {"near_barrier", "known_truth"}),
        (("label_stability", "label_stability_end"), {"label_jitter", "near_barrier", "known_truth"}),
    ],
)
def test_a_ready_cache_without_candles_names_what_is_unavailable(cache, tmp_path, drop, unavailable):
    audit = features(cache, tmp_path / "cache", *drop)
    plan = audit.plan(CRYPTO)
    assert {kind.name for kind in plan.unavailable} == unavailable
    assert "temporal" not in plan.detectors
    assert "filter_temporal" not in plan.treatments
    frame, _ = audit.sweep.source.feature_cache(CRYPTO, audit.sweep.source.candles(CRYPTO))
    labels = audit.labels(CRYPTO, coerce_feature_cache(frame, crypto=CRYPTO), audit.candles(CRYPTO, frame))
    assert labels.margin is None
    assert labels.truth is None


def test_the_margin_is_known_only_for_the_rows_own_bars(market, arrays, bars):
    shifted = dataclasses.replace(bars, close_time=bars.close_time + 1)
    with pytest.raises(
        InputError, match=r"OPUSDC: timestamps of the candles differ from those of the audited rows"
    ):
        market.labels(CRYPTO, arrays, shifted)


def test_rows_that_the_markets_truth_does_not_explain_are_refused(market, arrays, bars):
    other = arrays.y.copy()
    other[17] = 1 - other[17]
    with pytest.raises(InputError, match="true labels do not match the stored ones"):
        market.labels(CRYPTO, dataclasses.replace(arrays, y=other), bars)


def test_sweeps_of_the_same_data_find_the_audit_whatever_they_vary(market):
    others = [{"factors": "cleanlab"}, {"n_folds": 3}, {"seed": 9}, {"trials": 0}, {"max_rounds": 50}]
    for settings in others:
        sweep = open_sweep(settings_of(**{"cryptos": CRYPTO, **settings}))
        assert sweep.artifact_key("coerced_arrays", CRYPTO) == market.arrays_key(CRYPTO)
    for settings in ({"market_seed": 5}, {"stop_atr": 0.7}, {"market_noise": 0.0}):
        sweep = open_sweep(settings_of(**{"cryptos": CRYPTO, **settings}))
        assert sweep.artifact_key("coerced_arrays", CRYPTO) != market.arrays_key(CRYPTO)


def test_what_a_sweep_varies_is_no_part_of_the_audits_identity(market):
    same = Audit(open_sweep(settings_of(cryptos=CRYPTO, trials=0)), market.settings)
    assert same.audit_id(CRYPTO) == market.audit_id(CRYPTO)
    other = Audit(market.sweep, audit_settings({"noise_seeds": 6}))
    assert other.audit_id(CRYPTO) != market.audit_id(CRYPTO)


def test_the_rows_of_its_fits_are_those_of_the_fit_part(market, arrays):
    n_fit = len(market.plan(CRYPTO).fold(arrays).fit)
    assert market.expected_rows(CRYPTO) == pytest.approx(market.plan(CRYPTO).n_fits * n_fit, rel=0.05)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"noise_seeds": 4}, "noise_seeds.*greater than or equal to 5"),
        ({"noise_share": 0.2}, "noise_share.*less than or equal to 0.15"),
        ({"kinds": ("flips",)}, "unknown kind of noise.*'flips'"),
    ],
)
def test_settings_of_the_audit_are_refused_by_name(values, named):
    with pytest.raises(InputError, match=named):
        audit_settings(values)
