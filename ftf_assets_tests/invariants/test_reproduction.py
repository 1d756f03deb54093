"""Fitting a cell again: which fits run, and which differences to the stored values are named."""

from __future__ import annotations

from dataclasses import replace

from ftf_assets.contracts.bundles import TrainedModels
from ftf_assets.invariants.reproduction import StoreWithoutFits, cell_to_repeat, refit_differences
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


def test_without_a_trained_cell_nothing_is_fitted_again(standard_run: Trained):
    nothing = replace(standard_run, models=TrainedModels(()))
    assert differences(nothing, MemoryFitStore()) == []


def test_a_store_without_fits_hides_the_named_ones_and_no_other(standard_run: Trained):
    first, second, *_ = standard_run.store.fits
    without = StoreWithoutFits(standard_run.store, frozenset({first}))
    assert without.get(first) is None
    assert without.get(second) is standard_run.store.fits[second]
