"""The table contracts as Dagster types: they refuse a bad frame before it is stored, and carry its schema."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pandera.pandas as pa

from ftf_assets.contracts.frames import Candles, FeatureCache
from ftf_assets.contracts.regimes import RegimeResults
from ftf_assets.contracts.suspects import LabelSuspects
from ftf_assets.storage.results_table import finetune_results
from ftf_assets.sweep_results import CryptoResults

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


def _crypto_results_type() -> TableType:
    """The tables of a crypto together; the asset's page shows the columns of its cells."""
    contracts: dict[str, type[pa.DataFrameModel]] = {
        "cells": finetune_results(),
        "regimes": RegimeResults,
        "suspects": LabelSuspects,
    }

    def check(_: dg.TypeCheckContext, value: object) -> dg.TypeCheck:
        if not isinstance(value, CryptoResults):
            return dg.TypeCheck(False, f"CryptoResults is expected, {type(value).__name__} came")
        for name, contract in contracts.items():
            try:
                contract.validate(getattr(value, name), lazy=True)
            except pa.errors.SchemaErrors as broken:
                rules = ", ".join(dict.fromkeys(broken.failure_cases["check"].astype(str)))
                return dg.TypeCheck(False, f"{contract.to_schema().name} breaks its contract: {rules}")
        return dg.TypeCheck(True)

    dagster_type = dg.DagsterType(
        check,
        name="CryptoResults",
        description="Cells, regimes and suspects of one crypto, each to its contract.",
    )
    return TableType(dagster_type, _table_type(contracts["cells"]).definition_metadata)


CRYPTO_RESULTS = _crypto_results_type()
