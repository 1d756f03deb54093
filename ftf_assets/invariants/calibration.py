"""The calibration error of a cell, recomputed from stored probabilities and hard labels."""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.typed import Array, Float64, Int8, typed

#: Half of all mass on the wrong side: no model that was trained at all reads this on its own market.
IMPLAUSIBLE = 0.5
_ROUNDING = 1e-9


@typed
def equal_mass_calibration_error(
    y: Int8[Array, " rows"], probability: Float64[Array, " rows"], n_bins: int = 15
) -> float:
    """Mean absolute gap between P(BUY) and the BUY rate over equal-mass bins, written bin by bin.

    The rule is that of ``training.metrics``: a row's bin follows from how many rows have a lower probability,
    so equal probabilities share one. The code is not: the one checks the other.

    Parameters
    ----------
    y
        Hard labels, 1 = BUY.
    probability
        P(BUY) of the same rows.
    n_bins
        Number of bins.
    """
    levels, of_row = np.unique(probability, return_inverse=True)
    counts = np.bincount(of_row, minlength=len(levels))
    lower = np.cumsum(counts) - counts
    bins = (lower * n_bins // len(probability))[of_row]
    gaps = [abs(float(np.sum(y[bins == b] - probability[bins == b]))) for b in np.unique(bins)]
    return sum(gaps) / len(probability)


@typed
def calibration_breaches(
    y: Int8[Array, " rows"],
    probability: Float64[Array, " rows"],
    *,
    ece: float,
    ece_debiased: float,
) -> list[str]:
    """Say why a row's calibration error cannot be that of its probabilities against hard labels.

    A value of exactly 0 is what a model's own soft targets give: the error that a whole table once carried.

    Parameters
    ----------
    y, probability
        Hard test labels and stored test probabilities of the cell.
    ece, ece_debiased
        As its row states them.
    """
    expected = equal_mass_calibration_error(y, probability)
    found = []
    if abs(ece - expected) > _ROUNDING:
        found.append(f"ece {ece:.6f}, on hard labels it is {expected:.6f}")
    if ece == 0.0:
        found.append("ece is exactly 0")
    if ece >= IMPLAUSIBLE:
        found.append(f"ece {ece:.6f} is implausible")
    if not 0.0 <= ece_debiased <= ece:
        found.append(f"ece_debiased {ece_debiased:.6f} is outside 0 to ece {ece:.6f}")
    return found
