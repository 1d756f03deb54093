"""``coerced_arrays``: the coercion boundary, where pandas becomes typed arrays."""

import dagster as dg
import pandas as pd

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.graph.asset_decorator import partitioned_asset
from ftf_assets.graph.data_metadata import arrays_metadata
from ftf_assets.graph.resources import SweepResource
from ftf_assets.training.variants import require_columns


@partitioned_asset("data", {"numpy"})
def coerced_arrays(
    context: dg.AssetExecutionContext, sweep: SweepResource, feature_cache: pd.DataFrame
) -> dg.MaterializeResult[TrainingArrays]:
    """The one place where pandas becomes numpy: float32 features, int8 labels, int64 label intervals.

    Everything downstream takes exactly these arrays and is checked strictly. A level that needs a column
    that the feature cache does not have is refused here.
    """
    from ftf_assets.contracts.coercion import coerce_feature_cache

    crypto, run = sweep.open_partition(context.partition_key)
    arrays = coerce_feature_cache(
        feature_cache, crypto=crypto, missing=run.settings.data.missing, bar=run.source.bar_length(crypto)
    )
    require_columns(run.variants, arrays, crypto)
    return dg.MaterializeResult(value=arrays, metadata=arrays_metadata(arrays, feature_cache))
