"""Levels that use what is known of the noise, through every stage: relabelled rows and corrected losses."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ftf_assets.contracts.bundles import FlipRates
from ftf_assets.rows.label_suspects import suspect_rows
from ftf_assets.training import fit_task
from ftf_assets.training.parameters import Tuning
from ftf_assets_tests.support.production import plan_of, train, variants_of
from ftf_assets_tests.support.results_rows import SWEEP

LEVELS = variants_of("cleanlab=filter,relabel,relabel_random,forward")


@pytest.fixture(scope="module")
def run(training_arrays):
    return train(plan_of(training_arrays, variants=LEVELS), training_arrays)


@pytest.fixture
def tasks(monkeypatch) -> list[fit_task.FitTask]:
    seen: list[fit_task.FitTask] = []
    healthy = fit_task.execute_fit

    def note(task, arrays):
        seen.append(task)
        return healthy(task, arrays)

    monkeypatch.setattr(fit_task, "execute_fit", note)
    return seen


def test_every_level_is_a_cell_that_differs_from_the_baseline_and_its_masks_are_valid(run, training_arrays):
    folds = run.plan.folds(training_arrays)
    run.masks.validate(
        "OPUSDC", labels=training_arrays.y, fit_parts={f.index: f.fit for f in folds}, suspect_cap=0.10
    )
    for fold in folds:
        baseline = run.cell("baseline", fold.index)
        for level in ("relabel", "relabel_random", "forward"):
            cell = run.cell(level, fold.index)
            assert cell.outcome.status == "ok"
            assert (cell.rounds, cell.n_kept) == (baseline.rounds, len(fold.fit))
            assert (cell.test_probability != baseline.test_probability).any()


def test_a_relabelled_row_trains_with_the_other_label_and_no_other_row_does(training_arrays, tasks):
    run = train(plan_of(training_arrays, variants=LEVELS), training_arrays)
    for fold in run.plan.folds(training_arrays):
        filtered, relabelled = run.mask("filter", fold.index), run.mask("relabel", fold.index)
        np.testing.assert_array_equal(relabelled.suspect, filtered.suspect)
        (task,) = (task for task in tasks if (task.name, task.fold) == ("relabel", fold.index))
        np.testing.assert_array_equal(task.rows, fold.fit)
        y = training_arrays.y[fold.fit]
        np.testing.assert_array_equal(task.labels, np.where(filtered.suspect, 1 - y, y).astype(np.float32))


def test_a_relabelled_row_of_a_smoothed_variant_gets_the_soft_label_of_its_new_class(training_arrays, tasks):
    variants = variants_of("label_smoothing=mild,cleanlab=relabel", "single")
    run = train(plan_of(training_arrays, variants=variants), training_arrays)
    mask = run.mask("mild+relabel")
    (task,) = (task for task in tasks if (task.name, task.fold) == ("mild+relabel", 0))
    expected = np.where(mask.label == 1, np.float32(0.9), np.float32(0.02))
    np.testing.assert_array_equal(task.labels, expected)
    assert (mask.label != training_arrays.y[mask.rows]).any()


def test_forward_corrects_the_loss_of_its_own_fits_by_rates_below_the_cap(training_arrays, tasks):
    run = train(plan_of(training_arrays, variants=LEVELS, seeds=2), training_arrays)
    for task in tasks:
        expected = run.mask("forward", task.fold).flip_rates if task.name == "forward" else None
        assert task.flip_rates == expected
    for fold in run.plan.folds(training_arrays):
        rates, y = run.mask("forward", fold.index).flip_rates, training_arrays.y[fold.fit]
        assert isinstance(rates, FlipRates)
        n_hold, n_buy = np.bincount(y)
        assert 0 < rates.missed_buy <= 0.1 * n_hold / (0.9 * n_buy + 0.1 * n_hold) + 1e-9
        assert 0 <= rates.false_buy <= 0.1 * n_buy / (0.9 * n_hold)


def test_a_study_of_a_corrected_variant_corrects_its_trials_too(training_arrays, tasks):
    tuning = Tuning(mode="per_variant", trials=1, folds=2, space=(("max_depth", (2.0, 8.0)),))
    variants = variants_of("cleanlab=forward")
    run = train(plan_of(training_arrays, variants=variants, tuning=tuning), training_arrays)
    trials = [task for task in tasks if task.name.startswith("forward, tuning trial")]
    assert trials
    for task in trials:
        assert task.flip_rates == run.mask("forward", task.fold).flip_rates


def test_labels_that_a_cleaner_sees_and_the_validation_slice_stay_as_given(run, training_arrays):
    """Other labels of validation and test rows change no relabelled or corrected model of the last fold."""
    fold = run.plan.folds(training_arrays)[1]
    y = training_arrays.y.copy()
    y[fold.test] = 1 - y[fold.test]

    changed = train(plan_of(training_arrays, variants=LEVELS), dataclasses.replace(training_arrays, y=y))
    for level in ("relabel", "relabel_random", "forward"):
        found, expected = changed.cell(level, 1), run.cell(level, 1)
        assert found.threshold == expected.threshold
        np.testing.assert_array_equal(found.test_probability, expected.test_probability)


def test_the_bits_do_not_depend_on_the_number_of_workers(run, training_arrays):
    again = train(plan_of(training_arrays, variants=LEVELS), training_arrays, workers=3)
    for level in ("relabel", "relabel_random", "forward"):
        for fold in (0, 1):
            np.testing.assert_array_equal(
                again.cell(level, fold).test_probability, run.cell(level, fold).test_probability
            )


def test_the_confident_joint_lets_more_buys_be_suspect_than_the_share(run, training_arrays):
    plan = plan_of(training_arrays, variants=variants_of("cleanlab=filter"), cap_by="confident_joint")
    assert "filter" in plan.uncapped_cleaners
    assert "filter_temporal" not in plan.uncapped_cleaners
    assert run.plan.uncapped_cleaners == ()
    other = train(plan, training_arrays)
    for fold in (0, 1):
        capped, counted = run.mask("filter", fold), other.mask("filter", fold)
        assert counted.suspect.sum() > capped.suspect.sum()
        assert counted.suspect.sum() <= counted.n_flagged_buy + counted.n_flagged_hold
        np.testing.assert_array_equal(counted.probability, capped.probability)


def test_the_table_of_suspects_says_which_rows_train_with_the_other_label(run):
    suspects = suspect_rows(SWEEP, "OPUSDC", run.arrays, run.masks)
    assert suspects.groupby("cleaner")["relabelled"].agg(["min", "max"]).to_dict("index") == {
        "filter": {"min": False, "max": False},
        "relabel": {"min": True, "max": True},
        "relabel_random": {"min": True, "max": True},
    }
    assert not suspects.loc[suspects["relabelled"], "dropped"].any()
