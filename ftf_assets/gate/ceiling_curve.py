"""What correct labels would be worth, extrapolated from models on labels with more noise.

The scores of the label ceiling are a curve of performance against the dose of added noise. It is continued to
a negative dose, that of the noise which the labels already carry: simulation-extrapolation [1]_ [2]_.

The curve is that of a direction estimated from noisy data. If the labels keep the share t of what they say,
the direction that a model learns has the cosine t / sqrt(t² + k) with the best one, because its signal grows
with t and its estimation noise does not; what a model ranks better than chance is in proportion:

    score(t) = chance + a t / sqrt(t² + k),  t = exp(-exposure).

It rises with fewer wrong labels, ever more slowly. k near 0 is plenty of data: correct labels are worth
nothing. A large k is a straight line through chance. ``benchmarks/label_ceiling`` compares it with a straight
line and a parabola in the exposure.

References
----------
.. [1] Cook & Stefanski (1994), "Simulation-Extrapolation Estimation in Parametric Measurement Error Models",
   JASA 89.
.. [2] Küchenhoff, Mwalili & Lesaffre (2006), "A General Method for Dealing with Misclassification in
   Regression: The Misclassification SIMEX", Biometrics 62.
.. [3] Efron (1979), "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 7.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.typed import Array, Float64, typed

#: Each end of the interval is passed with this probability: the upper end is a 95 % bound.
_TAIL = 0.05
#: Fewest cells from which the spread between cells can be estimated.
FEWEST_CELLS = 3
#: Noise that leaves less of the labels' signal is more than the benchmark has confirmed the bound for.
LEAST_SIGNAL_LEFT = 0.10
_RESAMPLES = 2_000
#: Values of k that are tried; score and gain change by less than 1e-4 from one to the next.
_STEPS = np.concatenate([[0.0], np.geomspace(0.003, 300.0, 150)])


@dataclass(frozen=True)
class CeilingGain:
    """What labels without the noise would gain.

    Attributes
    ----------
    estimate
        Gain in the metric over the models on the observed labels, at least about 0.
    low, bound
        Ends of its 90 % interval: a sweep that trains on correct labels gains less than ``bound`` with a
        probability of 95 %. They hold what the cells' own training on correct labels would vary by.
    """

    estimate: float
    low: float
    bound: float


@typed
def ceiling_gain(
    scores: Float64[Array, "cells doses"],
    exposures: Float64[Array, " doses"],
    label_exposure: float,
    *,
    chance: float = 0.5,
) -> CeilingGain | None:
    """Extrapolate the mean score of cells to labels without noise.

    Parameters
    ----------
    scores
        A metric of each cell at each dose of added noise, the first without any.
    exposures
        The doses, increasing from 0.
    label_exposure
        Exposure of the noise that the observed labels are taken to carry.
    chance
        Score of a model that ranks by chance.

    Returns
    -------
    CeilingGain or None
        The interval is a bootstrap over cells [3]_ widened to Student's t. None with fewer than three cells
        or two doses of noise, and where the noise is taken to leave next to nothing of the labels' signal.

    Examples
    --------
    Three cells on the curve itself, with k = 0.2:

    >>> import math
    >>> exposures = np.array([0.0, 0.4, 0.8, 1.6])
    >>> t = np.exp(-exposures)
    >>> curve = 0.5 + 0.1 * t / np.sqrt(t**2 + 0.2)
    >>> gain = ceiling_gain(curve + np.array([[-0.01], [0.0], [0.01]]), exposures, label_exposure=0.4)
    >>> clean = 0.5 + 0.1 * math.exp(0.4) / math.sqrt(math.exp(0.8) + 0.2)
    >>> bool(abs(gain.estimate - (clean - curve[0])) < 5e-4)
    True
    """
    from scipy import stats  # seconds to import

    n_cells, n_doses = scores.shape
    if n_cells < FEWEST_CELLS or n_doses < FEWEST_CELLS or np.exp(-label_exposure) < LEAST_SIGNAL_LEFT:
        return None
    estimate = float(_gains(scores.mean(axis=0)[None], exposures, label_exposure, chance)[0])
    random = np.random.default_rng(0)  # equal scores give equal bounds
    resampled = scores[random.integers(0, n_cells, (_RESAMPLES, n_cells))].mean(axis=1)
    gains = _gains(resampled, exposures, label_exposure, chance)
    gains += random.normal(size=_RESAMPLES) * np.sqrt(_fit_variance(scores, exposures) / n_cells)
    low, high = np.quantile(gains, (_TAIL, 1 - _TAIL)).tolist()
    # A bootstrap of few cells is too narrow: by their degrees of freedom, and by the normal for Student's t.
    wider = float(
        np.sqrt(n_cells / (n_cells - 1)) * stats.t.ppf(1 - _TAIL, n_cells - 1) / stats.norm.ppf(1 - _TAIL)
    )
    return CeilingGain(estimate, estimate + wider * (low - estimate), estimate + wider * (high - estimate))


@typed
def fitted_curve(
    means: Float64[Array, " doses"],
    exposures: Float64[Array, " doses"],
    at: Float64[Array, " points"],
    *,
    chance: float = 0.5,
) -> Float64[Array, " points"]:
    """Give the curve through mean scores at any exposures, negative ones included.

    Parameters
    ----------
    means, exposures
        Mean score of all cells at each dose, and the doses.
    at
        Exposures; negative ones are labels with less noise than observed.
    chance
        As in :func:`ceiling_gain`.
    """
    height, k = _fit(means[None], exposures, chance)
    left = np.exp(-at)
    return np.asarray(chance + height[0] * np.sqrt(1 + k[0]) * left / np.sqrt(left**2 + k[0]))


def _fit(means: Array, exposures: Array, chance: float) -> tuple[Array, Array]:
    """Least squares of a and k for many mean curves at once; gives the fitted score without noise, and k.

    Shape of ``means`` (n_curves, n_doses). For each k that is tried, the best height is in closed form.
    """
    left = np.exp(-exposures)
    shape = np.sqrt(1 + _STEPS[:, None]) * left / np.sqrt(left**2 + _STEPS[:, None])
    above = means - chance
    squared = (shape**2).sum(axis=1)
    height = np.maximum(above @ shape.T / squared, 0.0)
    error = height**2 * squared - 2 * height * (above @ shape.T)
    best = error.argmin(axis=1)
    return height[np.arange(len(best)), best], _STEPS[best]


def _gains(means: Array, exposures: Array, label_exposure: float, chance: float) -> Array:
    """Continue each mean curve to the noise-free labels, minus its score on the observed ones."""
    height, k = _fit(means, exposures, chance)
    clean = np.exp(label_exposure)
    return np.asarray(chance + height * np.sqrt(1 + k) * clean / np.sqrt(clean**2 + k) - means[:, 0])


def _fit_variance(scores: Array, exposures: Array) -> float:
    """Estimate the variance of one cell's score that comes from its noise draw and fit alone.

    Each cell has a level and a slope of its own beside the common curve; what is left over is that noise.
    """
    line = np.vander(exposures, 2, increasing=True)
    left_over = (scores - scores.mean(axis=0)) @ (np.eye(len(exposures)) - line @ np.linalg.pinv(line))
    return float((left_over**2).sum() / ((len(scores) - 1) * (len(exposures) - 2)))
