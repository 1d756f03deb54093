"""Label stability: how many slightly different triple barriers give a row the same label.

A label that turns when stop, target or ATR window move by a tenth is fragile: it says more about the choice
of barriers than about the market. The stability looks at the same future path as the label and is known when
the label is, at ``label_end``. It may therefore judge or weigh *training* rows; it is never a feature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.arrays import CandleArrays
from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array, Float64, typed
from ftf_assets.labels.triple_barrier import BarrierLabels, triple_barrier

RELABELLINGS = 16
JITTER = 0.10
#: Of the draws of the jitter. No setting: every cache of one market carries the same stabilities.
JITTER_SEED = 7


@dataclass(frozen=True)
class Barriers:
    """One choice of barriers: distances in ATR, and the window of that ATR in bars."""

    stop_multiple: float
    target_multiple: float
    atr_period: int


@typed
def jittered_barriers(
    given: Barriers, *, n: int = RELABELLINGS, jitter: float = JITTER, seed: int = JITTER_SEED
) -> tuple[Barriers, ...]:
    """Draw barriers around the given ones, the same for the same arguments.

    Parameters
    ----------
    given
        The barriers of the labels.
    n
        Number of draws.
    jitter
        Stop, target and ATR window are each multiplied by their own uniform draw from
        [1 - jitter, 1 + jitter]; the window is then rounded to whole bars, at least 2.
    seed
        Seed of the draws.

    Raises
    ------
    InputError
        No draw, or a jitter outside [0, 1).
    """
    if n < 1 or not 0.0 <= jitter < 1.0:
        raise input_error(
            "relabelling needs at least one draw and a jitter below 1",
            found=f"{n} draws, jitter {jitter}",
            allowed="1, 2, … draws, jitter in [0, 1)",
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
) -> Float64[Array, " bars"]:
    """Share of the relabellings that give each bar the label that it has.

    Parameters
    ----------
    candles
        Bars of shape (n_bars,).
    labels
        The labels to judge, aligned with ``candles``.
    relabellings
        Other barriers, from :func:`jittered_barriers`; the horizon stays.
    atr
        Average true range by window, float64 of shape (n_bars,), for every window of ``relabellings``.
    horizon
        Bars in which a barrier may be touched, as for ``labels``.

    Returns
    -------
    numpy.ndarray
        In [0, 1], shape (n_bars,), never NaN, known at the row's ``label_end``. A relabelling whose ATR is
        still warming up has no opinion, and the share is one of the others. 0 where no relabelling has one,
        and where the bar itself has no label: nothing confirms it.

    Raises
    ------
    InputError
        A window without its ATR.
    """
    absent = sorted({one.atr_period for one in relabellings} - set(atr))
    if absent:
        raise input_error("every jittered window needs its ATR", found=f"none for windows {absent}")
    agreeing = np.zeros(len(labels.label))
    opinions = np.zeros(len(labels.label))
    for one in relabellings:
        other = triple_barrier(
            candles,
            atr[one.atr_period],
            stop_multiple=one.stop_multiple,
            target_multiple=one.target_multiple,
            horizon=horizon,
        )
        known = labels.complete & other.complete
        opinions += known
        agreeing += known & (other.label == labels.label)
    return np.divide(agreeing, opinions, out=np.zeros(len(agreeing)), where=opinions > 0)
