"""``fold_baselines``: hyper-parameters and rounds of each fold's baseline."""

import dagster as dg

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import BaselineParameters
from ftf_assets.graph.asset_decorator import partitioned_asset
from ftf_assets.graph.asset_metadata import baselines_metadata
from ftf_assets.graph.early_fits import fits_after_baseline
from ftf_assets.graph.resources import HomeResource, SweepResource
from ftf_assets.training.baseline import fit_baselines


@partitioned_asset("treatment", {"xgboost", "optuna"})
def fold_baselines(
    context: dg.AssetExecutionContext,
    sweep: SweepResource,
    home: HomeResource,
    coerced_arrays: TrainingArrays,
) -> dg.MaterializeResult[BaselineParameters]:
    """The untreated model of each fold, fitted first: its parameters and rounds hold for every variant.

    Parameters are searched on purged inner folds of the fit part, for the best mean ROC AUC; the first trial
    is the defaults, and another one must beat them by more than a standard error.
    Upstream of the masks and the models, so that variants differ in nothing but their treatment.
    """
    crypto, run = sweep.open_partition(context.partition_key)
    plan, engine = run.plan(crypto), home.sweep_fit_engine(run, crypto, context.log)
    early = fits_after_baseline(context, plan, coerced_arrays)
    baselines = fit_baselines(plan, coerced_arrays, engine, early)
    return dg.MaterializeResult(value=baselines, metadata=baselines_metadata(run, baselines))
