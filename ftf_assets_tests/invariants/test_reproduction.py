"""Fitting a cell again: what is asked of the store, and what a damaged fit looks like."""

from __future__ import annotations

from dataclasses import replace

from ftf_assets.contracts.bundles import TrainedModels
from ftf_assets.invariants.reproduction import ForgetfulStore, cell_to_repeat, refit_differences
from ftf_assets_tests.support.production import MemoryFitStore, Trained


def differences(run: Trained, store: MemoryFitStore) -> list[str]:
    return refit_differences(
        run.plan, run.arrays, run.soft_labels, run.baselines, run.masks, run.models, store
    )


def test_only_the_chosen_cell_is_fitted_again_and_the_store_is_left_alone(standard_run: Trained):
    cell = cell_to_repeat(standard_run.models)
    assert cell is not None
    assert (cell.fold, cell.variant) == (0, "reweight")
    store = MemoryFitStore()
    store.fits = dict(standard_run.store.fits)
    assert differences(standard_run, store) == []
    assert store.fits == standard_run.store.fits


def test_a_stored_model_of_other_bytes_or_none_at_all_is_a_difference(standard_run: Trained):
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


def test_without_a_trained_cell_there_is_nothing_to_repeat(standard_run: Trained):
    nothing = replace(standard_run, models=TrainedModels(()))
    assert differences(nothing, MemoryFitStore()) == []


def test_a_forgetful_store_forgets_what_it_was_told_and_nothing_else(standard_run: Trained):
    first, second, *_ = standard_run.store.fits
    forgetful = ForgetfulStore(standard_run.store, frozenset({first}))
    assert forgetful.get(first) is None
    assert forgetful.get(second) is standard_run.store.fits[second]
