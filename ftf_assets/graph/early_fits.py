"""Which fits of later steps a step may begin, in a run that has those steps."""

from __future__ import annotations

import dagster as dg

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import SmoothedLabels
from ftf_assets.training.baseline import AfterBaseline, no_fits_after_baseline
from ftf_assets.training.early_fits import EarlyFits
from ftf_assets.training.masks import AfterMasks, no_fits_after_masks
from ftf_assets.training.plan import TrainingPlan

_MODELS = dg.AssetKey("trained_models")


def fits_after_baseline(
    context: dg.AssetExecutionContext, plan: TrainingPlan, arrays: TrainingArrays
) -> AfterBaseline:
    """Name the fits that a baseline makes possible; none where the run trains no models.

    Labels that read the truth are known to their own step only: such a plan begins nothing here.
    """
    if _MODELS not in context.job_def.asset_layer.selected_asset_keys or plan.relabelling_treatments:
        return no_fits_after_baseline
    return EarlyFits(plan, arrays, plan.soft_labels(arrays.y)).after_baseline


def fits_after_masks(
    context: dg.AssetExecutionContext, plan: TrainingPlan, arrays: TrainingArrays, soft_labels: SmoothedLabels
) -> AfterMasks:
    """Name the fits that the masks of a fold make possible; none where the run trains no models."""
    if _MODELS not in context.job_def.asset_layer.selected_asset_keys:
        return no_fits_after_masks
    return EarlyFits(plan, arrays, soft_labels).after_masks
