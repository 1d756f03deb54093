"""A weight by label stability reads no candle that its fit holds out: on the market and on real candles."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.coercion import coerce_feature_cache
from ftf_assets.labels.apply_factors import treated_weight
from ftf_assets.sources.candles.feature_cache import feature_cache_from_candles
from ftf_assets.sources.candles.source import CandleFileSource
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.sources.protocol import Source
from ftf_assets.training import fit_task
from ftf_assets.training.fit_rows import rows_without, weight_without
from ftf_assets.training.folds.out_of_fold_blocks import out_of_fold_blocks
from ftf_assets.training.parameters import Tuning
from ftf_assets.training.variants import variant_of
from ftf_assets_tests.support.production import plan_of, train, variants_of
from ftf_assets_tests.support.real_candles import require_real_candles

CRYPTOS = ("UNIUSDC", "OPUSDC", "ARBUSDC", "AAVEUSDC", "LDOUSDC")
BY_STABILITY = (("sample_weight", "label_stability"),)


def source_of(name: str) -> Source:
    return MarketSource() if name == "market" else CandleFileSource(path=str(require_real_candles()))


def arrays_of(candles: pd.DataFrame, crypto: str = "OPUSDC") -> TrainingArrays:
    cache, _ = feature_cache_from_candles(candles, crypto, stop_multiple=0.5, target_multiple=1.5, horizon=4)
    return coerce_feature_cache(cache, crypto=crypto)


def fits_of(arrays: TrainingArrays):
    """Give the training rows and the held-out spans of each weighted fit of five folds."""
    plan = plan_of(arrays, n_folds=5)
    for fold in plan.folds(arrays):
        yield fold.fit, (fold.validation, fold.test)
        for block in out_of_fold_blocks(arrays.start, arrays.end, fold.fit, embargo=plan.embargo(arrays)):
            yield block.train, (block.held_out,)


@pytest.mark.parametrize("name", ["market", "candles"])
def test_purging_by_label_ends_leaves_stabilities_that_read_what_is_held_out_and_they_weigh_nothing(
    name: str,
):
    source, n_fits, n_reading = source_of(name), 0, 0
    for crypto in CRYPTOS:
        arrays = arrays_of(source.candles(crypto), crypto)
        later = arrays.label_stability_end > arrays.end
        assert 0.05 < later.mean() < 0.15
        for rows, held_out in fits_of(arrays):
            reading = np.zeros(len(rows), np.bool_)
            for one in held_out:
                first, last = arrays.start[one].min(), arrays.end[one].max()
                assert not ((arrays.end[rows] >= first) & (arrays.start[rows] <= last)).any()
                reading |= (arrays.label_stability_end[rows] >= first) & (arrays.start[rows] <= last)
            weight = treated_weight(BY_STABILITY, rows_without(arrays, rows, *held_out), plan_of(arrays))
            assert not weight[reading].any()
            stable = ~reading & (arrays.label_stability[rows] > 0)
            assert (weight[stable] > 0).all()
            n_fits, n_reading = n_fits + 1, n_reading + int(reading.any())
    assert n_fits == 5 * 5 * 6
    assert n_reading > 3, "no fit has such a row, so the test shows nothing"


@pytest.mark.parametrize("name", ["market", "candles"])
def test_other_held_out_candles_change_stabilities_and_none_that_is_known(name: str):
    source, n_changed = source_of(name), 0
    for crypto in CRYPTOS:
        candles = source.candles(crypto)
        arrays = arrays_of(candles, crypto)
        for rows, (held_out, *_) in fits_of(arrays):
            first = arrays.start[held_out].min()
            before = rows[arrays.start[rows] < first]
            if n_changed > 2 or not (arrays.label_stability_end[before] >= first).any():
                continue
            known = rows_without(arrays, before, held_out).stability_known
            for jump in (0.5, 2.0):
                other = candles.copy()
                factor = np.where(other.index >= pd.Timestamp(int(first), tz="UTC"), jump, 1.0)
                prices = ["open", "high", "low", "close"]
                other[prices] = other[prices].mul(factor, axis=0)
                changed = arrays_of(other, crypto).label_stability[before] != arrays.label_stability[before]
                assert not changed[known].any()
                n_changed += int(changed.any())
    assert n_changed > 0, "no stability reads what is held out, so the test shows nothing"


def test_rows_are_known_by_hand(training_arrays):
    hour = 3_600_000_000_000
    arrays = dataclasses.replace(
        training_arrays,
        end=training_arrays.start + hour,
        label_stability_end=training_arrays.start + 4 * hour,
    )
    before, held_out, after = np.arange(90, 98), np.arange(100, 110), np.arange(112, 120)
    rows = np.concatenate([before, after])
    found = rows_without(arrays, rows, held_out).stability_known
    np.testing.assert_array_equal(found, (rows < 96) | (rows > 110))


def test_trials_of_a_weighted_study_see_no_stability_of_their_scored_rows(
    make_plan, training_arrays, monkeypatch
):
    tasks: list[fit_task.FitTask] = []
    healthy = fit_task.execute_fit

    def note(task, arrays):
        tasks.append(task)
        return healthy(task, arrays)

    monkeypatch.setattr(fit_task, "execute_fit", note)
    tuning = Tuning(mode="per_variant", trials=1, folds=3, space=(("max_depth", (2.0, 8.0)),))
    train(make_plan(variants=variants_of("sample_weight=label_stability"), tuning=tuning), training_arrays)
    trials = [task for task in tasks if "scored" in task.predict and task.name.startswith("label_stability")]
    assert trials
    purged = 0
    for task in trials:
        for one in task.predict.values():
            reading = training_arrays.label_stability_end[task.rows] >= training_arrays.start[one].min()
            assert not task.weight[reading].any()
            purged += int(reading.sum())
    assert purged > 0


def test_out_of_fold_models_see_no_stability_of_what_their_fold_holds_out(
    make_plan, training_arrays, monkeypatch
):
    tasks: list[fit_task.FitTask] = []
    healthy = fit_task.execute_fit

    def note(task, arrays):
        tasks.append(task)
        return healthy(task, arrays)

    monkeypatch.setattr(fit_task, "execute_fit", note)
    variants = variants_of("sample_weight=label_stability,cleanlab=filter", "single")
    plan = make_plan(variants=variants)
    train(plan, training_arrays)
    folds = {fold.index: fold for fold in plan.folds(training_arrays)}
    reads_validation = 0
    for task in tasks:
        if "held_out" in task.predict:
            first = training_arrays.start[folds[task.fold].validation].min()
            reading = training_arrays.label_stability_end[task.rows] >= first
            assert not task.weight[reading].any()
            reads_validation += int(reading.sum())
    assert reads_validation > 0


def test_other_weights_are_left_alone_in_a_study(training_arrays):
    rows, held_out = np.arange(100), np.arange(100, 120)
    weight = training_arrays.base_weight[rows]
    for level in ("uniqueness", "time_decay"):
        variant = variant_of({"sample_weight": level})
        assert weight_without(training_arrays, variant, rows, weight, held_out) is weight
