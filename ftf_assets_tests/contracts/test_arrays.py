"""``TrainingArrays.validate``: a table of broken rows and the error that names each."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ftf_assets.contracts.errors import InputError

BAD = 17


def changed(name, value, row=BAD, column=None):
    def corrupt(arrays):
        values = getattr(arrays, name).copy()
        values[row if column is None else (row, column)] = value
        return {name: values}

    return corrupt


ROW = "row 2021-04-02 08:00:00+00:00"
BROKEN = {
    "missing feature": (changed("X", np.nan, column=3), ["'bb_width'", ROW, "must not be missing", "nan"]),
    "infinite feature": (changed("X", np.inf, column=0), ["'rsi_14'", ROW, "must not be infinite", "inf"]),
    "Fortran order": (lambda a: {"X": np.asfortranarray(a.X)}, ["C-contiguous"]),
    "too few names": (lambda a: {"feature_names": ("rsi_14",)}, ["1 names for 8 columns"]),
    "label 2": (changed("y", 2), ["'label'", ROW, "found 2", "allowed: 0, 1"]),
    "one class": (lambda a: {"y": np.zeros_like(a.y)}, ["'label'", "both classes", "only [0] in 2486 rows"]),
    "repeated timestamp": (
        lambda a: changed("start", a.start[BAD - 1])(a),
        ["'timestamp'", "row 2021-04-02 07:00:00+00:00", "timestamps must increase strictly"],
    ),
    "label_end before its row": (
        changed("end", 0),
        ["'label_end'", ROW, "must not precede", "found 1970-01-01 00:00:00+00:00"],
    ),
    "missing return": (changed("label_return", np.nan), ["'label_return'", ROW, "must be finite", "nan"]),
    "negative weight": (changed("base_weight", -1), ["'base_weight'", ROW, "-1.0", "allowed: a finite"]),
    "missing weight": (changed("base_weight", np.nan), ["'base_weight'", ROW, "nan"]),
    "infinite weight": (changed("base_weight", np.inf), ["'base_weight'", ROW, "found inf"]),
    "weights all zero": (lambda a: {"base_weight": a.base_weight * 0}, ["'base_weight'", "all be zero"]),
    "stability above 1": (changed("label_stability", 1.5), ["'label_stability'", ROW, "1.5", "0 to 1"]),
    "missing stability": (changed("label_stability", np.nan), ["'label_stability'", ROW, "nan"]),
    "stability known before its label": (
        lambda a: changed("label_stability_end", a.end[BAD] - 1)(a),
        ["'label_stability_end'", ROW, "must not precede label_end"],
    ),
    "the end of no stability": (
        lambda a: {"label_stability": None},
        ["'label_stability_end'", "label_stability is known, which is absent"],
    ),
    "a regime without a name": (
        changed("regime", 2),
        ["'regime'", ROW, "every regime must be non-empty text", "number 2 of 2"],
    ),
    "names without regimes": (lambda a: {"regime": None}, ["'regime'", "one sorted list"]),
    "regimes out of order": (lambda a: {"regime_names": a.regime_names[::-1]}, ["one sorted list"]),
}


def test_the_production_rows_keep_the_contract(training_arrays):
    training_arrays.validate("OPUSDC")
    without = {"label_stability": None, "label_stability_end": None, "regime": None, "regime_names": ()}
    dataclasses.replace(training_arrays, **without).validate("OPUSDC")
    assert training_arrays.n_rows == len(training_arrays.y) == 2_486


@pytest.mark.parametrize(("corrupt", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_named(training_arrays, corrupt, words):
    broken = dataclasses.replace(training_arrays, **corrupt(training_arrays))
    with pytest.raises(InputError) as refused:
        broken.validate("OPUSDC")
    for word in ("OPUSDC", *words):
        assert word in str(refused.value)


def test_missing_features_are_allowed_by_setting_and_infinity_is_not(training_arrays):
    missing = dataclasses.replace(training_arrays, **changed("X", np.nan, column=3)(training_arrays))
    missing.validate("OPUSDC", missing="allow")
    infinite = dataclasses.replace(training_arrays, **changed("X", np.inf, column=3)(training_arrays))
    with pytest.raises(InputError, match=r"'bb_width'.*must not be infinite"):
        infinite.validate("OPUSDC", missing="allow")


def test_a_bundle_is_frozen(training_arrays):
    with pytest.raises(dataclasses.FrozenInstanceError):
        training_arrays.y = training_arrays.y
