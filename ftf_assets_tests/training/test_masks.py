"""Cleaning masks: judged by models that never saw the rows, on the fit part and nothing else."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ftf_assets.contracts.bundles import CleanlabMasks
from ftf_assets.contracts.errors import CellError
from ftf_assets.labels.cleaning import cleanlab_factor
from ftf_assets.labels.cleaning.suspect_treatments import clean
from ftf_assets.training import fit_task, masks
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets.training.fit_task import execute_fit
from ftf_assets_tests.support.production import MemoryFitStore, plan_of, train, variants_of

CONTROLS = variants_of("cleanlab=filter,reweight,filter_random,filter_lowest_p")


@pytest.fixture
def seen(monkeypatch):
    """Record every task that the engine fits."""
    tasks = []

    def note(task, arrays):
        tasks.append(task)
        return execute_fit(task, arrays)

    monkeypatch.setattr(fit_task, "execute_fit", note)
    return tasks


def out_of_fold(tasks):
    return [task for task in tasks if "held_out" in task.predict]


def test_no_out_of_fold_model_saw_the_block_that_it_predicts(make_plan, training_arrays, seen):
    plan, a = make_plan(variants=variants_of("label_smoothing,cleanlab", "factorial")), training_arrays
    train(plan, a)
    tasks = out_of_fold(seen)
    assert len(tasks) == 2 * 3 * 5
    for task in tasks:
        block = task.predict["held_out"]
        first, last = a.start[block].min(), a.end[block].max()
        assert ((a.end[task.rows] < first) | (a.start[task.rows] > last)).all()
        assert not ((a.start[task.rows] > last) & (a.start[task.rows] <= last + plan.embargo(a))).any()


def test_out_of_fold_models_see_the_fit_part_only_and_run_the_baselines_rounds(
    make_plan, training_arrays, seen
):
    plan = make_plan(variants=variants_of("label_smoothing=mild,cleanlab=filter", "factorial"))
    run = train(plan, training_arrays)
    folds = {fold.index: fold for fold in plan.folds(training_arrays)}
    for task in out_of_fold(seen):
        fit_part = folds[task.fold].fit
        assert np.isin(task.rows, fit_part).all()
        assert np.isin(task.predict["held_out"], fit_part).all()
        assert task.rounds == run.baselines.folds[task.fold].rounds
        judge = task.name.rpartition(" ")[2]
        np.testing.assert_array_equal(task.labels, run.soft_labels.levels[judge][task.rows])
        np.testing.assert_array_equal(task.weight, training_arrays.base_weight[task.rows])


def test_masks_cover_exactly_the_fit_part(make_plan, training_arrays):
    plan = make_plan(variants=CONTROLS)
    run = train(plan, training_arrays)
    folds = plan.folds(training_arrays)
    assert len(run.masks.masks) == 2 * 4
    for mask in run.masks.masks:
        fold = folds[mask.fold]
        np.testing.assert_array_equal(mask.rows, fold.fit)
        assert not np.isin(mask.rows, np.concatenate([fold.validation, fold.test])).any()
    run.masks.validate(
        "OPUSDC",
        labels=training_arrays.y,
        fit_parts={fold.index: fold.fit for fold in folds},
        suspect_cap=0.10,
    )


def test_the_probabilities_of_a_mask_are_its_rows_own(make_plan, training_arrays, seen):
    run = train(make_plan(), training_arrays)
    mask = run.mask("filter", fold=1)
    for task in out_of_fold(seen):
        if task.fold == 1:
            place = np.isin(mask.rows, task.predict["held_out"])
            expected = run.store.fits[task.key].probabilities["held_out"]
            np.testing.assert_array_equal(mask.probability[place], expected)


def test_validation_and_test_rows_change_no_mask(make_plan, training_arrays):
    """The baselines are kept, because validation rows choose their rounds; nothing else may change a mask."""
    plan = make_plan()
    expected = train(plan, training_arrays)
    fold = plan.folds(training_arrays)[0]
    y, X = training_arrays.y.copy(), training_arrays.X.copy()
    later = slice(fold.validation[0], None)
    y[later], X[later] = 1 - y[later], 0
    changed = dataclasses.replace(training_arrays, y=y, X=X)
    found = masks.make_masks(
        plan, changed, expected.soft_labels, expected.baselines,
        FitEngine(MemoryFitStore(), ThreadFitExecutor(1), lambda _: None),
    ).find(0, "filter")[0]  # fmt: skip
    np.testing.assert_array_equal(found.probability, expected.mask("filter").probability)
    np.testing.assert_array_equal(found.keep, expected.mask("filter").keep)


def test_at_most_a_tenth_of_each_class_is_suspect_and_plain_flags_are_counted(standard_run):
    for mask in standard_run.masks.masks:
        y = standard_run.arrays.y[mask.rows]
        for label, n_flagged in ((0, mask.n_flagged_hold), (1, mask.n_flagged_buy)):
            n_suspects = (mask.suspect & (y == label)).sum()
            assert n_suspects <= min(0.10 * (y == label).sum(), n_flagged)
        assert mask.n_flagged_buy > 0.30 * (y == 1).sum()


def test_controls_drop_as_many_of_each_class_as_filter(make_plan, training_arrays):
    run = train(make_plan(variants=CONTROLS), training_arrays)
    for fold in (0, 1):
        filtered = run.mask("filter", fold)
        y = training_arrays.y[filtered.rows]
        for control in ("filter_random", "filter_lowest_p"):
            kept = run.mask(control, fold).keep
            assert [(~kept & (y == c)).sum() for c in (0, 1)] == [
                (~filtered.keep & (y == c)).sum() for c in (0, 1)
            ]
        np.testing.assert_array_equal(run.mask("filter_lowest_p", fold).keep, filtered.keep)
        assert (run.mask("filter_random", fold).keep != filtered.keep).any()


OFF_PATH = """
import sys
import numpy as np
from ftf_assets_tests.support.production import feature_cache, plan_of, production_rows
from ftf_assets_tests.support.production import MemoryFitStore, variants_of
from ftf_assets.contracts.bundles import BaselineParameters, FoldBaseline, Outcome
from ftf_assets.contracts.coercion import coerce_training_data
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets.training.masks import make_masks

