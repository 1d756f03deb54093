"""A history without its empty hours is labelled, purged, embargoed and traded by hours, not by rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.arrays import CandleArrays, TrainingArrays
from ftf_assets.contracts.coercion import coerce_candles, coerce_feature_cache
from ftf_assets.labels.sample_weight import average_uniqueness
from ftf_assets.labels.triple_barrier import BarrierSettings, triple_barrier
from ftf_assets.sources.candles.indicators import missing_bars, wilder_atr
from ftf_assets.sources.candles.options import CandleOptions
from ftf_assets.sources.candles.source import CandleFileSource
from ftf_assets.sources.timeframes import HOUR
from ftf_assets.sweep.sweep import open_sweep
from ftf_assets.training.fit_rows import rows_of_fold
from ftf_assets.training.trades import simulate_trades
from ftf_assets_tests.sources.candles.test_bars import CRYPTO, bars
from ftf_assets_tests.support.settings import settings_of

HORIZON = 2


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> CandleFileSource:
    """Hourly candles of which every other one is absent, but for short stretches of trade."""
    folder = tmp_path_factory.mktemp("sparse")
    whole = bars(6_000)
    hour = np.arange(6_000)
    traded = (hour % 2 == 0) | (hour // 12 % 3 == 0)
    whole[traded].to_csv(folder / "UNIUSD_60.csv", index=False)
    label = BarrierSettings(horizon=HORIZON)
    return CandleFileSource(str(folder), label, CandleOptions(bar=HOUR))


@pytest.fixture(scope="module")
def candles(source: CandleFileSource) -> CandleArrays:
    return coerce_candles(source.candles(CRYPTO), crypto=CRYPTO)


@pytest.fixture(scope="module")
def arrays(source: CandleFileSource) -> TrainingArrays:
    cache, _ = source.feature_cache(CRYPTO, source.candles(CRYPTO))
    return coerce_feature_cache(cache, crypto=CRYPTO, bar=source.bar_length(CRYPTO))


def test_the_bar_is_an_hour_although_most_rows_are_further_apart(source, candles):
    few = source.candles(CRYPTO).iloc[:12_000]
    assert candles.bar == source.bar_length(CRYPTO) == HOUR
    assert (np.diff(few.index) > np.timedelta64(1, "h")).mean() > 0.4
    assert missing_bars(candles).sum() == (candles.close_time[-1] - candles.close_time[0]) // HOUR + 1 - len(
        few
    )


def test_a_label_looks_at_hours_and_never_across_one_that_is_missing(candles):
    labels = triple_barrier(candles, wilder_atr(candles), horizon=HORIZON)
    entry, last = candles.close_time[:-HORIZON], candles.close_time[HORIZON:]
    together = last - entry == HORIZON * HOUR
    complete = labels.complete[:-HORIZON]
    assert (complete <= together).all()
    known = np.isfinite(wilder_atr(candles))[:-HORIZON]
    assert (complete == (together & known)).all()
    duration = (labels.label_end - candles.close_time)[labels.complete]
    assert set(np.unique(duration // HOUR)) == {1, 2}


def test_embargo_and_fit_rows_go_by_hours(arrays, source):
    swept = open_sweep(
        settings_of(
            source="candles",
            path=source.path,
            cryptos=CRYPTO,
            bar="1h",
            horizon_bars=HORIZON,
            n_folds=2,
            trials=0,
        )
    )
    plan = swept.plan(CRYPTO)
    assert arrays.bar == HOUR
    cache, _ = source.feature_cache(CRYPTO, source.candles(CRYPTO))
    few = coerce_feature_cache(cache.iloc[::3], crypto=CRYPTO, bar=source.bar_length(CRYPTO))
    assert np.median(np.diff(few.start)) > HOUR, "the rows alone would tell another bar"
    assert plan.embargo(few) == 24 * HOUR
    fold = plan.folds(arrays)[0]
    rows = rows_of_fold(arrays, fold)
    assert rows.bar == HOUR
    assert (average_uniqueness(rows.start, rows.end, rows.bar) <= 1).all()
    assert arrays.end[fold.fit].max() < arrays.start[fold.validation].min(), (
        "purged by the instants of the labels"
    )


def test_a_trade_lasts_as_many_hours_as_its_label(arrays):
    trades = simulate_trades(
        arrays.start, arrays.end, arrays.label_return, np.ones(arrays.n_rows, np.bool_), cost=0.0015
    )
    hours = (trades.exit - arrays.start[trades.row]) / HOUR
    assert set(hours) <= {1, 2}
    assert (arrays.start[trades.row][1:] >= trades.exit[:-1]).all()


def test_filled_flat_the_history_has_every_hour(source):
    flat = CandleFileSource(source.path, source.label, CandleOptions(bar=HOUR, no_trade_bars="flat"))
    frame = flat.candles(CRYPTO)
    assert (np.diff(frame.index) == np.timedelta64(1, "h")).all()
    given = source.candles(CRYPTO)
    pd.testing.assert_frame_equal(frame.loc[given.index], given, check_exact=True)
    cache, report = flat.feature_cache(CRYPTO, frame)
    assert report.gaps == 0
    assert len(cache) == len(frame) - report.warm_up_rows - report.end_rows
