"""Trades: one position at a time, 15 bps a round trip, an unbounded Sortino over every calendar day."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftf_assets.contracts.errors import InputError
from ftf_assets.training.trades import Trades, simulate_trades, trade_statistics

HOUR = 3_600 * 10**9
DAY = 24 * HOUR
MONDAY = 19_723 * DAY  # 2024-01-01, a whole day


def trades_of(*day_and_return: tuple[float, float]) -> Trades:
    """Trades that exit at the given days after MONDAY, with the given net returns."""
    exits = np.array([MONDAY + int(day * DAY) for day, _ in day_and_return], dtype=np.int64)
    net = np.array([value for _, value in day_and_return], dtype=np.float64)
    return Trades(row=np.arange(len(net)), exit=exits, net_return=net)


def over(trades: Trades, n_days: int) -> dict:
    return trade_statistics(trades, MONDAY, MONDAY + n_days * DAY - 1)


# --- which calls become trades -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "lengths", "buy", "taken"),
    [
        ([0, 1, 2, 3, 4, 5], 2, [1, 1, 1, 1, 1, 1], [0, 2, 4]),  # free again at the instant of the exit
        ([0, 1, 2, 3, 4, 5], 2, [0, 1, 1, 1, 0, 1], [1, 3, 5]),
        ([0, 1, 2, 3, 4, 5], 2, [0, 0, 0, 0, 0, 0], []),
        (
            [0, 1, 2, 3, 4, 5],
            [4, 1, 1, 1, 1, 1],
            [1, 1, 1, 1, 1, 1],
            [0, 4, 5],
        ),  # own label ends, not a horizon
        ([0, 1, 2, 30, 31], 4, [1, 1, 1, 1, 1], [0, 3]),  # across a gap
        ([0, 1, 2], 0, [1, 1, 1], [0, 1, 2]),  # an instant label does not open its own row again
    ],
)
def test_calls_become_trades_one_at_a_time(hours, lengths, buy, taken):
    start = np.array(hours, dtype=np.int64) * HOUR
    end = start + np.array(lengths, dtype=np.int64) * HOUR
    returns = np.linspace(-0.01, 0.02, len(start), dtype=np.float32)
    trades = simulate_trades(start, end, returns, np.array(buy, dtype=bool))
    assert trades.row.tolist() == taken
    assert trades.exit.tolist() == end[taken].tolist()
    np.testing.assert_array_equal(trades.net_return, returns[taken].astype(np.float64) - 0.0015)


@given(st.data())
def test_trades_equal_the_loop_over_every_row(data):
    n = data.draw(st.integers(1, 60))
    draw = lambda values: np.array(data.draw(st.lists(values, min_size=n, max_size=n)))  # noqa: E731
    start = np.cumsum(draw(st.sampled_from([1, 1, 1, 5]))).astype(np.int64)
    end = start + draw(st.integers(0, 9)).astype(np.int64)
    buy = draw(st.booleans()).astype(bool)
    returns = draw(st.floats(-0.125, 0.125, width=32)).astype(np.float32)
    taken, free_at = [], -1
    for row in range(n):
        if buy[row] and start[row] >= free_at:
            taken.append(row)
            free_at = end[row]
    trades = simulate_trades(start, end, returns, buy, cost=0.001)
    assert trades.row.tolist() == taken
    assert trades.net_return.tolist() == [float(returns[row]) - 0.001 for row in taken]


def test_cost_is_charged_once_a_round_trip():
    one = np.array([0], dtype=np.int64)
    trades = simulate_trades(one, one + HOUR, np.array([0.0], dtype=np.float32), np.array([True]))
    assert over(Trades(trades.row, trades.exit + MONDAY, trades.net_return), 1)[
        "expectancy_net"
    ] == pytest.approx(-15)


# --- statistics ----------------------------------------------------------------------------------------


def test_statistics_as_written_out():
    found = over(trades_of((0.5, 0.10), (1.2, -0.20), (1.9, -0.05), (3.0, 0.02)), 4)
    daily = [0.10, -0.25, 0.0, 0.02]
    downside = (0.25**2 / 4) ** 0.5
    assert found == pytest.approx(
        {
            "n_trades": 4,
            "win_rate": 0.5,
            "expectancy_net": 1e4 * (0.10 - 0.20 - 0.05 + 0.02) / 4,
            "return_net": 1.10 * 0.80 * 0.95 * 1.02 - 1,
            "sortino": sum(daily) / 4 / downside * 365**0.5,
            "max_drawdown": 1 - 0.80 * 0.95,
        }
    )


SORTINO_CASES = [
    # (day, net return) of each trade, test days, sortino
    pytest.param([], 30, None, id="no trades"),
    pytest.param([(0.5, 0.01), (1.5, -0.02)], 4, -0.25 * 365**0.5, id="flat days count"),
    pytest.param([(0.5, 0.01), (1.5, -0.02)], 2, -0.005 / 0.02 * 2**0.5 * 365**0.5, id="fewer flat days"),
    pytest.param([(0.5, 0.01)], 30, None, id="no losing day"),
    pytest.param([(0.3, 0.02), (0.6, -0.01)], 30, None, id="a loss inside a winning day is no losing day"),
    pytest.param([(0.5, 0.0)], 30, None, id="neither gain nor loss"),
    pytest.param([(0.5, 0.01 * (1 + 37 * (2 / 365) ** 0.5)), (1.5, -0.01)], 2, 37.0, id="37 stays 37"),
    pytest.param([(0.5, 0.5), (1.5, -0.001)], 2, 0.499 / 2 / (0.001 / 2**0.5) * 365**0.5, id="thousands"),
    pytest.param([(d + 0.5, -0.01) for d in range(4)], 4, -(365**0.5), id="nothing but losses"),
]


@pytest.mark.parametrize(("day_and_return", "n_days", "sortino"), SORTINO_CASES)
def test_sortino_by_hand(day_and_return, n_days, sortino):
    found = over(trades_of(*day_and_return), n_days)["sortino"]
    assert found == (sortino if sortino is None else pytest.approx(sortino))


def test_without_trades_nothing_is_earned_and_what_is_a_mean_of_trades_is_missing():
    assert over(trades_of(), 30) == {
        "n_trades": 0,
        "win_rate": None,
        "expectancy_net": None,
        "return_net": 0.0,
        "sortino": None,
        "max_drawdown": 0.0,
    }


def test_a_day_is_the_utc_calendar_day_of_the_exit():
    just_before, midnight = 1 - 1e-6, 1.0
    mean = 0.001 / 3
    one_losing_day = over(trades_of((0.1, -0.01), (just_before, -0.01), (2.5, 0.021)), 3)
    assert one_losing_day["sortino"] == pytest.approx(mean / (0.02**2 / 3) ** 0.5 * 365**0.5)
    two_losing_days = over(trades_of((just_before, -0.01), (midnight, -0.01), (2.5, 0.021)), 3)
    assert two_losing_days["sortino"] == pytest.approx(mean / (2 * 0.01**2 / 3) ** 0.5 * 365**0.5)


def test_days_that_the_test_span_only_touches_count_whole():
    trades = trades_of((0.9, 0.005), (1.1, -0.01))
    found = trade_statistics(trades, MONDAY + 20 * HOUR, MONDAY + 50 * HOUR)  # 30 hours on three days
    assert found["sortino"] == pytest.approx(-0.5 / 3**0.5 * 365**0.5)


def test_drawdown_counts_from_the_start_of_the_equity():
    assert over(trades_of((0.5, -0.1), (1.5, 0.5), (2.5, -0.05)), 3)["max_drawdown"] == pytest.approx(0.1)


@pytest.mark.parametrize("day", [-0.1, 3.1])
def test_a_trade_outside_the_test_span_is_refused(day):
    with pytest.raises(InputError, match="exit inside the test span"):
        over(trades_of((day, 0.01)), 3)
