"""Fitting a cell again: which fits run, and which differences to the stored values are named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ftf_assets.contracts.bundles import TrainedModels
from ftf_assets.invariants.reproduction import (
    StoreWithoutFits,
    cell_to_repeat,
    refit_differences,
    treatment_differences,
)
from ftf_assets.labels.cleaning.cleanlab_factor import CLEANLAB
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets_tests.support.production import MemoryFitStore, Trained


def differences(run: Trained, store: MemoryFitStore) -> list[str]:
    return refit_differences(
        run.plan, run.arrays, run.soft_labels, run.baselines, run.masks, run.models, store
    )


def test_only_the_chosen_cell_is_fitted_again_and_the_store_is_not_changed(standard_run: Trained):
    cell = cell_to_repeat(standard_run.models)
    assert cell is not None
    assert (cell.fold, cell.variant) == (0, "reweight")
    store = MemoryFitStore()
    store.fits = dict(standard_run.store.fits)
    assert differences(standard_run, store) == []
    assert store.fits == standard_run.store.fits


def test_a_stored_model_with_other_bytes_or_a_missing_one_is_a_difference(standard_run: Trained):
    cell = cell_to_repeat(standard_run.models)
    assert cell is not None
    (key,) = cell.fit_keys
    store = MemoryFitStore()
    store.fits = dict(standard_run.store.fits)
    store.fits[key] = replace(store.fits[key], booster=b"another model")
    assert differences(standard_run, store) == [f"fold 0 reweight: the booster of fit {key} has other bytes"]
    del store.fits[key]
    assert differences(standard_run, store) == [
        f"fold 0 reweight: the stored fit {key} is missing or damaged"
    ]


def treated_again(run: Trained) -> list[str]:
    return treatment_differences(run.plan, run.arrays, run.soft_labels, run.baselines, run.masks, run.store)


def test_what_is_treated_again_has_the_same_bits(standard_run: Trained):
    assert treated_again(standard_run) == []


def test_a_cleaner_that_draws_without_a_seed_is_found_by_cleaning_again(standard_run: Trained, monkeypatch):
    def treat(level, judged, judgement):
        treated = CLEANLAB.treat(level, judged, judgement)
        return replace(treated, weight=treated.weight * np.float32(np.random.default_rng().uniform(0.9, 1)))

    monkeypatch.setitem(FACTORS, "cleanlab", replace(CLEANLAB, treat=treat))
    found = treated_again(standard_run)
    assert "fold 0 reweight: weight of reweight are others again" in found
    assert len(found) == len(standard_run.masks.masks)


def test_labels_that_are_drawn_without_a_seed_are_found_by_treating_them_again(
    standard_run: Trained, monkeypatch
):
    smoothing = FACTORS["label_smoothing"]
    shift = np.float32(1e-6)
    monkeypatch.setitem(
        FACTORS,
        "label_smoothing",
        replace(smoothing, treat=lambda *given: smoothing.treat(*given) * (1 - shift)),
    )
    assert "the labels of mild are others when they are treated again" in treated_again(standard_run)


def test_without_a_trained_cell_nothing_is_fitted_again(standard_run: Trained):
    nothing = replace(standard_run, models=TrainedModels(()))
    assert differences(nothing, MemoryFitStore()) == []


def test_a_store_without_fits_hides_the_named_ones_and_no_other(standard_run: Trained):
    first, second, *_ = standard_run.store.fits
    without = StoreWithoutFits(standard_run.store, frozenset({first}))
    assert without.get(first) is None
    assert without.get(second) is standard_run.store.fits[second]
