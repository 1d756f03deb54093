"""The error of a mean over cells, from what the rows hold: weekly influence and single fits, or folds.

``roc_auc`` is judged by calendar weeks where every cell has its weekly influence; every other metric, and
rows without it, by folds, or by cryptos where there is one fold only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.gate_rows import ResultRows
from ftf_assets.contracts.tables.gate_decision import (
    BY_CRYPTOS,
    BY_FOLDS,
    BY_WEEKS,
    SEEDS_BASELINE,
    SEEDS_PAIRED,
    SEEDS_UNKNOWN,
)
from ftf_assets.contracts.typed import Array, Float64, Int64, typed
from ftf_assets.gate.clustered import ErrorOfMean, cluster_variance, seed_variance, week_variance
from ftf_assets.gate.clusters import Clusters
from ftf_assets.gate.pairs import LevelPairs, Pairing

#: The metric whose influence the weekly results hold.
INFLUENCE_METRIC = "roc_auc"


@typed
@dataclass(frozen=True, eq=False)
class WeeklyDifferences:
    """Influence by pair and week, of the weeks in which any pair has a test row.

    Attributes
    ----------
    influence
        0 where a pair has no test row in a week; shape (n_pairs, n_weeks).
    n_folds
        Number of folds of the pairs.
    """

    influence: Float64[Array, "pairs weeks"]
    n_folds: int

    @property
    def n_weeks(self) -> int:
        """Number of weeks."""
        return int(self.influence.shape[1])


@dataclass(frozen=True)
class SeedVariance:
    """The variance that seeds alone give a level's mean difference.

    Attributes
    ----------
    of_mean
        Of the mean over the pairs; None where unknown.
    of_fit
        Of one cell's difference between single fits; None where unknown.
    source
        One of :data:`~ftf_assets.contracts.tables.gate_decision.SEED_SOURCES`.
    """

    of_mean: float | None
    of_fit: float | None
    source: str


@typed
def weekly_of_rows(
    rows: ResultRows, places: Int64[Array, " cells"], baseline: Int64[Array, " cells"] | None, n_folds: int
) -> WeeklyDifferences | None:
    """Give the weekly influence of some cells, or its difference to that of others.

    Parameters
    ----------
    rows
        The rows.
    places, baseline
        Places of the cells, and of those that are subtracted; None subtracts nothing.
    n_folds
        Number of folds of the cells.

    Returns
    -------
    WeeklyDifferences or None
        None where a cell has no weekly influence, or there are no more weeks than folds.
    """
    if rows.weekly is None or not len(places):
        return None
    values = rows.weekly.influence[places]
    has = np.isfinite(values)
    whole = has.any(axis=1).all()
    values = np.where(has, values, 0.0)
    if baseline is not None:
        other = rows.weekly.influence[baseline]
        whole &= np.isfinite(other).any(axis=1).all()
        has |= np.isfinite(other)
        values = values - np.where(np.isfinite(other), other, 0.0)
    values = values[:, has.any(axis=0)]
    if not whole or values.shape[1] <= n_folds:
        return None
    return WeeklyDifferences(values, n_folds)


@typed
def weekly_differences(pairs: LevelPairs, pairing: Pairing) -> WeeklyDifferences | None:
    """Give level minus baseline of the weekly influence; None as :func:`weekly_of_rows`."""
    n_folds = len(np.unique(pairing.cells.fold.codes[pairs.cells]))
    return weekly_of_rows(pairing.rows, pairs.level_rows, pairs.baseline_rows, n_folds)


@typed
def seed_variance_of(pairs: LevelPairs, pairing: Pairing) -> SeedVariance:
    """Give the variance of a level's mean AUC difference that comes from the seeds of its fits.

    From the single fits of level and baseline, paired by repeat, where both have two or more: seeds that they
    share cancel. Else from the baseline's single fits, as if level and baseline did not share their seeds,
    which is too large rather than too small. Else unknown.
    """
    scores = pairing.rows.repeats.get(INFLUENCE_METRIC)
    if scores is None or not len(pairs.cells):
        return SeedVariance(None, None, SEEDS_UNKNOWN)
    baseline = scores[pairs.baseline_rows]
    differences = scores[pairs.level_rows] - baseline
    common = differences[:, np.isfinite(differences).all(axis=0)]
    if common.shape[1] >= 2:
        of_mean = float(seed_variance(common))
        return SeedVariance(of_mean, of_mean * len(common) * common.shape[1], SEEDS_PAIRED)
    own = baseline[:, np.isfinite(baseline).all(axis=0)]
    if own.shape[1] < 2:
        return SeedVariance(None, None, SEEDS_UNKNOWN)
    of_fit = 2 * float(own.var(axis=1, ddof=1).mean())
    return SeedVariance(
        of_fit / seeds_of(pairing.rows, pairs.baseline_rows) / len(own), of_fit, SEEDS_BASELINE
    )


@typed
def seeds_of(rows: ResultRows, places: Int64[Array, " cells"]) -> int:
    """Give the number of fits that a cell averages; 1 where the rows do not state it."""
    stated = rows.values("n_seeds")[places]
    stated = stated[np.isfinite(stated) & (stated >= 1)]
    return int(stated.max()) if len(stated) else 1


@typed
def error_by_weeks(weekly: WeeklyDifferences, seeds: SeedVariance | None = None) -> ErrorOfMean:
    """Give the error of a mean AUC, or of a mean difference in AUC, from weeks and seeds."""
    of_weeks = float(week_variance(weekly.influence, weekly.n_folds))
    of_seeds = seeds.of_mean if seeds else None
    return ErrorOfMean(
        BY_WEEKS,
        weekly.n_weeks,
        weekly.n_weeks - weekly.n_folds,
        of_weeks + (of_seeds or 0.0),
        of_weeks,
        of_seeds,
        seeds.source if seeds else None,
    )


@typed
def error_by_folds(
    values: Float64[Array, " cells"], cells: Int64[Array, " cells"], clusters: Clusters
) -> ErrorOfMean:
    """Give the error of a mean over cells from folds, or from cryptos where there is one fold only.

    Parameters
    ----------
    values
        One value or difference a cell.
    cells
        Numbers of the cells.
    clusters
        The cluster of every cell.

    Raises
    ------
    InputError
        A cell without a cluster.
    """
    numbers = clusters.of_pairs(cells)
    n_clusters = len(np.unique(numbers))
    kind = BY_CRYPTOS if clusters.holds_all(cells) else BY_FOLDS
    variance = float(cluster_variance(values, numbers))
    rounding = (1e-12 * float(np.abs(values).max(initial=0.0))) ** 2
    return ErrorOfMean(
        kind, n_clusters, max(n_clusters - 1, 1), math.nan if not variance > rounding else variance
    )
