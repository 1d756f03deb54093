"""Rows that the boundary refuses: a table of broken inputs, and what the error of each names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.coercion import coerce_feature_cache, coerce_training_data
from ftf_assets.contracts.errors import InputError
from ftf_assets_tests.support.production import CRYPTO, FEATURES

BAD_ROW = 17


def coerce(rows: dict, **changes):
    return coerce_training_data(**rows | changes, crypto=CRYPTO)


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
        ["'timestamp'", "must have a timezone", "tz_localize"],
    ),
    "naive label ends": (
        lambda rows: {"label_end": rows["label_end"].dt.tz_localize(None)},
        ["'label_end'", "must have a timezone", "datetime64[ns]"],
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
