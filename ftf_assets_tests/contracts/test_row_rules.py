"""The rules of rows: which values keep each rule, in an array and in a column of a frame alike."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts import row_rules
from ftf_assets.contracts.coercion import coerce_candles, coerce_feature_cache
from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.row_rules import RULES, RowRule, first_broken_feature, utc_text
from ftf_assets.contracts.tables.candles import Candles
from ftf_assets.contracts.tables.feature_cache import FeatureCache
from ftf_assets.contracts.tables.validation import validated
from ftf_assets_tests.support.production import CRYPTO, WARM_UP, candles, feature_cache

NAN, INF = np.nan, np.inf
#: Values of a rule's columns, one list a column, and which of the rows keep the rule.
CASES: dict[str, tuple[RowRule, tuple[list, ...], list[bool]]] = {
    "times": (row_rules.TIMESTAMPS_INCREASE, ([1, 2, 2, 1, 3],), [True, True, False, False, True]),
    "label ends": (row_rules.LABEL_ENDS_AFTER_ITS_ROW, ([1, 2, 2], [1, 1, 3]), [True, True, False]),
    "labels": (row_rules.LABEL_IS_BUY_OR_HOLD, ([0, 1, 2, -1, 0.9, NAN],), [True, True, *[False] * 4]),
    "returns": (row_rules.RETURN_IS_FINITE, ([-0.5, 0.0, NAN, INF],), [True, True, False, False]),
    "label ends of returns": (
        row_rules.LABEL_WITH_A_RETURN_ENDS_LATER,
        ([1, 1, 2], [0.01, 0.0, -0.01], [1, 1, 1]),
        [False, True, True],
    ),
    "losses": (row_rules.RETURN_KEEPS_MORE_THAN_NOTHING, ([-1.0, -1.01, 3.0],), [True, False, True]),
    "stabilities": (
        row_rules.STABILITY_IS_A_SHARE,
        ([0.0, 1.0, 1.01, -0.01, NAN],),
        [True, True, False, False, False],
    ),
    "stability ends": (
        row_rules.STABILITY_IS_KNOWN_AFTER_THE_LABEL,
        ([3, 3, 3], [2, 3, 4]),
        [True, True, False],
    ),
    "weights": (row_rules.WEIGHT_IS_AN_AMOUNT, ([0.0, 2.5, -0.1, INF, NAN],), [True, True, *[False] * 3]),
    "regimes": (row_rules.REGIME_HAS_A_NAME, (["up", "", None, 3],), [True, False, False, False]),
    "present features": (row_rules.FEATURE_IS_PRESENT, ([0.0, INF, NAN],), [True, True, False]),
    "finite features": (
        row_rules.FEATURE_IS_NOT_INFINITE,
        ([0.0, NAN, INF, -INF],),
        [True, True, False, False],
    ),
    "features of float32": (
        row_rules.FEATURE_FITS_FLOAT32,
        ([3.4e38, -3.4e38, 3.5e38, -1e39, INF, NAN],),
        [True, True, False, False, True, True],
    ),
    "prices": (row_rules.PRICE_IS_POSITIVE, ([0.01, 0.0, -1.0, INF, NAN],), [True, *[False] * 4]),
    "volumes": (row_rules.VOLUME_IS_AN_AMOUNT, ([0.0, 5.0, -1.0, INF, NAN],), [True, True, *[False] * 3]),
}


def test_every_rule_has_a_case_and_a_sentence_of_its_own():
    stated = [rule for rule in vars(row_rules).values() if isinstance(rule, RowRule)]
    assert len({rule.says for rule in RULES}) == len(RULES) == len(stated)
    assert {rule.says for rule, _, _ in CASES.values()} == {rule.says for rule in RULES}


@pytest.mark.parametrize(("rule", "columns", "kept"), CASES.values(), ids=CASES)
def test_a_rule_holds_for_the_same_rows_of_an_array_and_of_a_column(rule, columns, kept):
    assert rule.holds(*map(np.array, columns)).tolist() == kept
    if rule is not row_rules.TIMESTAMPS_INCREASE:  # the timestamp of a frame is its index, as below
        assert list(rule.holds(*map(pd.Series, columns))) == kept


def test_the_index_of_a_frame_keeps_the_same_rules_as_an_array_of_times():
    times = pd.DatetimeIndex([3, 5, 5, 4], tz="UTC")
    label_end = pd.Series(pd.DatetimeIndex([3, 4, 6, 5], tz="UTC"), index=times)
    assert row_rules.TIMESTAMPS_INCREASE.holds(times).tolist() == [True, True, False, False]
    assert row_rules.LABEL_ENDS_AFTER_ITS_ROW.holds(label_end, times).tolist() == [True, False, True, True]


def test_the_error_of_a_row_names_crypto_column_row_rule_what_came_and_what_is_allowed():
    with pytest.raises(InputError) as refused:
        row_rules.WEIGHT_IS_AN_AMOUNT.refuse_broken(
            np.array([1.0, -0.5]), crypto="OPUSDC", row_name=lambda row: f"number {row}"
        )
    assert str(refused.value) == (
        "OPUSDC, column 'base_weight', row number 1: weights must be finite and not negative "
        "(found -0.5; allowed: a finite number >= 0)"
    )


def in_feature_cache(column: str, value: object) -> pd.DataFrame:
    cache = feature_cache().iloc[WARM_UP:].copy()
    cache.iloc[17, cache.columns.get_loc(column)] = value
    return cache


def in_candles(column: str, value: object) -> pd.DataFrame:
    bars = candles(feature_cache())
    bars.iloc[17, bars.columns.get_loc(column)] = value
    return bars


BOTH = {
    "label": (FeatureCache, coerce_feature_cache, in_feature_cache("label", 2)),
    "label_end": (
        FeatureCache,
        coerce_feature_cache,
        in_feature_cache("label_end", pd.Timestamp("2021-04-01", tz="UTC")),
    ),
    "label_return": (FeatureCache, coerce_feature_cache, in_feature_cache("label_return", INF)),
    "loss of more than everything": (
        FeatureCache,
        coerce_feature_cache,
        in_feature_cache("label_return", -1.5),
    ),
    "missing label_return": (FeatureCache, coerce_feature_cache, in_feature_cache("label_return", NAN)),
    "base_weight": (FeatureCache, coerce_feature_cache, in_feature_cache("base_weight", -1.0)),
    "label_stability": (FeatureCache, coerce_feature_cache, in_feature_cache("label_stability", 1.5)),
    "regime": (FeatureCache, coerce_feature_cache, in_feature_cache("regime", "")),
    "rsi_14": (FeatureCache, coerce_feature_cache, in_feature_cache("rsi_14", INF)),
    "low": (Candles, coerce_candles, in_candles("low", 0.0)),
    "volume": (Candles, coerce_candles, in_candles("volume", INF)),
}


@pytest.mark.parametrize(("contract", "coerce", "frame"), BOTH.values(), ids=BOTH)
def test_the_table_contract_and_the_boundary_refuse_a_row_in_the_same_words(contract, coerce, frame):
    with pytest.raises(InputError) as by_contract:
        validated(contract, frame, crypto=CRYPTO)
    with pytest.raises(InputError) as by_boundary:
        coerce(frame, crypto=CRYPTO)
    assert str(by_contract.value) == str(by_boundary.value)
    assert f"row {frame.index[17]}" in str(by_contract.value)


def test_the_first_of_many_broken_rows_is_named():
    cache = feature_cache().iloc[WARM_UP:].assign(label_stability=NAN, base_weight=-1.0)
    with pytest.raises(InputError) as refused:
        validated(FeatureCache, cache, crypto=CRYPTO)
    assert f"OPUSDC, column 'base_weight', row {cache.index[0]}: weights must be" in str(refused.value)
    assert "Broken as well: label_stability: label_stability must be a share" in str(refused.value)


def test_the_first_broken_feature_is_found_by_row_then_column():
    X = np.zeros((4, 3), np.float32)
    assert first_broken_feature(X, "refuse") is None
    X[2, 0], X[1, 2], X[1, 1] = INF, INF, NAN
    assert first_broken_feature(X, "refuse") == (1, 1, row_rules.FEATURE_IS_PRESENT)
    assert first_broken_feature(X, "allow") == (1, 2, row_rules.FEATURE_IS_NOT_INFINITE)


def test_features_whose_sum_overflows_are_finite_all_the_same():
    assert first_broken_feature(np.full((2, 2), np.finfo(np.float32).max), "refuse") is None


@pytest.mark.parametrize("nanoseconds", [0, 1_617_238_800_000_000_000, 1_617_238_800_123_456_789, -1])
def test_times_are_written_as_pandas_writes_them(nanoseconds: int):
    assert utc_text(nanoseconds) == str(pd.Timestamp(nanoseconds, tz="UTC"))
