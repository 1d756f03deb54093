"""What a sweep of another size could see: the smallest visible effect from the parts of the variance.

The variance of a mean difference has two parts. Weeks: each crypto's difference varies from week to week, in
part together with the other cryptos', so more cryptos average out only their own part. Seeds: each cell's
difference varies with the seeds of its fits. More folds cut the same weeks finer: they add cells, so they
help against the seeds, and cost degrees of freedom.

    variance = week_sd² / W · (1 / C + (1 - 1 / C) · week_correlation) + seed_sd² / (R · F · C)

for W weeks of test history, C cryptos, F folds and R seeds: the components of variance of a two-way random
layout [1]_.

References
----------
.. [1] Searle, Casella & McCulloch (1992), *Variance Components*, chapter 4.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ftf_assets.contracts.typed import Array, Float64, Int64, typed
from ftf_assets.gate.clustered import visible_multiple

WEEKS_A_MONTH = 365.25 / 12 / 7
#: Largest designs that advice may name.
_MOST_MONTHS, _MOST_CRYPTOS, _MOST_SEEDS = 60, 40, 32


@dataclass(frozen=True)
class VarianceParts:
    """What the difference between a level and the baseline varies with, in units of the metric.

    Attributes
    ----------
    week_sd
        Standard deviation of the difference of one crypto in one week.
    week_correlation
        Correlation of that difference between two cryptos in the same week.
    seed_sd
        Standard deviation of a cell's difference between single fits of other seeds; 0 where unknown.
    """

    week_sd: float
    week_correlation: float
    seed_sd: float


@dataclass(frozen=True)
class Design:
    """The size of a sweep.

    Attributes
    ----------
    cryptos, folds, seeds
        Number of cryptos, of folds, and of fits that a cell averages.
    months
        Months of test history, all folds together.
    """

    cryptos: int
    months: float
    folds: int
    seeds: int

    @property
    def weeks(self) -> float:
        """Weeks of test history."""
        return self.months * WEEKS_A_MONTH


@typed
def variance_parts(
    influence: Float64[Array, "pairs weeks"],
    cryptos: Int64[Array, " pairs"],
    n_folds: int,
    seed_variance_of_fit: float,
) -> VarianceParts:
    """Estimate the parts of the variance from the weekly influence of a measured level.

    Parameters
    ----------
    influence
        Level minus baseline by pair and week, 0 where a pair has no test row.
    cryptos
        Number of the crypto of each pair.
    n_folds
        Folds of the pairs, fewer than weeks.
    seed_variance_of_fit
        Variance of a cell's difference between single fits.
    """
    n_pairs, n_weeks = influence.shape
    _, number = np.unique(cryptos, return_inverse=True)
    n_cryptos = int(number.max()) + 1
    by_crypto = np.stack([influence[number == one].sum(axis=0) for one in range(n_cryptos)]) / n_pairs
    correction = n_weeks / (n_weeks - n_folds)
    together = float((by_crypto.sum(axis=0) ** 2).sum() * correction)
    own = float((by_crypto**2).sum() * correction)
    variance = own * n_weeks * n_cryptos
    correlation = 0.0
    if n_cryptos > 1 and own > 0:
        share = together / own  # 1 + (C - 1) times the correlation
        correlation = float(np.clip((share - 1) / (n_cryptos - 1), -1 / (n_cryptos - 1), 1.0))
    return VarianceParts(math.sqrt(variance), correlation, math.sqrt(seed_variance_of_fit))


@typed
def standard_error(parts: VarianceParts, design: Design) -> float:
    """Give the standard error of a mean difference in a design."""
    week, seed = _variances(parts, design)
    return math.sqrt(week + seed)


@typed
def seed_share(parts: VarianceParts, design: Design) -> float:
    """Give the share of the variance that comes from the seeds, 0 to 1."""
    week, seed = _variances(parts, design)
    return seed / (week + seed) if week + seed > 0 else 0.0


@typed
def smallest_visible(parts: VarianceParts, design: Design, *, alpha: float = 0.05) -> float:
    """Give the smallest true difference that a design finds with 80 % power at two-sided ``alpha``.

    Examples
    --------
    Twice the months of history see an effect smaller by more than √2, since the t quantiles shrink as well.

    >>> parts = VarianceParts(week_sd=0.1, week_correlation=0.1, seed_sd=0.01)
    >>> half, whole = Design(5, 6, 5, 4), Design(5, 12, 5, 4)
    >>> round(smallest_visible(parts, half), 4), round(smallest_visible(parts, whole), 4)
    (0.0306, 0.0212)
    """
    degrees_of_freedom = max(design.weeks - design.folds, 1.0)
    return visible_multiple(degrees_of_freedom, alpha) * standard_error(parts, design)


@typed
def designs_that_see(
    effect: float, parts: VarianceParts, design: Design, *, alpha: float = 0.05
) -> dict[str, Design]:
    """Find for ``months``, ``cryptos`` and ``seeds`` how far each alone must grow until an effect is visible.

    Parameters
    ----------
    effect
        The true difference that is to be seen.
    parts, design
        The parts of the variance, and the design as it is.
    alpha
        Two-sided level of significance.

    Returns
    -------
    dict
        Design by what grows; without those that reach the effect at no reasonable size (60 months, 40
        cryptos, 32 seeds), and empty where the design sees the effect already.
    """
    if smallest_visible(parts, design, alpha=alpha) <= effect:
        return {}

    def first(grow: Callable[[int], Design], start: int, most: int) -> Design | None:
        grown = (grow(size) for size in range(start, most + 1))
        return next((one for one in grown if smallest_visible(parts, one, alpha=alpha) <= effect), None)

    found = {
        "months": first(lambda n: replace(design, months=float(n)), math.ceil(design.months), _MOST_MONTHS),
        "cryptos": first(lambda n: replace(design, cryptos=n), design.cryptos + 1, _MOST_CRYPTOS),
        "seeds": first(lambda n: replace(design, seeds=n), design.seeds + 1, _MOST_SEEDS),
    }
    return {name: one for name, one in found.items() if one is not None}


@typed
def designs_in_words(found: dict[str, Design], design: Design) -> str:
    """Write designs as a choice.

    Examples
    --------
    >>> now = Design(5, 6.2, 5, 4)
    >>> designs_in_words({"months": Design(5, 14, 5, 4), "seeds": Design(5, 6.2, 5, 9)}, now)
    '14 months of test history instead of 6.2, or 9 seeds instead of 4'
    """
    said = []
    if "months" in found:
        said.append(f"{found['months'].months:.0f} months of test history instead of {design.months:.2g}")
    if "cryptos" in found:
        said.append(f"{found['cryptos'].cryptos} cryptos instead of {design.cryptos}")
    if "seeds" in found:
        said.append(f"{found['seeds'].seeds} seeds instead of {design.seeds}")
    return ", or ".join(said)


def _variances(parts: VarianceParts, design: Design) -> tuple[float, float]:
    own = 1 / design.cryptos
    week = parts.week_sd**2 / design.weeks * max(own + (1 - own) * parts.week_correlation, 0.0)
    return week, parts.seed_sd**2 / (design.seeds * design.folds * design.cryptos)
