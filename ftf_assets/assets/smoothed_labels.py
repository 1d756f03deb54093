"""``smoothed_labels``: the labels that the models are trained on."""

import dagster as dg

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import SmoothedLabels
from ftf_assets.graph.asset_decorator import partitioned_asset
from ftf_assets.graph.asset_metadata import labels_metadata
from ftf_assets.graph.resources import SweepResource
from ftf_assets.sweep.true_labels import truth_for_labels


@partitioned_asset("treatment", {"numpy"})
def smoothed_labels(
    context: dg.AssetExecutionContext, sweep: SweepResource, coerced_arrays: TrainingArrays
) -> dg.MaterializeResult[SmoothedLabels]:
    """The labels that the models are trained on, per treatment; ``baseline`` is the hard labels.

    Label smoothing makes a BUY 1 - epsilon_buy and a HOLD epsilon_hold. Calibration's ``relabel_truth`` holds
    the embedded market's true labels.
    """
    crypto, run = sweep.open_partition(context.partition_key)
    truth = truth_for_labels(run, crypto, coerced_arrays)
    plan = run.plan(crypto)
    labels = plan.soft_labels(coerced_arrays.y, truth)
    return dg.MaterializeResult(value=labels, metadata=labels_metadata(plan, labels, coerced_arrays))
