"""Weighted variants through every stage: each fit gets the weights of its own training rows."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.labels.apply_factors import treated_weight
from ftf_assets.labels.factor_registry import baseline_levels
from ftf_assets.labels.sample_weight import SAMPLE_WEIGHT
from ftf_assets.training import fit_task
from ftf_assets.training.fit_rows import rows_of_fold, rows_without
from ftf_assets.training.fit_task import execute_fit
from ftf_assets.training.variants import require_columns
from ftf_assets_tests.support.production import plan_of, train, variants_of

EVERY_LEVEL = "sample_weight=" + ",".join(SAMPLE_WEIGHT.levels[1:])


@pytest.fixture
def seen(monkeypatch):
    tasks = []

    def note(task, arrays):
        tasks.append(task)
        return execute_fit(task, arrays)

    monkeypatch.setattr(fit_task, "execute_fit", note)
    return tasks


@pytest.fixture(scope="module")
def weighted(training_arrays):
    return train(plan_of(training_arrays, variants=variants_of(EVERY_LEVEL)), training_arrays)


def test_every_level_is_a_cell_on_all_rows_of_the_fit_part(weighted, training_arrays):
    for fold in weighted.plan.folds(training_arrays):
        baseline = weighted.cell("baseline", fold.index)
        for level in SAMPLE_WEIGHT.levels[1:]:
            cell = weighted.cell(level, fold.index)
            assert cell.outcome.status == "ok"
            assert cell.n_kept == len(fold.fit)
            assert cell.levels == baseline_levels() | {"sample_weight": level}
            assert cell.weight_sum == pytest.approx(baseline.weight_sum, rel=0.05)
            assert (cell.test_probability != baseline.test_probability).any()
    assert weighted.masks.masks == ()


def test_the_baseline_is_the_one_of_a_sweep_that_knows_no_weights(weighted, standard_run):
    """The baseline has the same keys and the same bits as without the factor."""
    for fold in (0, 1):
        ours, theirs = weighted.cell("baseline", fold), standard_run.cell("baseline", fold)
        assert ours.fit_keys == theirs.fit_keys
        np.testing.assert_array_equal(ours.test_probability, theirs.test_probability)


def test_out_of_fold_models_weigh_their_own_training_rows_and_not_the_block_they_predict(
    make_plan, training_arrays, seen
):
    plan = make_plan(variants=variants_of("sample_weight=time_decay,cleanlab=filter", "single"))
    train(plan, training_arrays)
    tasks = [task for task in seen if "held_out" in task.predict]
    assert len(tasks) == 2 * 5
    for task in tasks:
        own = rows_without(training_arrays, task.rows, task.predict["held_out"])
        np.testing.assert_array_equal(
            task.weight, treated_weight((("sample_weight", "time_decay"),), own, plan)
        )
        assert (task.weight / own.base_weight).mean() == pytest.approx(1.0, rel=1e-5)


def test_a_cleaner_starts_from_the_weights_of_the_weight_factors(make_plan, training_arrays):
    variants = variants_of("sample_weight=uniqueness,cleanlab=reweight", "factorial")
    run = train(make_plan(variants=variants), training_arrays)
    for fold in run.plan.folds(training_arrays):
        mask = run.mask("reweight+uniqueness", fold.index)
        given = treated_weight(
            (("sample_weight", "uniqueness"),), rows_of_fold(training_arrays, fold), run.plan
        )
        y = training_arrays.y[fold.fit]
        for label in (0, 1):
            np.testing.assert_allclose(mask.weight[y == label].sum(), given[y == label].sum(), rtol=1e-5)
        assert (mask.weight[mask.suspect] < given[mask.suspect]).all()
        # Its judge trained on the weights, so it is not the mask of the unweighted variant.
        assert (mask.probability != run.mask("reweight", fold.index).probability).any()
        cell = run.cell("reweight+uniqueness", fold.index)
        assert cell.weight_sum == pytest.approx(float(mask.weight.sum(dtype=np.float64)))


def test_rows_outside_the_fit_part_change_no_weighted_fit(training_arrays, weighted, seen):
    """Other returns, ends and stabilities of validation and test rows change no training weight."""
    plan = weighted.plan
    fold = plan.folds(training_arrays)[0]
    later = np.arange(training_arrays.n_rows) >= fold.validation[0]
    other = dataclasses.replace(
        training_arrays,
        label_return=np.where(later, np.float32(3), training_arrays.label_return),
        label_stability=np.where(later, np.float32(0), training_arrays.label_stability),
    )
    train(plan, other)
    rows = rows_of_fold(training_arrays, fold)
    for task in seen:
        if task.fold == 0 and task.name != "baseline":
            np.testing.assert_array_equal(
                task.weight, treated_weight((("sample_weight", task.name),), rows, plan)
            )


def test_a_level_without_its_column_is_refused_up_front_and_others_are_not(training_arrays):
    ready = dataclasses.replace(training_arrays, label_stability=None, label_stability_end=None)
    require_columns(variants_of("sample_weight=uniqueness,time_decay"), ready, "OPUSDC")
    require_columns(variants_of("sample_weight"), training_arrays, "OPUSDC")
    with pytest.raises(
        InputError, match=r"OPUSDC, column 'label_stability': sample_weight = label_stability needs"
    ):
        require_columns(variants_of("sample_weight"), ready, "OPUSDC")


def test_a_stability_is_no_weight_where_the_data_do_not_say_when_it_is_known(training_arrays):
    undated = dataclasses.replace(training_arrays, label_stability_end=None)
    with pytest.raises(
        InputError, match=r"column 'label_stability_end': sample_weight = label_stability needs"
    ):
        require_columns(variants_of("sample_weight"), undated, "OPUSDC")
    fold = plan_of(training_arrays).folds(training_arrays)[0]
    with pytest.raises(InputError, match="do not say when each label_stability is known"):
        treated_weight(
            (("sample_weight", "label_stability"),), rows_of_fold(undated, fold), plan_of(training_arrays)
        )


def test_weights_that_cannot_be_computed_fail_their_own_cells(training_arrays):
    idle = dataclasses.replace(training_arrays, label_return=training_arrays.label_return * 0)
    variants = variants_of("sample_weight=return_attribution,cleanlab=filter", "factorial")
    run = train(plan_of(idle, variants=variants), idle)
    for cell in run.models.cells:
        failed = "return_attribution" in cell.variant
        assert (cell.outcome.status, cell.outcome.error_stage) == (
            ("training_failed", "weighting") if failed else ("ok", "")
        )
