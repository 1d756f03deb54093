"""The coercion boundary: what it accepts comes out with equal values, what it refuses is named."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftf_assets.contracts.coercion import (
    coerce_candles,
    coerce_feature_cache,
    coerce_features,
    coerce_flags,
    coerce_labels,
    coerce_regime,
    coerce_times,
    coerce_training_data,
    coerce_weights,
)
from ftf_assets.contracts.errors import InputError
from ftf_assets_tests.support.production import (
    CRYPTO,
    FEATURES,
    ProductionData,
    feature_cache,
    production_rows,
)

BAD_ROW = 17


@cache
def small_cache() -> pd.DataFrame:
    """120 production rows: as the session's fixture, in a size that hypothesis can turn over."""
    return feature_cache(n_rows=2_000).iloc[600:734]


@pytest.fixture
def small() -> ProductionData:
    return production_rows(small_cache().copy())


def coerce(rows: dict, **changes):
    return coerce_training_data(**rows | changes, crypto=CRYPTO)


# --- what is accepted ----------------------------------------------------------------------------------


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


TIME_FORMS = {
    "Series": lambda t: t,
    "DatetimeIndex": pd.DatetimeIndex,
    "another time zone": lambda t: t.dt.tz_convert("Europe/Paris"),
    "microseconds": lambda t: t.dt.as_unit("us"),
    "seconds": lambda t: t.dt.as_unit("s"),
    "Arrow-backed": lambda t: t.astype("timestamp[us, tz=UTC][pyarrow]"),
}


@pytest.mark.parametrize("form", TIME_FORMS.values(), ids=TIME_FORMS)
def test_every_form_of_times_gives_the_same_nanoseconds(production_data, form):
    times = coerce_times(form(production_data.pandas["label_end"]), crypto=CRYPTO, column="label_end")
    assert times.dtype == np.int64
    np.testing.assert_array_equal(times, production_data.arrays["label_end"])


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


@pytest.mark.parametrize("order", ["first", "last", "between"])
def test_features_are_found_wherever_the_other_columns_are(order):
    cache = small_cache().dropna(subset=list(FEATURES))
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
    optional = ("base_weight", "label_stability", "regime")
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
    arrays = coerce(small.pandas, label_stability=None, regime=None)
    assert (arrays.label_stability, arrays.regime, arrays.regime_names) == (None, None, ())


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
    np.testing.assert_array_equal(found.label_stability, production_data.arrays["label_stability"])
    np.testing.assert_array_equal(found.X, production_data.arrays["X"])
    np.testing.assert_array_equal(found.base_weight, production_data.arrays["base_weight"])
    unweighted = coerce_feature_cache(trimmed.drop(columns="base_weight"), crypto=CRYPTO)
    assert (unweighted.base_weight == 1).all()


# --- what is refused -----------------------------------------------------------------------------------


def with_cell(value, row=BAD_ROW, column="macd_hist"):
    def corrupt(rows: dict) -> dict:
        X = rows["X"].copy()
        X.iloc[row, X.columns.get_loc(column)] = value
        return {"X": X}

    return corrupt


def with_value(name, value, row=BAD_ROW, dtype=np.float64):
    def corrupt(rows: dict) -> dict:
        vector = rows[name].astype(dtype)
        vector.iloc[row] = value
        return {name: vector}

    return corrupt


def with_column(make):
    return lambda rows: {"X": rows["X"].assign(regime=make(rows["X"].index))}


def shifted(name):
    return lambda rows: {name: rows[name].shift(freq="h")}


def reversed_rows(name):
    return lambda rows: {name: rows[name].iloc[::-1]}


def retimed(move):
    """All pandas objects on one index, whose times `move` has changed."""

    def corrupt(rows: dict) -> dict:
        index = pd.DatetimeIndex(move(list(rows["X"].index)))
        return {name: values.set_axis(index) for name, values in rows.items()}

    return corrupt


def swap(times):
    times[BAD_ROW], times[BAD_ROW - 1] = times[BAD_ROW - 1], times[BAD_ROW]
    return times


def repeat(times):
    times[BAD_ROW] = times[BAD_ROW - 1]
    return times


