"""The table contracts as Dagster types: they refuse a bad frame before it is stored, and carry its schema."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pandera.pandas as pa

from ftf_assets.contracts.frames import Candles, FeatureCache
from ftf_assets.storage.results_table import finetune_results

with warnings.catch_warnings():
    # dagster-pandera announces itself as beta at import and at each use; its version is pinned.
    warnings.simplefilter("ignore")
    from dagster_pandera import pandera_schema_to_dagster_type


@dataclass(frozen=True)
class TableType:
    """A contract's Dagster type and the metadata that the asset's page shows."""

    dagster_type: dg.DagsterType
    definition_metadata: dict[str, Any]


def _table_type(model: type[pa.DataFrameModel]) -> TableType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dagster_type = pandera_schema_to_dagster_type(model)
    return TableType(dagster_type, {"dagster/column_schema": dagster_type.metadata["schema"].value})


CANDLES = _table_type(Candles)
FEATURE_CACHE = _table_type(FeatureCache)
FINETUNE_RESULTS = _table_type(finetune_results())
