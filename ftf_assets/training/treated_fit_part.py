"""What a variant trains on: the fit part of a fold after all of the variant's treatments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import CleanlabMasks, FlipRates, Outcome, SmoothedLabels
from ftf_assets.contracts.typed import Array, Float32, Int64, typed
from ftf_assets.labels.apply_factors import treated_labels, treated_weight
from ftf_assets.labels.factor import LabelFactor, RowFactor
from ftf_assets.training.fit_rows import rows_of_fold
from ftf_assets.training.folds.walk_forward import Fold
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.variants import Variant


@typed
@dataclass(frozen=True, eq=False)
class TreatedFitPart:
    """A treated fit part; arrays of shape (n_kept,).

    Attributes
    ----------
    rows
        Positions of the rows that stay, increasing.
    labels
        Hard or soft labels that they train with, in [0, 1].
    weight
        Their weights.
    flip_rates
        Rates of wrong labels that the model's loss is corrected for; None where it is not.
    """

    rows: Int64[Array, " kept"]
    labels: Float32[Array, " kept"]
    weight: Float32[Array, " kept"]
    flip_rates: FlipRates | None


@typed
def treat_fit_part(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    soft_labels: SmoothedLabels,
    masks: CleanlabMasks,
    fold: Fold,
    variant: Variant,
) -> TreatedFitPart | Outcome:
    """Apply a variant to the fit part of a fold: labels, weights and masks together.

    Parameters
    ----------
    plan, arrays, soft_labels
        The plan of the crypto, its rows, and their soft labels by label treatment.
    masks
        The masks of the variant, where it cleans.
    fold, variant
        The cell.

    Returns
    -------
    TreatedFitPart or Outcome
        The outcome of a mask that failed, or of weights that raised.
    """
    treated_as = variant.only(LabelFactor)
    if not variant.only(RowFactor).moved:
        try:
            weight = treated_weight(variant.moved, rows_of_fold(arrays, fold), plan)
        except Exception as error:  # noqa: BLE001  a cell that cannot be weighed is a failed cell, recorded with its error
            return Outcome.failed(error, "weighting")
        return TreatedFitPart(fold.fit, soft_labels.levels[treated_as.name][fold.fit], weight, None)
    found = masks.find(fold.index, variant.name)
    failed = next((mask.outcome for mask in found if mask.outcome.status != "ok"), None)
    if failed is not None:
        return failed
    # The weights and labels of each mask are computed from those of the mask before.
    keep = np.logical_and.reduce([mask.keep for mask in found])
    rows, weight, hard = fold.fit[keep], found[-1].weight[keep], found[-1].label[keep]
    # A level that reads the truth says nothing of a row that a cleaner gives another label.
    relabelled = treated_labels(treated_as.moved, hard, plan, truth=hard)
    labels = np.where(hard != arrays.y[rows], relabelled, soft_labels.levels[treated_as.name][rows])
    flip_rates = next((mask.flip_rates for mask in reversed(found) if mask.flip_rates), None)
    return TreatedFitPart(rows, labels, weight, flip_rates)
