"""The lag test: a feature that knows the bar after its row loses it when lagged, an honest state does not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.invariants.lag_loss import LagLoss, auc_to_exceed, lag_loss
from ftf_assets.training.fit_engine import FitEngine, FitEvent
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets_tests.support.production import MemoryFitStore, Trained, plan_of, train, variants_of


def labels_from(arrays: TrainingArrays, state: np.ndarray, sharpness: float) -> TrainingArrays:
    """Labels of which ``state`` decides much, in the place of the arrays' own."""
    random = np.random.default_rng(2)
    chance = 1 / (1 + np.exp(-(sharpness * state - 1.5)))
    return replace(arrays, y=(random.random(arrays.n_rows) < chance).astype(np.int8))


def with_features(arrays: TrainingArrays, *columns: np.ndarray) -> TrainingArrays:
    X = np.column_stack(columns).astype(np.float32)
    return replace(arrays, X=X, feature_names=tuple(f"feature_{i}" for i in range(len(columns))))


def slow_state(n_rows: int) -> np.ndarray:
    """An autoregressive state with standard deviation 1 that keeps 0.95 of itself from bar to bar."""
    random, state = np.random.default_rng(1), np.zeros(n_rows)
    for row in range(1, n_rows):
        state[row] = 0.95 * state[row - 1] + np.sqrt(1 - 0.95**2) * random.normal()
    return state


@dataclass
class Measured:
    loss: LagLoss
    events: list[FitEvent]


def measure(arrays: TrainingArrays, store: MemoryFitStore | None = None, **plan: object) -> Measured:
    run: Trained = train(plan_of(arrays, variants=variants_of("cleanlab=off"), **plan), arrays)
    events: list[FitEvent] = []
    engine = FitEngine(store or MemoryFitStore(), ThreadFitExecutor(2), events.append)
    return Measured(lag_loss(run.plan, arrays, run.baselines, run.models, engine), events)


def test_a_feature_of_the_bar_after_is_found_and_named(training_arrays: TrainingArrays):
    n, random = training_arrays.n_rows, np.random.default_rng(4)
    future = random.normal(size=n)  # independent from bar to bar, as returns are
    arrays = with_features(labels_from(training_arrays, future, 2.0), random.normal(size=n), future)
    found = measure(arrays).loss
    assert 0.7 < found.auc < 0.9
    assert found.share > 0.8
    (breach,) = found.breaches
    assert "allowed: 50%" in breach
    assert breach.endswith("Look first at column 'feature_1', which loses most alone")


def test_a_strong_but_slow_state_is_honest(training_arrays: TrainingArrays):
    state = slow_state(training_arrays.n_rows)
    found = measure(with_features(labels_from(training_arrays, state, 2.0), state)).loss
    assert found.auc > 0.7
    assert 0 < found.share < 0.3
    assert found.breaches == []


def test_a_weak_model_is_not_tested_and_costs_no_fit(training_arrays: TrainingArrays):
    future = np.random.default_rng(4).normal(size=training_arrays.n_rows)
    found = measure(with_features(labels_from(training_arrays, future, 0.5), future))
    assert 0.5 < found.loss.auc < 0.6
    assert (found.loss.breaches, found.events) == ([], [])
    assert "tested only above 0.6" in found.loss.in_words


def test_a_weak_model_that_knows_the_bar_after_is_found(training_arrays: TrainingArrays):
    future = np.random.default_rng(4).normal(size=training_arrays.n_rows)
    found = measure(with_features(labels_from(training_arrays, future, 0.9), future)).loss
    assert 0.6 < found.auc < 0.7
    assert found.breaches


def test_short_test_spans_are_tested_only_beyond_chance():
    few = np.arange(100) % 5 == 0
    assert auc_to_exceed(few) == pytest.approx(0.5 + 4 * (101 / (12 * 20 * 80)) ** 0.5)
    assert auc_to_exceed(np.arange(5_000) % 5 == 0) == 0.6
    assert auc_to_exceed(np.zeros(9, bool)) == 1.0, "without a BUY there is no AUC"


def test_a_sweep_without_a_baseline_is_tested_on_the_fits_of_its_baselines(training_arrays: TrainingArrays):
    n, random = training_arrays.n_rows, np.random.default_rng(4)
    future = random.normal(size=n)
    arrays = with_features(labels_from(training_arrays, future, 2.0), random.normal(size=n), future)
    smoke = train(plan_of(arrays, variants=variants_of("cleanlab=filter", design="single")), arrays)
    events: list[FitEvent] = []
    engine = FitEngine(MemoryFitStore(), ThreadFitExecutor(2), events.append)
    found = lag_loss(smoke.plan, arrays, smoke.baselines, smoke.models, engine)
    assert found.auc == pytest.approx(measure(arrays).loss.auc)
    assert found.breaches
    assert {one.name for one in events} == {"baseline on features to lag", "baseline on lagged features"}


def test_a_column_that_leaks_by_itself_is_not_tested_again(training_arrays: TrainingArrays):
    found = measure(with_features(training_arrays, training_arrays.y))
    assert (found.loss.auc, found.loss.breaches, found.events) == (1.0, [], [])


def test_one_fit_a_fold_and_seed_and_a_second_test_fits_nothing(training_arrays: TrainingArrays):
    state = slow_state(training_arrays.n_rows)
    arrays = with_features(labels_from(training_arrays, state, 2.0), state)
    store = MemoryFitStore()
    first = measure(arrays, store, seeds=2)
    again = measure(arrays, store, seeds=2)
    assert [event.kind for event in first.events] == ["done"] * 4
    assert [event.kind for event in again.events] == ["reused"] * 4
    assert {event.name for event in first.events} == {"baseline on lagged features"}
    assert first.loss == again.loss


def test_a_failed_fit_is_said(training_arrays: TrainingArrays, monkeypatch: pytest.MonkeyPatch):
    state = slow_state(training_arrays.n_rows)
    arrays = with_features(labels_from(training_arrays, state, 2.0), state)
    run = train(plan_of(arrays, variants=variants_of("cleanlab=off")), arrays)

    def execute_fit(*_: object) -> None:
        raise MemoryError("no memory left")

    monkeypatch.setattr("ftf_assets.training.fit_task.execute_fit", execute_fit)
    engine = FitEngine(MemoryFitStore(), ThreadFitExecutor(1), lambda _: None)
    found = lag_loss(run.plan, arrays, run.baselines, run.models, engine)
    assert found.breaches == ["the baseline could not be fitted again: MemoryError: no memory left"]


def test_without_a_trained_baseline_there_is_nothing_to_test():
    assert LagLoss(None).breaches == []
    assert LagLoss(None).in_words == "no baseline was trained"
