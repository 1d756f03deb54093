"""``coerce_features``: every form of a feature table gives the same matrix, and a bad cell is named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftf_assets.contracts.coercion import coerce_features
from ftf_assets.contracts.errors import InputError
from ftf_assets_tests.support.production import CRYPTO, FEATURES, feature_cache_of_120_rows, production_rows


def read_only(frame: pd.DataFrame) -> pd.DataFrame:
    values = frame.to_numpy().copy()
    values.setflags(write=False)
    return pd.DataFrame(values, frame.index, frame.columns, copy=False)


FEATURE_FORMS = {
    "float64": lambda X: X,
    "float32": lambda X: X.astype(np.float32),
    "a single block": lambda X: pd.DataFrame(X.to_numpy(), X.index, X.columns),
    "a block per column": lambda X: pd.concat([X[[name]] for name in X], axis=1),
    "Fortran order": lambda X: pd.DataFrame(np.asfortranarray(X.to_numpy()), X.index, X.columns),
    "read-only": read_only,
    "mixed precision": lambda X: X.astype({"rsi_14": np.float32}),
    "nullable Float64": lambda X: X.astype("Float64"),
    "nullable in one column": lambda X: X.astype({"adx_14": "Float64"}),
    "Arrow-backed": lambda X: X.astype("double[pyarrow]"),
    "array, float64": lambda X: X.to_numpy(),
    "array, Fortran order": lambda X: np.asfortranarray(X.to_numpy(np.float32)),
    "array, read-only": lambda X: read_only(X).to_numpy(),
    "array, every other row of a larger one": lambda X: np.repeat(X.to_numpy(np.float32), 2, axis=0)[::2],
    "array, big-endian": lambda X: X.to_numpy().astype(">f8"),
}


@pytest.mark.parametrize("form", FEATURE_FORMS.values(), ids=FEATURE_FORMS)
def test_every_form_of_features_gives_the_same_float32_rows(production_data, form):
    X = coerce_features(form(production_data.pandas["X"]), crypto=CRYPTO)
    assert X.dtype == np.float32
    assert X.flags.c_contiguous
    np.testing.assert_array_equal(X, production_data.arrays["X"])


def test_bool_and_int_columns_are_features(small):
    hour = small.pandas["X"].index.hour
    X = small.pandas["X"].assign(is_night=hour < 8, hour=hour, count=hour.astype(np.uint8))
    found = coerce_features(X, crypto=CRYPTO)
    np.testing.assert_array_equal(
        found, np.column_stack([small.arrays["X"], hour < 8, hour, hour]).astype(np.float32)
    )


def test_a_long_frame_of_several_dtypes_is_each_columns_own_cast():
    random, n_rows = np.random.default_rng(3), 40_000  # more rows than are laid side by side at a time
    columns = {
        "float64": random.standard_normal(n_rows),
        "float32": random.standard_normal(n_rows, dtype=np.float32),
        "int64": random.integers(-(2**60), 2**60, n_rows),
        "bool": random.random(n_rows) > 0.5,
    }
    frame = pd.DataFrame(columns).assign(nullable=pd.array(columns["int64"] >> 40, "Int64"))
    matrix = coerce_features(frame, crypto=CRYPTO)
    assert matrix.flags.c_contiguous
    for place, values in enumerate([*columns.values(), columns["int64"] >> 40]):
        np.testing.assert_array_equal(matrix[:, place], values.astype(np.float32))


def test_finite_features_whose_sum_overflows_are_accepted(small):
    X = small.arrays["X"] * 0 + np.finfo(np.float32).max
    assert coerce_features(X, crypto=CRYPTO) is X
    opposed = np.full((2, 2), np.inf, np.float32) * np.float32([[1], [-1]])
    with pytest.raises(InputError, match="infinite"):
        coerce_features(opposed, crypto=CRYPTO)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_values_survive_the_boundary(data):
    floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
    rows = data.draw(st.lists(st.tuples(floats, floats, floats), min_size=1, max_size=20))
    form = data.draw(st.sampled_from(["float64", "float32", "Float64", "double[pyarrow]"]))
    frame = pd.DataFrame(rows, columns=["a", "b", "c"], dtype=np.float64)
    assert coerce_features(frame.astype(form), crypto=CRYPTO).tolist() == frame.to_numpy().tolist()


@settings(max_examples=60, deadline=None)
@given(
    row=st.integers(0, 119),
    column=st.sampled_from(FEATURES),
    value=st.sampled_from([np.nan, np.inf, -np.inf, 1e39, -1e300]),
    form=st.sampled_from(["float64", "Float64", "double[pyarrow]"]),
)
def test_any_single_corrupted_cell_is_found_at_its_row_and_column(row, column, value, form):
    X = production_rows(feature_cache_of_120_rows()).pandas["X"]
    X.iloc[row, X.columns.get_loc(column)] = value
    with pytest.raises(InputError) as refused:
        coerce_features(X.astype(form), crypto=CRYPTO)
    assert str(refused.value).startswith(f"{CRYPTO}, column {column!r}, row {X.index[row]}: ")
