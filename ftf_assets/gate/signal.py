"""Whether a model ranks at all: the question before any treatment of its labels can be judged.

A model that ranks no better than chance has an AUC of 1/2 whatever the base rate, so the mean of ``roc_auc``
- 1/2 over the cells is tested against 0, one-sided, clustered by weeks. Whether F1 at a chosen threshold
beats that of calling every bar BUY is another question, with little power: at AUC 0.55 such a test finds the
signal in 7 % of sweeps.

Results without ``roc_auc`` are asked whether average precision exceeds the rate of BUY, which is what a
random order scores [1]_.

References
----------
.. [1] Saito & Rehmsmeier (2015), "The Precision-Recall Plot Is More Informative than the ROC Plot When
   Evaluating Binary Classifiers on Imbalanced Datasets", PLoS ONE 10.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.typed import Array, Int64, typed
from ftf_assets.gate.cell_errors import INFLUENCE_METRIC, error_by_folds, error_by_weeks, weekly_of_rows
from ftf_assets.gate.clustered import p_above
from ftf_assets.gate.clusters import Clusters
from ftf_assets.gate.pairs import Pairing
from ftf_assets.gate.thresholds import BUY_RATE

AVERAGE_PRECISION = "average_precision"


@dataclass(frozen=True)
class Signal:
    """Whether one variant ranks better than chance.

    Attributes
    ----------
    metric
        ``roc_auc``, or ``average_precision`` compared with the rate of BUY.
    score, chance
        Means over the cells: of the metric, and of what a random order scores.
    p
        One-sided p-value; None where it cannot be tested, as for a single cell.
    clusters
        What the test counts as one observation.
    """

    metric: str
    score: float
    chance: float
    p: float | None
    clusters: str

    def ranks(self, alpha: float) -> bool:
        """Whether the variant is shown to rank."""
        return self.p is not None and self.p < alpha


@typed
def signal_of(
    pairing: Pairing, places: Int64[Array, " cells"], cells: Int64[Array, " cells"], clusters: Clusters
) -> Signal | None:
    """Test whether one variant ranks; None if the rows lack the metrics, or the variant has no cell.

    Parameters
    ----------
    pairing
        The rows.
    places, cells
        Places of the variant's rows in them, and the numbers of their cells.
    clusters
        The cluster of every cell.
    """
    rows = pairing.rows
    if not len(places):
        return None
    if INFLUENCE_METRIC in pairing.columns:
        metric, scores, chance = INFLUENCE_METRIC, rows.values(INFLUENCE_METRIC)[places], np.full(1, 0.5)
    elif AVERAGE_PRECISION in pairing.columns and np.isfinite(rows.values(BUY_RATE)[places]).all():
        metric, scores = AVERAGE_PRECISION, rows.values(AVERAGE_PRECISION)[places]
        chance = rows.values(BUY_RATE)[places]
    else:
        return None
    weekly = None
    if metric == INFLUENCE_METRIC:
        n_folds = len(np.unique(pairing.cells.fold.codes[cells]))
        weekly = weekly_of_rows(rows, places, None, n_folds)
    above = scores - chance
    error = error_by_weeks(weekly) if weekly else error_by_folds(above, cells, clusters)
    return Signal(
        metric,
        float(scores.mean()),
        float(chance.mean()),
        p_above(float(above.mean()), error),
        error.clusters,
    )