arrays = coerce_training_data(**production_rows(feature_cache()).pandas, crypto="OPUSDC")
plan = plan_of(arrays, variants=variants_of("label_smoothing"))
folds = tuple(FoldBaseline(f, Outcome(), rounds=9, parameters={"eta": 1}) for f in (0, 1))
store = MemoryFitStore()
events = []
masks = make_masks(
    plan, arrays, plan.soft_labels(arrays.y), BaselineParameters(folds),
    FitEngine(store, ThreadFitExecutor(2), events.append),
)
assert masks.masks == () and store.fits == {} and events == []
print(sorted({"cleanlab", "xgboost"} & set(sys.modules)))
"""


def test_the_off_path_makes_no_fit_and_imports_neither_cleanlab_nor_xgboost():
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", OFF_PATH], cwd=root, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def fail_where(condition, monkeypatch):
    def fit(task, arrays):
        if condition(task):
            raise RuntimeError("boom")
        return execute_fit(task, arrays)

    monkeypatch.setattr(fit_task, "execute_fit", fit)


def statuses(run):
    return {
        (cell.fold, cell.variant): (cell.outcome.status, cell.outcome.error_stage)
        for cell in run.models.cells
        if cell.outcome.status != "ok"
    }


def test_a_failing_out_of_fold_fit_fails_the_cells_that_need_it_at_its_stage(
    make_plan, training_arrays, standard_run, monkeypatch
):
    fail_where(
        lambda task: "held_out" in task.predict and task.fold == 1 and "block 3" in task.name, monkeypatch
    )
    run = train(make_plan(), training_arrays)
    failed = ("training_failed", "out_of_fold")
    assert statuses(run) == {(1, "filter"): failed, (1, "reweight"): failed}
    mask = run.mask("filter", fold=1)
    assert (mask.outcome.error_type, mask.outcome.error_message) == ("RuntimeError", "boom")
    assert len(mask.rows) == len(mask.keep) == 0
    for variant in ("baseline", "mild", "aggressive"):
        np.testing.assert_array_equal(
            run.cell(variant, 1).test_probability, standard_run.cell(variant, 1).test_probability
        )


def test_each_smoothing_level_has_out_of_fold_fits_of_its_own(make_plan, training_arrays, monkeypatch):
    fail_where(lambda task: task.name.endswith(" of mild"), monkeypatch)
    plan = make_plan(variants=variants_of("label_smoothing=mild,cleanlab=filter", "factorial"))
    failed = ("training_failed", "out_of_fold")
    assert statuses(train(plan, training_arrays)) == {(0, "mild+filter"): failed, (1, "mild+filter"): failed}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (CellError("cleaning", "no weight to label 1"), ("training_failed", "cleaning")),
        (IndexError("inside cleanlab"), ("training_failed", "cleaning")),
    ],
)
def test_a_cleaner_that_raises_fails_its_own_cells(make_plan, training_arrays, monkeypatch, error, expected):
    def fails_reweight(level, **arguments):
        if level == "reweight":
            raise error
        return clean(level, **arguments)

    monkeypatch.setattr(cleanlab_factor, "clean", fails_reweight)
    run = train(make_plan(), training_arrays)
    assert statuses(run) == {(0, "reweight"): expected, (1, "reweight"): expected}
    assert run.cell("reweight").outcome.error_message == str(error)


def test_a_fit_part_too_short_for_its_blocks_fails_at_stage_out_of_fold(make_plan, training_arrays):
    """With an embargo longer than the history no training row is left for the first block."""
    run = train(make_plan(embargo_bars=5_000), training_arrays)
    failed = ("training_failed", "out_of_fold")
    assert statuses(run) == {(f, v): failed for f in (0, 1) for v in ("filter", "reweight")}
    assert "no training row" in run.cell("filter").outcome.error_message


def test_skipped_and_failed_folds_have_no_masks(make_plan, training_arrays, monkeypatch):
    fail_where(lambda task: task.fold == 1 and task.name == "baseline", monkeypatch)
    plan = make_plan(edges=training_arrays.start[[700, 1_400, 1_900]])
    assert train(plan, training_arrays).masks.masks == CleanlabMasks(()).masks


def test_masks_do_not_depend_on_the_number_of_workers(training_arrays, standard_run):
    parallel = train(plan_of(training_arrays), training_arrays, workers=8)
    for expected, found in zip(standard_run.masks.masks, parallel.masks.masks, strict=True):
        np.testing.assert_array_equal(found.probability, expected.probability)
        np.testing.assert_array_equal(found.keep, expected.keep)
        np.testing.assert_array_equal(found.weight, expected.weight)
