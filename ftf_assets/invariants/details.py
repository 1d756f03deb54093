"""Whether the tables that break a cell down are those of its model, and add up to its row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import stdev
from typing import Any

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import TrainedCell
from ftf_assets.contracts.tables.finetune_results import SEED_SPREAD_COLUMNS
from ftf_assets.contracts.typed import Array, typed

Row = Mapping[str, Any]
_ROUNDING = 1e-9
_NANOSECONDS_A_DAY = 24 * 60 * 60 * 1_000_000_000
_WEEKDAY_OF_1970 = 3  # 1 January 1970 was a Thursday, three days after Monday
_BASIS_POINTS = 10_000


@typed
def detail_breaches(
    arrays: TrainingArrays,
    cell: TrainedCell,
    row: Row,
    *,
    weeks: Sequence[Row],
    fits: Sequence[Row],
    curve: Sequence[Row],
) -> list[str]:
    """List what the tables that break a measured cell down have wrong.

    Parameters
    ----------
    arrays, cell, row
        The crypto's rows with hard labels, the trained cell, and its row of ``finetune_results``.
    weeks, fits, curve
        The cell's rows of ``weekly_results``, ``seed_scores`` and ``confidence_curve``: missing values are
        None, weeks are aware datetimes.

    Returns
    -------
    list of str
        One line per breach: a week whose rows, BUYs or influence are not those of the test rows; trades that
        do not add up to the cell's; a spread over seeds that is not that of the single fits; a top share
        whose threshold or counts are not those of its probabilities.
    """
    return [
        *_of_weeks(arrays, cell, weeks),
        *_of_trades(row, weeks),
        *_of_fits(row, fits),
        *_of_curve(arrays, cell, curve),
    ]


def _of_weeks(arrays: TrainingArrays, cell: TrainedCell, weeks: Sequence[Row]) -> list[str]:
    y = arrays.y[cell.test_rows]
    days = arrays.start[cell.test_rows] // _NANOSECONDS_A_DAY
    mondays, week = np.unique(days - (days + _WEEKDAY_OF_1970) % 7, return_inverse=True)
    columns = (
        np.bincount(week),
        np.bincount(week, y).astype(np.int64),
        np.bincount(week, _influence(y == 1, cell.test_probability)),
    )
    expected = {
        date(1970, 1, 1) + timedelta(days=monday): (n_rows, n_buys, moved)
        for monday, n_rows, n_buys, moved in zip(
            mondays.tolist(), *(one.tolist() for one in columns), strict=True
        )
    }
    breaches = []
    stored = {row["week"].date(): row for row in weeks}
    for monday in sorted(expected.keys() | stored.keys()):
        found = stored.get(monday, {"n_test": 0, "n_buy": 0, "auc_influence": 0.0})
        n_rows, n_buys, moved = expected.get(monday, (0, 0, 0.0))
        if (found["n_test"], found["n_buy"]) != (n_rows, n_buys):
            breaches.append(
                f"weekly_results has {found['n_test']} rows and {found['n_buy']} BUYs in the week of "
                f"{monday}, the test rows {n_rows} and {n_buys}"
            )
        elif abs(found["auc_influence"] - moved) > _ROUNDING:
            breaches.append(
                f"auc_influence of the week of {monday} is {found['auc_influence']:.6f}, by the ranks of its "
                f"rows it is {moved:.6f}"
            )
    return breaches


def _influence(buy: Array, probability: Array) -> Array:
    """Compute the influence of each row: it outranks its midrank less its midrank within its class."""
    from scipy.stats import rankdata

    outranked = rankdata(probability)
    for one_class in (buy, ~buy):
        outranked[one_class] -= rankdata(probability[one_class])
    n_buys, n_holds = int(buy.sum()), int((~buy).sum())
    auc = outranked[buy].sum() / (n_buys * n_holds)
    influence: Array = np.where(
        buy, (outranked / n_holds - auc) / n_buys, (1 - outranked / n_buys - auc) / n_holds
    )
    return influence


def _of_trades(row: Row, weeks: Sequence[Row]) -> list[str]:
    n_trades, earned = sum(week["n_trades"] for week in weeks), sum(week["net_return"] for week in weeks)
    expected = row["n_trades"] * (row["expectancy_net"] or 0.0) / _BASIS_POINTS
    if n_trades == row["n_trades"] and math.isclose(earned, expected, rel_tol=_ROUNDING, abs_tol=_ROUNDING):
        return []
    return [
        f"weekly_results adds up to {n_trades} trades that earn {earned:.6f}, the cell has {row['n_trades']} "
        f"that earn {expected:.6f}"
    ]


def _of_fits(row: Row, fits: Sequence[Row]) -> list[str]:
    breaches = []
    for metric, column in SEED_SPREAD_COLUMNS.items():
        spread = stdev([fit[metric] for fit in fits]) if len(fits) > 1 else None
        stored = row[column]
        if (spread is None) != (stored is None) or abs((spread or 0.0) - (stored or 0.0)) > _ROUNDING:
            breaches.append(f"{column} is {stored}, that of {len(fits)} rows of seed_scores is {spread}")
    return breaches


def _of_curve(arrays: TrainingArrays, cell: TrainedCell, curve: Sequence[Row]) -> list[str]:
    if not curve:
        return ["confidence_curve has no row"]
    breaches = []
    ranked = sorted(cell.validation_probability.tolist(), reverse=True)
    y = arrays.y[cell.test_rows]
    for point in curve:
        share, threshold = point["top_share"], point["threshold"]
        # The last of the most confident rows. A share of n - 1 that is whole but for rounding may be either.
        last = [math.floor(share * (len(ranked) - 1) + error) for error in (-_ROUNDING, _ROUNDING)]
        called = cell.test_probability >= threshold
        counts = int(called.sum()), int((called & (y == 1)).sum())
        if threshold not in {ranked[one] for one in last}:
            breaches.append(f"the threshold of the top {share:g} is {threshold}, expected {ranked[last[0]]}")
        elif (point["n_called"], point["n_correct"]) != counts:
            breaches.append(
                f"the top {share:g} has {point['n_called']} calls, {point['n_correct']} right; at its "
                f"threshold there are {counts[0]}, {counts[1]} right"
            )
    return breaches
