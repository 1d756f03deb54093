"""``SmoothedLabels``: the labels of a run are valid, and each broken one is refused by its rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets_tests.support.production import EPSILONS


def expected_labels(run):
    y = run.arrays.y
    return {
        name: np.where(y == 1, np.float32(1 - buy), np.float32(hold))
        for name, (buy, hold) in (EPSILONS | {"baseline": (0.0, 0.0)}).items()
        if name != "none"
    }


def validate_labels(run, soft):
    soft.validate("OPUSDC", labels=run.arrays.y, soft_labels=expected_labels(run))


def test_smoothed_labels_of_a_run_are_valid(standard_run):
    validate_labels(standard_run, standard_run.soft_labels)


def wrong_label(soft):
    values = soft.levels["mild"].copy()
    values[5] = 0.5
    return values


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (
            lambda soft: {"baseline": soft.levels["baseline"]},
            "'mild': every label treatment of the sweep needs its soft labels",
        ),
        (
            lambda soft: soft.levels | {"mild": soft.levels["mild"][1:]},
            "'mild': every row needs one soft label .found 2485 labels for 2486 rows",
        ),
        (
            lambda soft: soft.levels | {"mild": wrong_label(soft)},
            "'mild', row 5: a soft label must equal .*found 0.5",
        ),
        (
            lambda soft: soft.levels | {"mild": 1 - soft.levels["mild"]},
            r"'mild', row 0: .*found 0\.98.*allowed: 0\.02.*, below 0.5",
        ),
    ],
    ids=["missing level", "length", "one wrong value", "classes swapped"],
)
def test_smoothed_labels_are_refused(standard_run, change, rule):
    soft = standard_run.soft_labels
    with pytest.raises(InputError, match=f"OPUSDC, column {rule}"):
        validate_labels(standard_run, replace(soft, levels=change(soft)))
