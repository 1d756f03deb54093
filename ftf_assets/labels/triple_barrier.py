"""Triple-barrier labels: BUY where the price reaches the target before the stop, within the horizon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.arrays import CandleArrays
from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array, Bool, Float64, Int8, Int64, typed


@dataclass(frozen=True)
class BarrierSettings:
    """Triple-barrier settings: distances of the barriers in ATR, horizon in bars."""

    stop_multiple: float = 0.5
    target_multiple: float = 1.5
    horizon: int = 4


@typed
@dataclass(frozen=True, eq=False)
class BarrierLabels:
    """Triple-barrier outcome of every bar, arrays of shape (n_bars,).

    Attributes
    ----------
    label
        1 = BUY, the target came first; 0 = HOLD. 0 where not ``complete``.
    label_end
        Close of the bar in which the trade ended, int64 nanoseconds since the epoch, UTC. The label is known
        at this instant. The row's own close where not ``complete``.
    label_return
        Return from entry to exit before costs, 0.01 = 1 %. NaN where not ``complete``.
    complete
        The whole horizon was observed without a gap, and the ATR is known. Only these rows may be used.
    past_end
        The horizon ends after the last bar.
    crosses_gap
        The horizon lies within the data and crosses a gap; never true together with ``past_end``.
    """

    label: Int8[Array, " bars"]
    label_end: Int64[Array, " bars"]
    label_return: Float64[Array, " bars"]
    complete: Bool[Array, " bars"]
    past_end: Bool[Array, " bars"]
    crosses_gap: Bool[Array, " bars"]


@typed
def triple_barrier(
    candles: CandleArrays,
    atr: Float64[Array, " bars"],
    *,
    stop_multiple: float = 0.5,
    target_multiple: float = 1.5,
    horizon: int = 4,
) -> BarrierLabels:
    """Label each bar by the barrier that the price path touches first after it.

    The decision is made at the close of bar t and the trade enters at the **open of bar t + 1**. The barriers
    are entry - ``stop_multiple`` x ATR(t) and entry + ``target_multiple`` x ATR(t). Bars t + 1 to t +
    ``horizon`` are searched in order. Without a touch the trade ends at the close of the last one.

    Where the order within a bar is unknown, the worse outcome counts. A bar that touches both barriers is a
    stop, a bar that opens below the stop fills at that open, and a bar that opens above the target fills at
    the target price.

    Parameters
    ----------
    candles
        Bars of shape (n_bars,).
    atr
        Average true range known at each bar's close, in quote currency; NaN while it warms up.
    stop_multiple, target_multiple
        Distance of the barriers from the entry price, in ATR.
    horizon
        Number of bars from the entry bar on in which a barrier may be touched.

    Returns
    -------
    BarrierLabels
        One outcome a bar, aligned with ``candles``. Rows that are not ``complete`` have no label.

    Raises
    ------
    InputError
        A multiple is not positive, the horizon is shorter than one bar, or the ATR has another length.

    Warnings
    --------
    A label depends on the future of its bar, up to ``label_end``. Train on it only where the closed interval
    [close of t, ``label_end``] touches nothing held out: that is what purging is for.

    Notes
    -----
    M. López de Prado, *Advances in Financial Machine Learning*, 2018, section 3.4.

    Examples
    --------
    Four hourly bars with an ATR of 10 and a horizon of two bars. The trade of bar 0 enters at the open of bar
    1, at 100; its stop is 95 and its target 115, which bar 2 reaches. The horizons of bars 2 and 3 end after
    the data.

    >>> hour = 3_600_000_000_000
    >>> candles = CandleArrays(
    ...     close_time=np.arange(4) * hour,
    ...     open=np.array([100.0, 100.0, 104.0, 112.0]),
    ...     high=np.array([101.0, 106.0, 116.0, 113.0]),
    ...     low=np.array([99.0, 98.0, 103.0, 90.0]),
    ...     close=np.array([100.0, 104.0, 112.0, 95.0]),
    ...     volume=np.ones(4),
    ...     bar=hour,
    ... )
    >>> found = triple_barrier(candles, np.full(4, 10.0), horizon=2)
    >>> found.complete
    array([ True,  True, False, False])
    >>> found.label
    array([1, 0, 0, 0], dtype=int8)
    >>> found.label_end // hour
    array([2, 3, 2, 3])
    >>> found.label_return.round(3)
    array([ 0.15 , -0.048,    nan,    nan])
    """
    _check_settings(stop_multiple, target_multiple, horizon)
    n_bars = len(candles.close)
    if len(atr) != n_bars:
        raise input_error(
            "the ATR must have one value for each bar", found=f"{len(atr)} values for {n_bars} bars"
        )

    n_inside = max(n_bars - horizon, 0)
    label = np.zeros(n_bars, dtype=np.int8)
    label_end = candles.close_time.copy()
    label_return = np.full(n_bars, np.nan)

    entry = candles.open[1 : 1 + n_inside]
    stop = entry - stop_multiple * atr[:n_inside]
    target = entry + target_multiple * atr[:n_inside]
    exit_price = candles.close[horizon:].copy()
    exit_time = candles.close_time[horizon:].copy()
    bought = np.zeros(n_inside, dtype=np.int8)
    open_trade = np.ones(n_inside, dtype=bool)
    for step in range(1, horizon + 1):
        bar = slice(step, step + n_inside)
        stopped = open_trade & (candles.low[bar] <= stop)
        reached = open_trade & ~stopped & (candles.high[bar] >= target)
        exit_price[stopped] = np.minimum(stop, candles.open[bar])[stopped]
        exit_price[reached] = target[reached]
        bought[reached] = 1
        ended = stopped | reached
        exit_time[ended] = candles.close_time[bar][ended]
        open_trade &= ~ended

    past_end = np.arange(n_bars) >= n_inside
    crosses_gap = np.zeros(n_bars, dtype=bool)
    gaps_until = np.concatenate(([0], np.cumsum(np.diff(candles.close_time) != candles.bar)))[:n_bars]
    crosses_gap[:n_inside] = gaps_until[horizon:] > gaps_until[:n_inside]
    complete = ~past_end & ~crosses_gap & np.isfinite(atr)

    known = complete[:n_inside]
    label[:n_inside][known] = bought[known]
    label_end[:n_inside][known] = exit_time[known]
    label_return[:n_inside][known] = exit_price[known] / entry[known] - 1.0
    return BarrierLabels(
        label=label,
        label_end=label_end,
        label_return=label_return,
        complete=complete,
        past_end=past_end,
        crosses_gap=crosses_gap,
    )


def _check_settings(stop_multiple: float, target_multiple: float, horizon: int) -> None:
    for name, value in (("stop_multiple", stop_multiple), ("target_multiple", target_multiple)):
        if not (np.isfinite(value) and value > 0):
            raise input_error(f"{name} must be positive", found=value, allowed="a finite number above 0")
    if horizon < 1:
        raise input_error("horizon must be at least one bar", found=horizon, allowed="1, 2, …")
