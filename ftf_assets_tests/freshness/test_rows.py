"""Rows are of today's inputs where sweep, data, code and every cell are those that a run would write."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from ftf_assets.freshness.reason import NEVER_MADE, Reason
from ftf_assets.freshness.rows import inputs_reason
from ftf_assets.rows.finetune_results import row_identity
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training.fit_keys import cell_key
from ftf_assets_tests.support.small_sweep import small_sweep

CRYPTO = "OPUSDC"


@pytest.fixture(scope="module")
def sweep() -> Sweep:
    return small_sweep(cryptos=CRYPTO)


@pytest.fixture
def rows(sweep: Sweep) -> pd.DataFrame:
    """The columns by which the rows of a sweep are known, as a run would write them."""
    plan = sweep.plan(CRYPTO)
    return pd.DataFrame(
        [
            {
                **row_identity(sweep, CRYPTO),
                "fold": fold,
                "variant": variant.name,
                "cell_key": cell_key(plan, fold, variant),
            }
            for fold in range(plan.n_folds)
            for variant in sweep.variants
        ]
    )


def set_column(name: str, value: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda rows: rows.assign(**{name: value})


def test_rows_of_todays_inputs_have_no_reason(sweep: Sweep, rows: pd.DataFrame):
    assert inputs_reason(sweep, CRYPTO, rows) is None
    assert inputs_reason(sweep, CRYPTO, rows.sample(frac=1, random_state=1)) is None, "in any order"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda rows: rows.head(0), NEVER_MADE),
        (set_column("data_fingerprint", "other"), Reason("data", "data changed")),
        (set_column("code_version", "other"), Reason("code", "code version changed")),
        (set_column("source_file", "OP.csv"), Reason("settings", "source_file changed (OP.csv to None)")),
        (
            lambda rows: rows.iloc[1:],
            Reason("changed", "1 of 10 rows missing, first fold 0 baseline"),
        ),
        (
            set_column("cell_key", "other"),
            Reason("settings", "the stored cells were computed with other settings"),
        ),
    ],
    ids=["no rows", "data", "code", "file", "a row less", "cells"],
)
def test_the_reason_names_what_differs(sweep: Sweep, rows: pd.DataFrame, change, reason: Reason):
    assert inputs_reason(sweep, CRYPTO, change(rows)) == reason


def test_one_row_of_other_code_is_enough(sweep: Sweep, rows: pd.DataFrame):
    rows.loc[3, "code_version"] = "other"
    assert inputs_reason(sweep, CRYPTO, rows) == Reason("code", "code version changed")
