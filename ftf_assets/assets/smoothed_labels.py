"""``smoothed_labels``: what the models are asked to believe."""

import dagster as dg

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import SmoothedLabels
from ftf_assets.graph import metadata
from ftf_assets.graph.partitioned import partitioned_asset
from ftf_assets.graph.resources import SweepResource


@partitioned_asset("treatment", {"numpy"})
def smoothed_labels(
    context: dg.AssetExecutionContext, sweep: SweepResource, coerced_arrays: TrainingArrays
) -> dg.MaterializeResult[SmoothedLabels]:
    """What the models are asked to believe, per treatment of the labels; ``baseline`` is the hard labels.

    Label smoothing makes a BUY 1 - epsilon_buy and a HOLD epsilon_hold.
    """
    plan = sweep.open(context.partition_key).plan(context.partition_key)
    labels = plan.soft_labels(coerced_arrays.y)
    return dg.MaterializeResult(
        value=labels,
        metadata={
            "dagster/row_count": coerced_arrays.n_rows,
            "treatments": metadata.soft_labels_table(labels, coerced_arrays),
        },
    )
