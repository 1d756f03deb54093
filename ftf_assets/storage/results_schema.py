"""SQL of the results store, generated from the contracts of its tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ftf_assets.contracts.tables.cell_details import CELL_DETAILS, KeyedContract
from ftf_assets.contracts.tables.finetune_results import PRIMARY_KEY
from ftf_assets.contracts.tables.gate_decision import (
    METRICS_KEY,
    SUMMARY_KEY,
    VERDICTS_KEY,
    GateMetrics,
    GateSummary,
    GateVerdicts,
)
from ftf_assets.contracts.tables.label_ceiling import CEILING_KEY, LabelCeiling
from ftf_assets.contracts.tables.noise_audit import AUDIT_KEY, EFFECTS_KEY, NoiseAudit, NoiseAuditEffects
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.rows.factor_columns import finetune_results_contract

#: Increase it with every change of a table or view: objects of other versions are refused. A new factor needs
#: no new version: older rows are read at its baseline level.
SCHEMA_VERSION = 12

_LEADERBOARD_MEANS = (
    *("roc_auc", "average_precision", "f1_buy", "f1_always_buy", "predicted_buy_rate"),
    *("trade_precision", "breakeven_precision", "expectancy_net", "log_loss", "ece_debiased"),
)


def tables() -> dict[str, KeyedContract]:
    """Give the contract and primary key of each table, by the name of the table."""
    known: tuple[KeyedContract, ...] = (
        (finetune_results_contract(), PRIMARY_KEY),
        *CELL_DETAILS.values(),
        (LabelCeiling, CEILING_KEY),
        (GateMetrics, METRICS_KEY),
        (GateVerdicts, VERDICTS_KEY),
        (GateSummary, SUMMARY_KEY),
        (NoiseAudit, AUDIT_KEY),
        (NoiseAuditEffects, EFFECTS_KEY),
    )
    return {model.to_schema().name: (model, key) for model, key in known}


def create_table_sql(model: type[Any], key: tuple[str, ...]) -> str:
    """Give the statement that creates the table of a contract, with its name, types and NOT NULL."""
    schema = model.to_schema()
    columns = [
        f"{name} {_sql_type(column.dtype.type)}{'' if column.nullable else ' NOT NULL'}"
        for name, column in schema.columns.items()
    ]
    definition = ", ".join([*columns, f"PRIMARY KEY ({', '.join(key)})"])
    return f"CREATE TABLE {schema.name} ({definition})"


def create_views_sql() -> list[str]:
    """Give the statements that create ``clean_results`` and ``leaderboard``.

    The leaderboard has one row per sweep and variant: how many cells it has, how many failed or were skipped,
    the means over its good cells and the total of their trades, best ``roc_auc`` first within a sweep. A mean
    leaves out the cells where the metric is undefined, such as the precision of no trade.
    """
    group = ", ".join(("sweep_id", "variant", *FACTORS))
    means = ", ".join(f"avg({name}) AS {name}" for name in _LEADERBOARD_MEANS)
    leaderboard = f"""
        CREATE VIEW leaderboard AS
        SELECT {group},
            count(*) AS n_cells,
            count(*) FILTER (status = 'training_failed') AS n_failed,
            count(*) FILTER (status = 'skipped_short_history') AS n_skipped,
            {means},
            coalesce(sum(n_trades), 0)::BIGINT AS n_trades
        FROM finetune_results
        GROUP BY {group}
        ORDER BY sweep_id, roc_auc DESC NULLS LAST, variant
    """  # noqa: S608 - only column names of the contract go in
    return ["CREATE VIEW clean_results AS SELECT * FROM finetune_results WHERE status = 'ok'", leaderboard]


def create_tables_sql() -> list[str]:
    """Give the statements that create the tables and views of the results."""
    return [
        *(create_table_sql(model, key) for model, key in tables().values()),
        *create_views_sql(),
        "CREATE TABLE sweeps (sweep_id VARCHAR PRIMARY KEY, settings JSON NOT NULL)",
        "CREATE TABLE result_objects (name VARCHAR PRIMARY KEY, kind VARCHAR, owner VARCHAR, crypto VARCHAR)",
    ]


def create_schema_sql() -> list[str]:
    """Give the statements that turn an empty database into an index: tables, comments and the version."""
    return [
        *create_tables_sql(),
        *(comment for model, _ in tables().values() for comment in _comments_sql(model)),
        "COMMENT ON TABLE sweeps IS 'The resolved settings of every sweep that has rows.'",
        "COMMENT ON TABLE result_objects IS 'The objects of which these tables are an index.'",
        "CREATE TABLE schema_version (version INTEGER NOT NULL)",
        f"INSERT INTO schema_version VALUES ({SCHEMA_VERSION})",  # noqa: S608 - a constant
    ]


# Names of tables and columns are the contracts', never a user's. Values are parameters.


def delete_partition_sql(table: str, owner: str, *, of_crypto: bool) -> str:
    """Give the statement that deletes the rows of a sweep or audit ($1), or of one crypto ($2) in it."""
    return f"DELETE FROM {table} WHERE {owner} = $1" + (" AND crypto = $2" if of_crypto else "")  # noqa: S608


def insert_registered_sql(table: str) -> str:
    """Give the statement that inserts the rows that are registered as ``new_rows``."""
    return f"INSERT INTO {table} BY NAME SELECT * FROM new_rows"  # noqa: S608


def select_partition_sql(table: str, key: Sequence[str]) -> str:
    """Give the query of the rows of one sweep ($1), of one crypto ($2) or of all (null), in order of key."""
    return (
        f"SELECT * FROM {table} WHERE sweep_id = $1 AND ($2 IS NULL OR crypto = $2) "  # noqa: S608
        f"ORDER BY {', '.join(key)}"
    )


def _comments_sql(model: type[Any]) -> list[str]:
    schema = model.to_schema()
    return [
        f"COMMENT ON COLUMN {schema.name}.{name} IS {_text(column.description)}"
        for name, column in schema.columns.items()
    ]


def _sql_type(dtype: object) -> str:
    if isinstance(dtype, pd.DatetimeTZDtype):
        return "TIMESTAMP WITH TIME ZONE"
    if isinstance(dtype, pd.StringDtype):
        return "VARCHAR"
    if isinstance(dtype, pd.BooleanDtype):
        return "BOOLEAN"
    if dtype in (np.dtype("int64"), pd.Int64Dtype()):
        return "BIGINT"
    if dtype == np.dtype("float64"):
        return "DOUBLE"
    if dtype == np.dtype("bool"):
        return "BOOLEAN"
    raise TypeError(f"the results store has no SQL type for {dtype}")


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
