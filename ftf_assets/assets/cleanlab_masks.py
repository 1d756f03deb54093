"""``cleanlab_masks``: which rows of each fit part are suspect, and what is done about them."""

import dagster as dg
import pandas as pd

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import BaselineParameters, CleanlabMasks, SmoothedLabels
from ftf_assets.graph.asset_decorator import partitioned_asset
from ftf_assets.graph.asset_metadata import masks_metadata
from ftf_assets.graph.early_fits import fits_after_masks
from ftf_assets.graph.resources import HomeResource, SweepResource
from ftf_assets.training.masks import make_masks


@partitioned_asset("treatment", {"xgboost", "cleanlab"})
def cleanlab_masks(
    context: dg.AssetExecutionContext,
    sweep: SweepResource,
    home: HomeResource,
    coerced_arrays: TrainingArrays,
    smoothed_labels: SmoothedLabels,
    fold_baselines: BaselineParameters,
    candles: pd.DataFrame,
) -> dg.MaterializeResult[CleanlabMasks]:
    """Suspect labels of each fit part, capped per class: by confident learning, or by their order in time.

    Confident learning judges by purged out-of-fold probabilities. On weak models it flags about half of the
    minority class and none of the majority, so the cap decides how much is cleaned: compare "flagged" with
    "suspects" below. The temporal levels estimate how many labels are wrong, and suspect no more. Suspects
    are dropped, reweighted or relabelled; ``forward`` keeps all rows and corrects the loss for "missed BUY"
    and "false BUY".
    """
    from ftf_assets.contracts.coercion import coerce_candles

    crypto, run = sweep.open_partition(context.partition_key)
    plan, engine = run.plan(crypto), home.sweep_fit_engine(run, crypto, context.log)
    bars = coerce_candles(candles, crypto=crypto) if plan.needs_candles else None
    early = fits_after_masks(context, plan, coerced_arrays, smoothed_labels)
    masks = make_masks(plan, coerced_arrays, smoothed_labels, fold_baselines, engine, bars, early)
    return dg.MaterializeResult(
        value=masks,
        metadata=masks_metadata(context.log, home.home, run, crypto, coerced_arrays, masks),
    )
