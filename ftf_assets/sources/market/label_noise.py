"""The embedded market's label noise: which labels are observed wrong, and where it comes in bursts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ftf_assets.sources.market.price_path import N_BARS, market_calendar, noise_stream

#: BUY rate of the market's triple barrier; flips balance there, so the observed rate stays where it is.
TRUE_BUY_RATE = 0.178
#: Half of the wrong labels fall into bursts: runs of this many consecutive rows on average.
BURST_SHARE = 0.5
BURST_ROWS = 24
#: Share of BUY labels that a burst hides.
BURST_FLIP_RATE_BUY = 0.8
#: Above this a burst would be the normal state.
LARGEST_NOISE = 0.25


def noise_truth(true_label: pd.Series[int], crypto: str, *, seed: int, noise: float) -> pd.DataFrame:
    """Draw which labels are observed wrong.

    Whether a label flips depends on its true class, on its time, and on the crypto's noise stream; on nothing
    else. Given the true label it is independent of the features.

    Parameters
    ----------
    true_label
        Triple-barrier labels, int8, indexed by times of the market's calendar.
    crypto, seed
        Choose the random stream.
    noise
        Share of rows whose label is wrong, 0 to ``LARGEST_NOISE``: half missed BUYs, half false BUYs.

    Returns
    -------
    pandas.DataFrame
        Indexed like ``true_label``: ``true_label`` int8, ``flipped`` and ``in_burst`` bool. A row in a burst
        is not wrong for certain: a burst flips ``BURST_FLIP_RATE_BUY`` of its BUYs and as many HOLDs.
    """
    stream = noise_stream(crypto, seed)
    missed_rate = noise / 2 / TRUE_BUY_RATE
    time_in_bursts = BURST_SHARE * missed_rate / BURST_FLIP_RATE_BUY
    in_burst = pd.Series(_bursts(stream, time_in_bursts), market_calendar()).loc[true_label.index]
    draw = pd.Series(stream.random(N_BARS), market_calendar()).loc[true_label.index]
    flip_rate_buy = in_burst.map(
        {True: BURST_FLIP_RATE_BUY, False: (1 - BURST_SHARE) * missed_rate / (1 - time_in_bursts)}
    )
    flip_rate = flip_rate_buy.where(true_label == 1, flip_rate_buy * TRUE_BUY_RATE / (1 - TRUE_BUY_RATE))
    return pd.DataFrame(
        {"true_label": true_label, "flipped": draw < flip_rate, "in_burst": in_burst}, index=true_label.index
    )


def _bursts(stream: np.random.Generator, share: float) -> list[bool]:
    """Switch between quiet and burst: on average ``BURST_ROWS`` long, covering ``share`` of the time."""
    draws = stream.random(N_BARS).tolist()
    begin = share / (1 - share) / BURST_ROWS
    bursting = draws[0] < share
    states = []
    for draw in draws:
        states.append(bursting)
        bursting = draw >= 1 / BURST_ROWS if bursting else draw < begin
    return states
