"""The table contracts as Dagster types, which refuse a bad value before it is stored."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pandera.pandas as pa

from ftf_assets.contracts.tables.candles import Candles
from ftf_assets.contracts.tables.cell_details import CELL_DETAILS
from ftf_assets.contracts.tables.feature_cache import FeatureCache
from ftf_assets.contracts.tables.label_ceiling import LabelCeiling
from ftf_assets.graph.column_lineage import columns_of_results
from ftf_assets.rows.factor_columns import finetune_results_contract
from ftf_assets.rows.finetune_results import CryptoResults


@dataclass(frozen=True)
class TableType:
    """A Dagster type, and the metadata that the page of the asset shows."""

    dagster_type: dg.DagsterType
    definition_metadata: dict[str, Any]


def _table_type(contract: type[pa.DataFrameModel]) -> TableType:
    with warnings.catch_warnings():
        # dagster-pandera announces itself as beta at import and at each use; its version is pinned.
        warnings.simplefilter("ignore")
        from dagster_pandera import pandera_schema_to_dagster_type

        dagster_type = pandera_schema_to_dagster_type(contract)
    return TableType(dagster_type, {"dagster/column_schema": dagster_type.metadata["schema"].value})


# The tables are held to their contracts where they are built, the cells where they are stored, and all of
# them by the contract check of the asset, which reads them back.
def _check_crypto_results(_: dg.TypeCheckContext, value: object) -> dg.TypeCheck:
    if not isinstance(value, CryptoResults):
        return dg.TypeCheck(False, f"expected CryptoResults, found {type(value).__name__}")
    if value.details.keys() != CELL_DETAILS.keys():
        return dg.TypeCheck(False, f"expected {', '.join(CELL_DETAILS)}, found {', '.join(value.details)}")
    return dg.TypeCheck(True)


CANDLES = _table_type(Candles)
FEATURE_CACHE = _table_type(FeatureCache)
LABEL_CEILING = _table_type(LabelCeiling)
#: All tables of a crypto together; the page of the asset shows the columns of its cells.
CRYPTO_RESULTS = TableType(
    dg.DagsterType(
        _check_crypto_results,
        name="CryptoResults",
        description="Cells of one crypto and the tables that break them down.",
    ),
    {
        "dagster/column_schema": columns_of_results(
            _table_type(finetune_results_contract()).definition_metadata["dagster/column_schema"]
        )
    },
)
