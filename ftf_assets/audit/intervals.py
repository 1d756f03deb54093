"""Intervals of what the audit measures: bursts are the sample, and seeds repeat the draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.typed import Array, Float64, Int64, typed

#: Number of resamples behind every interval.
N_RESAMPLES = 200


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its 95 % interval.

    Attributes
    ----------
    value, low, high
        The mean and the ends of its interval.
    standard_error
        Standard error of the mean; the interval is 1.96 of it to either side.
    """

    value: float
    low: float
    high: float
    standard_error: float

    @property
    def p_value(self) -> float:
        """One-sided p-value of the value being above 0."""
        from scipy.stats import norm

        if self.standard_error == 0:
            return 0.0 if self.value > 0 else 1.0
        return float(norm.sf(self.value / self.standard_error))


@typed
def burst_resamples(
    n_bursts: int, random: np.random.Generator, n_resamples: int = N_RESAMPLES
) -> Int64[Array, "resamples bursts"]:
    """Draw bursts with replacement, and count how often each resample holds each burst.

    Parameters
    ----------
    n_bursts
        Number of bursts in one draw of the noise.
    random
        Equal generators give equal resamples.
    n_resamples
        Number of resamples: rows of the result, of shape (n_resamples, n_bursts); every row sums to
        ``n_bursts``.
    """
    if n_bursts == 0:
        return np.zeros((n_resamples, 0), np.int64)
    return random.multinomial(n_bursts, np.full(n_bursts, 1.0 / n_bursts), size=n_resamples).astype(np.int64)


@typed
def estimate(
    per_seed: Float64[Array, " seeds"], resampled: Float64[Array, "seeds resamples"], *, drawn: bool
) -> Estimate:
    """Average over seeds, with an interval by burst.

    The errors of one burst are one observation, so the variance of a seed's value comes from resamples of its
    bursts (a cluster bootstrap; Cameron, Gelbach and Miller 2008, REStat 90). Seeds that drew their own noise
    are independent: the variance of their mean is the larger of the mean burst variance and the variance
    between seeds, divided by their number. Seeds that share one noise repeat the models only: the variance of
    the bursts does not shrink, and that between the seeds is added. The interval is the mean plus and minus
    1.96 standard errors. The resamples give the spread and not the centre, because copies of a burst tie with
    each other.

    Parameters
    ----------
    per_seed
        The value of each seed, shape (n_seeds,).
    resampled
        The value of every resample of each seed's bursts, shape (n_seeds, n_resamples); where seeds share one
        noise, resample b of every seed holds the same bursts.
    drawn
        Whether each seed drew its own noise.
    """
    n_seeds = len(per_seed)
    between = float(per_seed.var(ddof=1)) if n_seeds > 1 else 0.0
    if drawn:
        within = float(np.nanvar(resampled, axis=1, ddof=1).mean())
        variance = max(within, between) / n_seeds
    else:
        variance = float(np.nanvar(resampled.mean(axis=0), ddof=1)) + between / n_seeds
    value, error = float(per_seed.mean()), float(np.sqrt(variance))
    return Estimate(value, value - 1.96 * error, value + 1.96 * error, error)
