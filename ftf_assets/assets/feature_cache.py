"""``feature_cache``: features and labels of every decision time."""

import dagster as dg
import pandas as pd

from ftf_assets.graph.asset_decorator import partitioned_asset
from ftf_assets.graph.data_metadata import feature_cache_metadata
from ftf_assets.graph.resources import SweepResource
from ftf_assets.graph.table_types import FEATURE_CACHE


@partitioned_asset(
    "data",
    {"parquet", "pandas"},
    dagster_type=FEATURE_CACHE.dagster_type,
    metadata=FEATURE_CACHE.definition_metadata,
)
def feature_cache(
    context: dg.AssetExecutionContext, sweep: SweepResource, candles: pd.DataFrame
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Backward-looking, scale-free indicators and the triple-barrier label, one row per decision time.

    A row's timestamp is the close of its bar: everything in its features was known then.
    """
    crypto, run = sweep.open_partition(context.partition_key)
    frame, report = run.source.feature_cache(crypto, candles)
    return dg.MaterializeResult(value=frame, metadata=feature_cache_metadata(run, crypto, frame, report))
