"""``candles``: OHLCV bars as the source has them."""

import dagster as dg

from ftf_assets.graph import metadata
from ftf_assets.graph.contract_types import CANDLES
from ftf_assets.graph.partitioned import partitioned_asset
from ftf_assets.graph.resources import SweepResource


@partitioned_asset(
    "data", {"parquet", "pandas"}, dagster_type=CANDLES.dagster_type, metadata=CANDLES.definition_metadata
)
def candles(context: dg.AssetExecutionContext, sweep: SweepResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """OHLCV bars, stamped with their close in UTC; from candle files or the embedded market.

    Empty and marked "not provided" where the source is a ready feature cache.
    """
    from ftf_assets.contracts.frames import Candles
    from ftf_assets.contracts.table_frames import field_descriptions

    crypto = context.partition_key
    source = sweep.open(crypto)
    frame = source.source.candles(crypto)
    return dg.MaterializeResult(
        value=frame,
        metadata={
            "dagster/row_count": len(frame),
            "provided": "yes" if len(frame) else "not provided: the source is a ready feature cache",
            "sweep_id": source.sweep_id,
            **metadata.provenance(source.provenance(crypto)),
            "dagster/column_schema": metadata.column_schema(frame, field_descriptions(Candles)),
            "last_rows": metadata.preview(frame),
        },
    )
