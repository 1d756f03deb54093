"""``feature_cache``: features and labels of every decision time."""

import dataclasses

import dagster as dg
import pandas as pd

from ftf_assets.graph import metadata
from ftf_assets.graph.contract_types import FEATURE_CACHE
from ftf_assets.graph.partitioned import partitioned_asset
from ftf_assets.graph.resources import SweepResource


@partitioned_asset(
    "data",
    {"parquet", "pandas"},
    dagster_type=FEATURE_CACHE.dagster_type,
    metadata=FEATURE_CACHE.definition_metadata,
)
def feature_cache(
    context: dg.AssetExecutionContext, sweep: SweepResource, candles: pd.DataFrame
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Backward-looking, scale-free indicators and the triple-barrier label, one row a decision time.

    A row's timestamp is the close of its bar: everything in its features was known then.
    """
    from ftf_assets.contracts.frames import FeatureCache
    from ftf_assets.contracts.table_frames import field_descriptions

    crypto = context.partition_key
    source = sweep.open(crypto)
    frame, report = source.source.feature_cache(crypto, candles)
    counts = {name: value for name, value in dataclasses.asdict(report).items() if value is not None}
    return dg.MaterializeResult(
        value=frame,
        metadata={
            "dagster/row_count": len(frame),
            **counts,
            **metadata.provenance(source.provenance(crypto)),
            "dagster/column_schema": metadata.column_schema(frame, field_descriptions(FeatureCache)),
            "last_rows": metadata.preview(frame),
        },
    )
