"""Trade simulation on test rows: one position at a time, one cost per round trip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import TrainedCell
from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array, Bool, Float32, Float64, Int64, typed

DAY = 86_400 * 1_000_000_000
DAYS_PER_YEAR = 365  # crypto trades every day
BASIS_POINTS = 10_000.0


@typed
@dataclass(frozen=True)
class Scoring:
    """Which calls of a cell are traded, and at what cost.

    Attributes
    ----------
    cost
        Cost of one round trip as a return; 0.0015 is 15 basis points.
    trade_share
        Share of the most confident validation rows: their lowest P(BUY) is the threshold of trades.
    """

    cost: float
    trade_share: float


@typed
@dataclass(frozen=True, eq=False)
class Trades:
    """Trades in time order, as arrays of shape (n_trades,).

    Attributes
    ----------
    row
        Position of the row whose BUY call opened the trade.
    exit
        Time of the exit, int64 nanoseconds since the epoch, UTC: the row's label end.
    net_return
        Entry-to-exit return after the cost of the round trip; 0.01 = 1 %.
    """

    row: Int64[Array, " trades"]
    exit: Int64[Array, " trades"]
    net_return: Float64[Array, " trades"]


@typed
def simulate_trades(
    start: Int64[Array, " rows"],
    end: Int64[Array, " rows"],
    label_return: Float32[Array, " rows"],
    buy: Bool[Array, " rows"],
    *,
    cost: float = 0.0015,
) -> Trades:
    """Open a trade at each BUY call, unless a trade is still open.

    A row's timestamp is the close of its bar, so its call is filled at the next open, where ``label_return``
    starts. The trade closes at the row's ``end``. The next call that can be filled belongs to a row with
    ``start`` at or after that instant.

    Parameters
    ----------
    start, end
        Label intervals of the test rows, nanoseconds, shape (n_rows,); ``start`` strictly increasing.
    label_return
        Entry-to-exit return of each row's label before costs, shape (n_rows,).
    buy
        Whether the model calls BUY, shape (n_rows,).
    cost
        Cost of one round trip, as a return; the default is 15 bps.

    Returns
    -------
    Trades
        The trades in time order.

    Examples
    --------
    Rows 0, 1 and 3 call BUY. The trade of row 0 is open until 20, so the call of row 1 at 10 is not filled:

    >>> start = np.array([0, 10, 20, 30])
    >>> returns = np.array([0.02, 0.01, -0.01, -0.01], np.float32)
    >>> buy = np.array([True, True, False, True])
    >>> trades = simulate_trades(start, start + 20, returns, buy, cost=0.001)
    >>> trades.row, trades.net_return.round(3)
    (array([0, 3]), array([ 0.019, -0.011]))
    """
    calls = np.flatnonzero(buy)
    # A call is filled once the row's trade is closed, and never on the same row. All at once: one look-up of
    # the next call each, which the loop then only follows.
    free = np.maximum(np.searchsorted(start, end[calls], side="left"), calls + 1)
    next_call = np.searchsorted(calls, free, side="left").tolist()
    taken: list[int] = []
    call = 0
    while call < len(next_call):
        taken.append(call)
        call = next_call[call]
    rows = calls[taken]
    return Trades(row=rows, exit=end[rows], net_return=label_return[rows].astype(np.float64) - cost)


@typed
def trades_above(arrays: TrainingArrays, cell: TrainedCell, threshold: float, *, cost: float) -> Trades:
    """Simulate the trades of a cell on its test rows, opened where P(BUY) is at or above ``threshold``."""
    rows = cell.test_rows
    return simulate_trades(
        arrays.start[rows],
        arrays.end[rows],
        arrays.label_return[rows],
        cell.test_probability >= threshold,
        cost=cost,
    )


@typed
def trade_statistics(trades: Trades, first: int, last: int) -> dict[str, float | int | None]:
    """Summarise the trades of one cell over its test days.

    Parameters
    ----------
    trades
        From :func:`simulate_trades`.
    first, last
        First and last instant of the test span, nanoseconds (a fold's ``test_start`` and ``test_end``). Every
        UTC calendar day that the span touches counts; days without an exit have a return of 0.

    Returns
    -------
    dict
        ``n_trades``; ``win_rate``, share of trades with a net gain, None without trades; ``expectancy_net``,
        mean net return per trade in basis points, None without trades; ``return_net``, compounded return of
        all trades; ``max_drawdown``, deepest fall of that equity from its peak as a positive fraction;
        ``sortino``, None without a losing day.

    Raises
    ------
    InputError
        A trade exits outside the test span.

    Notes
    -----
    Sortino & Price 1994: mean of the daily net returns (summed on the UTC day of the exit) divided by their
    downside deviation, times √365. The downside deviation is the root mean square of the negative parts over
    **all** days, with target 0. The ratio is never clipped: a bound would make cells equal that differ.
    Without a losing day there is no downside to divide by, so there is no ratio.

    Examples
    --------
    A gain of 2 % on the first of three days and a loss of 1 % on the second:

    >>> trades = Trades(
    ...     row=np.array([0, 5]), exit=np.array([DAY, 2 * DAY]), net_return=np.array([0.02, -0.01])
    ... )
    >>> figures = trade_statistics(trades, first=DAY, last=3 * DAY)
    >>> figures["n_trades"], figures["win_rate"], round(figures["expectancy_net"])
    (2, 0.5, 50)
    >>> round(figures["return_net"], 4), round(figures["max_drawdown"], 4)
    (0.0098, 0.01)
    >>> round(figures["sortino"], 2)
    11.03
    """
    net = trades.net_return
    outside = (trades.exit < first) | (trades.exit > last)
    if outside.any():
        raise input_error(
            "every trade must exit inside the test span",
            found=np.datetime64(int(trades.exit[outside][0]), "ns"),
            allowed=f"{np.datetime64(first, 'ns')} to {np.datetime64(last, 'ns')}",
        )
    first_day = first // DAY
    daily = np.bincount(trades.exit // DAY - first_day, weights=net, minlength=last // DAY - first_day + 1)
    equity = np.concatenate([[1.0], np.cumprod(1.0 + net)])
    return {
        "n_trades": len(net),
        "win_rate": float((net > 0).mean()) if len(net) else None,
        "expectancy_net": float(net.mean()) * BASIS_POINTS if len(net) else None,
        "return_net": float(equity[-1]) - 1.0,
        "sortino": _sortino(daily),
        "max_drawdown": float((1.0 - equity / np.maximum.accumulate(equity)).max()),
    }


def _sortino(daily: Array) -> float | None:
    downside = float(np.sqrt(np.mean(np.minimum(daily, 0.0) ** 2)))
    return float(daily.mean()) / downside * DAYS_PER_YEAR**0.5 if downside > 0.0 else None
