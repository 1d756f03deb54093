"""The contract of label_suspects: rows that break it are refused by the name of the rule."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables.label_suspects import suspects_frame
from ftf_assets_tests.support.production import CRYPTO
from ftf_assets_tests.support.report_rows import some_suspects


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("label", 2, "isin"),
        ("p_buy", 1.5, "less_than_or_equal_to"),
        ("label_quality", np.nan, "not_nullable"),
        ("weight", -1.0, "greater_than_or_equal_to"),
    ],
)
def test_rows_that_break_the_contract_are_refused_by_rule(column, value, rule):
    broken = some_suspects([CRYPTO])
    broken.loc[broken.index[-1], column] = value
    with pytest.raises(InputError, match=rule):
        suspects_frame({name: broken[name] for name in broken})


def test_a_suspect_of_a_fold_and_variant_has_one_row():
    suspects = some_suspects([CRYPTO])
    twice = pd.concat([suspects, suspects.head(1)], ignore_index=True)
    with pytest.raises(InputError, match="must be unique"):
        suspects_frame({name: twice[name] for name in twice})
