"""Single columns: every form of labels, weights, regimes and flags gives the same array, or is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftf_assets.contracts.coercion import (
    coerce_features,
    coerce_flags,
    coerce_labels,
    coerce_regime,
    coerce_weights,
)
from ftf_assets.contracts.errors import InputError
from ftf_assets_tests.support.production import CRYPTO, feature_cache_of_120_rows, production_rows

LABEL_FORMS = {
    "int8": lambda y: y,
    "int64": lambda y: y.astype(np.int64),
    "uint8": lambda y: y.astype(np.uint8),
    "float64": lambda y: y.astype(np.float64),
    "bool": lambda y: y.astype(bool),
    "nullable Int64": lambda y: y.astype("Int64"),
    "nullable boolean": lambda y: y.astype("boolean"),
    "nullable Float64": lambda y: y.astype("Float64"),
    "Arrow-backed int": lambda y: y.astype("int8[pyarrow]"),
    "Arrow-backed bool": lambda y: y.astype("bool[pyarrow]"),
    "another name": lambda y: y.rename("buy"),
    "array of bool": lambda y: y.to_numpy(bool),
    "array with a stride": lambda y: np.repeat(y.to_numpy(), 2)[::2],
}


@pytest.mark.parametrize("form", LABEL_FORMS.values(), ids=LABEL_FORMS)
def test_every_form_of_labels_gives_the_same_int8_labels(production_data, form):
    y = coerce_labels(form(production_data.pandas["y"]), crypto=CRYPTO)
    assert y.dtype == np.int8
    assert y.flags.c_contiguous
    np.testing.assert_array_equal(y, production_data.arrays["y"])


WEIGHT_FORMS = {
    "float64": lambda w: w,
    "float32": lambda w: w.astype(np.float32),
    "nullable Float64": lambda w: w.astype("Float64"),
    "Arrow-backed": lambda w: w.astype("double[pyarrow]"),
    "without a name": lambda w: w.rename(None),
    "array": lambda w: w.to_numpy(),
}


@pytest.mark.parametrize("form", WEIGHT_FORMS.values(), ids=WEIGHT_FORMS)
def test_every_form_of_weights_gives_the_same_float32_weights(production_data, form):
    weight = coerce_weights(form(production_data.pandas["base_weight"]), crypto=CRYPTO)
    assert weight.dtype == np.float32
    np.testing.assert_array_equal(weight, production_data.arrays["base_weight"])


def test_a_column_of_identifiers_is_no_regime():
    with pytest.raises(InputError, match=r"'regime': too many regimes .*128 names.*at most 127"):
        coerce_regime(np.arange(128).astype(str), crypto=CRYPTO)


@pytest.mark.parametrize("flags", [pd.Series([True, False]), np.array([False, False])])
def test_flags_become_numpy_flags(flags):
    coerced = coerce_flags(flags, crypto="OPUSDC", column="in_burst")
    assert coerced.dtype == np.bool_
    assert coerced.tolist() == list(flags)


def test_flags_of_another_dtype_are_refused_by_name():
    with pytest.raises(InputError, match=r"OPUSDC.*in_burst.*True or False.*float64"):
        coerce_flags(pd.Series([0.0, 1.0]), crypto="OPUSDC", column="in_burst")


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_permuting_the_rows_permutes_the_result(random):
    rows = production_rows(feature_cache_of_120_rows()).pandas
    order = random.sample(range(len(rows["y"])), len(rows["y"]))
    for name, function in (("X", coerce_features), ("y", coerce_labels), ("base_weight", coerce_weights)):
        np.testing.assert_array_equal(
            function(rows[name].iloc[order], crypto=CRYPTO), function(rows[name], crypto=CRYPTO)[order]
        )
