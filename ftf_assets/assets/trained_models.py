"""``trained_models``: one model per cell."""

import dagster as dg

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import BaselineParameters, CleanlabMasks, SmoothedLabels, TrainedModels
from ftf_assets.graph.asset_decorator import partitioned_asset
from ftf_assets.graph.asset_metadata import models_metadata
from ftf_assets.graph.resources import HomeResource, SweepResource
from ftf_assets.training.models import train_cells


@partitioned_asset("training", {"xgboost"})
def trained_models(
    context: dg.AssetExecutionContext,
    sweep: SweepResource,
    home: HomeResource,
    coerced_arrays: TrainingArrays,
    smoothed_labels: SmoothedLabels,
    fold_baselines: BaselineParameters,
    cleanlab_masks: CleanlabMasks,
) -> dg.MaterializeResult[TrainedModels]:
    """Every cell, fold × variant: trained, skipped for a short history, or failed with its error.

    A cell that fails is recorded and the others go on; finished fits are reused, whichever sweep made them.
    """
    crypto, run = sweep.open_partition(context.partition_key)
    models = train_cells(
        run.plan(crypto),
        coerced_arrays,
        smoothed_labels,
        fold_baselines,
        cleanlab_masks,
        home.sweep_fit_engine(run, crypto, context.log),
    )
    return dg.MaterializeResult(
        value=models, metadata=models_metadata(context.log, run, crypto, coerced_arrays, models)
    )
