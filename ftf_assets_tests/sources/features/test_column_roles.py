"""Which columns of numbers are raw: told by name and values, and by values alone where they prove it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from ftf_assets.sources.features.column_roles import raw_kind

TIMES = pd.date_range("2023-12-20 01:00", periods=600, freq="h", tz="UTC")
#: A gap, as markets have them: a count is no longer a multiple of the time.
GAPPED = TIMES.delete(slice(100, 130))
NOISE = np.random.default_rng(4).random(len(GAPPED))
DAY = pd.Timedelta("1D")


def digits(form: str) -> Callable[[pd.DatetimeIndex], np.ndarray]:
    return lambda times: times.strftime(form).astype(np.int64)


def epoch(unit: int, later: str = "0h") -> Callable[[pd.DatetimeIndex], np.ndarray]:
    return lambda times: (times + pd.Timedelta(later)).asi8 // unit


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        *(("time", epoch(10**power)) for power in (9, 6, 3, 0)),
        ("time", epoch(10**9, "-1h")),
        ("time", lambda times: (times.normalize() - DAY).asi8 // 10**9),
        *(
            ("time", digits(form))
            for form in ("%Y%m%d", "%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y%m", "%Y")
        ),
        ("time", lambda times: (times - pd.Timedelta("1h")).year),
        ("count of rows", lambda times: np.arange(len(times))),
        ("count of rows", lambda times: np.arange(len(times))[::-1]),
        ("count of rows", lambda times: 7 + 0.25 * np.arange(len(times))),
        ("count of rows", lambda times: np.flatnonzero(np.arange(700) % 20)[: len(times)]),
    ],
)
def test_times_and_counts_are_told_whatever_their_name_is(kind, values):
    found = np.asarray(values(GAPPED), np.float64)
    assert raw_kind("x", found, GAPPED.asi8) == kind
    assert raw_kind("x", found[::-1].copy(), GAPPED.asi8[::-1]) == kind
    missing = np.where(np.arange(len(found)) < 3, np.nan, found)
    assert raw_kind("x", missing, GAPPED.asi8) == kind
    assert raw_kind("x", missing[::-1].copy(), GAPPED.asi8[::-1]) == kind


@pytest.mark.parametrize(
    "values",
    [
        *(getattr(GAPPED, part) for part in ("hour", "dayofweek", "day", "month")),
        np.cumsum(NOISE),
        1.70e9 + 1e9 * NOISE,
        20_240_101 + 10_000 * NOISE.round(2),
        2_023 + NOISE,
        np.arange(len(GAPPED)) % 24,
        np.zeros(len(GAPPED)),
        NOISE,
    ],
    ids=lambda values: f"{np.asarray(values)[:2]}",
)
def test_other_numbers_are_features(values):
    assert raw_kind("x", np.asarray(values, np.float64), GAPPED.asi8) is None
    assert raw_kind("x", np.asarray(values, np.float64)) is None


@pytest.mark.parametrize("name", ["close_usdt", "Close_BTC", "open-usd", "btc_close", "HighEUR", "low USDC"])
def test_a_price_that_names_its_quote_is_a_price(name):
    assert raw_kind(name, 100 + NOISE) == "price level"
    assert raw_kind(name, NOISE - 0.5) is None


@pytest.mark.parametrize(
    "name", ["close_to_open", "close_usdt_rank", "high_low", "usdt_ratio", "close_pct_btc"]
)
def test_a_name_that_only_holds_such_words_is_a_feature(name):
    assert raw_kind(name, 100 + NOISE) is None
