"""``coerce_candles``: bars become arrays, and broken ones are refused by column and row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.coercion import coerce_candles
from ftf_assets.contracts.errors import InputError
from ftf_assets_tests.support.production import CRYPTO


def candles(**changes) -> pd.DataFrame:
    index = pd.date_range("2021-04-01 01:00", periods=30, freq="h", tz="UTC", name="timestamp").delete(
        [11, 12]
    )
    price = 10 + np.sin(np.arange(len(index)))
    frame = pd.DataFrame(
        {"open": price, "high": price + 1, "low": price - 1, "close": price, "volume": 5.0}, index=index
    )
    return frame.assign(**changes)


def shifted(row: int) -> pd.DataFrame:
    index = candles().index.to_series()
    index.iloc[row] += pd.Timedelta("17min")
    return candles().set_index(pd.DatetimeIndex(index, name="timestamp"))


def test_candles_become_arrays_with_the_smallest_step_as_bar():
    arrays = coerce_candles(candles(), crypto=CRYPTO)
    assert arrays.bar == 3_600 * 10**9
    assert arrays.close_time[0] == pd.Timestamp("2021-04-01 01:00", tz="UTC").value
    np.testing.assert_array_equal(arrays.high, candles()["high"].to_numpy())


def test_the_bar_of_a_sparse_history_is_its_smallest_step():
    sparse = candles().iloc[[0, 2, 4, 5, 7, 9, 13, 15, 17]]
    assert np.median(np.diff(sparse.index)) == np.timedelta64(2, "h")
    assert coerce_candles(sparse, crypto=CRYPTO).bar == 3_600 * 10**9


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (candles().iloc[:1], ["at least two bars", "found 1"]),
        (candles(close=np.nan), ["'close'", "2021-04-01 01:00", "finite"]),
        (candles(close=0.0), ["'close'", "2021-04-01 01:00", "positive", "found 0.0"]),
        (candles(volume=np.inf), ["'volume'", "2021-04-01 01:00", "inf"]),
        (candles(volume=-1.0), ["'volume'", "2021-04-01 01:00", "not negative", "found -1.0"]),
        (candles().iloc[::-1], ["'timestamp'", "2021-04-02 05:00", "must increase strictly"]),
        (shifted(20), ["'timestamp'", "2021-04-01 23:17", "whole bars apart", "found 0 days 01:17:00"]),
        (candles(open="9.5"), ["'open'", "object", "'9.5'"]),
        (candles().tz_localize(None), ["'timestamp'", "must have a timezone"]),
    ],
    ids=[
        "one bar",
        "missing close",
        "no price",
        "infinite volume",
        "negative volume",
        "unsorted",
        "off the grid",
        "text",
        "naive",
    ],
)
def test_candles_are_refused_by_name(frame, words):
    with pytest.raises(InputError) as refused:
        coerce_candles(frame, crypto=CRYPTO)
    for word in (CRYPTO, *words):
        assert word in str(refused.value)
