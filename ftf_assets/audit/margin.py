"""How close a path came to the barrier that would have given the other label."""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.arrays import CandleArrays
from ftf_assets.contracts.typed import Array, Float64, typed
from ftf_assets.labels.triple_barrier import BarrierLabels


@typed
def barrier_margin(
    candles: CandleArrays,
    labels: BarrierLabels,
    atr: Float64[Array, " bars"],
    *,
    stop_multiple: float,
    target_multiple: float,
    horizon: int,
) -> Float64[Array, " bars"]:
    """Measure the distance to the other barrier over the life of each trade.

    A BUY is measured from its lowest low to the stop, a HOLD from its highest high to the target, both from
    the entry bar t + 1 to the bar in which the trade ended. Like the label this looks ahead: it is known at
    ``label_end``, and serves to choose rows whose label was a close call, never as a feature.

    Parameters
    ----------
    candles, labels, atr
        Bars, their triple-barrier labels and the ATR that these were made with, each of shape (n_bars,).
    stop_multiple, target_multiple, horizon
        Barriers of the labels.

    Returns
    -------
    numpy.ndarray
        Share of the barrier's distance from the entry that was left, 0 where it was touched (a bar that
        touches both is a stop), shape (n_bars,); infinite where a bar has no label.
    """
    n_inside = max(len(candles.close) - horizon, 0)
    entry = candles.open[1 : 1 + n_inside]
    lowest, highest = entry.copy(), entry.copy()
    for step in range(1, horizon + 1):
        bar = slice(step, step + n_inside)
        alive = candles.close_time[bar] <= labels.label_end[:n_inside]
        lowest = np.where(alive, np.minimum(lowest, candles.low[bar]), lowest)
        highest = np.where(alive, np.maximum(highest, candles.high[bar]), highest)
    to_stop, to_target = stop_multiple * atr[:n_inside], target_multiple * atr[:n_inside]
    complete = labels.complete[:n_inside] & (atr[:n_inside] > 0)
    left = np.where(
        labels.label[:n_inside] == 1,
        (lowest - (entry - to_stop)) / np.where(complete, to_stop, 1.0),
        ((entry + to_target) - highest) / np.where(complete, to_target, 1.0),
    )
    margin = np.full(len(candles.close), np.inf)
    margin[:n_inside][complete] = np.maximum(left, 0.0)[complete]
    return margin
