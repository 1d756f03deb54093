"""The triple barrier: which exit a trade takes, when it is known, and which rows have no label."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import TypeCheckError

from ftf_assets.contracts.arrays import CandleArrays
from ftf_assets.contracts.errors import InputError
from ftf_assets.labels.triple_barrier import triple_barrier

HOUR = 3_600_000_000_000
FIRST_CLOSE = 1_704_067_200_000_000_000

# The decision bar closes at 100 with ATR 10, the trade enters at 100: stop 95, target 115, horizon 3 bars.
QUIET = (100.0, 104.0, 97.0, 101.0)


def candles(bars: list[tuple[float, float, float, float]], hours: list[int] | None = None) -> CandleArrays:
    open_, high, low, close = (np.array(prices) for prices in zip(*bars, strict=True))
    hours = hours if hours is not None else list(range(len(bars)))
    return CandleArrays(
        close_time=FIRST_CLOSE + HOUR * np.array(hours, dtype=np.int64),
        open=open_,
        high=high,
        low=low,
        close=close,
        volume=np.ones(len(bars)),
        bar=HOUR,
    )


def label_first_bar(*path: tuple[float, float, float, float]):
    bars = [QUIET, *path]
    return triple_barrier(candles(bars), np.full(len(bars), 10.0), horizon=3)


@pytest.mark.parametrize(
    ("path", "label", "exit_bar", "exit_price"),
    [
        pytest.param([(100, 116, 99, 110), QUIET, QUIET], 1, 1, 115, id="target in the entry bar"),
        pytest.param([QUIET, QUIET, (101, 115, 99, 100)], 1, 3, 115, id="target touched in the last bar"),
        pytest.param([(100, 101, 95, 99), QUIET, QUIET], 0, 1, 95, id="stop touched in the entry bar"),
        pytest.param([QUIET, (101, 102, 94, 99), (99, 120, 98, 119)], 0, 2, 95, id="stop, then target"),
        pytest.param([QUIET, (101, 116, 99, 99), (99, 99, 80, 80)], 1, 2, 115, id="target, then stop"),
        pytest.param([(100, 116, 94, 110), QUIET, QUIET], 0, 1, 95, id="both in one bar is a stop"),
        pytest.param([QUIET, (92, 94, 90, 93), QUIET], 0, 2, 92, id="gap through the stop fills at the open"),
        pytest.param([QUIET, (92, 116, 90, 93), QUIET], 0, 2, 92, id="gap through the stop, then target"),
        pytest.param([QUIET, (118, 120, 117, 119), QUIET], 1, 2, 115, id="gap through the target: no better"),
        pytest.param([QUIET, (118, 120, 90, 91), QUIET], 0, 2, 95, id="gap over the target, stop in the bar"),
        pytest.param([QUIET, QUIET, (101, 103, 99, 102)], 0, 3, 102, id="timeout exits at the last close"),
        pytest.param([(100, 114.9, 95.1, 99), QUIET, QUIET], 0, 3, 101, id="just short of both is a timeout"),
    ],
)
def test_the_exit_of_a_trade(path, label, exit_bar, exit_price) -> None:
    result = label_first_bar(*path)
    assert result.complete[0]
    assert result.label[0] == label
    assert result.label_end[0] == FIRST_CLOSE + exit_bar * HOUR
    assert result.label_return[0] == pytest.approx(exit_price / 100 - 1)


def test_entry_is_the_next_open_and_barriers_stand_around_it() -> None:
    # Entry at 110: target 125, stop 105. From the decision bar's close at 101 both would be touched at once.
    result = label_first_bar((110, 125, 106, 120), QUIET, QUIET)
    assert (result.label[0], result.label_return[0]) == (1, pytest.approx(125 / 110 - 1))


def test_the_decision_bar_itself_touches_nothing() -> None:
    bars = [(100.0, 200.0, 1.0, 100.0), QUIET, QUIET, QUIET]
    result = triple_barrier(candles(bars), np.full(4, 10.0), horizon=3)
    assert result.label_end[0] == FIRST_CLOSE + 3 * HOUR


def test_the_atr_is_the_one_known_at_the_row() -> None:
    bars = [QUIET, (100.0, 116.0, 99.0, 110.0), QUIET, QUIET]
    assert triple_barrier(candles(bars), np.array([10.0, 50.0, 50.0, 50.0]), horizon=3).label[0] == 1


def test_horizons_past_the_data_and_across_a_gap_have_no_label_and_are_distinguished() -> None:
    hours = [0, 1, 2, 3, 4, 7, 8, 9, 10, 11]
    result = triple_barrier(candles([QUIET] * 10, hours), np.full(10, 10.0), horizon=3)
    assert np.flatnonzero(result.crosses_gap).tolist() == [2, 3, 4]
    assert np.flatnonzero(result.past_end).tolist() == [7, 8, 9]
    assert np.flatnonzero(result.complete).tolist() == [0, 1, 5, 6]


def test_a_gap_counts_even_where_a_barrier_was_touched_before_it() -> None:
    bars = [QUIET, (100.0, 116.0, 99.0, 110.0), QUIET, QUIET]
    result = triple_barrier(candles(bars, [0, 1, 2, 5]), np.full(4, 10.0), horizon=3)
    assert result.crosses_gap[0]
    assert not result.complete[0]


def test_an_unknown_atr_is_no_label_and_neither_gap_nor_end() -> None:
    result = triple_barrier(candles([QUIET] * 5), np.array([np.nan, 10.0, 10.0, 10.0, 10.0]), horizon=3)
    assert not (result.complete[0] | result.crosses_gap[0] | result.past_end[0])
    assert np.isnan(result.label_return[0])
    assert (result.label[0], result.label_end[0]) == (0, FIRST_CLOSE)


@pytest.mark.parametrize("n_bars", [1, 3, 4])
def test_fewer_bars_than_the_horizon_give_no_label(n_bars: int) -> None:
    result = triple_barrier(candles([QUIET] * n_bars), np.full(n_bars, 10.0), horizon=4)
    assert result.past_end.all()
    assert not result.complete.any()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"stop_multiple": 0.0}, "stop_multiple must be positive"),
        ({"target_multiple": float("nan")}, "target_multiple must be positive"),
        ({"horizon": 0}, "horizon must be at least one bar"),
    ],
)
def test_impossible_settings_are_refused_by_name(wrong, named) -> None:
    with pytest.raises(InputError, match=named):
        triple_barrier(candles([QUIET] * 5), np.full(5, 10.0), **wrong)


def test_an_atr_of_another_length_is_refused() -> None:
    with pytest.raises(InputError, match="4 values for 5 bars"):
        triple_barrier(candles([QUIET] * 5), np.full(4, 10.0))


def test_an_atr_that_is_no_float64_array_is_refused_before_the_body_runs() -> None:
    with pytest.raises(TypeCheckError, match="atr"):
        triple_barrier(candles([QUIET] * 5), np.full(5, 10.0, dtype=np.float32))


@st.composite
def random_market(draw) -> tuple[CandleArrays, np.ndarray, int]:
    stream = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_bars = draw(st.integers(2, 80))
    # Coarse prices, so that touches, ties and flat bars are common.
    close = 100 + np.cumsum(stream.integers(-3, 4, n_bars)).astype(float)
    open_ = np.concatenate(([100.0], close[:-1])) + stream.choice([-4, 0, 0, 0, 4], n_bars)
    high = np.maximum(open_, close) + stream.integers(0, 4, n_bars)
    low = np.minimum(open_, close) - stream.integers(0, 4, n_bars)
    hours = np.cumsum(stream.choice([1, 1, 1, 1, 1, 1, 1, 1, 3], n_bars))
    bars = list(zip(open_ + 200, high + 200, low + 200, close + 200, strict=True))
    atr = stream.choice([0.0, 2.0, 4.0, 6.0, np.nan], n_bars)
    return candles(bars, hours.tolist()), atr, draw(st.integers(1, 6))


def slow_reference(candles: CandleArrays, atr: np.ndarray, row: int, horizon: int):
    """One row by the words of the rule; ``None`` where it has no label."""
    path = range(row + 1, row + horizon + 1)
    if path[-1] >= len(candles.close) or np.isnan(atr[row]):
        return None
    if any(candles.close_time[bar] - candles.close_time[bar - 1] != candles.bar for bar in path):
        return None
    entry = candles.open[row + 1]
    stop, target = entry - 0.5 * atr[row], entry + 1.5 * atr[row]
    for bar in path:
        if candles.low[bar] <= stop:
            fill = candles.open[bar] if candles.open[bar] < stop else stop
            return 0, candles.close_time[bar], fill / entry - 1
        if candles.high[bar] >= target:
            return 1, candles.close_time[bar], target / entry - 1
    return 0, candles.close_time[path[-1]], candles.close[path[-1]] / entry - 1


@settings(max_examples=150, deadline=None)
@given(random_market())
def test_all_rows_at_once_equal_a_loop_over_rows(market) -> None:
    bars, atr, horizon = market
    result = triple_barrier(bars, atr, horizon=horizon)
    for row in range(len(bars.close)):
        expected = slow_reference(bars, atr, row, horizon)
        assert result.complete[row] == (expected is not None)
        if expected is not None:
            label, end, label_return = expected
            assert (result.label[row], result.label_end[row]) == (label, end)
            assert result.label_return[row] == pytest.approx(label_return, abs=1e-15)


@settings(max_examples=60, deadline=None)
@given(random_market(), st.floats(0.1, 1.0))
def test_a_label_that_is_complete_never_changes_when_more_bars_arrive(market, share) -> None:
    bars, atr, horizon = market
    n = max(1, int(share * len(bars.close)))
    head = CandleArrays(
        **{
            name: getattr(bars, name)[:n] for name in ("close_time", "open", "high", "low", "close", "volume")
        },
        bar=bars.bar,
    )
    early, late = triple_barrier(head, atr[:n], horizon=horizon), triple_barrier(bars, atr, horizon=horizon)
    known = early.complete
    assert late.complete[:n][known].all()
    assert (early.label[known] == late.label[:n][known]).all()
    assert (early.label_end[known] == late.label_end[:n][known]).all()
    assert (early.label_return[known] == late.label_return[:n][known]).all()
    assert (early.label_end[known] <= head.close_time[-1]).all()
