"""``candles``: OHLCV bars as the source has them."""

import dagster as dg

from ftf_assets.graph.asset_decorator import EVERY_WEEK, partitioned_asset
from ftf_assets.graph.data_metadata import candles_metadata
from ftf_assets.graph.resources import SweepResource
from ftf_assets.graph.table_types import CANDLES


@partitioned_asset(
    "data",
    {"parquet", "pandas"},
    dagster_type=CANDLES.dagster_type,
    metadata=CANDLES.definition_metadata,
    freshness_policy=EVERY_WEEK,
)
def candles(context: dg.AssetExecutionContext, sweep: SweepResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """OHLCV bars, stamped with their close in UTC; from candle files or the embedded market.

    Empty and marked "not provided" where the source is a ready feature cache.
    """
    crypto, run = sweep.open_partition(context.partition_key)
    frame = run.source.candles(crypto)
    return dg.MaterializeResult(value=frame, metadata=candles_metadata(run, crypto, frame))
