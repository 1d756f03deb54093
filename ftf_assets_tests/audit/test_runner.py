"""The audit of production rows: nothing leaks, runs twice or fails silently, and equal bits come again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from ftf_assets.audit import runner
from ftf_assets.audit.detectors import DETECTORS
from ftf_assets.audit.kinds import NOISE_KINDS
from ftf_assets.audit.noise import AuditLabels, KnownTruth
from ftf_assets.audit.plan import AuditPlan
from ftf_assets.audit.runner import AuditResult, run_audit
from ftf_assets.audit.treatments import TREATMENTS
from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.labels.cleaning.cleanlab_factor import CLEANLAB
from ftf_assets.training import fit_task
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_engine import FitEngine, FitEvent
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets.training.fit_task import FitTask, execute_fit
from ftf_assets.training.parameters import Rounds
from ftf_assets_tests.support.audit_labels import HOUR, random_candles
from ftf_assets_tests.support.production import MemoryFitStore, plan_of

KINDS = ("none", "independent", "bursts", "known_truth")


@dataclass(frozen=True, eq=False)
class Audited:
    """One audit with everything that it fitted. Shared, so it is read only."""

    plan: AuditPlan
    arrays: TrainingArrays
    labels: AuditLabels
    result: AuditResult
    store: MemoryFitStore
    tasks: list[FitTask]
    y_before: np.ndarray

    def again(self, without: str = "", **changes: object) -> tuple[AuditResult, list[FitEvent]]:
        """Audit with the finished fits, less those of the tasks so named; which fits ran or were reused."""
        store, events = MemoryFitStore(), []
        missing = {task.key for task in self.tasks if without and without in task.name}
        store.fits = {key: fit for key, fit in self.store.fits.items() if key not in missing}
        engine = FitEngine(store, ThreadFitExecutor(2), events.append)
        return run_audit(replace(self.plan, **changes), self.arrays, self.labels, engine), events


def plan_for(arrays: TrainingArrays) -> AuditPlan:
    """The audit's one fold over the standard protocol's test spans, with short fits."""
    edges = plan_of(arrays).edges[[0, -1]]
    training = plan_of(arrays, edges=edges, rounds=Rounds(minimum=4, maximum=12, patience=3))
    return AuditPlan(training, KINDS, 0.10, 5, frozenset({"labels", "truth"}))


@pytest.fixture(scope="module")
def audited(training_arrays: TrainingArrays) -> Audited:
    plan = plan_for(training_arrays)
    y = training_arrays.y[plan.fold(training_arrays).fit]
    wrong = np.random.default_rng(0).random(len(y)) < 0.1
    truth = KnownTruth(np.where(wrong, 1 - y, y).astype(np.int8), np.zeros(len(y), np.bool_))
    labels, store, tasks = AuditLabels(y=y, truth=truth), MemoryFitStore(), []
    y_before = training_arrays.y.copy()

    def note(task: FitTask, arrays: TrainingArrays) -> FitResult:
        tasks.append(task)
        return execute_fit(task, arrays)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit_task, "execute_fit", note)
        result = run_audit(
            plan, training_arrays, labels, FitEngine(store, ThreadFitExecutor(2), lambda event: None)
        )
    return Audited(plan, training_arrays, labels, result, store, tasks, y_before)


def break_fits(monkeypatch: pytest.MonkeyPatch, name: str, error: Exception) -> None:
    """Let the fits of the tasks so named fail."""

    def fail(task: FitTask, arrays: TrainingArrays) -> FitResult:
        if name in task.name:
            raise error
        return execute_fit(task, arrays)

    monkeypatch.setattr(fit_task, "execute_fit", fail)


def test_the_audit_cuts_the_history_once_and_its_test_rows_are_all_test_spans(audited):
    mine, theirs = audited.plan.fold(audited.arrays), plan_of(audited.arrays).folds(audited.arrays)
    np.testing.assert_array_equal(mine.fit, theirs[0].fit)
    np.testing.assert_array_equal(mine.validation, theirs[0].validation)
    np.testing.assert_array_equal(mine.test, np.concatenate([fold.test for fold in theirs]))


def test_every_detector_and_treatment_is_measured_on_every_kind_of_noise(audited):
    found, effects, plan = audited.result.found, audited.result.effects, audited.plan
    assert {(one.kind, one.detector) for one in found} == {
        (kind, name) for kind in KINDS for name in DETECTORS if name != "temporal"
    }
    assert {(one.kind, one.treatment) for one in effects} == {
        (kind, name) for kind in KINDS[1:] for name in plan.treatments
    }
    assert set(TREATMENTS) - set(plan.treatments) == set(CLEANLAB.needs_candles), "there are no candles"
    assert all(one.outcome.status == "ok" for one in [*found, *effects])
    estimates = {one.detector: one.estimated_noise_rate for one in found if one.kind == "none"}
    assert estimates["cleanlab"] > 0
    assert estimates["label_only"] is None


def test_the_plan_knows_the_number_of_fits_beforehand(audited):
    assert len(audited.tasks) == len(audited.store.fits) == audited.plan.n_fits


def test_models_of_time_blocks_never_saw_the_block_that_they_predict_nor_labels_that_overlap_it(audited):
    a, plan = audited.arrays, audited.plan
    blocks = [task for task in audited.tasks if "time_blocks" in task.name]
    assert len(blocks) == 3 * 5 * 5, "three series of given labels, five draws, five blocks"
    for task in blocks:
        block = task.predict["held_out"]
        first, last = a.start[block].min(), a.end[block].max()
        assert ((a.end[task.rows] < first) | (a.start[task.rows] > last)).all()
        embargoed = (a.start[task.rows] > last) & (a.start[task.rows] <= last + plan.training.embargo(a))
        assert not embargoed.any()


def test_no_model_of_the_audit_learns_from_validation_or_test_rows(audited):
    fit = audited.plan.fold(audited.arrays).fit
    assert all(np.isin(task.rows, fit).all() for task in audited.tasks)


def test_the_shuffled_reference_leaks_as_most_people_run_it(audited):
    shuffled = [task for task in audited.tasks if "shuffled" in task.name]
    assert shuffled
    for task in shuffled:
        block = task.predict["held_out"]
        assert not np.isin(block, task.rows).any()
        assert np.isin(block + 1, task.rows).any(), "the neighbours of what it predicts are trained on"


def test_all_models_run_the_baselines_rounds_and_models_of_one_draw_share_their_seed(audited):
    baseline, *others = audited.tasks
    assert isinstance(baseline.rounds, Rounds)
    assert {task.rounds for task in others} == {audited.result.rounds}
    assert not any(task.keep_booster for task in others)
    assert {task.seed for task in others if "bursts 3, " in task.name and "test" in task.predict} == {
        audited.plan.model_seed(3)
    }


def test_noise_reaches_the_training_labels_only(audited):
    np.testing.assert_array_equal(audited.arrays.y, audited.y_before)
    fold = audited.plan.fold(audited.arrays)
    task = next(task for task in audited.tasks if task.name == "bursts 0, noisy")
    place = np.searchsorted(fold.fit, task.rows)
    noisy = NOISE_KINDS["bursts"].inject(audited.labels, 0.10, audited.plan.noise_generator("bursts", 0))
    np.testing.assert_array_equal(task.labels, noisy.given[place])
    assert set(task.predict) == {"test"}
    np.testing.assert_array_equal(task.predict["test"], fold.test)


def test_the_same_audit_gives_the_same_numbers_for_any_number_of_workers(audited):
    quick = replace(audited.plan, kinds=("bursts",))
    one, many = (
        run_audit(
            quick,
            audited.arrays,
            audited.labels,
            FitEngine(MemoryFitStore(), ThreadFitExecutor(n), lambda event: None),
        )
        for n in (1, 4)
    )
    assert one == many


def test_a_finished_audit_fits_nothing_again(audited):
    result, events = audited.again()
    assert {event.kind for event in events} == {"reused"}
    assert result == audited.result


def test_another_choice_of_kinds_shares_the_fits_of_the_labels_as_they_are(audited):
    _, events = audited.again(kinds=("none", "independent"))
    assert {event.kind for event in events} == {"reused"}


def test_a_fit_that_fails_fails_its_kind_by_name_and_no_other(audited, monkeypatch):
    name = "bursts 2, time_blocks 1"
    break_fits(monkeypatch, name, RuntimeError("out of luck"))
    result, _ = audited.again(without=name)
    failed = [one for one in [*result.found, *result.effects] if one.outcome.status != "ok"]
    assert {one.kind for one in failed} == {"bursts"}
    assert len(failed) == len(audited.plan.detectors) + len(audited.plan.treatments)
    assert {(one.outcome.error_stage, one.outcome.error_message) for one in failed} == {
        ("out_of_fold", "out of luck")
    }


def test_a_treatment_whose_model_fails_is_recorded_and_the_others_are_measured(audited, monkeypatch):
    name = "independent 0, reweight"
    break_fits(monkeypatch, name, MemoryError("too large"))
    result, _ = audited.again(without=name)
    status = {one.treatment: one.outcome.status for one in result.effects if one.kind == "independent"}
    assert status == dict.fromkeys(audited.plan.treatments, "ok") | {"reweight": "training_failed"}


def test_a_detector_that_raises_is_recorded_and_the_others_are_measured(audited, monkeypatch):
    def refuse(evidence):
        raise ValueError("not today")

    broken = replace(DETECTORS["cleanlab_shuffled"], detect=refuse)
    monkeypatch.setitem(runner.DETECTORS, "cleanlab_shuffled", broken)
    result, _ = audited.again(kinds=("independent",))
    status = {one.detector: one.outcome.status for one in result.found}
    assert status == dict.fromkeys(audited.plan.detectors, "ok") | {"cleanlab_shuffled": "training_failed"}


def test_a_kind_that_the_source_does_not_allow_is_named_with_the_reason(audited):
    result, _ = audited.again(kinds=("independent", "near_barrier"))
    assert result.unavailable == {"near_barrier": "needs candles, and the source is a ready feature cache"}
    assert {one.kind for one in result.found} == {"independent"}


def test_too_short_a_history_is_skipped_with_the_reason(audited):
    edges = np.array([audited.arrays.start[200], audited.arrays.start[400]])
    result, events = audited.again(training=replace(audited.plan.training, edges=edges))
    assert {one.outcome.status for one in result.found} == {"skipped_short_history"}
    assert "fit rows, 1000 needed" in result.found[0].outcome.error_message
    assert not events


def test_a_baseline_that_fails_fails_everything(audited, monkeypatch):
    break_fits(monkeypatch, "", RuntimeError("no luck at all"))
    store = MemoryFitStore()
    result = run_audit(
        audited.plan,
        audited.arrays,
        audited.labels,
        FitEngine(store, ThreadFitExecutor(2), lambda event: None),
    )
    assert {one.outcome.error_stage for one in [*result.found, *result.effects]} == {"baseline"}


@pytest.mark.parametrize("change", [{"share": 0.05}, {"seeds": 6}, {"kinds": ("bursts",)}])
def test_other_settings_are_another_audit(training_arrays, change):
    plan = plan_for(training_arrays)
    assert replace(plan, **change).audit_id() != plan.audit_id()
    assert replace(plan).audit_id() == plan.audit_id()


@pytest.mark.parametrize(
    "change",
    [
        {"suspect_cap": 0.3},
        {"cap_by": "confident_joint"},
        {"label_quality": "adjusted_self_confidence"},
        {"out_of_fold_blocks": 3},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_audit_of_other_cleaning_does_not_replace_this_one(training_arrays, change):
    plan = plan_for(training_arrays)
    assert replace(plan, training=replace(plan.training, **change)).audit_id() != plan.audit_id()


def test_with_candles_the_temporal_judge_and_its_levels_are_measured_too(audited):
    a = audited.arrays
    bars = np.arange(a.start[0], a.end[-1] + 1, HOUR)
    candles = replace(random_candles(len(bars)), close_time=bars)
    asked = replace(audited.plan, kinds=("bursts",), provides=frozenset({"labels", "candles"}))
    store = MemoryFitStore()
    result = run_audit(
        asked, a, audited.labels, FitEngine(store, ThreadFitExecutor(2), lambda event: None), candles
    )
    assert {one.detector for one in result.found} == set(DETECTORS)
    assert {one.treatment for one in result.effects} == set(TREATMENTS)
    assert all(one.outcome.status == "ok" for one in [*result.found, *result.effects])
    temporal = next(one for one in result.found if one.detector == "temporal" and one.given_label == "BUY")
    assert temporal.lift.value > 1.2
    assert len(store.fits) <= asked.n_fits, "cleaners that leave the same rows share a fit"
