"""Fits that are begun early: the same fits and bits as stage after stage, none twice, in idle slots only."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ftf_assets.training import fit_task
from ftf_assets.training.baseline import fit_baselines
from ftf_assets.training.early_fits import EarlyFits
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets.training.masks import make_masks
from ftf_assets.training.models import train_cells
from ftf_assets.training.parameters import Rounds
from ftf_assets.training.planned_fits import planned_fit_keys
from ftf_assets.training.variants import expand_variants, parse_factors
from ftf_assets_tests.support.production import MemoryFitStore, plan_of, train


@pytest.fixture
def plan(training_arrays):
    variants = expand_variants(parse_factors("label_smoothing=none,mild,cleanlab=off,filter"), "one_factor")
    return dataclasses.replace(plan_of(training_arrays), variants=variants, seed_check=True)


class Begun:
    """The fits in the order in which they begin, and the stage that the calling thread is in."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stage, self.fits = "", []
        healthy = fit_task.execute_fit

        def note(task, arrays):
            self.fits.append((self.stage, task.name.split(" ")[0], task.fold))
            return healthy(task, arrays)

        monkeypatch.setattr(fit_task, "execute_fit", note)


def train_early(plan, arrays, begun, workers=1):
    store, events = MemoryFitStore(), []
    engine = FitEngine(store, ThreadFitExecutor(workers), events.append)
    soft = plan.soft_labels(arrays.y)
    early = EarlyFits(plan, arrays, soft)
    begun.stage = "baseline"
    baselines = fit_baselines(plan, arrays, engine, early.after_baseline)
    begun.stage = "masks"
    masks = make_masks(plan, arrays, soft, baselines, engine, early=early.after_masks)
    begun.stage = "models"
    models = train_cells(plan, arrays, soft, baselines, masks, engine)
    engine.close()
    return models, store, events


@pytest.mark.parametrize(
    "rounds", [Rounds(2, 30, 5), Rounds(8, 8, 8)], ids=["early stopping", "fixed rounds"]
)
def test_cells_have_the_same_bits_and_no_fit_runs_twice(plan, training_arrays, monkeypatch, rounds):
    plan = dataclasses.replace(plan, rounds=rounds)
    expected = train(plan, dataclasses.replace(training_arrays))
    models, store, events = train_early(plan, training_arrays, Begun(monkeypatch), workers=4)
    assert set(store.fits) == set(expected.store.fits) == set(planned_fit_keys(plan))
    for one, other in zip(models.cells, expected.models.cells, strict=True):
        assert (one.fold, one.variant, one.rounds, one.threshold) == (
            other.fold,
            other.variant,
            other.rounds,
            other.threshold,
        )
        np.testing.assert_array_equal(one.test_probability, other.test_probability)
    assert all(store.fits[key].booster == fit.booster for key, fit in expected.store.fits.items())
    done = [event.key for event in events if event.kind == "done"]
    assert sorted(done) == sorted(store.fits)


def test_fits_that_unlock_others_come_before_models_that_unlock_none(plan, training_arrays, monkeypatch):
    begun = Begun(monkeypatch)
    train_early(plan, training_arrays, begun)
    names = [name for _, name, _ in begun.fits]
    last_block = len(names) - 1 - names[::-1].index("out-of-fold")
    assert names[:2] == ["baseline", "baseline"]
    assert last_block < names.index("mild")
    assert last_block < names.index("filter")


def test_with_fixed_rounds_nothing_but_cleaned_models_waits(plan, training_arrays, monkeypatch):
    plan = dataclasses.replace(plan, rounds=Rounds(8, 8, 8))
    engine = FitEngine(MemoryFitStore(), ThreadFitExecutor(1), lambda _: None)
    asked = []
    early = EarlyFits(plan, training_arrays, plan.soft_labels(training_arrays.y))
    monkeypatch.setattr(engine, "run", lambda tasks, arrays, **how: asked.append(how["early"]) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fit_baselines(plan, training_arrays, engine, early.after_baseline)
    names = {task.name for task in asked[0]}
    assert {name.split(" ")[0] for name in names} == {"baseline", "mild", "out-of-fold"}


def test_an_early_fit_that_fails_fails_its_cell_where_the_cell_is_trained(plan, training_arrays, monkeypatch):
    begun = Begun(monkeypatch)
    healthy = fit_task.execute_fit

    def fail(task, arrays):
        if (task.name, task.fold) == ("mild", 0):
            raise ValueError("no split")
        return healthy(task, arrays)

    monkeypatch.setattr(fit_task, "execute_fit", fail)
    models, _, events = train_early(plan, training_arrays, begun)
    failed = {(cell.fold, cell.variant): cell.outcome for cell in models.cells if cell.outcome.status != "ok"}
    assert {cell: outcome.error_stage for cell, outcome in failed.items()} == {(0, "mild"): "fit"}
    assert [event.name for event in events if event.kind == "failed"] == ["mild"]


def test_what_no_stage_asks_for_ends_with_the_engine(plan, training_arrays, monkeypatch):
    begun = Begun(monkeypatch)
    store = MemoryFitStore()
    engine = FitEngine(store, ThreadFitExecutor(1), lambda _: None)
    early = EarlyFits(plan, training_arrays, plan.soft_labels(training_arrays.y))
    fit_baselines(plan, training_arrays, engine, early.after_baseline)
    engine.close()
    assert len(begun.fits) < len(planned_fit_keys(plan))
    assert len(store.fits) == len(begun.fits), "what has run is stored"
