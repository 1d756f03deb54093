"""The embedded market's label noise: which observed labels are wrong, and which of them lie in bursts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ftf_assets.sources.embedded_market.price_path import N_BARS, market_calendar, noise_stream

#: BUY rate of the market's triple barrier. Flips in both directions balance at this rate, so that the
#: observed BUY rate is the true one.
TRUE_BUY_RATE = 0.178
#: Share of the wrong labels that lie in bursts.
BURST_SHARE = 0.5
#: Mean length of a burst in consecutive rows.
BURST_ROWS = 24
#: Share of BUY labels in a burst that are observed as HOLD.
BURST_FLIP_RATE_BUY = 0.8
#: With more noise than this, bursts would cover most of the time.
LARGEST_NOISE = 0.25


def noise_truth(true_label: pd.Series[int], crypto: str, *, seed: int, noise: float) -> pd.DataFrame:
    """Draw which observed labels are wrong.

    Whether a label flips depends only on its true class, its time and the crypto's noise stream. Given the
    true label, it is independent of the features.

    Parameters
    ----------
    true_label
        Triple-barrier labels, int8, indexed by times of the market's calendar.
    crypto, seed
        Name and seed that choose the random stream.
    noise
        Share of rows whose label is wrong, 0 to ``LARGEST_NOISE``: half missed BUYs, half false BUYs.

    Returns
    -------
    pandas.DataFrame
        Indexed like ``true_label``: ``true_label`` int8, ``flipped`` and ``in_burst`` bool. Not every row of
        a burst is wrong: a burst flips ``BURST_FLIP_RATE_BUY`` of its BUYs and about as many HOLDs.
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
    """Simulate bursts with a mean length of ``BURST_ROWS`` that cover ``share`` of the time."""
    draws = stream.random(N_BARS).tolist()
    begin = share / (1 - share) / BURST_ROWS
    bursting = draws[0] < share
    states = []
    for draw in draws:
        states.append(bursting)
        bursting = draw >= 1 / BURST_ROWS if bursting else draw < begin
    return states
