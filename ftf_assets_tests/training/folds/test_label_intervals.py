"""The length of a bar."""

from __future__ import annotations

import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.training.folds.label_intervals import bar_length
from ftf_assets_tests.support.label_intervals import HOUR, instants


def test_bar_length_is_the_usual_step_whatever_the_gaps():
    assert bar_length(instants(0, 1, 2, 3, 400, 401, 402)) == HOUR
    assert bar_length(instants(0, 2, 4, 5, 7), HOUR) == HOUR, "what the source states counts"
    with pytest.raises(InputError, match="two rows"):
        bar_length(instants(0))
