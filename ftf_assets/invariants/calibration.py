"""The calibration error of a cell, recomputed from its stored probabilities and hard labels."""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.typed import Array, Float64, Int8, typed

#: An error that no trained model has on its own market: half of all probability is on the wrong side.
IMPLAUSIBLE = 0.5
_ROUNDING = 1e-9


@typed
def equal_mass_calibration_error(
    y: Int8[Array, " rows"], probability: Float64[Array, " rows"], n_bins: int = 15
) -> float:
    """Mean absolute gap between P(BUY) and the BUY rate over equal-mass bins, computed bin by bin.

    The definition is that of ``training.metrics``: the bin of a row follows from how many rows have a lower
    probability, so equal probabilities share a bin. The code is independent of it, so that one checks the
    other.

    Parameters
    ----------
    y
        Hard labels, 1 = BUY.
    probability
        P(BUY) of the same rows.
    n_bins
        Number of bins.

    Examples
    --------
    Two bins of two rows: gaps of 0.4 and 0.8, over four rows.

    >>> labels = np.array([0, 0, 1, 1], np.int8)
    >>> round(equal_mass_calibration_error(labels, np.array([0.1, 0.3, 0.6, 0.6]), n_bins=2), 3)
    0.3
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
    """List the reasons why a calibration error cannot be that of these probabilities against hard labels.

    An error of exactly 0 is refused, because it is the error of a model against its own soft targets.

    Parameters
    ----------
    y, probability
        Hard test labels and stored test probabilities of the cell.
    ece, ece_debiased
        As the cell's row states them.

    Returns
    -------
    list of str
        One line a reason; empty if the error is right.
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
