"""``smoothed_labels``: what the models are asked to believe."""

import dagster as dg

from ftf_assets.assets.partitioned import partitioned_asset
from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import SmoothedLabels
from ftf_assets.labels.smoothing import smooth_every_level
from ftf_assets.resources import SweepResource


@partitioned_asset("treatment", {"numpy"})
def smoothed_labels(
    context: dg.AssetExecutionContext, sweep: SweepResource, coerced_arrays: TrainingArrays
) -> dg.MaterializeResult[SmoothedLabels]:
    """Soft training labels per level: BUY 1 - epsilon_buy, HOLD epsilon_hold; none changes nothing."""
    epsilons = sweep.open(context.partition_key).settings.epsilons
    labels = smooth_every_level(coerced_arrays.y, epsilons)
    return dg.MaterializeResult(
        value=labels,
        metadata={
            "dagster/row_count": coerced_arrays.n_rows,
            **{
                f"{level}": f"BUY {1 - epsilon_buy:g}, HOLD {epsilon_hold:g}"
                for level, (epsilon_buy, epsilon_hold) in epsilons.items()
            },
        },
    )
