"""``coerced_arrays``: the coercion boundary, where pandas becomes typed arrays."""

import dagster as dg
import pandas as pd

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.graph import metadata
from ftf_assets.graph.partitioned import partitioned_asset
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
    import pandas as pd

    from ftf_assets.contracts.coercion import coerce_feature_cache

    crypto, run = context.partition_key, sweep.open(context.partition_key)
    arrays = coerce_feature_cache(feature_cache, crypto=crypto, missing=run.settings.data.missing)
    require_columns(run.variants, arrays, crypto)
    return dg.MaterializeResult(
        value=arrays,
        metadata={
            "dagster/row_count": arrays.n_rows,
            "features": len(arrays.feature_names),
            "feature_names": ", ".join(arrays.feature_names),
            "X": f"{arrays.X.dtype} {arrays.X.shape}, {arrays.X.nbytes:,} bytes",
            "first": str(pd.Timestamp(int(arrays.start[0]), tz="UTC")),
            "last": str(pd.Timestamp(int(arrays.start[-1]), tz="UTC")),
            "buy_rate": float(arrays.y.mean()),
            **metadata.optional_columns(arrays),
        },
    )
