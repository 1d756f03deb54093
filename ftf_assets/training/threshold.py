"""The thresholds of a cell, chosen on its validation slice: one for BUY calls, one for trades."""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.errors import CellError
from ftf_assets.contracts.typed import Array, Float64, Int8, typed
from ftf_assets.training.ranked_rows import rank_rows


@typed
def f1_optimal_threshold(y: Int8[Array, " rows"], probability: Float64[Array, " rows"]) -> float:
    """Return the probability at and above which calling BUY has the highest F1.

    Parameters
    ----------
    y
        Hard labels of the validation slice, 1 = BUY.
    probability
        Raw P(BUY) of the same rows.

    Returns
    -------
    float
        One of the given probabilities. Of several with the same F1 the highest one, which calls BUY least
        often.

    Raises
    ------
    CellError
        Stage ``threshold``: no row is a BUY, so F1 is undefined, or a probability is NaN.

    Warnings
    --------
    Pass validation rows only. A threshold chosen on test rows makes their scores too good.

    Notes
    -----
    Lipton, Elkan & Naryanaswamy 2014, *Optimal thresholding of classifiers to maximize F1 measure*: for a
    weak model the optimum is to call nearly every row BUY. Compare F1 with ``f1_always_buy``.

    Examples
    --------
    >>> f1_optimal_threshold(np.array([0, 1, 0, 1], np.int8), np.array([0.1, 0.3, 0.2, 0.8]))
    0.3
    """
    n_buys = int(y.sum(dtype=np.int64))
    if n_buys == 0:
        raise CellError("threshold", f"none of the {len(y)} validation rows is a BUY, so F1 has no optimum")
    if np.isnan(probability).any():
        raise CellError("threshold", f"{int(np.isnan(probability).sum())} validation probabilities are NaN")
    ranked = rank_rows(y, probability)
    f1 = 2 * ranked.n_correct / (ranked.n_called + n_buys)
    return float(ranked.probability[np.argmax(f1)])


@typed
def top_share_threshold(probability: Float64[Array, " rows"], share: float) -> float:
    """Return the probability at and above which the most confident ``share`` of rows lies.

    Parameters
    ----------
    probability
        P(BUY) of the validation slice, shape (n_rows,), at least one row.
    share
        Share of rows, above 0 and at most 1.

    Returns
    -------
    float
        The (1 - share) quantile, of the two probabilities that surround it the higher one: one of the given
        probabilities. Of ``n`` different ones, ``floor(share (n - 1)) + 1`` lie at or above it; rows that tie
        with it are called as well.

    Warnings
    --------
    Pass validation rows only. A quantile of the test rows would know how confident the model is later.

    Examples
    --------
    >>> top_share_threshold(np.array([0.1, 0.4, 0.2, 0.3, 0.5]), share=0.4)
    0.4
    """
    return float(top_share_thresholds(probability, (share,))[0])


@typed
def top_share_thresholds(
    probability: Float64[Array, " rows"], shares: tuple[float, ...]
) -> Float64[Array, " shares"]:
    """Return the threshold of each share as :func:`top_share_threshold` does, from one sort."""
    thresholds: Array = np.quantile(probability, 1.0 - np.array(shares), method="higher")
    return thresholds