TIME_OF_BAD_ROW = "{bad_row}"
REFUSED = {
    "infinite feature": (with_cell(np.inf), ["'macd_hist'", TIME_OF_BAD_ROW, "infinite", "inf"]),
    "minus infinity": (with_cell(-np.inf), ["'macd_hist'", TIME_OF_BAD_ROW, "infinite", "-inf"]),
    "missing feature": (with_cell(np.nan), ["'macd_hist'", TIME_OF_BAD_ROW, "missing", "allow"]),
    "feature too large for float32": (with_cell(1e39), ["'macd_hist'", TIME_OF_BAD_ROW, "float32", "1e+39"]),
    "object features": (with_column(lambda i: ["up"] * len(i)), ["'regime'", "dtype object", "'up'"]),
    "string features": (
        with_column(lambda i: pd.array(["up"] * len(i), "string")),
        ["'regime'", "dtype string", "'up'"],
    ),
    "numbers kept as text": (with_column(lambda i: ["1.5"] * len(i)), ["'regime'", "object", "'1.5'"]),
    "datetime features": (with_column(lambda i: i), ["'regime'", "datetime64[ns, UTC]"]),
    "timedelta features": (with_column(lambda i: i - i[0]), ["'regime'", "timedelta64"]),
    "categorical features": (
        with_column(lambda i: pd.Categorical(np.arange(len(i)) % 3)),
        ["'regime'", "category"],
    ),
    "complex features": (with_column(lambda i: np.ones(len(i)) * 1j), ["'regime'", "complex128"]),
    "nullable missing feature": (
        lambda rows: {"X": with_cell(np.nan)(rows)["X"].astype("Float64")},
        ["'macd_hist'", TIME_OF_BAD_ROW, "missing"],
    ),
    "a column without a name": (
        lambda rows: {"X": rows["X"].rename(columns={"adx_14": ""})},
        ["'7'", "names"],
    ),
    "a column named by a number": (
        lambda rows: {"X": rows["X"].rename(columns={"adx_14": 7})},
        ["'7'", "names"],
    ),
    "a repeated column": (
        lambda rows: {"X": rows["X"].rename(columns={"adx_14": "rsi_14"})},
        ["'rsi_14'", "must not repeat"],
    ),
    "no column": (lambda rows: {"X": rows["X"].iloc[:, :0]}, ["at least one column", "(120, 0)"]),
    "no row": (lambda rows: {name: values.iloc[:0] for name, values in rows.items()}, ["'label'", "0 rows"]),
    "label outside {0, 1}": (with_value("y", 2), ["'label'", TIME_OF_BAD_ROW, "0, 1", "2"]),
    "label -1": (with_value("y", -1, dtype=np.int8), ["'label'", TIME_OF_BAD_ROW, "-1"]),
    "soft label": (with_value("y", 0.9), ["'label'", TIME_OF_BAD_ROW, "0.9"]),
    "missing label": (with_value("y", np.nan), ["'label'", TIME_OF_BAD_ROW, "nan"]),
    "nullable missing label": (with_value("y", pd.NA, dtype="Int64"), ["'label'", TIME_OF_BAD_ROW, "nan"]),
    "text labels": (lambda rows: {"y": rows["y"].map({0: "HOLD", 1: "BUY"})}, ["'label'", "object"]),
    "one class": (lambda rows: {"y": rows["y"] * 0}, ["'label'", "both classes", "only [0] in 120 rows"]),
    "negative weight": (with_value("base_weight", -0.5), ["'base_weight'", TIME_OF_BAD_ROW, "-0.5", ">= 0"]),
    "missing weight": (with_value("base_weight", np.nan), ["'base_weight'", TIME_OF_BAD_ROW, "nan"]),
    "infinite weight": (with_value("base_weight", np.inf), ["'base_weight'", TIME_OF_BAD_ROW, "inf"]),
    "weights all zero": (
        lambda rows: {"base_weight": rows["base_weight"] * 0},
        ["'base_weight'", "must not all be zero"],
    ),
    "stability above 1": (
        with_value("label_stability", 1.5),
        ["'label_stability'", TIME_OF_BAD_ROW, "0 to 1", "1.5"],
    ),
    "missing stability": (
        with_value("label_stability", np.nan),
        ["'label_stability'", TIME_OF_BAD_ROW, "nan"],
    ),
    "stabilities in another order": (
        reversed_rows("label_stability"),
        ["'label_stability'", "same rows in another order"],
    ),
    "missing regime": (
        with_value("regime", None, dtype=object),
        ["'regime'", TIME_OF_BAD_ROW, "found nothing", "non-empty text"],
    ),
    "empty regime": (with_value("regime", "", dtype=object), ["'regime'", TIME_OF_BAD_ROW, "found ''"]),
    "regimes as numbers": (lambda rows: {"regime": rows["y"]}, ["'regime'", "row {first_row}", "found 0"]),
    "regimes in another order": (reversed_rows("regime"), ["'regime'", "same rows in another order"]),
    "missing return": (with_value("label_return", np.nan), ["'label_return'", TIME_OF_BAD_ROW, "nan"]),
    "labels in another order": (
        reversed_rows("y"),
        ["'label'", "row 0", "one index, in one order", "the same rows in another order"],
    ),
    "labels an hour late": (shifted("y"), ["'label'", "row 0", "one index", "features at {first_row}"]),
    "weights in another order": (
        reversed_rows("base_weight"),
        ["'base_weight'", "same rows in another order"],
    ),
    "label ends an hour late": (shifted("label_end"), ["'label_end'", "one index"]),
    "returns without the index": (
        lambda rows: {"label_return": rows["label_return"].reset_index(drop=True)},
        ["'label_return'", "row 0", "one index"],
    ),
    "labels of another length": (lambda rows: {"y": rows["y"].iloc[1:]}, ["'label'", "119 values for 120"]),
    "weights of another length": (
        lambda rows: {"base_weight": rows["base_weight"].iloc[:-1]},
        ["'base_weight'", "119 values for 120"],
    ),
    "label ends of another length": (
        lambda rows: {"label_end": pd.DatetimeIndex(rows["label_end"])[1:]},
        ["'label_end'", "119 values for 120"],
    ),
    "timestamps of another length": (
        lambda rows: {"timestamp": rows["X"].index[1:]},
        ["'timestamp'", "119 values for 120"],
    ),
    "naive index": (
        retimed(lambda times: [time.tz_localize(None) for time in times]),
        ["'timestamp'", "naive", "tz_localize"],
    ),
    "naive label ends": (
        lambda rows: {"label_end": rows["label_end"].dt.tz_localize(None)},
        ["'label_end'", "naive", "datetime64[ns]"],
    ),
    "missing label end": (
        with_value("label_end", pd.NaT, dtype="datetime64[ns, UTC]"),
        ["'label_end'", TIME_OF_BAD_ROW, "NaT"],
    ),
    "label ends as numbers": (
        lambda rows: {"label_end": rows["label_end"].astype(np.int64)},
        ["'label_end'", "datetimes with a timezone", "int64"],
    ),
    "label end beyond nanoseconds": (
        with_value("label_end", pd.Timestamp("3000-01-01", tz="UTC"), dtype="datetime64[us, UTC]"),
        ["'label_end'", "nanoseconds", "3000-01-01"],
    ),
    "repeated timestamp": (
        retimed(repeat),
        ["'timestamp'", "row {row_before}", "must increase strictly", "{row_before} after {row_before}"],
    ),
    "unsorted timestamps": (
        retimed(swap),
        ["'timestamp'", "row {row_before}", "must increase strictly", "{row_before} after {bad_row}"],
    ),
    "label end before its row": (
        lambda rows: with_value(
            "label_end", rows["X"].index[BAD_ROW - 2], dtype="datetime64[ns, UTC]"
        )(rows),
        ["'label_end'", TIME_OF_BAD_ROW, "must not precede", "found {two_before}"],
    ),
    "rows without a time": (
        lambda rows: {name: values.reset_index(drop=True) for name, values in rows.items()},
        ["'timestamp'", "DatetimeIndex"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("corrupt", "words"), REFUSED.values(), ids=REFUSED)
def test_bad_input_of_production_is_refused_by_crypto_column_and_row(small, corrupt, words):
    rows = {name: values.iloc[:120] for name, values in small.pandas.items()}
    times = rows["X"].index
    with pytest.raises(InputError) as refused:
        coerce(rows, **corrupt(rows))
    for template in (CRYPTO, *words):
        word = template.format(
            bad_row=times[BAD_ROW],
            row_before=times[BAD_ROW - 1],
            two_before=times[BAD_ROW - 2],
            first_row=times[0],
        )
        assert word in str(refused.value)


def array_cell(value):
    def corrupt(rows: dict) -> dict:
        X = rows["X"].astype(np.float64)
        X[BAD_ROW, 2] = value
        return {"X": X}

    return corrupt


ARRAYS_REFUSED = {
    "infinite feature": (array_cell(np.inf), ["'macd_hist'", "row 17", "infinite"]),
    "missing feature": (array_cell(np.nan), ["'macd_hist'", "row 17", "missing"]),
    "feature too large for float32": (array_cell(1e39), ["'macd_hist'", "row 17", "float32", "1e+39"]),
    "one dimension": (lambda rows: {"X": rows["X"][:, 0]}, ["two dimensions", "(120,)"]),
    "three dimensions": (lambda rows: {"X": rows["X"][None]}, ["120 values for 1 feature rows"]),
    "labels in a column": (
        lambda rows: {"y": rows["y"][:, None]},
        ["'label'", "every row needs one value", "(120, 1)"],
    ),
    "objects": (lambda rows: {"X": rows["X"].astype(object)}, ["'features'", "dtype object"]),
    "times as features": (lambda rows: {"X": rows["X"].astype("M8[ns]")}, ["'features'", "datetime64"]),
    "bytes as labels": (lambda rows: {"y": rows["y"].astype("S1")}, ["'label'", "|S1"]),
    "times as datetime64": (
        lambda rows: {"timestamp": rows["timestamp"].view("M8[ns]")},
        ["'timestamp'", "int64 nanoseconds", "datetime64[ns]"],
    ),
    "times as float": (lambda rows: {"label_end": rows["label_end"] * 1.0}, ["'label_end'", "float64"]),
    "no time": (lambda rows: {"timestamp": None}, ["'timestamp'", "rows need a time"]),
    "too few names": (lambda rows: {"feature_names": ("rsi_14",)}, ["1 names for 8 columns"]),
    "unsorted": (
        lambda rows: {"timestamp": rows["timestamp"][::-1]},
        ["'timestamp'", "must increase strictly"],
    ),
    "soft label": (lambda rows: {"y": rows["y"] * np.float32(0.9)}, ["'label'", "row 16", "0.89999"]),
    "no row": (
        lambda rows: {name: v[:0] for name, v in rows.items() if name != "feature_names"},
        ["'label'", "0 rows"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("corrupt", "words"), ARRAYS_REFUSED.values(), ids=ARRAYS_REFUSED)
def test_bad_arrays_are_refused_by_crypto_column_and_row(small, corrupt, words):
    rows = {
        name: values if name == "feature_names" else values[:120] for name, values in small.arrays.items()
    }
    with pytest.raises(InputError) as refused:
        coerce(rows, **corrupt(rows))
    for word in (CRYPTO, *words):
        assert word in str(refused.value)


def test_a_column_of_identifiers_is_no_regime():
    with pytest.raises(InputError, match=r"'regime': too many regimes .*128 names.*at most 127"):
        coerce_regime(np.arange(128).astype(str), crypto=CRYPTO)


def test_series_that_disagree_are_refused_beside_an_array_of_features(small):
    late = small.pandas["label_end"].shift(freq="h")
    with pytest.raises(
        InputError, match=r"'label_end', row 0: .*label at 2021-04-26 .*label_end at 2021-04-26"
    ):
        coerce(small.arrays, y=small.pandas["y"], label_end=late)


def test_a_missing_feature_may_be_allowed_but_an_infinite_one_never(small):
    allowed = {"missing": "allow"}
    assert np.isnan(coerce(small.pandas, **with_cell(np.nan)(small.pandas), **allowed).X).sum() == 1
    with pytest.raises(InputError, match="infinite"):
        coerce(small.pandas, **with_cell(np.inf)(small.pandas), **allowed)


def test_finite_features_whose_sum_overflows_are_accepted(small):
    X = small.arrays["X"] * 0 + np.finfo(np.float32).max
    assert coerce_features(X, crypto=CRYPTO) is X
    opposed = np.full((2, 2), np.inf, np.float32) * np.float32([[1], [-1]])
    with pytest.raises(InputError, match="infinite"):
        coerce_features(opposed, crypto=CRYPTO)


@pytest.mark.parametrize("column", ["label", "label_end", "label_return"])
def test_a_feature_cache_without_its_labels_is_refused(production_data, column):
    with pytest.raises(InputError, match=f"{CRYPTO}, column '{column}'.*no such column"):
        coerce_feature_cache(production_data.cache.drop(columns=column), crypto=CRYPTO)


def test_a_feature_cache_without_features_is_refused(production_data):
    with pytest.raises(InputError, match="at least one feature column"):
        coerce_feature_cache(production_data.cache.drop(columns=list(FEATURES)), crypto=CRYPTO)


def test_the_warm_up_head_is_refused_at_its_first_row(production_data):
    with pytest.raises(
        InputError, match=r"OPUSDC, column 'rsi_14', row 2021-04-01 01:00:00\+00:00: .*missing"
    ):
        coerce_feature_cache(production_data.cache, crypto=CRYPTO)


# --- properties ----------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_values_survive_the_boundary(data):
    floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
    rows = data.draw(st.lists(st.tuples(floats, floats, floats), min_size=1, max_size=20))
    form = data.draw(st.sampled_from(["float64", "float32", "Float64", "double[pyarrow]"]))
    frame = pd.DataFrame(rows, columns=["a", "b", "c"], dtype=np.float64)
    assert coerce_features(frame.astype(form), crypto=CRYPTO).tolist() == frame.to_numpy().tolist()


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_permuting_the_rows_permutes_the_result(random):
    rows = production_rows(small_cache()).pandas
    order = random.sample(range(len(rows["y"])), len(rows["y"]))
    for name, function in (("X", coerce_features), ("y", coerce_labels), ("base_weight", coerce_weights)):
        np.testing.assert_array_equal(
            function(rows[name].iloc[order], crypto=CRYPTO), function(rows[name], crypto=CRYPTO)[order]
        )


@settings(max_examples=60, deadline=None)
@given(
    row=st.integers(0, 119),
    column=st.sampled_from(FEATURES),
    value=st.sampled_from([np.nan, np.inf, -np.inf, 1e39, -1e300]),
    form=st.sampled_from(["float64", "Float64", "double[pyarrow]"]),
)
def test_any_single_corrupted_cell_is_found_at_its_row_and_column(row, column, value, form):
    X = production_rows(small_cache()).pandas["X"]
    X.iloc[row, X.columns.get_loc(column)] = value
    with pytest.raises(InputError) as refused:
        coerce_features(X.astype(form), crypto=CRYPTO)
    assert str(refused.value).startswith(f"{CRYPTO}, column {column!r}, row {X.index[row]}: ")


# --- candles -------------------------------------------------------------------------------------------


def candles(**changes) -> pd.DataFrame:
    index = pd.date_range("2021-04-01 01:00", periods=30, freq="h", tz="UTC", name="timestamp").delete(
        [11, 12]
    )
    price = 10 + np.sin(np.arange(len(index)))
    frame = pd.DataFrame(
        {"open": price, "high": price + 1, "low": price - 1, "close": price, "volume": 5.0}, index=index
    )
    return frame.assign(**changes)


def test_candles_become_arrays_with_the_usual_step_as_bar():
    arrays = coerce_candles(candles(), crypto=CRYPTO)
    assert arrays.bar == 3_600 * 10**9
    assert arrays.close_time[0] == pd.Timestamp("2021-04-01 01:00", tz="UTC").value
    np.testing.assert_array_equal(arrays.high, candles()["high"].to_numpy())


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (candles().iloc[:1], ["at least two bars", "found 1"]),
        (candles(close=np.nan), ["'close'", "2021-04-01 01:00", "finite"]),
        (candles(close=0.0), ["'close'", "2021-04-01 01:00", "positive", "found 0.0"]),
        (candles(volume=np.inf), ["'volume'", "2021-04-01 01:00", "inf"]),
        (candles(volume=-1.0), ["'volume'", "2021-04-01 01:00", "not negative", "found -1.0"]),
        (candles().iloc[::-1], ["'timestamp'", "2021-04-02 05:00", "must increase strictly"]),
        (candles(open="9.5"), ["'open'", "object", "'9.5'"]),
        (candles().tz_localize(None), ["'timestamp'", "naive"]),
    ],
    ids=[
        "one bar",
        "missing close",
        "no price",
        "infinite volume",
        "negative volume",
        "unsorted",
        "text",
        "naive",
    ],
)
def test_candles_are_refused_by_name(frame, words):
    with pytest.raises(InputError) as refused:
        coerce_candles(frame, crypto=CRYPTO)
    for word in (CRYPTO, *words):
        assert word in str(refused.value)


@pytest.mark.parametrize("flags", [pd.Series([True, False]), np.array([False, False])])
def test_flags_become_numpy_flags(flags):
    coerced = coerce_flags(flags, crypto="OPUSDC", column="in_burst")
    assert coerced.dtype == np.bool_
    assert coerced.tolist() == list(flags)


def test_flags_of_another_dtype_are_refused_by_name():
    with pytest.raises(InputError, match=r"OPUSDC.*in_burst.*True or False.*float64"):
        coerce_flags(pd.Series([0.0, 1.0]), crypto="OPUSDC", column="in_burst")
