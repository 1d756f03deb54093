"""The standard error of a mean over cells that share their weeks, and the tests that stand on it.

Cells of one fold cover the same weeks of the same market, so they are not independent. What varies is taken
by cluster and summed before it is squared [1]_. The clusters of ``roc_auc`` are calendar weeks: the influence
of each test row on a cell's AUC [2]_, summed by week over all cells, says how far the mean difference of two
fixed models moves with the weeks that happened to be tested. A fixed pair of models always differs, so the
variance that the seeds of the fits alone give the mean is added. The other metrics have no such influence
and are clustered by fold.

The influence of a cell is measured around the cell's own AUC and sums to 0 over its weeks. So W weeks in F
folds have only W - F degrees of freedom; with one fold these are the usual W - 1. docs/gate.md compares the
two.

References
----------
.. [1] Cameron & Miller (2015), "A Practitioner's Guide to Cluster-Robust Inference", Journal of Human
   Resources 50; the correction G / (G - 1) for G clusters, t with G - 1 degrees of freedom.
.. [2] DeLong, DeLong & Clarke-Pearson (1988), "Comparing the Areas under Two or More Correlated Receiver
   Operating Characteristic Curves", Biometrics 44: the placements of the rows are the AUC's influence.
.. [3] Bloom (1995), "Minimum Detectable Effects", Evaluation Review 19: the smallest effect that a design
   finds is a multiple of its standard error.
.. [4] Fisher (1935), *The Design of Experiments*, section 21: under no effect every difference could as well
   have the other sign.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.typed import Array, Float64, Int64, typed

#: Chance with which :func:`smallest_visible` is found.
POWER = 0.80


@dataclass(frozen=True)
class ErrorOfMean:
    """The variance of a mean difference and where it comes from.

    Attributes
    ----------
    clusters
        What counts as one observation: one of
        :data:`~ftf_assets.contracts.tables.gate_decision.CLUSTER_KINDS`.
    n_clusters, degrees_of_freedom
        Number of clusters, and of degrees of freedom of t.
    variance
        Of the mean; NaN for a single cluster.
    week_variance, seed_variance
        Its parts; None for clusters other than weeks, and a seed_variance that is unknown.
    seed_source
        One of :data:`~ftf_assets.contracts.tables.gate_decision.SEED_SOURCES`; None for other clusters.
    """

    clusters: str
    n_clusters: int
    degrees_of_freedom: int
    variance: float
    week_variance: float | None = None
    seed_variance: float | None = None
    seed_source: str | None = None


@dataclass(frozen=True)
class MeanTest:
    """Student's t-test of a mean difference against 0, and the smallest effect that it finds.

    Attributes
    ----------
    standard_error, t, p, low, high
        Standard error, statistic, two-sided p-value and ends of the interval; None where untestable.
    visible
        Smallest true difference found with 80 % power; None where untestable.
    """

    standard_error: float | None = None
    t: float | None = None
    p: float | None = None
    low: float | None = None
    high: float | None = None
    visible: float | None = None


@typed
def cluster_variance(
    differences: Float64[Array, "*series pairs"], clusters: Int64[Array, " pairs"]
) -> Float64[Array, "*series"]:
    """Give the cluster-robust variance of the mean [1]_; NaN for a single cluster.

    Equal to the variance of the mean of the cluster means where all clusters have the same size.

    Examples
    --------
    Two clusters of two pairs, whose means are 0.2 apart:

    >>> import numpy as np
    >>> round(float(cluster_variance(np.array([0.1, 0.3, 0.3, 0.5]), np.array([0, 0, 1, 1]))), 4)
    0.01
    """
    n = differences.shape[-1]
    _, number = np.unique(clusters, return_inverse=True)
    n_clusters = int(number.max()) + 1 if n else 0
    if n_clusters < 2:
        return np.full(differences.shape[:-1], np.nan)
    residuals = (differences - differences.mean(axis=-1, keepdims=True)) / n
    member = number == np.arange(n_clusters)[:, None]
    sums = np.stack([residuals[..., of].sum(axis=-1) for of in member], axis=-1)
    variance: Array = np.asarray((sums**2).sum(axis=-1) * n_clusters / (n_clusters - 1))
    return variance


@typed
def week_variance(
    influence: Float64[Array, "*series pairs weeks"], n_folds: int
) -> Float64[Array, "*series"]:
    """Give the variance of a mean difference in AUC that comes from the weeks that were tested.

    Parameters
    ----------
    influence
        Level minus baseline, by pair and week; 0 where a pair has no test row in a week.
    n_folds
        Number of folds, in each of which the influence sums to 0; below the number of weeks.
    """
    n_pairs, n_weeks = influence.shape[-2:]
    by_week = influence.sum(axis=-2) / n_pairs
    variance: Array = np.asarray((by_week**2).sum(axis=-1) * n_weeks / (n_weeks - n_folds))
    return variance


@typed
def seed_variance(scores: Float64[Array, "*series pairs repeats"]) -> Float64[Array, "*series"]:
    """Give the variance that the seeds alone give a mean over cells that average all their repeats.

    Parameters
    ----------
    scores
        Of single fits: level minus baseline, pair by pair and repeat by repeat, at least two of them. A seed
        that level and baseline share cancels by itself.
    """
    n_pairs, n_repeats = scores.shape[-2:]
    variance: Array = np.asarray(scores.var(axis=-1, ddof=1).mean(axis=-1) / n_repeats / n_pairs)
    return variance


@typed
def mean_test(mean: float, error: ErrorOfMean, confidence: float) -> MeanTest:
    """Test a mean against 0; without any variance nothing is tested: :func:`sign_flip_p` judges that."""
    from scipy import stats  # seconds to import

    if not error.variance > 0:
        return MeanTest()
    standard_error, df = math.sqrt(error.variance), error.degrees_of_freedom
    t = mean / standard_error
    reach = float(stats.t.ppf((1 + confidence) / 2, df)) * standard_error
    return MeanTest(
        standard_error,
        t,
        float(2 * stats.t.sf(abs(t), df)),
        mean - reach,
        mean + reach,
        visible_multiple(float(df), 1 - confidence) * standard_error,
    )


@typed
def p_above(mean: float, error: ErrorOfMean) -> float | None:
    """Give the one-sided p-value of a mean above 0; None where there is no variance."""
    from scipy import stats

    if not error.variance > 0:
        return None
    return float(stats.t.sf(mean / math.sqrt(error.variance), error.degrees_of_freedom))


@typed
def visible_multiple(degrees_of_freedom: float, alpha: float = 0.05, power: float = POWER) -> float:
    """Give the smallest effect found with ``power`` at two-sided ``alpha``, in standard errors [3]_.

    Examples
    --------
    Bloom's table 1 gives 2.80 for many degrees of freedom; five fold means have 4.

    >>> round(visible_multiple(1e6), 2), round(visible_multiple(4.0), 2)
    (2.8, 3.72)
    """
    # The function behind ``scipy.stats.t.ppf``, which looks at its arguments for 30 µs more: the search
    # for designs that see an effect calls this thousands of times.
    from scipy.special import stdtrit

    return float(stdtrit(degrees_of_freedom, 1 - alpha / 2) + stdtrit(degrees_of_freedom, power))


@typed
def sign_flip_p(n_equal: int) -> float:
    """Give the two-sided p-value of ``n_equal`` equal differences by the sign-flip test [4]_.

    Of the 2^n ways to give the differences signs two are as extreme.

    Examples
    --------
    >>> sign_flip_p(1), sign_flip_p(5), sign_flip_p(6)
    (1.0, 0.0625, 0.03125)
    """
    return float(2.0 ** (1 - n_equal))
