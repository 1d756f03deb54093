"""The influence of each test row on the AUC, from DeLong placements."""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.typed import Array, Float64, Int8, typed


@typed
def auc_influence(
    y: Int8[Array, " rows"], probability: Float64[Array, " rows"]
) -> tuple[float, Float64[Array, " rows"]]:
    """Return the AUC and how far each row moves it.

    The placement of a BUY row is the share of HOLD rows that it outranks, of a HOLD row the share of BUY rows
    that outrank it; ties count one half. The AUC is the mean placement of either class.

    Parameters
    ----------
    y
        Hard labels, 1 = BUY, shape (n_rows,), with both classes.
    probability
        P(BUY) of the same rows.

    Returns
    -------
    float
        The AUC.
    numpy.ndarray
        Influence of each row, shape (n_rows,): placement minus AUC, divided by the number of rows of the
        row's class. Sums to 0 over each class.

    Notes
    -----
    DeLong, DeLong & Clarke-Pearson 1988, *Comparing the areas under two or more correlated receiver operating
    characteristic curves*: their variance of the AUC is the sum of the squared influences of each class times
    n / (n - 1), n the number of its rows. Where rows are not independent, their sums over clusters give a
    cluster-robust variance (Obuchowski 1997, *Nonparametric analysis of clustered ROC curve data*). The
    influences of a difference of two AUCs on the same rows are the differences of the influences.

    Placements are ranks in the sorted other class, the midranks of Sun & Xu 2014 (*Fast implementation of
    DeLong's algorithm*), so the time is O(n log n).

    Examples
    --------
    The BUY row at 0.4 outranks one HOLD row of two, the BUY row at 0.9 both:

    >>> y = np.array([0, 0, 1, 1], np.int8)
    >>> auc_influence(y, np.array([0.1, 0.6, 0.4, 0.9]))
    (0.75, array([ 0.125, -0.125, -0.125,  0.125]))
    """
    buy = y == 1
    of_buy, of_hold = probability[buy], probability[~buy]
    placement = np.empty(len(y), np.float64)
    placement[buy] = _share_below(of_buy, of_hold)
    placement[~buy] = 1.0 - _share_below(of_hold, of_buy)
    auc = float(placement[buy].mean())
    influence = np.where(buy, (placement - auc) / len(of_buy), (placement - auc) / len(of_hold))
    return auc, influence


def _share_below(values: Array, others: Array) -> Array:
    """Give the share of ``others`` below each value, ties counted one half."""
    ranked = np.sort(others)
    below = np.searchsorted(ranked, values, side="left")
    below_or_equal = np.searchsorted(ranked, values, side="right")
    shares: Array = (below + below_or_equal) / (2.0 * len(others))
    return shares
