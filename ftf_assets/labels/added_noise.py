"""More label noise than there is: labels made wrong on purpose, by a dose that adds up.

The noise is class-conditional and keeps the rate of BUY. A row that is *hit* takes a label drawn anew at that
rate, whatever its own was. At exposure u a row is hit with probability 1 - exp(-u), so the labels keep the
share exp(-u) of what they say about the truth:

    P(u) = exp(-u) I + (1 - exp(-u)) 1 (1 - rate, rate),  and  P(u) P(v) = P(u + v).

Exposures add up. Labels that already carry the noise of exposure s have that of s + u after u more, and the
truth lies at -s: the same few exposures serve every guess of s. This is the flip matrix of
simulation-extrapolation for misclassified data [1]_, taken to a power, for noise that keeps the rate.

References
----------
.. [1] Küchenhoff, Mwalili & Lesaffre (2006), "A General Method for Dealing with Misclassification in
   Regression: The Misclassification SIMEX", Biometrics 62; after Cook & Stefanski (1994), JASA 89.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array, Float64, Int8, typed

#: How hits come: one row at a time, or in bursts of neighbouring rows.
HitPattern = Literal["independent", "bursts"]

#: Mean number of rows of a burst, a day of hourly bars.
BURST_ROWS = 24
#: No more noise than this is added: of what the labels say, 2 % are left.
LARGEST_EXPOSURE = 4.0


@typed
@dataclass(frozen=True, eq=False)
class LabelHits:
    """When each row is hit and what it then says; arrays of shape (n_rows,).

    Attributes
    ----------
    y
        The labels that noise is added to.
    hit_at
        Smallest exposure at which the row is hit.
    drawn
        Label of the row once it is hit.
    """

    y: Int8[Array, " rows"]
    hit_at: Float64[Array, " rows"]
    drawn: Int8[Array, " rows"]

    @typed
    def labels(self, exposure: float) -> Int8[Array, " rows"]:
        """Give the labels at an exposure; a row that is hit at one exposure is hit at every larger one.

        Labels of different exposures differ in few rows, so their models differ in little but the noise
        (common random numbers). Exposure 0 gives the labels themselves.
        """
        if not 0 <= exposure <= LARGEST_EXPOSURE:
            raise input_error(
                "the exposure to added label noise is out of bounds",
                found=exposure,
                allowed=f"0 to {LARGEST_EXPOSURE:g}",
            )
        if exposure == 0:
            return self.y
        return np.where(self.hit_at <= exposure, self.drawn, self.y)


@typed
def draw_hits(y: Int8[Array, " rows"], pattern: HitPattern, seed: int) -> LabelHits:
    """Draw when each row is hit, and the label that it then takes.

    Parameters
    ----------
    y
        Hard labels in time order, 1 = BUY, shape (n_rows,).
    pattern
        ``independent``: every row by itself. ``bursts``: stretches of rows, of a geometric length with mean
        ``BURST_ROWS``, begin at random rows and exposures, and hit all their rows. A row is hit with the same
        probability in both. A stretch that would end after the last row goes on at the first.
    seed
        Equal seeds give equal hits.

    Examples
    --------
    >>> y = np.zeros(1000, np.int8)
    >>> y[:200] = 1
    >>> hits = draw_hits(y, "independent", seed=7)
    >>> [int((hits.labels(exposure) != y).sum()) for exposure in (0.0, 0.2, 0.4)]
    [0, 55, 111]
    """
    random = np.random.default_rng(seed)
    n_rows = len(y)
    drawn = (random.random(n_rows) < y.mean()).astype(np.int8)
    if pattern == "independent":
        return LabelHits(y, random.exponential(size=n_rows), drawn)
    hit_at = np.full(n_rows, np.inf)
    n_bursts = random.poisson(LARGEST_EXPOSURE * n_rows / BURST_ROWS)
    begin = random.integers(0, n_rows, n_bursts)
    length = np.minimum(random.geometric(1 / BURST_ROWS, n_bursts), n_rows)
    exposure = random.uniform(0, LARGEST_EXPOSURE, n_bursts)
    within = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    np.minimum.at(hit_at, (np.repeat(begin, length) + within) % n_rows, np.repeat(exposure, length))
    return LabelHits(y, hit_at, drawn)


@typed
def exposure_of_share(share: float, buy_rate: float) -> float:
    """Give the exposure at which a share of all labels is wrong.

    Parameters
    ----------
    share
        Share of wrong labels, half of them missed BUYs and half false BUYs.
    buy_rate
        Rate of BUY, the same with and without the noise.

    Returns
    -------
    float
        -log(1 - share / (2 rate (1 - rate))); infinite where so many wrong labels leave nothing of the truth.

    Examples
    --------
    At a BUY rate of 17.8 %, one wrong label in ten leaves two thirds of the signal:

    >>> exposure = exposure_of_share(0.10, 0.178)
    >>> round(exposure, 3), round(math.exp(-exposure), 3)
    (0.418, 0.658)
    """
    left = 1 - share / (2 * buy_rate * (1 - buy_rate)) if 0 < buy_rate < 1 else 0.0
    return -math.log(left) if left > 0 else math.inf
