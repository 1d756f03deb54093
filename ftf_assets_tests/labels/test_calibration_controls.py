"""The controls of calibration: a cell trained on the truth, and cells that differ in their seeds alone."""

from __future__ import annotations

import numpy as np
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables.finetune_results import OK
from ftf_assets.labels.apply_factors import treated_labels
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.training import fit_task
from ftf_assets.training.planned_fits import planned_fit_keys
from ftf_assets_tests.support.production import train, variants_of

AGAIN = ("again", "again_2", "again_3", "again_4")


@pytest.fixture
def truth(training_arrays) -> np.ndarray:
    """The labels with every tenth one turned."""
    y = training_arrays.y.copy()
    y[::10] = 1 - y[::10]
    return y


@pytest.fixture
def tasks(monkeypatch) -> dict[str, fit_task.FitTask]:
    """The tasks of all fits that run, by key."""
    seen: dict[str, fit_task.FitTask] = {}
    healthy = fit_task.execute_fit

    def execute_fit(task, arrays):
        seen[task.key] = task
        return healthy(task, arrays)

    monkeypatch.setattr(fit_task, "execute_fit", execute_fit)
    return seen


def test_the_truth_replaces_the_labels_of_the_fit_part_and_nothing_else(
    make_plan, training_arrays, truth, tasks
):
    plan = make_plan(variants=variants_of("label_truth"))
    run = train(plan, training_arrays, truth=truth)
    assert set(run.store.fits) == set(planned_fit_keys(plan))
    for fold in plan.folds(training_arrays):
        control, baseline = run.cell("relabel_truth", fold.index), run.cell("baseline", fold.index)
        assert control.outcome.status == baseline.outcome.status == OK
        (task,) = (tasks[key] for key in control.fit_keys)
        np.testing.assert_array_equal(task.rows, fold.fit)
        np.testing.assert_array_equal(task.labels, truth[fold.fit].astype(np.float32))
        assert (control.rounds, control.seed) == (baseline.rounds, baseline.seed)
        assert (control.test_probability != baseline.test_probability).any()


def test_the_validation_slice_and_the_test_rows_keep_their_observed_labels(make_plan, training_arrays, truth):
    """A truth that differs on them changes no bit."""
    plan = make_plan(variants=variants_of("label_truth"))
    fold = plan.folds(training_arrays)[1]
    elsewhere = truth.copy()
    held_out = np.concatenate([fold.validation, fold.test])
    elsewhere[held_out] = 1 - elsewhere[held_out]
    one, other = train(plan, training_arrays, truth=truth), train(plan, training_arrays, truth=elsewhere)
    found, expected = one.cell("relabel_truth", 1), other.cell("relabel_truth", 1)
    assert found.threshold == expected.threshold
    np.testing.assert_array_equal(found.test_probability, expected.test_probability)


def test_the_truth_may_turn_a_buy_into_a_hold_and_other_labels_may_not(make_plan, training_arrays, truth):
    plan = make_plan(variants=variants_of("label_truth"))
    soft = plan.soft_labels(training_arrays.y, truth)
    asked = {"labels": training_arrays.y, "soft_labels": soft.levels}
    soft.validate("OPUSDC", **asked, relabelling_treatments=plan.relabelling_treatments)
    with pytest.raises(InputError, match=r"column 'relabel_truth', row 0: .*stay on its side"):
        soft.validate("OPUSDC", **asked)


def test_without_a_truth_the_control_is_refused(make_plan, training_arrays):
    with pytest.raises(InputError, match="relabel_truth needs the true labels"):
        make_plan(variants=variants_of("label_truth")).soft_labels(training_arrays.y)


def test_no_other_level_sees_the_truth(make_plan, training_arrays, truth):
    plan = make_plan(variants=variants_of("label_smoothing"))
    for variant in plan.variants:
        told, untold = (treated_labels(variant.moved, training_arrays.y, plan, t) for t in (truth, None))
        np.testing.assert_array_equal(told, untold)


def test_reseeded_levels_change_the_seeds_of_the_model_fits_and_nothing_else(
    make_plan, training_arrays, tasks
):
    plan = make_plan(variants=variants_of("reseeded=" + ",".join(AGAIN)), seeds=2)
    run = train(plan, training_arrays)
    assert set(run.store.fits) == set(planned_fit_keys(plan))
    for fold in (0, 1):
        cells = [run.cell(name, fold) for name in ("baseline", *AGAIN)]
        fits = [[tasks[key] for key in cell.fit_keys] for cell in cells]
        assert len({task.seed for of in fits for task in of}) == 2 * len(cells)
        for cell, of in zip(cells[1:], fits[1:], strict=True):
            assert cell.rounds == cells[0].rounds
            assert (cell.test_probability != cells[0].test_probability).any()
            for task, theirs in zip(of, fits[0], strict=True):
                np.testing.assert_array_equal(task.rows, theirs.rows)
                np.testing.assert_array_equal(task.labels, theirs.labels)
                np.testing.assert_array_equal(task.weight, theirs.weight)
                assert task.parameters == theirs.parameters


def test_a_reseeded_cleaner_is_judged_by_the_same_out_of_fold_fits(make_plan):
    plan = make_plan(variants=variants_of("cleanlab=filter,reseeded=again", "factorial"))
    assert [judge.name for judge in plan.judges] == ["baseline"]


def test_both_are_controls_that_say_so():
    assert FACTORS["label_truth"].controls == ("relabel_truth",)
    assert FACTORS["reseeded"].controls == AGAIN
    for name in ("label_truth", "reseeded"):
        assert FACTORS[name].description.startswith("Calibration only")
