"""The baseline of each fold: found inside the training window, or skipped or failed with a reason."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ftf_assets.training import boosting
from ftf_assets.training.baseline import baseline_task, fit_baselines
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets.training.fit_seeds import model_seed
from ftf_assets.training.parameters import Rounds
from ftf_assets_tests.support.production import EPSILONS, MemoryFitStore


def fit(plan, arrays, store=None, workers=1):
    events = []
    store = MemoryFitStore() if store is None else store
    return fit_baselines(plan, arrays, FitEngine(store, ThreadFitExecutor(workers), events.append)), events


def test_every_fold_has_a_baseline_with_rounds_within_the_bounds(make_plan, training_arrays, fit_store):
    plan = make_plan()
    baselines, _ = fit(plan, training_arrays, fit_store)
    baselines.validate("OPUSDC", n_folds=2, min_rounds=4, max_rounds=60)
    for baseline in baselines.folds:
        assert baseline.rounds == fit_store.fits[baseline.fit_key].rounds
        assert (baseline.provenance, baseline.parameters) == ("default", plan.parameters)


def test_the_baseline_trains_on_hard_labels_base_weights_and_the_whole_fit_part(make_plan, training_arrays):
    plan = make_plan()
    for fold in plan.folds(training_arrays):
        task = baseline_task(plan, training_arrays, fold, plan.parameters)
        np.testing.assert_array_equal(task.rows, fold.fit)
        np.testing.assert_array_equal(task.labels, training_arrays.y[fold.fit])
        np.testing.assert_array_equal(task.weight, training_arrays.base_weight[fold.fit])
        assert task.rounds == plan.rounds
        assert task.seed == model_seed(plan, fold.index)


def test_test_rows_choose_nothing(make_plan, training_arrays):
    plan = make_plan()
    first = plan.folds(training_arrays)[0].test[0]
    y, X = training_arrays.y.copy(), training_arrays.X.copy()
    y[first:], X[first:] = 1 - y[first:], 0
    upside_down = dataclasses.replace(training_arrays, y=y, X=X)
    expected, found = (fit(plan, arrays)[0].folds[0] for arrays in (training_arrays, upside_down))
    assert found.rounds == expected.rounds


def test_workers_and_smoothing_levels_do_not_matter(make_plan, training_arrays):
    expected, _ = fit(make_plan(), training_arrays)
    other = make_plan(epsilons=EPSILONS | {"mild": (0.3, 0.3)})
    assert fit(other, training_arrays, workers=4)[0] == expected


def test_a_fold_with_too_short_a_history_is_skipped_and_says_why(make_plan, training_arrays):
    edges = training_arrays.start[[700, 1_400, 1_900]]
    (short, long), events = (result := fit(make_plan(edges=edges), training_arrays))[0].folds, result[1]
    assert short.outcome.status == "skipped_short_history"
    assert "fit rows, 1000 needed" in short.outcome.error_message
    assert (short.rounds, short.fit_key) == (0, "")
    assert long.outcome.status == "ok"
    assert [event.fold for event in events] == [1]


def test_a_baseline_that_raises_has_failed_at_stage_baseline(make_plan, training_arrays, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no memory on device")

    monkeypatch.setattr(boosting, "fit_booster", fail)
    baselines, events = fit(make_plan(), training_arrays)
    for baseline in baselines.folds:
        assert dataclasses.astuple(baseline.outcome) == (
            "training_failed", "RuntimeError", "no memory on device", "baseline",
        )  # fmt: skip
    assert [event.kind for event in events] == ["failed", "failed"]


@pytest.mark.slow
def test_the_default_rounds_stop_within_their_bounds(make_plan, training_arrays):
    plan = make_plan(rounds=Rounds(), parameters={"max_depth": 5, "learning_rate": 0.05})
    baselines, _ = fit(plan, training_arrays)
    assert all(20 <= baseline.rounds < 400 for baseline in baselines.folds)
