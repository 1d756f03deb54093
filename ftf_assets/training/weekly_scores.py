"""What each UTC week of a cell's test span adds to its AUC and to its trades."""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.typed import Array, Float64, Int8, Int64, typed
from ftf_assets.training.auc_influence import auc_influence
from ftf_assets.training.trades import DAY, Trades

_WEEK = 7 * DAY
#: 1970-01-01 was a Thursday: the Monday before it is three days earlier.
_FIRST_MONDAY = -3 * DAY


@typed
def weekly_scores(
    start: Int64[Array, " rows"],
    y: Int8[Array, " rows"],
    probability: Float64[Array, " rows"],
    trades: Trades,
) -> tuple[dict[str, float | int | None], ...]:
    """Sum the influence on the AUC and the trades of one cell over UTC weeks.

    Parameters
    ----------
    start
        Timestamps of the test rows, int64 nanoseconds, UTC.
    y, probability
        Their hard labels, 1 = BUY, and P(BUY), shape (n_rows,).
    trades
        The cell's trades. A trade belongs to the week of its exit, which may be after the last test row.

    Returns
    -------
    tuple of dict
        One for each week with a row or an exit, in time order: ``week`` (its Monday 00:00 UTC, nanoseconds),
        ``n_test``, ``n_buy``, ``auc_influence``, ``n_trades`` and ``net_return``. The influences sum to 0.

    Examples
    --------
    Two rows on a Sunday and two on the Monday after it; the trade of the first exits on that Monday:

    >>> start = np.array([2 * DAY, 3 * DAY, 4 * DAY, 5 * DAY])
    >>> y, probability = np.array([0, 0, 1, 1], np.int8), np.array([0.1, 0.6, 0.4, 0.9])
    >>> trades = Trades(row=np.array([0]), exit=np.array([5 * DAY]), net_return=np.array([0.02]))
    >>> for week in weekly_scores(start, y, probability, trades):
    ...     print(week["n_test"], week["n_buy"], week["n_trades"])
    2 0 0
    2 2 1
    """
    row_week, exit_week = _week(start), _week(trades.exit)
    weeks = np.unique(np.concatenate([row_week, exit_week]))
    _, influence = auc_influence(y, probability)
    of_row, of_exit = np.searchsorted(weeks, row_week), np.searchsorted(weeks, exit_week)
    summed = {
        "week": weeks,
        "n_test": np.bincount(of_row, minlength=len(weeks)),
        "n_buy": np.bincount(of_row[y == 1], minlength=len(weeks)),
        "auc_influence": np.bincount(of_row, weights=influence, minlength=len(weeks)),
        "n_trades": np.bincount(of_exit, minlength=len(weeks)),
        "net_return": np.bincount(of_exit, weights=trades.net_return, minlength=len(weeks)),
    }
    by_week = zip(*(values.tolist() for values in summed.values()), strict=True)
    return tuple(dict(zip(summed, values, strict=True)) for values in by_week)


def _week(times: Array) -> Array:
    weeks: Array = (times - _FIRST_MONDAY) // _WEEK * _WEEK + _FIRST_MONDAY
    return weeks
