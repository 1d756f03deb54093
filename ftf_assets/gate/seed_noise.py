"""Seed noise: how much a score moves when the baseline is fitted again with nothing changed but the seed.

The baseline against itself is the one comparison that is known to have no effect. Its spread says which mean
differences a level can show through the luck of its seed alone (Bouthillier et al. 2021, "Accounting for
Variance in Machine Learning Benchmarks", MLSys: the seed is one of several sources of variance; here the
others, data and hyper-parameters, are shared by the pair). It is shown beside the differences and decides
nothing: the spread of the paired differences contains it already.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.gate_rows import ResultRows
from ftf_assets.contracts.tables.finetune_results import SEED_SPREAD_COLUMNS
from ftf_assets.contracts.typed import typed
from ftf_assets.gate.words import listed, metric_in_words

#: Column with the number of fits that a cell averaged; rows of a file without it count as one fit.
_FITS = "n_seeds"


@dataclass(frozen=True)
class SeedNoise:
    """How far one metric of the baseline differs from itself under another seed.

    Attributes
    ----------
    metric
        The metric.
    sd
        Standard deviation of the difference between two cells that differ in their seed alone.
    n_cells
        Number of cells of the baseline that it was measured on.
    n_fits
        Number of fits that a cell averages.
    """

    metric: str
    sd: float
    n_cells: int
    n_fits: int

    def margin(self, n_pairs: int, confidence: float) -> float | None:
        """Give the largest mean difference over ``n_pairs``, either way, that the seed alone explains.

        The seeds of different cells are independent, so the spread of the mean falls with the root of their
        number; Student's t (1908) with one degree of freedom per measured cell. None without pairs.
        """
        from scipy import stats  # seconds to import

        if not n_pairs:
            return None
        return float(stats.t.ppf((1 + confidence) / 2, self.n_cells) * self.sd / math.sqrt(n_pairs))


@typed
def seed_noise(baseline_rows: ResultRows, metric: str) -> SeedNoise | None:
    """Estimate the noise of one metric from the measured cells of the baseline.

    Each cell states the standard deviation s of the metric over its own single fits. Two single fits then
    differ by a standard deviation of s √2; averaging R fits per cell divides that by √R, nearly: f1 is not
    linear in the probabilities that are averaged. Cells are pooled by their variance.

    Parameters
    ----------
    baseline_rows
        Measured cells of the baseline; ``n_seeds`` and the spreads may be absent or empty.
    metric
        The metric.

    Returns
    -------
    SeedNoise or None
        None where no cell was fitted more than once, or the rows hold no spread of the metric.
    """
    if metric not in SEED_SPREAD_COLUMNS:
        return None
    spread = baseline_rows.values(SEED_SPREAD_COLUMNS[metric])
    known = np.isfinite(spread)
    if not known.any():
        return None
    fits = baseline_rows.values(_FITS)[known]
    n_fits = int(np.where(np.isfinite(fits) & (fits != 0), fits, 1.0).max())
    sd = math.sqrt(2.0 * float(np.mean(spread[known] ** 2)) / n_fits)
    return SeedNoise(metric, sd, int(known.sum()), n_fits)


@typed
def seed_noise_in_words(metric_rows: Sequence[Mapping[str, object]]) -> str:
    """Say in one line how large a difference the seed alone explains; of several levels, the widest margin.

    Parameters
    ----------
    metric_rows
        Rows of ``gate_metrics``.
    """
    widest: dict[str, float] = {}
    for row in metric_rows:
        name, margin = str(row["metric"]), row["seed_margin"]
        if _known(margin):
            widest[name] = max(widest.get(name, 0.0), float(margin))  # type: ignore[arg-type]
    if not widest:
        return "seed noise: unknown, because no cell of these results was fitted more than once"
    said = [f"±{margin:.4f} in {metric_in_words(name)}" for name, margin in widest.items()]
    return f"seed noise: another seed alone can move a mean difference by {listed(said)}"


def _known(value: object) -> bool:
    try:
        return math.isfinite(float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
