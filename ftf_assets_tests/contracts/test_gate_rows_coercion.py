"""Result rows become NumPy columns: names, folds and numbers of every dtype that files and stores have."""

from __future__ import annotations

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.gate_rows import ResultRows
from ftf_assets.contracts.gate_rows_coercion import coerce_result_rows


def coerced(**columns) -> ResultRows:
    return coerce_result_rows(pd.DataFrame(columns), ["cleanlab"])


def test_names_are_numbered_in_order_and_a_missing_name_has_no_number():
    rows = coerced(crypto=["OPUSDC", None, "ARBUSDC", "OPUSDC"])
    assert rows.crypto.names == ("ARBUSDC", "OPUSDC")
    assert rows.crypto.codes.tolist() == [1, -1, 0, 1]
    assert [rows.crypto.name(row) for row in range(4)] == ["OPUSDC", None, "ARBUSDC", "OPUSDC"]


def test_a_column_that_the_source_lacks_has_no_names_and_no_numbers():
    rows = coerced(crypto=["OPUSDC", "ARBUSDC"])
    assert (len(rows), rows.has_folds, rows.row_number, dict(rows.numbers)) == (2, False, None, {})
    assert rows.factors["cleanlab"].name(0) is None
    assert np.isnan(rows.values("f1_buy")).tolist() == [True, True]


FOLDS = [
    pytest.param([3, 0, 3], (0, 3), id="integers"),
    pytest.param([3.0, 0.0, 3.0], (0, 3), id="whole floats"),
    pytest.param(pd.array([3, None, 0], dtype="Int64"), (0, 3), id="nullable"),
    pytest.param(["b", 10, 9], (9, 10, "b"), id="numbers before text, by size"),
    pytest.param(pd.Categorical(["b", "a", "b"]), ("a", "b"), id="categories"),
]


@pytest.mark.parametrize(("fold", "names"), FOLDS)
def test_folds_are_numbers_or_names(fold, names):
    rows = coerced(crypto=["OPUSDC"] * 3, fold=fold)
    assert rows.fold.names == names
    assert rows.has_folds


NAN = float("nan")
NUMBERS = [
    pytest.param(np.array([0.25, NAN, np.inf]), [0.25, NAN, np.inf], id="floats"),
    pytest.param(np.array([1, 0, 2], np.int8), [1, 0, 2], id="integers"),
    pytest.param([True, False, True], [1, 0, 1], id="flags"),
    pytest.param(pd.array([7, None, 8], dtype="Int64"), [7, NAN, 8], id="nullable"),
    pytest.param(["0.5", " 1e-3 ", None], [0.5, 0.001, NAN], id="text"),
    pytest.param(["0.5", "n/a", ""], [0.5, NAN, NAN], id="text that is no number"),
    pytest.param([Decimal("0.1"), [0.5], 10**400], [0.1, NAN, NAN], id="any object"),
    pytest.param(pd.Categorical(["0.5", "0.25", "0.5"]), [0.5, 0.25, 0.5], id="categories"),
    pytest.param(np.array([1, 2, 3]) * 1j, [NAN] * 3, id="complex numbers"),
    pytest.param(pd.to_datetime(["2024-01-01"] * 3, utc=True), [NAN] * 3, id="times"),
    pytest.param([datetime.date(2024, 1, 1)] * 3, [NAN] * 3, id="dates"),
]


@pytest.mark.parametrize(("given", "floats"), NUMBERS)
def test_numbers_are_converted_by_float_and_are_nan_where_it_fails(given, floats):
    rows = coerced(crypto=["OPUSDC"] * 3, f1_buy=given)
    np.testing.assert_array_equal(rows.values("f1_buy"), floats)


def test_a_value_that_is_no_number_is_shown_as_it_came():
    rows = coerced(
        f1_buy=[0.5, NAN, np.inf],
        sortino=["0.5", "n/a", None],
        n_trades=pd.array([7, None, 8], dtype="Int64"),
    )
    assert [str(rows.numbers["f1_buy"].found(row)) for row in range(3)] == ["0.5", "nan", "inf"]
    assert [rows.numbers["sortino"].found(row) for row in range(3)] == ["0.5", "n/a", None]
    assert rows.numbers["n_trades"].found(1) is pd.NA


def test_a_float_column_is_not_copied():
    frame = pd.DataFrame({"f1_buy": np.linspace(0, 1, 5)})
    assert np.shares_memory(coerce_result_rows(frame, []).values("f1_buy"), frame["f1_buy"].array)


def test_taking_rows_takes_all_of_their_columns():
    rows = coerced(
        crypto=["A", "B", "C"], fold=[0, 1, 2], cleanlab=["off", "off", "filter"],
        f1_buy=["0.1", "0.2", "x"], row=[1, None, 3],
    ).take(np.array([2, 0]))  # fmt: skip
    assert (rows.crypto.name(0), rows.fold.name(0), rows.factors["cleanlab"].name(0)) == ("C", 2, "filter")
    assert (rows.numbers["f1_buy"].found(0), rows.values("f1_buy")[1]) == ("x", 0.1)
    assert (rows.number_of(0), rows.number_of(1)) == (3, 1)
