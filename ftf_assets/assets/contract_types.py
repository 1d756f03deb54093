"""The table contracts as Dagster types: they refuse a bad frame before it is stored, and carry its schema.

dagster-pandera makes both from the contract. It needs pandas and Pandera, most of what a code location would
take to load, so it is asked once for each text of the contracts: the schemas are kept beside Python's own
bytecode, as derived and as disposable. Whoever checks a frame has the libraries anyway.
"""

from __future__ import annotations

import functools
import importlib
import warnings
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from ftf_assets.beside_bytecode import kept_beside_bytecode


def _class_of(module: str, name: str) -> dg.DagsterType:
    """A class as Dagster type, imported when the first value is checked."""

    def check(_: dg.TypeCheckContext, value: object) -> dg.TypeCheck:
        expected = getattr(importlib.import_module(module), name)
        return dg.TypeCheck(isinstance(value, expected), f"{name} is expected, {type(value).__name__} came")

    return dg.DagsterType(check, name=name)


#: What assets are annotated with: to a type checker the classes, to Dagster their names and checks.
if TYPE_CHECKING:
    import pandera.pandas as pa
    from pandas import DataFrame as Frame

    from ftf_assets.gate.decision import Decision
else:
    Frame = _class_of("pandas", "DataFrame")
    Decision = _class_of("ftf_assets.gate.decision", "Decision")

_PACKAGE = Path(__file__).parent.parent

#: Everything that a schema follows from: contracts, the registry of factors, and who reads them.
_TEXTS = ("assets/contract_types.py", "contracts/*.py", "labels/*.py", "storage/results_table.py")
_READERS = ("dagster", "dagster-pandera", "pandera", "pandas")


@dataclass(frozen=True)
class TableType:
    """A contract's Dagster type and the metadata that the asset's page shows."""

    dagster_type: dg.DagsterType
    definition_metadata: dict[str, Any]


@functools.cache
def pandera_types() -> dict[str, dg.DagsterType]:
    """Let dagster-pandera make the type of each contract, by name of the contract."""
    with warnings.catch_warnings():
        # dagster-pandera announces itself as beta at import and at each use; its version is pinned.
        warnings.simplefilter("ignore")
        from dagster_pandera import pandera_schema_to_dagster_type

        from ftf_assets.contracts.frames import Candles, FeatureCache
        from ftf_assets.storage.results_table import finetune_results

        made = [pandera_schema_to_dagster_type(one) for one in (Candles, FeatureCache, finetune_results())]
    return {one.key: one for one in made}


def described_contracts() -> dict[str, tuple[str | None, str]]:
    """Describe each contract, by its name: docstring, and table schema as Dagster serializes it."""
    return {
        name: (one.description, dg.serialize_value(one.metadata["schema"].value))
        for name, one in pandera_types().items()
    }


_DESCRIBED = kept_beside_bytecode(
    __file__,
    "contracts",
    described_contracts,
    texts=[path for pattern in _TEXTS for path in sorted(_PACKAGE.glob(pattern))],
    also=" ".join(f"{name} {version(name)}" for name in _READERS),
)


def _table_type(name: str) -> TableType:
    def check(context: dg.TypeCheckContext, value: object) -> dg.TypeCheck:
        return pandera_types()[name].type_check(context, value)

    description, serialized = _DESCRIBED[name]
    schema = dg.deserialize_value(serialized, dg.TableSchema)
    dagster_type = dg.DagsterType(
        check, name=name, description=description, metadata={"schema": dg.MetadataValue.table_schema(schema)}
    )
    return TableType(dagster_type, {"dagster/column_schema": schema})


CANDLES = _table_type("candles")
FEATURE_CACHE = _table_type("feature_cache")


def _crypto_results_type() -> TableType:
    """The tables of a crypto together; the asset's page shows the columns of its cells."""

    def check(_: dg.TypeCheckContext, value: object) -> dg.TypeCheck:
        from pandera.errors import SchemaErrors

        from ftf_assets.contracts.regimes import RegimeResults
        from ftf_assets.contracts.suspects import LabelSuspects
        from ftf_assets.storage.results_table import finetune_results
        from ftf_assets.sweep_results import CryptoResults

        if not isinstance(value, CryptoResults):
            return dg.TypeCheck(False, f"CryptoResults is expected, {type(value).__name__} came")
        contracts: dict[str, type[pa.DataFrameModel]] = {
            "cells": finetune_results(),
            "regimes": RegimeResults,
            "suspects": LabelSuspects,
        }
        for name, contract in contracts.items():
            try:
                contract.validate(getattr(value, name), lazy=True)
            except SchemaErrors as broken:
                rules = ", ".join(dict.fromkeys(broken.failure_cases["check"].astype(str)))
                return dg.TypeCheck(False, f"{contract.to_schema().name} breaks its contract: {rules}")
        return dg.TypeCheck(True)

    dagster_type = dg.DagsterType(
        check,
        name="CryptoResults",
        description="Cells, regimes and suspects of one crypto, each to its contract.",
    )
    return TableType(dagster_type, _table_type("finetune_results").definition_metadata)


CRYPTO_RESULTS = _crypto_results_type()

__all__ = ["CANDLES", "CRYPTO_RESULTS", "FEATURE_CACHE", "Decision", "Frame", "TableType", "pandera_types"]
