"""What picking the best level by a metric promises too much: shown beside the verdicts, decides nothing.

Whoever tries several levels and keeps the best one overestimates it, because the best is partly the luckiest.
Two numbers say by how much. The probability of backtest overfitting [1]_ splits the cells in halves in every
way, picks the best variant in one half, and asks how it ranks in the other. The deflated Sharpe ratio [2]_
asks whether the weekly returns of the picked variant beat those of the luckiest of as many variants without
skill.

References
----------
.. [1] Bailey, Borwein, López de Prado & Zhu (2017), "The Probability of Backtest Overfitting", Journal of
   Computational Finance 20 (4): combinatorially symmetric cross-validation.
.. [2] Bailey & López de Prado (2014), "The Deflated Sharpe Ratio: Correcting for Selection Bias, Backtest
   Overfitting, and Non-Normality", Journal of Portfolio Management 40 (5).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ftf_assets.contracts.typed import Array, Float64, typed

#: Most groups into which the cells are cut: 16 groups, as the paper recommends, give 12,870 splits.
MOST_GROUPS = 16
#: Fewest groups, and cells: with two groups each half is one group, and nothing varies.
FEWEST_GROUPS = 4
#: Fewest weeks of which a Sharpe ratio and its moments say anything.
FEWEST_WEEKS = 20
_EULER_MASCHERONI = 0.5772156649015329
_WEEKS_A_YEAR = 52


@dataclass(frozen=True)
class Overfitting:
    """How a pick in one half of the cells does in the other half, over all splits.

    Attributes
    ----------
    n_cells, n_groups, n_splits
        Cells in which every variant is measured, groups that they are cut into, and splits of the groups in
        two halves.
    probability
        Share of the splits in which the pick of one half is no better than the median variant of the other.
    gain_picked, gain_kept
        Mean difference of the pick from the baseline, in the half where it was picked and in the other one.
    loses
        Share of the splits in which the pick is worse than the baseline in the other half.
    """

    n_cells: int
    n_groups: int
    n_splits: int
    probability: float
    gain_picked: float
    gain_kept: float
    loses: float


@dataclass(frozen=True)
class DeflatedSharpe:
    """A Sharpe ratio beside that of the luckiest of several variants without skill; ratios are per week.

    Attributes
    ----------
    sharpe
        Mean over standard deviation of the returns.
    expected_maximum
        Largest Sharpe ratio to expect of ``n_trials`` variants whose true ratio is 0.
    probability
        Probability that the true ratio is above ``expected_maximum``: the deflated Sharpe ratio.
    n_trials, n_weeks
        Variants tried, and returns.
    skewness, kurtosis
        Of the returns; 0 and 3 for normal ones.
    """

    sharpe: float
    expected_maximum: float
    probability: float
    n_trials: int
    n_weeks: int
    skewness: float
    kurtosis: float

    @property
    def sharpe_a_year(self) -> float:
        """The Sharpe ratio per year of 52 weeks."""
        return self.sharpe * math.sqrt(_WEEKS_A_YEAR)

    @property
    def expected_maximum_a_year(self) -> float:
        """The expected maximum per year of 52 weeks."""
        return self.expected_maximum * math.sqrt(_WEEKS_A_YEAR)


@dataclass(frozen=True)
class Selection:
    """What picking the best variant by a metric promises too much.

    Attributes
    ----------
    metric
        The metric that picks; higher is better.
    variants
        The variants that could be picked, the baseline first.
    picked
        The variant with the largest mean of the metric.
    overfitting
        None with fewer than two variants or four cells.
    sharpe
        Of the weekly portfolio returns of ``picked``; None where they are unknown, too few or constant.
    """

    metric: str
    variants: tuple[str, ...]
    picked: str
    overfitting: Overfitting | None
    sharpe: DeflatedSharpe | None


@typed
def select(
    metric: str,
    variants: tuple[str, ...],
    scores: Float64[Array, "cells variants"],
    returns: Float64[Array, "weeks variants"] | None,
) -> Selection:
    """Pick the best variant and measure what that pick promises too much.

    Parameters
    ----------
    metric, variants
        As in :class:`Selection`.
    scores
        The metric of each cell and variant, in order of time; no value is missing.
    returns
        Mean net return over the cryptos of each week and variant, 0 in a week without a trade; None where
        unknown.
    """
    best = int(np.argmax(scores.mean(axis=0)))
    sharpe = None
    if returns is not None and len(returns) >= FEWEST_WEEKS and len(variants) > 1:
        ratios = _sharpe_ratios(returns)
        if math.isfinite(ratios[best]):
            known = ratios[np.isfinite(ratios)]
            spread = float(known.var(ddof=1)) if len(known) > 1 else 0.0
            sharpe = deflated_sharpe(returns[:, best], n_trials=len(variants), variance=spread)
    return Selection(metric, variants, variants[best], overfitting(scores), sharpe)


@typed
def overfitting(scores: Float64[Array, "cells variants"], n_groups: int = MOST_GROUPS) -> Overfitting | None:
    """Estimate the probability of backtest overfitting by combinatorially symmetric cross-validation.

    The cells are cut into an even number of groups of neighbours in time, as equal as possible. Every choice
    of half of the groups picks the variant with the largest mean over its cells. Of n variants the pick has
    rank r in the other half, 1 for the worst, and relative rank r / (n + 1); equal values share their mean
    rank. The split counts as overfitted if the relative rank is at most a half.

    Parameters
    ----------
    scores
        As :func:`select` takes them; the first variant is the baseline.
    n_groups
        Largest number of groups; there are never more groups than cells.

    Returns
    -------
    Overfitting or None
        None with fewer than two variants or four cells.

    Warnings
    --------
    If all variants are equally good, the mean over sweeps is a half for an even number of variants and more
    for an odd one, whose median counts (0.61 for five). A single sweep can give nearly anything: of 1,000
    draws of 12 cells and five variants without a difference, nine in ten lay between 0.15 and 0.97.

    Examples
    --------
    The second variant is better in every cell, so it is always the right pick.

    >>> overfitting(np.array([[0.50, 0.52], [0.51, 0.55], [0.49, 0.50], [0.50, 0.54]])).probability
    0.0
    """
    from scipy.stats import rankdata

    n_cells, n_variants = scores.shape
    n_groups = min(n_groups, n_cells) // 2 * 2
    if n_variants < 2 or n_groups < FEWEST_GROUPS:
        return None
    groups = np.array_split(scores, n_groups)
    sums, sizes = (
        np.array([group.sum(axis=0) for group in groups]),
        np.array([len(group) for group in groups]),
    )
    halves = np.zeros((math.comb(n_groups, n_groups // 2), n_groups))
    for split, chosen in enumerate(combinations(range(n_groups), n_groups // 2)):
        halves[split, list(chosen)] = 1
    here = halves @ sums / (halves @ sizes)[:, None]
    there = (1 - halves) @ sums / ((1 - halves) @ sizes)[:, None]
    # Rounded, so that equal variants tie whatever the order of their sums.
    here, there = here.round(12), there.round(12)
    splits, pick = np.arange(len(halves)), here.argmax(axis=1)
    rank = rankdata(there, axis=1)[splits, pick]
    kept = there[splits, pick] - there[:, 0]
    return Overfitting(
        n_cells=n_cells,
        n_groups=n_groups,
        n_splits=len(halves),
        probability=float(np.mean(rank / (n_variants + 1) <= 0.5)),
        gain_picked=float(np.mean(here[splits, pick] - here[:, 0])),
        gain_kept=float(np.mean(kept)),
        loses=float(np.mean(kept < 0)),
    )


@typed
def deflated_sharpe(returns: Float64[Array, " weeks"], *, n_trials: int, variance: float) -> DeflatedSharpe:
    """Compare the Sharpe ratio of returns with the largest one to expect of variants without skill.

    Parameters
    ----------
    returns
        Returns of equal periods, not all equal.
    n_trials
        Number of variants that were tried. Variants that resemble each other count as fewer, so this errs on
        the strict side.
    variance
        Variance of the Sharpe ratios of these variants, per period.
    """
    from scipy.stats import kurtosis, skew

    sharpe = float(returns.mean() / returns.std(ddof=1))
    moments = float(skew(returns)), float(kurtosis(returns, fisher=False))
    expected = expected_maximum(n_trials, variance)
    probability = probability_above(sharpe, expected, len(returns), *moments)
    return DeflatedSharpe(sharpe, expected, probability, n_trials, len(returns), *moments)


@typed
def expected_maximum(n_trials: int, variance: float) -> float:
    """Give the largest Sharpe ratio to expect of normal ratios with mean 0; 0 for a single trial.

    Examples
    --------
    The example of the paper: 100 trials, annual ratios with a variance of 0.5, 250 days a year.

    >>> round(expected_maximum(100, 0.5 / 250), 4)
    0.1132
    """
    from scipy.stats import norm

    if n_trials < 2:
        return 0.0
    first, second = norm.ppf(1 - 1 / n_trials), norm.ppf(1 - 1 / (n_trials * math.e))
    return float(math.sqrt(variance) * ((1 - _EULER_MASCHERONI) * first + _EULER_MASCHERONI * second))


@typed
def probability_above(sharpe: float, bound: float, n: int, skewness: float, kurtosis: float) -> float:
    """Give the probability that the true Sharpe ratio is above a bound: the probabilistic Sharpe ratio.

    Parameters
    ----------
    sharpe, bound
        The observed ratio and the bound, both per period.
    n
        Number of returns.
    skewness, kurtosis
        Of the returns; 0 and 3 for normal ones.

    Examples
    --------
    The example of the paper: an annual ratio of 2.5 over 1,250 days looks certain, but not after 100 trials.

    >>> round(probability_above(2.5 / 250**0.5, expected_maximum(100, 0.5 / 250), 1250, -3.0, 10.0), 4)
    0.9004
    """
    from scipy.stats import norm

    spread = 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2
    return float(norm.cdf((sharpe - bound) * math.sqrt(n - 1) / math.sqrt(spread)))


def _sharpe_ratios(returns: Array) -> Array:
    spread = returns.std(axis=0, ddof=1)
    ratios: Array = np.divide(
        returns.mean(axis=0), spread, out=np.full(returns.shape[1], np.nan), where=spread > 0
    )
    return ratios


@typed
def selection_in_words(one: Selection) -> list[str]:
    """Say what the pick promises too much, in sentences; empty where nothing could be picked."""
    from ftf_assets.gate.words import metric_in_words, signed_in_words

    if len(one.variants) < 2:
        return []
    metric = metric_in_words(one.metric)
    said = [f"Of {len(one.variants)} variants, {one.picked} has the best mean {metric}."]
    found, ratio = one.overfitting, one.sharpe
    if found is not None:
        said += [
            f"Probability of backtest overfitting: {found.probability:.0%}. In so many of {found.n_splits:,} "
            f"splits of the {found.n_cells} cells, the variant that is best in one half is no better than "
            "the median one in the other; luck alone gives a half to two thirds on average.",
            f"Over the baseline the pick gains {signed_in_words(found.gain_picked)} in {metric} in the half "
            f"where it is picked, and {signed_in_words(found.gain_kept)} in the other.",
        ]
    if ratio is not None:
        said += [
            f"Deflated Sharpe ratio: {ratio.probability:.0%}, the probability that {one.picked} is truly "
            "better than luck. The Sharpe ratio of its weekly returns is "
            f"{_ratio(ratio.sharpe_a_year)} a year over {ratio.n_weeks} weeks; that of the luckiest of "
            f"{ratio.n_trials} variants without skill would be {_ratio(ratio.expected_maximum_a_year)}.",
        ]
    return said


def _ratio(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")
