"""The forward-corrected log loss: a model of the true label, trained on labels that are sometimes wrong.

Patrini, Rozza, Menon, Nock and Qu (2017), "Making Deep Neural Networks Robust to Label Noise: A Loss
Correction Approach". The model predicts p = P(true BUY); the noise turns it into P(observed BUY) = q =
false_buy + (1 - missed_buy - false_buy) p, and the log loss compares q with the observed label. With both
rates 0 it is the log loss itself.
"""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.bundles import FlipRates
from ftf_assets.contracts.typed import Array, Float32, typed

#: Probabilities and curvatures do not go below this, so that no logarithm or division is infinite.
_SMALLEST = 1e-12


@typed
def forward_derivatives(
    margin: Float32[Array, " rows"],
    labels: Float32[Array, " rows"],
    weight: Float32[Array, " rows"],
    rates: FlipRates,
) -> tuple[Float32[Array, " rows"], Float32[Array, " rows"]]:
    """Return the derivatives of the corrected loss by the margin, as XGBoost takes them from an objective.

    Parameters
    ----------
    margin
        Log odds of a true BUY, shape (n_rows,).
    labels
        Observed labels in [0, 1]; a soft label is the probability of a BUY.
    weight
        Weight of each row.
    rates
        Rates of wrong labels by true class.

    Returns
    -------
    gradient, curvature : numpy.ndarray
        First derivative, and the Gauss-Newton curvature (the expected second derivative), which is never
        negative. Both are multiplied by the weight.

    Examples
    --------
    Without noise they are p - y and p (1 - p) of the log loss:

    >>> margin, labels = np.zeros(2, np.float32), np.array([0, 1], np.float32)
    >>> forward_derivatives(margin, labels, np.ones(2, np.float32), FlipRates(0.0, 0.0))
    (array([ 0.5, -0.5], dtype=float32), array([0.25, 0.25], dtype=float32))
    """
    p = _sigmoid(margin)
    q = _observed(p, rates)
    variance = np.maximum(q * (1.0 - q), _SMALLEST)
    slope = rates.kept * p * (1.0 - p)
    gradient = weight * (q - labels) / variance * slope
    curvature = weight * np.maximum(slope**2 / variance, _SMALLEST)
    return gradient.astype(np.float32), curvature.astype(np.float32)


@typed
def forward_log_loss(
    margin: Float32[Array, " rows"], labels: Float32[Array, " rows"], rates: FlipRates
) -> float:
    """Return the mean log loss of P(observed BUY), by which rounds are chosen on observed labels."""
    q = np.clip(_observed(_sigmoid(margin), rates), _SMALLEST, 1.0 - _SMALLEST)
    return float(-np.mean(labels * np.log(q) + (1.0 - labels) * np.log1p(-q)))


@typed
def true_buy_rate(
    labels: Float32[Array, " rows"], weight: Float32[Array, " rows"], rates: FlipRates
) -> float:
    """Return the share of true BUYs that the observed labels imply, in [0.001, 0.999]: where boosting starts.

    >>> rate = true_buy_rate(np.array([0, 0, 0, 1], np.float32), np.ones(4, np.float32), FlipRates(0.4, 0.1))
    >>> round(rate, 3)
    0.3
    """
    observed = float(np.average(labels.astype(np.float64), weights=weight.astype(np.float64)))
    return float(np.clip((observed - rates.false_buy) / rates.kept, 0.001, 0.999))


def _sigmoid(margin: Array) -> Array:
    result: Array = 1.0 / (1.0 + np.exp(-margin.astype(np.float64)))
    return result


def _observed(p: Array, rates: FlipRates) -> Array:
    result: Array = rates.false_buy + rates.kept * p
    return result
