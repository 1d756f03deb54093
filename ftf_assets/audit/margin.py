"""How close the price came to the barrier that would have given the other label."""

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
    """Measure the smallest distance to the other barrier while each trade was open.

    For a BUY it is the distance of the lowest low from the stop, for a HOLD that of the highest high from the
    target, both from the entry bar t + 1 to the bar in which the trade ended. Like the label it looks ahead:
    it is known at ``label_end`` and chooses rows whose label was a close call. It must never be a feature.

    Parameters
    ----------
    candles, labels, atr
        Bars, their triple-barrier labels and the ATR that these were made with, each of shape (n_bars,).
    stop_multiple, target_multiple, horizon
        The barriers of the labels.

    Returns
    -------
    numpy.ndarray
        Remaining distance as a share of the barrier's distance from the entry, shape (n_bars,): 0 where the
        barrier was touched (a bar that touches both is a stop), infinite where a bar has no label.
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
