"""``label_ceiling``: what correct labels would be worth, from models on labels with more noise."""

import dagster as dg

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import BaselineParameters
from ftf_assets.graph.asset_decorator import partitioned_asset
from ftf_assets.graph.ceiling_metadata import ceiling_metadata
from ftf_assets.graph.resources import HomeResource, SweepResource
from ftf_assets.graph.table_types import LABEL_CEILING
from ftf_assets.training.label_ceiling import measure_label_ceiling


@partitioned_asset(
    "results",
    {"xgboost", "duckdb"},
    io_manager_key="ceiling_io_manager",
    dagster_type=LABEL_CEILING.dagster_type,
    metadata=LABEL_CEILING.definition_metadata,
)
def label_ceiling(
    context: dg.AssetExecutionContext,
    sweep: SweepResource,
    home: HomeResource,
    coerced_arrays: TrainingArrays,
    fold_baselines: BaselineParameters,
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """The baseline trained on labels with more noise than they have: what each dose of it costs.

    The decision continues the curve to labels without noise: no cleaner can be worth more. Only the fit part
    gets noise; rounds, parameters, validation slice and test labels are the baseline's. On the embedded
    market the true labels are trained on too, to be shown beside the curve. Empty where
    ``ceiling.enabled`` is false.
    """
    from ftf_assets.rows.label_ceiling import ceiling_rows
    from ftf_assets.sweep.true_labels import known_truth

    crypto, run = sweep.open_partition(context.partition_key)
    plan, engine = run.plan(crypto), home.sweep_fit_engine(run, crypto, context.log)
    truth = known_truth(run.source, crypto, coerced_arrays) if plan.ceiling else None
    labels = None if truth is None else truth.label
    scores = measure_label_ceiling(plan, coerced_arrays, fold_baselines, engine, labels)
    rows = ceiling_rows(run, crypto, scores, run_id=context.run.run_id)
    return dg.MaterializeResult(value=rows, metadata=ceiling_metadata(context.log, run, rows))
