"""Paired statistics of the gate: scipy's tests on arrays, several series at once.

A single pair, or differences that are all the same, have no t, no effect size and no p-value: NaN in these
arrays, None in every record and table.

References
----------
.. [1] Student (1908), "The Probable Error of a Mean", Biometrika 6: the paired t-test.
.. [2] Wilcoxon (1945), "Individual Comparisons by Ranking Methods", Biometrics Bulletin 1.
.. [3] Cohen (1988), *Statistical Power Analysis for the Behavioral Sciences*, 2nd ed., section 2.3.5: d of
   paired differences, their mean over their standard deviation.
.. [4] Benjamini & Hochberg (1995), "Controlling the False Discovery Rate", JRSS B 57; under the positive
   dependence of a shared baseline by Benjamini & Yekutieli (2001), Annals of Statistics 29.
.. [5] Efron (1979), "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 7.
.. [6] Bertrand, Duflo & Mullainathan (2004), "How Much Should We Trust Differences-in-Differences
   Estimates?", QJE 119: cells that share a shock are collapsed to one mean a cluster before the test.
.. [7] Hall (1992), *The Bootstrap and Edgeworth Expansion*, sections 2.5 and 3.5: quantiles of a mean's
   bootstrap distribution from its moments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.typed import Array, Float64, Int64, typed

#: Differences smaller than this share of the compared values are rounding, not effect.
_ROUNDING = 1e-12
#: Numbers that the bootstrap draws at once, 8 MB whatever the number of pairs. The batch size changes no bit.
_DRAWN_AT_ONCE = 1_000_000


@dataclass(frozen=True, eq=False)
class PairedT:
    """Student's paired t-test of one or many series; every array has one element a series.

    Attributes
    ----------
    mean, ci_low, ci_high
        Mean difference with its t interval; for equal differences the interval is the mean itself.
    t, p
        Statistic and two-sided p-value against a mean of 0.
    d
        Cohen's d of the paired differences.
    """

    mean: Float64[Array, "*series"]
    ci_low: Float64[Array, "*series"]
    ci_high: Float64[Array, "*series"]
    t: Float64[Array, "*series"]
    p: Float64[Array, "*series"]
    d: Float64[Array, "*series"]


@typed
def paired_differences(
    level: Float64[Array, " pairs"], baseline: Float64[Array, " pairs"]
) -> Float64[Array, " pairs"]:
    """Subtract the baseline, free of rounding: equal differences are exactly equal, equal values differ by 0.

    Parameters
    ----------
    level, baseline
        A metric of both, pair by pair, shape (n_pairs,).

    Examples
    --------
    >>> import numpy as np
    >>> paired_differences(np.array([0.3, 0.7]), np.array([0.2, 0.6]))
    array([0.1, 0.1])
    """
    if not len(level):
        return level
    rounding = _ROUNDING * max(np.abs(level).max(), np.abs(baseline).max())
    differences = level - baseline
    differences[np.abs(differences) <= rounding] = 0.0
    return _without_rounding(differences, rounding)


@typed
def paired_t(differences: Float64[Array, "*series pairs"], confidence: float = 0.95) -> PairedT:
    """Test paired differences against 0 [1]_, with interval and Cohen's d [3]_.

    Parameters
    ----------
    differences
        From :func:`paired_differences`, shape (..., n_pairs).
    confidence
        Coverage of the interval.
    """
    from scipy import stats  # seconds to import

    series, n = differences.shape[:-1], differences.shape[-1]
    unknown = np.full(series, np.nan)
    mean = np.asarray(differences.mean(axis=-1)) if n else unknown
    if n < 2:
        return PairedT(mean, *(unknown.copy() for _ in range(5)))
    varies = np.asarray(np.ptp(differences, axis=-1) > 0)
    mean = np.where(varies, mean, differences[..., 0])
    ci_low, ci_high, t, p, d = mean.copy(), mean.copy(), *(unknown.copy() for _ in range(3))
    if varies.any():
        test = stats.ttest_1samp(differences[varies], 0.0, axis=-1)
        interval = test.confidence_interval(confidence)
        ci_low[varies], ci_high[varies] = interval.low, interval.high
        t[varies], p[varies] = test.statistic, test.pvalue
        d[varies] = test.statistic / np.sqrt(n)
    return PairedT(mean, ci_low, ci_high, t, p, d)


@typed
def cluster_means(
    differences: Float64[Array, "*series pairs"], clusters: Int64[Array, " pairs"]
) -> Float64[Array, "*series clusters"]:
    """Average the differences of each cluster, clusters in increasing order [6]_.

    Clusters of the same size are averaged in one call, so thousands of them need no loop. Every mean has the
    bits of a mean over its pairs alone, because numpy sums a row of a matrix in the order in which it sums a
    vector.
    """
    by_cluster = np.argsort(clusters, kind="stable")
    _, first, sizes = np.unique(clusters[by_cluster], return_index=True, return_counts=True)
    means = np.empty((*differences.shape[:-1], len(sizes)))
    for size in np.unique(sizes):
        of_size = np.flatnonzero(sizes == size)
        members = by_cluster[first[of_size, None] + np.arange(size)]
        # Indexing may give a transposed layout, whose sum would run in another order.
        means[..., of_size] = np.ascontiguousarray(differences[..., members]).mean(axis=-1)
    if not len(sizes):
        return means
    return _without_rounding(means, _ROUNDING * np.abs(differences).max(axis=-1, keepdims=True))


@typed
def benjamini_hochberg(p: Float64[Array, "*families tests"]) -> Float64[Array, "*families tests"]:
    """Correct p-values within each family [4]_.

    A test that was not possible (NaN) counts as p = 1, so that it never makes the others look better, and
    stays NaN.

    Parameters
    ----------
    p
        P-values, shape (..., n_tests); every last axis is a family.

    Examples
    --------
    >>> import numpy as np
    >>> benjamini_hochberg(np.array([0.01, 0.02, 0.03, np.nan]))
    array([0.04, 0.04, 0.04,  nan])
    """
    from scipy import stats

    if not p.shape[-1]:
        return p
    corrected: Array = stats.false_discovery_control(np.nan_to_num(p, nan=1.0), axis=-1, method="bh")
    return np.where(np.isnan(p), np.nan, corrected)


@typed
def wilcoxon_p(differences: Float64[Array, " pairs"]) -> float | None:
    """Give the two-sided p-value of the signed-rank test [2]_; None for one pair, or if no pair differs."""
    from scipy import stats

    if len(differences) < 2 or not differences.any():
        return None
    return float(stats.wilcoxon(differences).pvalue)


@typed
def bootstrap_interval(
    differences: Float64[Array, " pairs"],
    *,
    draws: int,
    seed: int,
    most_pairs: int,
    confidence: float = 0.95,
) -> tuple[float, float] | None:
    """Percentile bootstrap interval of the mean [5]_, resampling pairs; None for fewer than two.

    Up to ``most_pairs`` pairs are resampled. Beyond, the interval is that of infinitely many resamples, by
    the Cornish-Fisher expansion [7]_ of the mean of n pairs drawn with replacement, whose standard error is s
    / sqrt(n) and whose skewness is that of the differences, g, over sqrt(n):

        mean + s / sqrt(n) (z + (z^2 - 1) g / (6 sqrt(n)))

    The terms left out fall with 1 / n: at 5,000 exponential differences they are below a ten-thousandth of
    the standard error, while the ends of an interval from 2,000 resamples scatter by 6 % of it. Resampling
    would take longer and be less exact.

    Parameters
    ----------
    differences
        From :func:`paired_differences`.
    draws, seed
        Number of resamples and their seed; equal seeds give equal bits.
    most_pairs
        Number of pairs up to which the pairs are resampled.
    confidence
        Coverage of the interval.
    """
    from scipy import stats

    n = len(differences)
    if n < 2:
        return None
    if n > most_pairs:
        low, high = _limit_of_the_bootstrap(differences, np.array([1 - confidence, 1 + confidence]) / 2)
        return float(low), float(high)
    interval = stats.bootstrap(
        (differences,),
        np.mean,
        n_resamples=draws,
        batch=max(1, _DRAWN_AT_ONCE // n),
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(interval.low), float(interval.high)


def _limit_of_the_bootstrap(differences: Array, levels: Array) -> Array:
    from scipy import stats

    mean, standard_error = differences.mean(), differences.std() / np.sqrt(len(differences))
    # Equal differences have no skewness, and an interval without width needs none.
    skewness = stats.skew(differences) / np.sqrt(len(differences)) if standard_error else 0.0
    z = stats.norm.ppf(levels)
    ends: Array = mean + standard_error * (z + (z**2 - 1) * skewness / 6)
    return ends


def _without_rounding(values: Array, rounding: float) -> Array:
    """Make series exactly constant that vary through rounding only."""
    constant = np.ptp(values, axis=-1, keepdims=True) <= rounding
    return np.where(constant, values[..., :1], values)
