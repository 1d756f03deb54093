"""Whether a model that ranks far better than chance still ranks when its features are one bar older."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import BaselineParameters, Outcome, TrainedCell, TrainedModels
from ftf_assets.contracts.typed import Array, typed
from ftf_assets.invariants.column_leaks import auc_of, column_leaks, column_strengths
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.lagged_features import lagged, lagged_baseline
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.variants import BASELINE_VARIANT

#: Only a model with a larger mean AUC is tested: a weak one can lose half of its AUC above 0.5 by chance.
TESTED_ABOVE = 0.7
#: Largest share of AUC − 0.5 that a lag of one bar may take.
LARGEST_LOSS = 0.5


@dataclass(frozen=True)
class LagLoss:
    """What a lag of one bar takes from the baseline's AUC on its test rows.

    Attributes
    ----------
    auc
        Mean AUC of the baseline over its trained folds; None without one.
    lagged_auc
        The same with lagged features; None where it was not measured.
    suspect
        The feature whose own AUC a lag takes most from; "" where nothing was measured.
    failed
        Type and message of a fit that failed; "" for none.
    """

    auc: float | None
    lagged_auc: float | None = None
    suspect: str = ""
    failed: str = ""

    @property
    def share(self) -> float | None:
        """Share of AUC − 0.5 that the lag takes; None where it was not measured."""
        if self.auc is None or self.lagged_auc is None:
            return None
        return 1 - (self.lagged_auc - 0.5) / (self.auc - 0.5)

    @property
    def breaches(self) -> list[str]:
        """One line if the loss is too large to be honest, or if a fit failed."""
        if self.failed:
            return [f"the baseline could not be fitted on lagged features: {self.failed}"]
        if self.share is None or self.share <= LARGEST_LOSS:
            return []
        return [
            f"features that are one bar older take {self.share:.0%} of what the AUC has above 0.5 "
            f"({self.auc:.3f} falls to {self.lagged_auc:.3f}; allowed: {LARGEST_LOSS:.0%}), so a feature may "
            f"know bars after its row. Look first at column {self.suspect!r}, which loses most alone"
        ]

    @property
    def in_words(self) -> str:
        """What was found, in one phrase."""
        if self.auc is None:
            return "no baseline was trained"
        if self.share is None:
            return f"AUC {self.auc:.3f}; tested only above {TESTED_ABOVE}, where no column leaks by itself"
        return f"a lag of one bar takes {self.share:.0%} of what AUC {self.auc:.3f} has above 0.5"


@typed
def lag_loss(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    baselines: BaselineParameters,
    models: TrainedModels,
    engine: FitEngine,
) -> LagLoss:
    """Measure what a lag of one bar takes from the baseline, if its AUC is large enough to be suspicious.

    Parameters
    ----------
    plan, arrays, baselines, models
        The plan of one crypto, and its stored values.
    engine
        Runs the fits with lagged features, if any.
    """
    cells = [
        one for one in models.cells if one.variant == BASELINE_VARIANT.name and one.outcome.status == "ok"
    ]
    buy = arrays.y == 1
    if not cells:
        return LagLoss(None)
    auc = _mean_auc(cells, {cell.fold: cell.test_probability for cell in cells}, buy)
    if auc <= TESTED_ABOVE or column_leaks(column_strengths(arrays)):
        return LagLoss(auc)  # a column that leaks explains the AUC already, and its own check names it
    found = lagged_baseline(plan, arrays, baselines, engine)
    for one in found.values():
        if isinstance(one, Outcome):
            return LagLoss(auc, failed=f"{one.error_type}: {one.error_message}")
    probabilities = {fold: one for fold, one in found.items() if not isinstance(one, Outcome)}
    return LagLoss(auc, _mean_auc(cells, probabilities, buy), _suspect(arrays))


def _mean_auc(cells: list[TrainedCell], probabilities: Mapping[int, Array], buy: Array) -> float:
    return float(np.mean([auc_of(probabilities[cell.fold], buy[cell.test_rows]) for cell in cells]))


def _suspect(arrays: TrainingArrays) -> str:
    buy, losses = arrays.y[1:] == 1, []
    older = lagged(arrays.X)
    for number in range(arrays.X.shape[1]):
        now, before = (
            abs(auc_of(np.nan_to_num(X[1:, number].astype(np.float64)), buy) - 0.5) for X in (arrays.X, older)
        )
        losses.append(now - before)
    return arrays.feature_names[int(np.argmax(losses))]
