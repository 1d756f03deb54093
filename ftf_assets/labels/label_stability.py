"""Label stability: the share of slightly different triple barriers that give a row the same label.

A label that changes when stop, target or ATR window change by a tenth is fragile: it says more about the
choice of barriers than about the market. Like the label, its stability depends on the future path. It is
known at the latest end of the relabellings, for one row in ten later than the label itself. It may therefore
judge or weigh *training* rows, where that instant precedes what is held out, and is never a feature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.arrays import CandleArrays
from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array, Float64, Int64, typed
from ftf_assets.labels.triple_barrier import BarrierLabels, triple_barrier

RELABELLINGS = 16
JITTER = 0.10
#: Seed of the jitter. Not a setting, so that all feature caches of one market have the same stabilities.
JITTER_SEED = 7


@dataclass(frozen=True)
class Barriers:
    """One choice of barriers: distances in ATR, and the window of that ATR in bars."""

    stop_multiple: float
    target_multiple: float
    atr_period: int


@typed
@dataclass(frozen=True, eq=False)
class LabelStability:
    """How robust labels are, and when that is known; arrays of shape (n_bars,).

    Attributes
    ----------
    share
        Share of the relabellings that give each bar its own label, in [0, 1], never NaN.
    end
        Latest end of the label and of its relabellings, int64 nanoseconds since the epoch, UTC: the share is
        known at this instant. Never before ``label_end``, and at most the horizon after the bar.
    """

    share: Float64[Array, " bars"]
    end: Int64[Array, " bars"]


@typed
def jittered_barriers(
    given: Barriers, *, n: int = RELABELLINGS, jitter: float = JITTER, seed: int = JITTER_SEED
) -> tuple[Barriers, ...]:
    """Draw barriers around the given ones. Equal arguments give equal draws.

    Parameters
    ----------
    given
        The barriers of the labels.
    n
        Number of draws.
    jitter
        Each draw multiplies stop, target and ATR window by independent uniform factors from
        [1 - jitter, 1 + jitter]. The window is rounded to whole bars, at least 2.
    seed
        Seed of the draws.

    Raises
    ------
    InputError
        ``n`` is below 1, or the jitter lies outside [0, 1).
    """
    if n < 1 or not 0.0 <= jitter < 1.0:
        raise input_error(
            "the number of relabellings must be at least 1 and the jitter in [0, 1)",
            found=f"{n} relabellings, jitter {jitter}",
        )
    factors = np.random.default_rng(seed).uniform(1.0 - jitter, 1.0 + jitter, size=(n, 3))
    return tuple(
        Barriers(
            stop_multiple=given.stop_multiple * stop,
            target_multiple=given.target_multiple * target,
            atr_period=max(round(given.atr_period * window), 2),
        )
        for stop, target, window in factors.tolist()
    )


@typed
def label_stability(
    candles: CandleArrays,
    labels: BarrierLabels,
    relabellings: tuple[Barriers, ...],
    atr: Mapping[int, Array],
    *,
    horizon: int,
) -> LabelStability:
    """Return the share of the relabellings that give each bar its own label, and when it is known.

    Parameters
    ----------
    candles
        Bars of shape (n_bars,).
    labels
        The labels to judge, aligned with ``candles``.
    relabellings
        Other barriers, from :func:`jittered_barriers`.
    atr
        ATR window to average true range, float64 of shape (n_bars,), for each window of ``relabellings``.
    horizon
        Bars in which a barrier may be touched, the same as for ``labels``.

    Returns
    -------
    LabelStability
        Relabellings whose ATR is not yet known are left out. The share is 0 where no relabelling is known, or
        where the bar has no label.

    Raises
    ------
    InputError
        ``atr`` lacks a window of ``relabellings``.
    """
    absent = sorted({one.atr_period for one in relabellings} - set(atr))
    if absent:
        raise input_error(f"atr is missing for window(s) {', '.join(map(str, absent))}")
    n_agreeing = np.zeros(len(labels.label))
    n_known = np.zeros(len(labels.label))
    end = labels.label_end.copy()
    for one in relabellings:
        other = triple_barrier(
            candles,
            atr[one.atr_period],
            stop_multiple=one.stop_multiple,
            target_multiple=one.target_multiple,
            horizon=horizon,
        )
        known = labels.complete & other.complete
        n_known += known
        n_agreeing += known & (other.label == labels.label)
        end = np.where(known, np.maximum(end, other.label_end), end)
    share = np.divide(n_agreeing, n_known, out=np.zeros(len(n_agreeing)), where=n_known > 0)
    return LabelStability(share, end)
