"""Whole rows: pandas and arrays give the same training arrays, without a copy where none is needed."""

from __future__ import annotations

import numpy as np
import pytest

from ftf_assets.contracts.coercion import coerce_feature_cache, coerce_training_data
from ftf_assets.contracts.errors import InputError
from ftf_assets_tests.support.production import CRYPTO, FEATURES, feature_cache_of_120_rows


def coerce(rows: dict, **changes):
    return coerce_training_data(**rows | changes, crypto=CRYPTO)


@pytest.mark.parametrize("order", ["first", "last", "between"])
def test_features_are_found_wherever_the_other_columns_are(order):
    cache = feature_cache_of_120_rows().dropna(subset=list(FEATURES))
    others = [name for name in cache if name not in FEATURES]
    names = {"first": [*FEATURES, *others], "last": [*others, *FEATURES]}
    names["between"] = [*FEATURES[:1], *others, *FEATURES[1:]]
    arrays = coerce_feature_cache(cache[names[order]], crypto=CRYPTO)
    assert arrays.feature_names == tuple(FEATURES)
    np.testing.assert_array_equal(arrays.X, cache[list(FEATURES)].astype(np.float32))


def test_pandas_and_arrays_give_the_same_training_arrays(production_data):
    from_pandas, from_arrays = coerce(production_data.pandas), coerce(production_data.arrays)
    assert from_pandas.feature_names == from_arrays.feature_names == FEATURES
    assert from_pandas.regime_names == from_arrays.regime_names == ("down", "up")
    optional = ("base_weight", "label_stability", "label_stability_end", "regime")
    for name in ("X", "y", "start", "end", "label_return", *optional):
        expected, found = getattr(from_arrays, name), getattr(from_pandas, name)
        assert found.dtype == expected.dtype, name
        np.testing.assert_array_equal(found, expected, err_msg=name)


def test_an_array_that_fits_passes_through_as_the_same_object(production_data):
    given_arrays = production_data.arrays
    arrays = coerce(given_arrays)
    assert arrays.X is given_arrays["X"]
    assert arrays.y is given_arrays["y"]
    assert arrays.start is given_arrays["timestamp"]
    assert arrays.end is given_arrays["label_end"]
    assert arrays.label_return is given_arrays["label_return"]
    assert arrays.base_weight is given_arrays["base_weight"]
    assert arrays.label_stability is given_arrays["label_stability"]
    assert arrays.label_stability_end is given_arrays["label_stability_end"]


def test_the_input_is_never_changed(production_data):
    before = {name: values.copy() for name, values in production_data.pandas.items()}
    coerce(production_data.pandas)
    for name, values in production_data.pandas.items():
        assert values.equals(before[name]), name


def test_memory_mapped_rows_are_taken_without_a_copy(production_data, tmp_path):
    mapped = {}
    for name, values in production_data.arrays.items():
        if isinstance(values, np.ndarray):
            np.save(tmp_path / f"{name}.npy", values)
            mapped[name] = np.load(tmp_path / f"{name}.npy", mmap_mode="r")
    arrays = coerce(production_data.arrays | mapped)
    assert np.shares_memory(arrays.X, mapped["X"])
    assert np.shares_memory(arrays.y, mapped["y"])
    np.testing.assert_array_equal(arrays.X, production_data.arrays["X"])


def test_every_row_weighs_one_by_default(small):
    for rows in (small.pandas, small.arrays):
        assert coerce(rows, base_weight=None).base_weight.tolist() == [1.0] * len(rows["y"])


def test_regimes_become_the_numbers_of_their_sorted_names(small):
    regime = small.pandas["regime"]
    arrays = coerce(small.pandas)
    assert arrays.regime.dtype == np.int8
    assert [arrays.regime_names[code] for code in arrays.regime] == regime.tolist()
    for form in (object, "category", "string[pyarrow]"):
        np.testing.assert_array_equal(coerce(small.pandas, regime=regime.astype(form)).regime, arrays.regime)


def test_stabilities_and_regimes_are_unavailable_by_default(small):
    arrays = coerce(small.pandas, label_stability=None, label_stability_end=None, regime=None)
    assert (arrays.label_stability, arrays.label_stability_end) == (None, None)
    assert (arrays.regime, arrays.regime_names) == (None, ())


def test_a_stability_may_come_without_its_end_but_not_the_end_alone(small):
    assert coerce(small.pandas, label_stability_end=None).label_stability is not None
    with pytest.raises(
        InputError, match=r"'label_stability_end': .*label_stability is known, which is absent"
    ):
        coerce(small.pandas, label_stability=None)


def test_an_array_without_names_gets_numbered_features(small):
    names = coerce(small.arrays, feature_names=None).feature_names
    assert names == tuple(f"feature_{i}" for i in range(len(FEATURES)))


def test_an_index_in_another_zone_or_resolution_is_the_same_index(small):
    y = small.pandas["y"]
    weight = small.pandas["base_weight"]
    arrays = coerce(
        small.pandas,
        y=y.set_axis(y.index.tz_convert("Asia/Tokyo")),
        base_weight=weight.set_axis(weight.index.as_unit("us")),
    )
    np.testing.assert_array_equal(arrays.y, small.arrays["y"])


def test_missing_features_are_left_to_xgboost_where_the_settings_allow_it(production_data):
    cache = production_data.cache
    head = coerce_feature_cache(cache, crypto=CRYPTO, missing="allow")
    assert head.n_rows == len(cache)
    assert np.isnan(head.X[:14, 0]).all()
    assert np.isnan(head.X).sum() == 14 + 6


def test_a_feature_cache_gives_what_its_parts_give(production_data):
    trimmed = production_data.cache.iloc[14:]
    found = coerce_feature_cache(trimmed, crypto=CRYPTO)
    # label_stability looks at the path after the row, as the label does: it must never be a feature.
    assert found.feature_names == FEATURES
    for name in ("label_stability", "label_stability_end"):
        np.testing.assert_array_equal(getattr(found, name), production_data.arrays[name])
    np.testing.assert_array_equal(found.X, production_data.arrays["X"])
    np.testing.assert_array_equal(found.base_weight, production_data.arrays["base_weight"])
    unweighted = coerce_feature_cache(trimmed.drop(columns="base_weight"), crypto=CRYPTO)
    assert (unweighted.base_weight == 1).all()
