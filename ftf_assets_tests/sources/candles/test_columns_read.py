"""The lineage of a feature cache is measured: a column changes exactly where a column that it reads does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.sources.candles.columns_read import columns_read
from ftf_assets.sources.candles.feature_cache import feature_cache_from_candles
from ftf_assets.sources.embedded_market.source import MarketSource

PRICES_AND_VOLUME = ("open", "high", "low", "close", "volume")
CALENDAR = ("hour_sin", "hour_cos", "weekday_sin", "weekday_cos")


def cache_of(candles: pd.DataFrame) -> pd.DataFrame:
    barriers = {"stop_multiple": 1.5, "target_multiple": 3.0, "horizon": 12}
    return feature_cache_from_candles(candles, "OPUSDC", **barriers)[0]


def changed(candles: pd.DataFrame, column: str) -> pd.DataFrame:
    """Other values in one column, and candles still: the low is lowest and the high is highest."""
    share = np.random.default_rng(7).uniform(0, 1, len(candles))
    inside = candles["low"] + share * (candles["high"] - candles["low"])
    values = {
        "high": candles["high"] * (1 + 0.02 * share),
        "low": candles["low"] * (1 - 0.02 * share),
        "volume": candles["volume"] * (0.5 + share),
    }
    return candles.assign(**{column: values.get(column, inside)})


def differs(one: pd.Series, other: pd.Series) -> bool:
    # Prices are taken relative to the first close, so other closes move the last bits of what cancels them.
    if one.dtype == np.float64:
        return not np.allclose(one, other, rtol=1e-9, atol=1e-9)
    return not one.equals(other)


def test_every_column_names_the_columns_of_the_candles_that_it_reads_and_no_other():
    candles = MarketSource().candles("OPUSDC").head(700)
    cache = cache_of(candles)
    found: dict[str, list[str]] = {column: [] for column in cache.columns}
    for column in PRICES_AND_VOLUME:
        other = cache_of(changed(candles, column))
        rows = cache.index.intersection(other.index)
        for name in cache.columns:
            if differs(cache.loc[rows, name], other.loc[rows, name]):
                found[name].append(column)
    for name in CALENDAR:
        assert found.pop(name) == []
        assert columns_read(name) == ("timestamp",)
    assert {name: tuple(read) for name, read in found.items()} == {name: columns_read(name) for name in found}


def test_a_column_that_no_indicator_makes_is_refused():
    with pytest.raises(InputError, match="funding_rate"):
        columns_read("funding_rate")
