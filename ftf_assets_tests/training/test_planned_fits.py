"""The fits of a plan, counted and sized before anything runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.training.fit_keys import model_fit_key
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.planned_fits import expected_rows, planned_fit_keys
from ftf_assets.training.variants import BASELINE_VARIANT
from ftf_assets_tests.support.production import train, variants_of
from ftf_assets_tests.support.standard_plan import BY_NAME, EDGES, STANDARD_PLAN, TUNED


def test_every_fold_variant_repeat_and_block_has_a_key_of_its_own():
    plan = dataclasses.replace(STANDARD_PLAN, variants=tuple(BY_NAME.values()), seeds=3)
    keys = planned_fit_keys(plan)
    assert len(keys) == len(set(keys)) == 5 * (9 * 3 + 3 * 5)


COUNTS = {
    "the standard protocol": ("label_smoothing,cleanlab", "one_factor", 1, 10),
    "smoothing only": ("label_smoothing", "one_factor", 1, 3),
    "cleanlab only": ("cleanlab", "one_factor", 1, 8),
    "a control shares the out-of-fold fits": ("cleanlab=filter,reweight,filter_random", "one_factor", 1, 9),
    "a temporal cleaner shares them too": (
        "cleanlab=filter,filter_temporal,filter_temporal_random",
        "one_factor",
        1,
        9,
    ),
    "factorial": ("label_smoothing,cleanlab", "factorial", 1, 9 + 15),
    "three seeds": ("label_smoothing,cleanlab", "one_factor", 3, 15 + 5),
    "a single cleaned cell needs its baseline": ("cleanlab=filter", "single", 1, 1 + 1 + 5),
    "a single smoothed cell needs its baseline": ("label_smoothing=mild", "single", 1, 1 + 1),
}


@pytest.mark.parametrize(("factors", "design", "seeds", "per_fold"), COUNTS.values(), ids=COUNTS)
def test_fits_are_counted_before_anything_runs(factors, design, seeds, per_fold):
    plan = dataclasses.replace(STANDARD_PLAN, variants=variants_of(factors, design), seeds=seeds)
    assert len(planned_fit_keys(plan)) == 5 * per_fold
    if design != "single":  # a seed check is one more fit of each baseline, where it has one only
        checked = dataclasses.replace(plan, seed_check=True)
        assert len(planned_fit_keys(checked)) == 5 * (per_fold + (seeds == 1))


@pytest.mark.parametrize(("mode", "studies"), [("baseline", 1), ("per_variant", 5), ("off", 0)])
def test_tuning_fits_are_counted_before_anything_runs(mode, studies):
    plan = dataclasses.replace(STANDARD_PLAN, tuning=dataclasses.replace(TUNED, mode=mode))
    assert len(planned_fit_keys(plan)) == 5 * (10 + studies * 15 * 3 * 2)


def test_the_plan_knows_every_fit_that_a_run_makes(standard_run):
    assert set(standard_run.store.fits) == set(planned_fit_keys(standard_run.plan))


@pytest.mark.parametrize(
    "changes", [{}, {"tuning": dataclasses.replace(TUNED, trials=2)}], ids=["untuned", "tuned"]
)
def test_the_rows_of_every_fit_are_known_before_it_runs(
    make_plan: Callable[..., TrainingPlan], training_arrays: TrainingArrays, changes: dict
):
    trained = train(make_plan(**changes), training_arrays)
    first, last = int(training_arrays.start[0]), int(training_arrays.start[-1])
    expected = expected_rows(trained.plan, first, last, training_arrays.n_rows)
    assert list(expected) == planned_fit_keys(trained.plan)
    rows = {key: fit.n_rows for key, fit in trained.store.fits.items()}
    assert set(rows) == set(expected)
    for key, n_rows in rows.items():  # filter drops a tenth, purging and embargo some rows
        assert expected[key] == pytest.approx(n_rows, rel=0.15)


def test_a_fold_before_whose_test_span_there_is_no_history_is_expected_to_have_no_row():
    late = int(EDGES[1]) + 1
    rows = expected_rows(STANDARD_PLAN, late, int(EDGES[-1]), 1000)
    keys = {fold: model_fit_key(STANDARD_PLAN, fold, BASELINE_VARIANT) for fold in range(5)}
    assert [rows[keys[fold]] for fold in (0, 1)] == [0, 0]
    assert 0 < rows[keys[2]] < rows[keys[4]] < 1000
