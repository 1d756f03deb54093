"""One history in any number of files, formats and overlaps gives one set of candles, filled or not."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from ftf_assets.contracts.coercion import coerce_candles
from ftf_assets.sources.candles.bars import LONGEST_FILLED
from ftf_assets.sources.candles.options import CandleOptions
from ftf_assets.sources.candles.source import CandleFileSource
from ftf_assets_tests.support.candle_bars import Bars, bars_of

CRYPTO = "UNIUSDC"
MINUTE = 60 * 10**9
WRITERS = {
    "csv": lambda frame, file: frame.to_csv(file, index=False),
    "csv.gz": lambda frame, file: frame.to_csv(file, index=False, compression="gzip"),
    "parquet": lambda frame, file: frame.to_parquet(file, index=False),
    "feather": lambda frame, file: frame.to_feather(file),
}


@st.composite
def histories(draw: st.DrawFn) -> tuple[Bars, np.ndarray, list[tuple[int, int, str]], bool]:
    """Bars, which of them the files have, the parts with their format, and whether the files name closes."""
    length = draw(st.sampled_from([MINUTE, 15 * MINUTE, 60 * MINUTE, 24 * 60 * MINUTE]))
    bars = bars_of(draw(st.integers(40, 120)), length=length, start="2024-01-01")
    missing = draw(st.sets(st.integers(3, len(bars.values) - 2), max_size=15))
    there = np.array([n for n in range(len(bars.values)) if n not in missing])
    cuts = sorted(draw(st.sets(st.integers(1, len(there) - 1), max_size=3)))
    parts = [
        (max(first - draw(st.integers(0, 3)), 0), after, draw(st.sampled_from([*WRITERS])))
        for first, after in zip([0, *cuts], [*cuts, len(there)], strict=True)
    ]
    return bars, there, parts, draw(st.booleans())


@settings(max_examples=15, deadline=None)
@given(histories(), st.booleans())
def test_any_split_of_a_history_gives_its_candles(history, flat):
    bars, there, parts, closes = history
    frame = bars.named()
    frame["date"] += pd.Timedelta(bars.length if closes else 0)
    options = CandleOptions(
        bar=bars.length, stamp="close" if closes else "open", no_trade_bars="flat" if flat else "gap"
    )
    with tempfile.TemporaryDirectory() as folder:
        for number, (first, after, kind) in enumerate(parts, 1):
            part = frame.iloc[there[first:after]].reset_index(drop=True)
            WRITERS[kind](part, Path(folder) / f"UNIUSDT-2024-{number:02}.{kind}")
        source = CandleFileSource(folder, options=options)
        candles, reading = source.candles(CRYPTO), source.reading(CRYPTO)
    at = candles.index.as_unit("ns").asi8
    given_rows = np.searchsorted(at, bars.close_time[there])
    np.testing.assert_array_equal(at[given_rows], bars.close_time[there])
    np.testing.assert_array_equal(candles.to_numpy()[given_rows], bars.values[there])
    assert coerce_candles(candles, crypto=CRYPTO).bar == reading.bar == bars.length
    assert reading.overlapping == sum(after - first for first, after, _ in parts) - len(there)
    added = np.setdiff1d(np.arange(len(candles)), given_rows)
    assert len(added) == reading.filled
    if not flat:
        assert not len(added)
        return
    assert (candles["volume"].to_numpy()[added] == 0).all()
    last = candles["close"].to_numpy()[added - 1]
    for column in ("open", "high", "low", "close"):
        np.testing.assert_array_equal(candles[column].to_numpy()[added], last)
    missing = np.diff(at) // bars.length - 1
    assert ((missing == 0) | (missing > LONGEST_FILLED)).all()
