"""What the Dagster UI shows of candles, features and arrays: counts, columns, where they came from."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import dagster as dg
import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.graph.column_lineage import lineage_of_arrays, lineage_of_features
from ftf_assets.graph.metadata import Metadata, column_schema, preview
from ftf_assets.graph.plotted_numbers import reading_numbers
from ftf_assets.sources.protocol import Provenance
from ftf_assets.sweep.sweep import Sweep

if TYPE_CHECKING:
    import pandas as pd

    from ftf_assets.sources.protocol import FeatureCacheReport


def candles_metadata(sweep: Sweep, crypto: str, frame: pd.DataFrame) -> Metadata:
    """Describe bars and their source."""
    from ftf_assets.contracts.tables.candles import Candles
    from ftf_assets.contracts.tables.frames import field_descriptions

    return {
        "dagster/row_count": len(frame),
        "rows": len(frame),
        **reading_numbers(sweep.source.reading(crypto)),
        "provided": "yes" if len(frame) else "not provided: the source is a ready feature cache",
        "sweep_id": sweep.sweep_id,
        **_provenance(sweep.provenance(crypto)),
        **_reading(sweep, crypto),
        "dagster/column_schema": column_schema(frame, field_descriptions(Candles)),
        "last_rows": preview(frame),
    }


def feature_cache_metadata(
    sweep: Sweep, crypto: str, frame: pd.DataFrame, report: FeatureCacheReport
) -> Metadata:
    """Describe features and labels, with the counts of the rows that were left out."""
    from ftf_assets.contracts.tables.feature_cache import FeatureCache
    from ftf_assets.contracts.tables.frames import field_descriptions

    return {
        "dagster/row_count": len(frame),
        **{name: value for name, value in dataclasses.asdict(report).items() if value is not None},
        **_provenance(sweep.provenance(crypto)),
        **lineage_of_features(
            column_schema(frame, field_descriptions(FeatureCache)), from_candles=sweep.source.has_candles
        ),
        "last_rows": preview(frame),
    }


def arrays_metadata(arrays: TrainingArrays, feature_cache: pd.DataFrame) -> Metadata:
    """Describe training arrays: shape, period, labels, and what the source provided beyond labels."""
    import pandas as pd

    return {
        "dagster/row_count": arrays.n_rows,
        "rows": arrays.n_rows,
        "features": len(arrays.feature_names),
        "feature_names": ", ".join(arrays.feature_names),
        "X": f"{arrays.X.dtype} {arrays.X.shape}, {arrays.X.nbytes:,} bytes",
        "first": str(pd.Timestamp(int(arrays.start[0]), tz="UTC")),
        "last": str(pd.Timestamp(int(arrays.start[-1]), tz="UTC")),
        "buy_rate": float(arrays.y.mean()),
        **_optional_columns(arrays),
        **lineage_of_arrays(arrays, feature_cache.columns),
    }


def _provenance(source: Provenance) -> Metadata:
    return {
        "source": source.source,
        "source_file": source.file or "none",
        "quote_currency": source.quote_currency or "none",
        "data_fingerprint": source.fingerprint,
        **({"files_passed_over": ", ".join(source.passed_over)} if source.passed_over else {}),
    }


def _reading(sweep: Sweep, crypto: str) -> Metadata:
    from ftf_assets.sweep.data_read import candles_read

    read = candles_read(sweep, crypto) or {}
    return read | {"notes": "; ".join(read["notes"]) or "none"} if read else {}


def _optional_columns(arrays: TrainingArrays) -> Metadata:
    stability, regime = arrays.label_stability, arrays.regime
    rows = [] if regime is None else np.bincount(regime, minlength=len(arrays.regime_names)).tolist()
    by_name = dict(zip(arrays.regime_names, rows, strict=True))
    return {
        "mean_label_stability": "unavailable" if stability is None else float(stability.mean()),
        "rows_by_regime": "unavailable" if regime is None else dg.MetadataValue.json(by_name),
    }
