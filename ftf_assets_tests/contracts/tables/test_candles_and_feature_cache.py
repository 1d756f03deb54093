"""The table contracts of candles and feature caches: what satisfies them and what breaks which rule."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandera.errors import SchemaError, SchemaErrors

from ftf_assets.contracts.tables.candles import Candles
from ftf_assets.contracts.tables.feature_cache import RESERVED_COLUMNS, FeatureCache
from ftf_assets.contracts.tables.frames import field_descriptions
from ftf_assets_tests.support.production import FEATURES, feature_cache


@pytest.fixture
def cache() -> pd.DataFrame:
    return feature_cache(n_rows=2_000).iloc[:60]


@pytest.fixture
def candles() -> pd.DataFrame:
    index = pd.date_range("2021-04-01 01:00", periods=30, freq="h", tz="UTC", name="timestamp").delete(
        [11, 12]
    )
    close = 10 + np.sin(np.arange(len(index)))
    return pd.DataFrame(
        {"open": close, "high": close + 1, "low": close - 1, "close": close, "volume": 5.0}, index=index
    )


def test_a_feature_cache_from_production_satisfies_its_contract_unchanged(cache):
    pd.testing.assert_frame_equal(FeatureCache.validate(cache), cache)
    names = pd.array(["calm"] * len(cache), pd.StringDtype())
    FeatureCache.validate(cache.assign(regime=names, label_stability=0.5).drop(columns="base_weight"))


def test_candles_with_gaps_satisfy_their_contract_unchanged(candles):
    pd.testing.assert_frame_equal(Candles.validate(candles), candles)


def test_an_empty_candles_frame_means_not_provided(candles):
    Candles.validate(candles.iloc[:0])


def reindexed(change):
    return lambda frame: frame.set_axis(pd.DatetimeIndex(change(frame.index)).rename("timestamp"))


def swapped(index):
    return index[[0, 2, 1, *range(3, len(index))]]


def twice(index):
    return index[[0, 0, *range(2, len(index))]]


BROKEN_CACHES = {
    "naive index": (reindexed(lambda i: i.tz_localize(None)), "datetime64"),
    "another zone": (reindexed(lambda i: i.tz_convert("Europe/Paris")), "datetime64"),
    "unsorted": (reindexed(swapped), "timestamps must increase strictly"),
    "repeated timestamp": (reindexed(twice), "timestamps must increase strictly"),
    "index without its name": (lambda f: f.rename_axis("date"), "timestamp"),
    "no label": (lambda f: f.drop(columns="label"), "label"),
    "label 2": (lambda f: f.assign(label=(f["label"] + 1).astype(np.int8)), "1 .BUY. or 0 .HOLD."),
    "label int64": (lambda f: f.assign(label=f["label"].astype(np.int64)), "int8"),
    "naive label_end": (lambda f: f.assign(label_end=f["label_end"].dt.tz_localize(None)), "label_end"),
    "label_end before its row": (
        lambda f: f.assign(label_end=f["label_end"] - pd.Timedelta(hours=9)),
        "must not precede",
    ),
    "missing label_return": (lambda f: f.assign(label_return=np.nan), "non-nullable"),
    "infinite label_return": (lambda f: f.assign(label_return=np.inf), "label_return must be finite"),
    "negative weight": (lambda f: f.assign(base_weight=-1.0), "weights must be finite and not negative"),
    "infinite weight": (lambda f: f.assign(base_weight=np.inf), "weights must be finite and not negative"),
    "stability above 1": (lambda f: f.assign(label_stability=1.1), "label_stability must be a share"),
    "stability in part": (lambda f: f.assign(label_stability=np.nan), "non-nullable"),
    "stability float32": (lambda f: f.assign(label_stability=np.float32(1)), "label_stability"),
    "stability known before its label": (
        lambda f: f.assign(label_stability_end=f["label_end"] - pd.Timedelta(hours=1)),
        "label_stability_end must not precede label_end",
    ),
    "naive label_stability_end": (
        lambda f: f.assign(label_stability_end=f["label_end"].dt.tz_localize(None)),
        "label_stability_end",
    ),
    "regime without a name": (
        lambda f: f.assign(regime=pd.array([""] * len(f), pd.StringDtype())),
        "every regime must be non-empty text",
    ),
    "regime numbers": (lambda f: f.assign(regime=1), "regime"),
    "float32 feature": (lambda f: f.assign(rsi_14=f["rsi_14"].astype(np.float32)), "rsi_14"),
    "text feature": (lambda f: f.assign(adx_14=f["adx_14"].astype(str)), "adx_14"),
    "infinite feature": (lambda f: f.assign(rsi_14=np.inf), "must not be infinite"),
    "no feature": (lambda f: f.drop(columns=list(FEATURES)), "features|regex|column"),
}


@pytest.mark.parametrize(("broken", "rule"), BROKEN_CACHES.values(), ids=BROKEN_CACHES)
def test_a_broken_feature_cache_is_refused_by_its_rule(cache, broken, rule):
    with pytest.raises((SchemaError, SchemaErrors), match=rule):
        FeatureCache.validate(broken(cache))


BROKEN_CANDLES = {
    "high below close": (lambda f: f.assign(high=f["close"] - 0.5), "low must not exceed"),
    "low above open": (lambda f: f.assign(low=f["open"] + 0.5), "low must not exceed"),
    "price zero": (lambda f: f.assign(low=0.0), "prices must be finite and positive"),
    "infinite price": (lambda f: f.assign(high=np.inf), "prices must be finite and positive"),
    "negative volume": (lambda f: f.assign(volume=-1.0), "volume must be finite and not negative"),
    "missing close": (lambda f: f.assign(close=np.nan), "non-nullable"),
    "integer volume": (lambda f: f.assign(volume=5), "volume"),
    "a column more": (lambda f: f.assign(ticker="OP"), "ticker"),
    "unsorted": (reindexed(swapped), "timestamps must increase strictly"),
    "naive index": (reindexed(lambda i: i.tz_localize(None)), "datetime64"),
}


@pytest.mark.parametrize(("broken", "rule"), BROKEN_CANDLES.values(), ids=BROKEN_CANDLES)
def test_broken_candles_are_refused_by_their_rule(candles, broken, rule):
    with pytest.raises((SchemaError, SchemaErrors), match=rule):
        Candles.validate(broken(candles))


@pytest.mark.parametrize(
    ("model", "columns"),
    [
        (Candles, {"timestamp", "open", "high", "low", "close", "volume"}),
        (FeatureCache, {"timestamp", *RESERVED_COLUMNS}),
    ],
)
def test_every_named_column_has_a_description(model, columns):
    described = field_descriptions(model)
    assert set(described) == columns
    assert all(text.endswith(".") for text in described.values())
