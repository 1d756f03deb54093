"""The label ceiling trains the baseline on noisier labels and leaves everything else as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ftf_assets.contracts.bundles import BaselineParameters, Outcome
from ftf_assets.contracts.errors import InputError
from ftf_assets.training import fit_task
from ftf_assets.training.ceiling_plan import TRUTH, AddedNoise, CeilingPlan
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets.training.fit_keys import model_fit_key
from ftf_assets.training.fit_task import FitTask
from ftf_assets.training.label_ceiling import CeilingScore, measure_label_ceiling
from ftf_assets.training.metrics import classification_metrics
from ftf_assets.training.planned_fits import planned_ceiling_keys, planned_fit_keys
from ftf_assets_tests.support.ceiling import DOSES, scores_of, true_labels, with_ceiling
from ftf_assets_tests.support.production import MemoryFitStore, Trained, train


@pytest.fixture
def run(standard_run: Trained) -> Trained:
    return with_ceiling(standard_run)


def tasks_of(run: Trained, monkeypatch: pytest.MonkeyPatch) -> dict[str, FitTask]:
    """What is fitted, by key, where nothing is in the store yet."""
    fitted: dict[str, FitTask] = {}
    execute = fit_task.execute_fit
    monkeypatch.setattr(
        fit_task,
        "execute_fit",
        lambda task, arrays: fitted.setdefault(task.key, task) and execute(task, arrays),
    )
    scores_of(replace(run, store=MemoryFitStore()))
    return fitted


def test_every_dose_and_repeat_of_every_fold_is_scored(run: Trained):
    scores = scores_of(run)
    doses = {("none", 0.0), ("truth", 0.0)}
    doses |= {(pattern, u) for pattern in ("independent", "bursts") for u in (0.5, 1.0)}
    assert [(s.fold, s.noise, s.exposure, s.repeat) for s in scores] == [
        (fold, noise.pattern, noise.exposure, repeat) for fold in (0, 1) for noise, repeat in DOSES.fits()
    ]
    assert {(s.noise, s.exposure) for s in scores} == doses
    assert all(s.outcome.status == "ok" and s.metrics for s in scores)


def test_untouched_labels_are_the_baselines_own_fit_and_score(run: Trained):
    for fold in (0, 1):
        cell = run.cell("baseline", fold)
        (score,) = (s for s in scores_of(run) if (s.fold, s.noise, s.repeat) == (fold, "none", 0))
        row = classification_metrics(
            run.arrays.y[cell.test_rows], cell.test_probability, cell.threshold, seed=1
        )
        assert (score.fit_key,) == cell.fit_keys
        assert score.changed == 0
        assert score.metrics is not None
        assert {name: score.metrics[name] for name in ("roc_auc", "average_precision")} == {
            name: row[name] for name in ("roc_auc", "average_precision")
        }


def test_the_baselines_fits_are_reused(run: Trained):
    scores_of(run)
    reused = {event.key for event in run.events if event.kind == "reused"}
    assert reused == {model_fit_key(run.plan, fold, run.plan.variants[0]) for fold in (0, 1)}


def test_only_labels_and_seed_differ_from_the_baselines_fit(run: Trained, monkeypatch: pytest.MonkeyPatch):
    fitted = tasks_of(run, monkeypatch)
    folds = run.plan.folds(run.arrays)
    for score in scores_of(run):
        task, fold = fitted[score.fit_key], folds[score.fold]
        baseline = run.baselines.folds[score.fold]
        np.testing.assert_array_equal(task.rows, fold.fit)
        np.testing.assert_array_equal(task.weight, run.arrays.base_weight[fold.fit])
        np.testing.assert_array_equal(task.predict["test"], fold.test)
        assert task.parameters == baseline.parameters
        assert score.rounds == baseline.rounds
        same = [s for s in scores_of(run) if (s.fold, s.repeat) == (score.fold, score.repeat)]
        assert {s.seed for s in same} == {task.seed}


def test_labels_get_noisier_with_the_dose_and_less_noise_is_part_of_more(
    run: Trained, monkeypatch: pytest.MonkeyPatch
):
    fitted = tasks_of(run, monkeypatch)
    for pattern in ("independent", "bursts"):
        half, one = (
            next(s for s in scores_of(run) if (s.noise, s.exposure) == (pattern, exposure))
            for exposure in (0.5, 1.0)
        )
        assert half.changed is not None
        assert one.changed is not None
        assert 0 < half.changed < one.changed < 0.3
        observed = run.arrays.y[run.plan.folds(run.arrays)[0].fit]
        less, more = fitted[half.fit_key].labels, fitted[one.fit_key].labels
        np.testing.assert_array_equal(more[less != observed], less[less != observed])


def test_the_truth_is_trained_on_and_scored_on_only_where_the_plan_asks_for_it(
    run: Trained, monkeypatch: pytest.MonkeyPatch
):
    fitted = tasks_of(run, monkeypatch)
    fold = run.plan.folds(run.arrays)[0]
    (score,) = (s for s in scores_of(run) if (s.fold, s.noise, s.repeat) == (0, "truth", 0))
    np.testing.assert_array_equal(fitted[score.fit_key].labels, true_labels(run)[fold.fit])
    assert score.changed == pytest.approx(0.05, abs=0.001)
    assert score.metrics is not None
    assert score.metrics["roc_auc_true"] != score.metrics["roc_auc"]
    without = with_ceiling(run, replace(DOSES, truth=False))
    engine = FitEngine(run.store, ThreadFitExecutor(1), run.events.append)
    scores = measure_label_ceiling(without.plan, run.arrays, run.baselines, engine, true_labels(run))
    assert all(s.noise != "truth" and "roc_auc_true" not in (s.metrics or {}) for s in scores)
    with pytest.raises(InputError, match="asks for true labels"):
        measure_label_ceiling(run.plan, run.arrays, run.baselines, engine)


def test_one_dose_more_keeps_the_fits_of_the_others(run: Trained):
    keys = {s.fit_key for s in scores_of(run)}
    more = with_ceiling(run, replace(DOSES, exposures=(0.5, 0.75, 1.0), repeats=3))
    assert keys < {s.fit_key for s in scores_of(more)}


def test_the_planned_fits_are_those_that_run(run: Trained):
    keys = {s.fit_key for s in scores_of(run)}
    assert keys == {key for fold in (0, 1) for key in planned_ceiling_keys(run.plan, fold)}
    assert keys <= set(planned_fit_keys(run.plan))
    without = replace(run.plan, ceiling=None)
    assert planned_ceiling_keys(without, 0) == []
    assert len(planned_fit_keys(run.plan)) == len(planned_fit_keys(without)) + len(keys) - 2


def test_a_plan_without_a_ceiling_fits_nothing(run: Trained):
    assert scores_of(replace(run, plan=replace(run.plan, ceiling=None))) == []
    assert run.events == []


def test_a_failed_fit_is_recorded_and_the_others_are_scored(run: Trained, monkeypatch: pytest.MonkeyPatch):
    execute = fit_task.execute_fit

    def fail_on_bursts(task: FitTask, arrays: object) -> object:
        if task.name.startswith("bursts"):
            raise ValueError("no gain")
        return execute(task, arrays)

    monkeypatch.setattr(fit_task, "execute_fit", fail_on_bursts)
    for score in scores_of(run):
        if score.noise == "bursts":
            assert (score.outcome.error_stage, score.outcome.error_message) == ("label_ceiling", "no gain")
            assert score.metrics is None
        else:
            assert score.outcome.status == "ok"


def test_a_fold_without_a_baseline_has_its_reason_in_every_row(run: Trained):
    skipped = Outcome.skipped("900 fit rows, 1000 needed")
    first, second = run.baselines.folds
    scores = scores_of(replace(run, baselines=BaselineParameters((replace(first, outcome=skipped), second))))
    of_fold: list[CeilingScore] = [s for s in scores if s.fold == 0]
    assert len(of_fold) == len(list(DOSES.fits()))
    assert {s.outcome for s in of_fold} == {skipped}
    assert all(s.outcome.status == "ok" for s in scores if s.fold == 1)


def test_the_same_ceiling_has_the_same_bits_whatever_the_workers(run: Trained):
    one, two = (
        measure_label_ceiling(
            run.plan,
            run.arrays,
            run.baselines,
            FitEngine(MemoryFitStore(), ThreadFitExecutor(workers), lambda _: None),
            true_labels(run),
        )
        for workers in (1, 3)
    )
    assert one == two


def test_a_study_of_the_baseline_changes_the_keys(run: Trained):
    other = train(replace(run.plan, seed=8, ceiling=None), run.arrays)
    keys = set(planned_ceiling_keys(replace(other.plan, ceiling=DOSES), 0))
    assert not keys & set(planned_ceiling_keys(run.plan, 0))


def test_doses_come_in_order_with_the_untouched_labels_first():
    doses = list(CeilingPlan(exposures=(0.5,), truth=True).fits())
    assert doses == [(AddedNoise("none"), 0), (AddedNoise("independent", 0.5), 0), (TRUTH, 0)]
