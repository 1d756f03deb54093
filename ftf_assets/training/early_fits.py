"""Fits that need not wait for the stage before theirs: which ones each step of a fold makes possible.

With fixed rounds, smoothed and weighted models wait for nothing; otherwise for the rounds of their fold's
baseline. Out-of-fold models wait for that too, and cleaned models for the masks of their fold. The stages ask
for the same fits, by their keys; begun early, they fill cores that the stage before leaves idle.
"""

from __future__ import annotations

from dataclasses import dataclass

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import CleanlabMasks, FoldBaseline, SmoothedLabels
from ftf_assets.contracts.typed import typed
from ftf_assets.labels.factor import RowFactor
from ftf_assets.training.fit_task import FitTask
from ftf_assets.training.folds.walk_forward import Fold
from ftf_assets.training.masks import out_of_fold_fits
from ftf_assets.training.models import model_fits
from ftf_assets.training.plan import TrainingPlan


@dataclass(frozen=True, eq=False)
class EarlyFits:
    """The fits of one crypto, by what they wait for.

    Attributes
    ----------
    plan, arrays, soft_labels
        The plan of the crypto, its rows, and their soft labels.
    """

    plan: TrainingPlan
    arrays: TrainingArrays
    soft_labels: SmoothedLabels

    @typed
    def after_baseline(self, fold: Fold, baseline: FoldBaseline) -> list[FitTask]:
        """Return the fold's out-of-fold fits and the models of its variants without a row factor."""
        uncleaned = [variant for variant in self.plan.variants if not variant.only(RowFactor).moved]
        return [
            *out_of_fold_fits(self.plan, self.arrays, self.soft_labels, fold, baseline),
            *model_fits(
                self.plan, self.arrays, self.soft_labels, baseline, CleanlabMasks(()), fold, uncleaned
            ),
        ]

    @typed
    def after_masks(self, fold: Fold, baseline: FoldBaseline, masks: CleanlabMasks) -> list[FitTask]:
        """Return the models of the variants that these masks clean."""
        names = {mask.variant for mask in masks.masks}
        cleaned = [variant for variant in self.plan.cleaned_variants if variant.name in names]
        return model_fits(self.plan, self.arrays, self.soft_labels, baseline, masks, fold, cleaned)
