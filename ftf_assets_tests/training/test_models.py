"""The models of the cells: variants differ in their treatment only, a failure affects its cell only."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ftf_assets.contracts.errors import CellError
from ftf_assets.training import fit_task, models
from ftf_assets.training.fit_keys import model_fit_key
from ftf_assets.training.fit_seeds import model_seed
from ftf_assets.training.fit_task import execute_fit
from ftf_assets.training.planned_fits import planned_fit_keys
from ftf_assets.training.threshold import f1_optimal_threshold
from ftf_assets_tests.support.production import STANDARD, MemoryFitStore, train, variants_of

VARIANTS = [variant.name for variant in STANDARD]
CELL_ARRAYS = (
    *("validation_probability", "test_rows", "test_probability"),
    *("seed_thresholds", "seed_probability"),
)


def same_cell(found, expected) -> None:
    """Equal to the bit, except for the time of the fits."""
    for field in dataclasses.fields(expected):
        if field.name in CELL_ARRAYS:
            np.testing.assert_array_equal(getattr(found, field.name), getattr(expected, field.name))
        elif field.name != "fit_seconds":
            assert getattr(found, field.name) == getattr(expected, field.name), field.name


@pytest.fixture
def fail_where(monkeypatch):
    def patch(condition, error):
        def fit(task, arrays):
            if condition(task):
                raise error
            return execute_fit(task, arrays)

        monkeypatch.setattr(fit_task, "execute_fit", fit)

    return patch


@pytest.fixture
def seen(monkeypatch):
    tasks = {}

    def note(task, arrays):
        tasks[task.key] = task
        return execute_fit(task, arrays)

    monkeypatch.setattr(fit_task, "execute_fit", note)
    return tasks


def test_there_is_one_cell_a_fold_and_variant(standard_run):
    assert [(cell.fold, cell.variant) for cell in standard_run.models.cells] == [
        (fold, variant) for fold in (0, 1) for variant in VARIANTS
    ]
    assert {cell.outcome.status for cell in standard_run.models.cells} == {"ok"}


def test_cells_predict_their_test_rows_and_no_other(standard_run):
    for fold in standard_run.plan.folds(standard_run.arrays):
        for variant in VARIANTS:
            cell = standard_run.cell(variant, fold.index)
            np.testing.assert_array_equal(cell.test_rows, fold.test)
            assert len(cell.test_probability) == len(fold.test)


def test_variants_share_the_baselines_rounds(standard_run):
    for baseline in standard_run.baselines.folds:
        rounds = {standard_run.cell(variant, baseline.fold).rounds for variant in VARIANTS}
        assert rounds == {baseline.rounds}


def test_the_baseline_cell_is_the_very_fit_of_the_baseline_parameters(standard_run):
    for baseline in standard_run.baselines.folds:
        cell = standard_run.cell("baseline", baseline.fold)
        assert cell.fit_keys == (baseline.fit_key,)
        stored = standard_run.store.fits[baseline.fit_key].probabilities["test"]
        np.testing.assert_array_equal(cell.test_probability, stored)
    kinds = [event.kind for event in standard_run.events if event.name == "baseline"]
    assert kinds == ["done", "done", "reused", "reused"]


def test_the_threshold_is_f1_optimal_on_hard_validation_labels_and_raw_probabilities(standard_run):
    y = standard_run.arrays.y
    for fold in standard_run.plan.folds(standard_run.arrays):
        for variant in VARIANTS:
            cell = standard_run.cell(variant, fold.index)
            validation = standard_run.store.fits[cell.fit_keys[0]].probabilities["validation"]
            assert cell.threshold == f1_optimal_threshold(y[fold.validation], validation)


def test_variants_differ_in_their_treatment_and_in_nothing_else(make_plan, training_arrays, seen):
    run = train(make_plan(), training_arrays)
    baseline = seen[run.cell("baseline", 1).fit_keys[0]]
    for variant in VARIANTS[1:]:
        task = seen[run.cell(variant, 1).fit_keys[0]]
        assert (task.seed, task.parameters, task.device) == (
            baseline.seed,
            baseline.parameters,
            baseline.device,
        )
        assert task.rounds == run.baselines.folds[1].rounds
        for name, rows in baseline.predict.items():
            np.testing.assert_array_equal(task.predict[name], rows)
        treated = {
            "rows": not np.array_equal(task.rows, baseline.rows),
            "labels": not np.array_equal(task.labels, baseline.labels[np.isin(baseline.rows, task.rows)]),
            "weight": not np.array_equal(task.weight, baseline.weight[np.isin(baseline.rows, task.rows)]),
        }
        moved = {"mild": "labels", "aggressive": "labels", "filter": "rows", "reweight": "weight"}[variant]
        assert [name for name, differs in treated.items() if differs] == [moved]


def test_test_rows_are_never_trained_on(make_plan, training_arrays, seen):
    plan = make_plan(variants=variants_of("label_smoothing,cleanlab", "factorial"))
    train(plan, training_arrays)
    folds = plan.folds(training_arrays)
    for task in seen.values():
        fold = folds[task.fold]
        assert np.isin(task.rows, fold.fit).all()
        assert not np.isin(task.rows, np.concatenate([fold.validation, fold.test])).any()


def test_test_labels_choose_nothing(make_plan, training_arrays, standard_run):
    """Flipped test labels change no model, threshold or mask of the last fold."""
    test = standard_run.plan.folds(training_arrays)[1].test
    y = training_arrays.y.copy()
    y[test] = 1 - y[test]
    changed = train(make_plan(), dataclasses.replace(training_arrays, y=y))
    for variant in VARIANTS:
        same_cell(changed.cell(variant, 1), standard_run.cell(variant, 1))


def test_rounds_per_variant_lets_every_variant_stop_early_on_its_own(make_plan, training_arrays, seen):
    plan = make_plan(rounds_mode="per_variant")
    run = train(plan, training_arrays)
    cells = [cell for cell in run.models.cells if cell.fold == 1]
    assert all(seen[cell.fit_keys[0]].rounds == plan.rounds for cell in cells)
    assert len({cell.rounds for cell in cells}) > 1
    for cell in cells:
        assert cell.rounds == run.store.fits[cell.fit_keys[0]].rounds


@pytest.mark.parametrize("rounds_mode", ["baseline", "per_variant"])
def test_seeds_average_the_probabilities_of_as_many_fits(make_plan, training_arrays, seen, rounds_mode):
    plan = make_plan(seeds=3, rounds_mode=rounds_mode)
    run = train(plan, training_arrays)
    for cell in run.models.cells:
        fits = [run.store.fits[key] for key in cell.fit_keys]
        assert len(set(cell.fit_keys)) == 3
        assert [seen[key].seed for key in cell.fit_keys] == [model_seed(plan, cell.fold, r) for r in range(3)]
        expected = np.mean([fit.probabilities["test"] for fit in fits], axis=0)
        np.testing.assert_array_equal(cell.test_probability, expected)
        assert (expected != fits[0].probabilities["test"]).any()
        np.testing.assert_allclose(cell.fit_seconds, sum(fit.seconds for fit in fits))


def test_a_seed_check_fits_the_baseline_once_more_and_changes_no_cell(
    make_plan, training_arrays, standard_run, seen
):
    plan = make_plan(seed_check=True)
    run = train(plan, training_arrays)
    assert len(run.store.fits) == len(standard_run.store.fits) + plan.n_folds
    assert set(run.store.fits) == set(planned_fit_keys(plan))
    for cell, plain in zip(run.models.cells, standard_run.models.cells, strict=True):
        same_cell(
            dataclasses.replace(cell, seed_thresholds=np.empty(0), seed_probability=np.empty((0, 0))),
            dataclasses.replace(plain, seed_probability=np.empty((0, 0))),
        )
        if cell.variant != "baseline":
            assert len(cell.seed_thresholds) == 0
            continue
        fits = [run.store.fits[model_fit_key(plan, cell.fold, STANDARD[0], repeat)] for repeat in (0, 1)]
        np.testing.assert_array_equal(cell.seed_probability, [fit.probabilities["test"] for fit in fits])
        assert (cell.seed_probability[0] != cell.seed_probability[1]).any()
        assert cell.seed_thresholds[0] == cell.threshold
        second = seen[model_fit_key(plan, cell.fold, STANDARD[0], 1)]
        assert second.rounds == fits[0].rounds, "nothing but the seed differs"


def test_a_sweep_of_several_seeds_needs_no_fit_more_to_know_its_seed_noise(make_plan, training_arrays):
    plan = make_plan(seeds=2)
    assert planned_fit_keys(plan) == planned_fit_keys(make_plan(seeds=2, seed_check=True))
    assert set(planned_fit_keys(make_plan(seed_check=True))) < set(planned_fit_keys(plan)), (
        "and it finds the check's fits"
    )
    for cell in train(plan, training_arrays).models.cells:
        assert cell.seed_probability.shape == (2, len(cell.test_rows))


def test_a_seed_check_that_fails_is_reported_and_costs_no_cell(
    make_plan, training_arrays, standard_run, fail_where
):
    plan = make_plan(seed_check=True)
    check = model_fit_key(plan, 1, STANDARD[0], 1)
    fail_where(lambda task: task.key == check, RuntimeError("out of luck"))
    run = train(plan, training_arrays)
    assert [event.key for event in run.events if event.kind == "failed"] == [check]
    assert {cell.outcome.status for cell in run.models.cells} == {"ok"}
    assert [len(run.cell("baseline", fold).seed_thresholds) for fold in (0, 1)] == [2, 0]


@pytest.mark.parametrize("variant", ["baseline", "mild", "filter"])
def test_repeats_stop_as_the_rounds_mode_says(make_plan, training_arrays, seen, variant):
    held = train(make_plan(seeds=2), training_arrays)
    assert seen[held.cell(variant, 1).fit_keys[1]].rounds == held.baselines.folds[1].rounds
    own = train(make_plan(seeds=2, rounds_mode="per_variant"), training_arrays)
    assert seen[own.cell(variant, 1).fit_keys[1]].rounds == own.plan.rounds


def test_a_failed_baseline_fails_every_cell_of_its_fold_at_stage_baseline(
    make_plan, training_arrays, standard_run, fail_where
):
    fail_where(lambda task: task.name == "baseline" and task.fold == 0, MemoryError("out of memory"))
    run = train(make_plan(), training_arrays)
    for variant in VARIANTS:
        cell = run.cell(variant, 0)
        assert dataclasses.astuple(cell.outcome) == (
            "training_failed", "MemoryError", "out of memory", "baseline",
        )  # fmt: skip
        assert (cell.fit_keys, len(cell.test_probability)) == ((), 0)
        same_cell(run.cell(variant, 1), standard_run.cell(variant, 1))


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("variant", ["mild", "reweight"])
def test_a_model_that_raises_leaves_all_other_cells_bit_identical(
    make_plan, training_arrays, standard_run, fail_where, variant, workers
):
    fail_where(lambda task: (task.name, task.fold) == (variant, 0), ValueError("bad split"))
    run = train(make_plan(), training_arrays, workers=workers)
    failed = run.cell(variant, 0)
    assert dataclasses.astuple(failed.outcome) == ("training_failed", "ValueError", "bad split", "fit")
    assert failed.cell_key == standard_run.cell(variant, 0).cell_key
    assert failed.levels == standard_run.cell(variant, 0).levels
    for expected in standard_run.models.cells:
        if (expected.variant, expected.fold) != (variant, 0):
            same_cell(run.cell(expected.variant, expected.fold), expected)


def test_one_failed_repeat_fails_its_cell_and_leaves_no_half_average(make_plan, training_arrays, fail_where):
    plan = make_plan(seeds=3)
    fail_where(
        lambda task: (task.name, task.fold, task.seed) == ("mild", 1, model_seed(plan, 1, 2)),
        ValueError("bad split"),
    )
    run = train(plan, training_arrays)
    assert [(c.fold, c.variant) for c in run.models.cells if c.outcome.status != "ok"] == [(1, "mild")]
    assert len(run.cell("mild", 1).test_probability) == 0


def test_a_threshold_that_cannot_be_found_fails_the_cell_at_its_stage(
    make_plan, training_arrays, monkeypatch
):
    calls = []

    def first_fails(y, probability):
        calls.append(len(y))
        if len(calls) == 1:
            raise CellError("threshold", "no validation row is a BUY")
        return f1_optimal_threshold(y, probability)

    monkeypatch.setattr(models, "f1_optimal_threshold", first_fails)
    run = train(make_plan(), training_arrays)
    assert run.cell("baseline", 0).outcome.error_stage == "threshold"
    assert [c.outcome.status for c in run.models.cells].count("ok") == 9


def test_a_failed_cell_is_tried_again_and_a_finished_one_is_not(
    make_plan, training_arrays, standard_run, fail_where
):
    store = MemoryFitStore()
    fail_where(lambda task: task.name == "mild", ValueError("bad split"))
    train(make_plan(), training_arrays, store)
    fail_where(lambda task: False, ValueError())
    again = train(make_plan(), training_arrays, store)
    assert {event.name for event in again.events if event.kind == "done"} == {"mild"}
    for expected in standard_run.models.cells:
        same_cell(again.cell(expected.variant, expected.fold), expected)


def test_a_fold_with_too_short_a_history_skips_every_cell(make_plan, training_arrays):
    run = train(make_plan(edges=training_arrays.start[[700, 1_400, 1_900]]), training_arrays)
    for variant in VARIANTS:
        cell = run.cell(variant, 0)
        assert cell.outcome.status == "skipped_short_history"
        assert "1000 needed" in cell.outcome.error_message
        assert (cell.outcome.error_type, cell.outcome.error_stage) == ("", "")
        assert run.cell(variant, 1).outcome.status == "ok"


def test_the_same_sweep_gives_the_same_bits(make_plan, training_arrays, standard_run):
    again = train(make_plan(), training_arrays, workers=3)
    for expected in standard_run.models.cells:
        same_cell(again.cell(expected.variant, expected.fold), expected)
