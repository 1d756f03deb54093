"""The plan: its judges, its soft labels and its embargo."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ftf_assets_tests.support.production import variants_of
from ftf_assets_tests.support.standard_plan import STANDARD_PLAN


@pytest.mark.parametrize(
    ("factors", "design", "cleaned", "judges"),
    [
        ("label_smoothing,sample_weight", "one_factor", "", ""),
        ("cleanlab", "one_factor", "filter reweight", "baseline"),
        ("label_smoothing=mild,cleanlab=filter", "single", "mild+filter", "mild"),
        ("cleanlab=filter,sample_weight=uniqueness", "single", "filter+uniqueness", "uniqueness"),
        (
            "label_smoothing=mild,cleanlab=filter,sample_weight=uniqueness",
            "factorial",
            "filter filter+uniqueness mild+filter mild+filter+uniqueness",
            "baseline uniqueness mild mild+uniqueness",
        ),
    ],
)
def test_out_of_fold_models_judge_with_the_labels_and_weights_of_the_variants_that_clean(
    factors, design, cleaned, judges
):
    plan = dataclasses.replace(STANDARD_PLAN, variants=variants_of(factors, design))
    assert [variant.name for variant in plan.cleaned_variants] == cleaned.split()
    assert [variant.name for variant in plan.judges] == judges.split()


def test_soft_labels_are_made_for_every_level_and_none_is_the_hard_labels():
    y = np.array([0, 1, 0], np.int8)
    soft = STANDARD_PLAN.soft_labels(y).levels
    assert list(soft) == ["baseline", "mild", "aggressive"]
    np.testing.assert_array_equal(soft["baseline"], y)


def test_the_embargo_is_counted_in_the_cryptos_own_bars(make_plan, training_arrays):
    assert make_plan(embargo_bars=24).embargo(training_arrays) == 24 * 3_600 * 10**9
    assert make_plan().n_folds == len(make_plan().folds(training_arrays)) == 2
