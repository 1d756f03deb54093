"""Content versions: equal content has equal versions, whichever run made it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.bundles import TrainedModels
from ftf_assets.storage.content_version import content_version
from ftf_assets_tests.support.production import Trained, train


@dataclass(frozen=True)
class Bundle:
    values: Any
    fit_seconds: float = 0.0


FRAME = pd.DataFrame({"f1_buy": [0.25, 0.5], "crypto": ["OPUSDC", "LDOUSDC"], "run_id": ["a", "a"]})

SAME = [
    (Bundle({"none": np.arange(3)}), Bundle({"none": np.arange(3)}, fit_seconds=9.0)),
    (FRAME, FRAME.assign(run_id=["b", "b"])),
    (np.arange(6).reshape(2, 3).T, np.ascontiguousarray(np.arange(6).reshape(2, 3).T)),
]

OTHER = [
    (np.array([1, 2]), np.array([1, 3])),
    (np.array([1, 2], np.int64), np.array([1, 2], np.int8)),
    (np.zeros((2, 3)), np.zeros((3, 2))),
    (FRAME, FRAME.assign(f1_buy=[0.25, np.nextafter(0.5, 1.0)])),
    (FRAME, FRAME.rename(columns={"f1_buy": "f1"})),
    (FRAME, FRAME.set_index(pd.Index([5, 6]))),
    (Bundle({"mild": 1}), Bundle({"none": 1})),
    (Bundle((1, (2, 3))), Bundle(((1, 2), 3))),
    (Bundle(b"1"), Bundle("1")),
    (Bundle(None), Bundle(0)),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_equal_content_is_one_version(one: object, other: object):
    assert content_version(one) == content_version(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_other_content_is_another_version(one: object, other: object):
    assert content_version(one) != content_version(other)


def test_cells_that_are_fitted_again_are_the_same_data(standard_run: Trained):
    again = train(standard_run.plan, standard_run.arrays)
    assert content_version(again.models) == content_version(standard_run.models)
    first, *rest = standard_run.models.cells
    changed = TrainedModels((replace(first, threshold=0.5), *rest))
    assert content_version(changed) != content_version(standard_run.models)


def test_a_value_of_an_unknown_type_is_refused():
    with pytest.raises(TypeError):
        content_version(object())
