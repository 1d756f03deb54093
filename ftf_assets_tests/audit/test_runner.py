"""The audit of production rows: nothing leaks, runs twice or fails silently, and equal bits come again."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ftf_assets.audit import runner
from ftf_assets.audit.detectors import DETECTORS
from ftf_assets.audit.kinds import NOISE_KINDS
from ftf_assets.audit.noise import AuditLabels, KnownTruth
from ftf_assets.audit.plan import AuditPlan
from ftf_assets.audit.runner import run_audit
from ftf_assets.audit.treatments import TREATMENTS
from ftf_assets.labels.cleaning.cleanlab_factor import CLEANLAB
from ftf_assets.training import engine
from ftf_assets.training.engine import FitEngine, execute_fit
from ftf_assets.training.parameters import Rounds
from ftf_assets_tests.audit.labels import HOUR, random_candles
from ftf_assets_tests.support.production import MemoryFitStore

KINDS = ("none", "independent", "bursts", "known_truth")


@pytest.fixture
def plan(make_plan, training_arrays) -> AuditPlan:
    edges = make_plan().edges[[0, -1]]
    training = make_plan(edges=edges, rounds=Rounds(minimum=4, maximum=12, patience=3))
    return AuditPlan(training, KINDS, 0.10, 5, frozenset({"labels", "truth"}))


@pytest.fixture
def labels(plan, training_arrays) -> AuditLabels:
    y = training_arrays.y[plan.fold(training_arrays).fit]
    wrong = np.random.default_rng(0).random(len(y)) < 0.1
    truth = KnownTruth(np.where(wrong, 1 - y, y).astype(np.int8), np.zeros(len(y), np.bool_))
    return AuditLabels(y=y, truth=truth)


def audit(plan, arrays, labels, workers=2):
    store, events = MemoryFitStore(), []
    return run_audit(plan, arrays, labels, FitEngine(store, workers, events.append)), store, events


@pytest.fixture
def seen(monkeypatch):
    tasks = []

    def note(task, arrays):
        tasks.append(task)
        return execute_fit(task, arrays)

    monkeypatch.setattr(engine, "execute_fit", note)
    return tasks


def test_the_audit_cuts_the_history_once_and_its_test_rows_are_all_test_spans(
    make_plan, plan, training_arrays
):
    mine, theirs = plan.fold(training_arrays), make_plan().folds(training_arrays)
    np.testing.assert_array_equal(mine.fit, theirs[0].fit)
    np.testing.assert_array_equal(mine.validation, theirs[0].validation)
    np.testing.assert_array_equal(mine.test, np.concatenate([fold.test for fold in theirs]))


def test_every_measurement_is_there_and_the_plan_knew_the_number_of_fits(plan, training_arrays, labels):
    result, store, events = audit(plan, training_arrays, labels)
    assert {(one.kind, one.detector) for one in result.found} == {
        (kind, name) for kind in KINDS for name in DETECTORS if name != "temporal"
    }
    assert {(one.kind, one.treatment) for one in result.effects} == {
        (kind, name) for kind in KINDS[1:] for name in plan.treatments
    }
    assert set(TREATMENTS) - set(plan.treatments) == set(CLEANLAB.needs_candles), "there are no candles"
    assert all(one.outcome.status == "ok" for one in [*result.found, *result.effects])
    assert len(store.fits) == plan.n_fits
    assert {event.kind for event in events} == {"done", "reused"} or {event.kind for event in events} == {
        "done"
    }
    estimates = {one.detector: one.estimated_noise_rate for one in result.found if one.kind == "none"}
    assert estimates["cleanlab"] > 0
    assert estimates["label_only"] is None


def test_models_of_time_blocks_never_saw_the_block_that_they_predict_nor_labels_that_overlap_it(
    plan, training_arrays, labels, seen
):
    a = training_arrays
    audit(plan, a, labels)
    fold = plan.fold(a)
    blocks = [task for task in seen if "time_blocks" in task.name]
    assert len(blocks) == 3 * 5 * 5, "three series of given labels, five draws, five blocks"
    for task in blocks:
        block = task.predict["held_out"]
        first, last = a.start[block].min(), a.end[block].max()
        assert ((a.end[task.rows] < first) | (a.start[task.rows] > last)).all()
        assert not (
            (a.start[task.rows] > last) & (a.start[task.rows] <= last + plan.training.embargo(a))
        ).any()
    for task in seen:
        assert np.isin(task.rows, fold.fit).all(), "no model of the audit learns from validation or test rows"


def test_the_shuffled_reference_leaks_as_it_does_in_the_wild(plan, training_arrays, labels, seen):
    audit(plan, training_arrays, labels)
    for task in (one for one in seen if "shuffled" in one.name):
        block = task.predict["held_out"]
        assert not np.isin(block, task.rows).any()
        assert np.isin(block + 1, task.rows).any(), "the neighbours of what it predicts are trained on"


def test_all_models_run_the_baselines_rounds_and_models_of_one_draw_share_their_seed(
    plan, training_arrays, labels, seen
):
    result, _, _ = audit(plan, training_arrays, labels)
    baseline, *others = seen
    assert isinstance(baseline.rounds, Rounds)
    assert {task.rounds for task in others} == {result.rounds}
    assert not any(task.keep_booster for task in others)
    assert {task.seed for task in others if "bursts 3, " in task.name and "test" in task.predict} == {
        plan.model_seed(3)
    }


def test_noise_reaches_the_training_labels_only(plan, training_arrays, labels, seen):
    before = training_arrays.y.copy()
    audit(plan, training_arrays, labels)
    np.testing.assert_array_equal(training_arrays.y, before)
    fold = plan.fold(training_arrays)
    place = np.searchsorted(fold.fit, next(task.rows for task in seen if task.name == "bursts 0, noisy"))
    noisy = NOISE_KINDS["bursts"].inject(labels, 0.10, plan.noise_generator("bursts", 0))
    task = next(task for task in seen if task.name == "bursts 0, noisy")
    np.testing.assert_array_equal(task.labels, noisy.given[place])
    assert set(task.predict) == {"test"}
    np.testing.assert_array_equal(task.predict["test"], fold.test)


def test_the_same_audit_gives_the_same_numbers_for_any_number_of_workers(plan, training_arrays, labels):
    quick = dataclasses.replace(plan, kinds=("bursts",))
    one, _, _ = audit(quick, training_arrays, labels, workers=1)
    many, _, _ = audit(quick, training_arrays, labels, workers=4)
    assert one == many


def test_a_finished_audit_fits_nothing_again(plan, training_arrays, labels):
    quick = dataclasses.replace(plan, kinds=("independent",))
    store, events = MemoryFitStore(), []
    first = run_audit(quick, training_arrays, labels, FitEngine(store, 2, lambda event: None))
    again = run_audit(quick, training_arrays, labels, FitEngine(store, 2, events.append))
    assert {event.kind for event in events} == {"reused"}
    assert first == again


def test_another_kind_shares_the_fits_of_the_labels_as_they_are(plan, training_arrays, labels):
    store = MemoryFitStore()
    run_audit(plan, training_arrays, labels, FitEngine(store, 2, lambda event: None))
    fewer = dataclasses.replace(plan, kinds=("none", "independent"))
    events = []
    run_audit(fewer, training_arrays, labels, FitEngine(store, 2, events.append))
    assert {event.kind for event in events} == {"reused"}


def test_a_fit_that_fails_fails_its_kind_by_name_and_no_other(plan, training_arrays, labels, monkeypatch):
    def fail(task, arrays):
        if task.name == "bursts 2, time_blocks 1":
            raise RuntimeError("out of luck")
        return execute_fit(task, arrays)

    monkeypatch.setattr(engine, "execute_fit", fail)
    result, _, _ = audit(plan, training_arrays, labels)
    failed = [one for one in [*result.found, *result.effects] if one.outcome.status != "ok"]
    assert {one.kind for one in failed} == {"bursts"}
    assert len(failed) == len(plan.detectors) + len(plan.treatments)
    assert {(one.outcome.error_stage, one.outcome.error_message) for one in failed} == {
        ("out_of_fold", "out of luck")
    }


def test_a_treatment_whose_model_fails_is_recorded_and_the_others_are_measured(
    plan, training_arrays, labels, monkeypatch
):
    def fail(task, arrays):
        if task.name == "independent 0, reweight":
            raise MemoryError("too large")
        return execute_fit(task, arrays)

    monkeypatch.setattr(engine, "execute_fit", fail)
    result, _, _ = audit(plan, training_arrays, labels)
    status = {one.treatment: one.outcome.status for one in result.effects if one.kind == "independent"}
    assert status == dict.fromkeys(plan.treatments, "ok") | {"reweight": "training_failed"}


def test_a_detector_that_raises_is_recorded_and_the_others_are_measured(
    plan, training_arrays, labels, monkeypatch
):
    def refuse(evidence):
        raise ValueError("not today")

    broken = dataclasses.replace(DETECTORS["cleanlab_shuffled"], detect=refuse)
    monkeypatch.setitem(runner.DETECTORS, "cleanlab_shuffled", broken)
    result, _, _ = audit(dataclasses.replace(plan, kinds=("independent",)), training_arrays, labels)
    status = {one.detector: one.outcome.status for one in result.found}
    assert status == dict.fromkeys(plan.detectors, "ok") | {"cleanlab_shuffled": "training_failed"}


def test_a_kind_that_the_source_does_not_allow_is_named_with_the_reason(plan, training_arrays, labels):
    asked = dataclasses.replace(plan, kinds=("independent", "near_barrier"))
    result, _, _ = audit(asked, training_arrays, labels)
    assert result.unavailable == {"near_barrier": "needs candles, and the source is a ready feature cache"}
    assert {one.kind for one in result.found} == {"independent"}


def test_too_short_a_history_is_skipped_with_the_reason(plan, training_arrays, labels):
    a = training_arrays
    edges = np.array([a.start[200], a.start[400]])
    short = dataclasses.replace(plan, training=dataclasses.replace(plan.training, edges=edges))
    result, store, _ = audit(short, a, labels)
    assert {one.outcome.status for one in result.found} == {"skipped_short_history"}
    assert "fit rows, 1000 needed" in result.found[0].outcome.error_message
    assert not store.fits


def test_a_baseline_that_fails_fails_everything(plan, training_arrays, labels, monkeypatch):
    def fail(task, arrays):
        raise RuntimeError("no luck at all")

    monkeypatch.setattr(engine, "execute_fit", fail)
    result, _, _ = audit(plan, training_arrays, labels)
    assert {one.outcome.error_stage for one in [*result.found, *result.effects]} == {"baseline"}


@pytest.mark.parametrize("change", [{"share": 0.05}, {"seeds": 6}, {"kinds": ("bursts",)}])
def test_other_settings_are_another_audit(plan, change):
    assert dataclasses.replace(plan, **change).audit_id() != plan.audit_id()
    assert dataclasses.replace(plan).audit_id() == plan.audit_id()


def test_with_candles_the_temporal_judge_and_its_levels_are_measured_too(plan, training_arrays, labels):
    a = training_arrays
    bars = np.arange(a.start[0], a.end[-1] + 1, HOUR)
    candles = dataclasses.replace(random_candles(len(bars)), close_time=bars)
    asked = dataclasses.replace(plan, kinds=("bursts",), provides=frozenset({"labels", "candles"}))
    store = MemoryFitStore()
    result = run_audit(asked, a, labels, FitEngine(store, 2, lambda event: None), candles)
    assert {one.detector for one in result.found} == set(DETECTORS)
    assert {one.treatment for one in result.effects} == set(TREATMENTS)
    assert all(one.outcome.status == "ok" for one in [*result.found, *result.effects])
    temporal = next(one for one in result.found if one.detector == "temporal" and one.given_label == "BUY")
    assert temporal.lift.value > 1.2
    assert len(store.fits) <= asked.n_fits, "cleaners that leave the same rows share a fit"
