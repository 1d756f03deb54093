"""Older results stores: what they lack is filled in with what it was then, or the file is refused.

A store is rebuilt beside its place and moved there whole, so a kill leaves the old file as it was. Nothing is
guessed: a factor that did not exist stood at its baseline, a table that did not exist is empty.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from ftf_assets.contracts.errors import StoreError
from ftf_assets.labels.factors import baseline_levels
from ftf_assets.storage.results_schema import SCHEMA_VERSION, tables

#: The oldest version whose rows can be carried over.
OLDEST_VERSION = 2

#: SQL for columns that older versions lack, where they are more than null: by table and column.
_FILLED = {
    "gate_metrics": {"seed_n": "0"},
    "gate_verdicts": {"tuning": "'not stated'"},
    "label_suspects": {
        "variant": "CASE label_smoothing WHEN 'none' THEN cleaner ELSE label_smoothing || '+' || cleaner END"
    },
}
#: Columns of older versions whose content has moved to another column.
_MOVED = {"label_suspects": {"label_smoothing"}}


def is_current(connection: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Say whether a file has this version's tables and a column for every factor of the registry.

    Parameters
    ----------
    connection, path
        The open file, and its name for messages.

    Raises
    ------
    StoreError
        No results store, a version that is newer or too old, or a factor that the registry does not know.
    """
    columns = _columns(connection)
    if "schema_version" not in columns:
        raise StoreError(
            f"{path} is a DuckDB database but no results store: it has no schema_version table. "
            "Choose another home or move the file away"
        )
    (version,) = connection.execute("SELECT max(version) FROM schema_version").fetchall()[0]
    if version is None or not OLDEST_VERSION <= version <= SCHEMA_VERSION:
        raise StoreError(
            f"{path} has results of schema version {version}, this ftf reads versions {OLDEST_VERSION} to "
            f"{SCHEMA_VERSION}. Use the ftf that wrote it, or move the file away and run the sweep "
            "again: finished cells are reused"
        )
    for name, (model, _) in tables().items():
        unknown = columns.get(name, set()) - set(model.to_schema().columns) - _MOVED.get(name, set())
        if unknown:
            raise StoreError(
                f"{path}: {name} has columns that this ftf does not know: {', '.join(sorted(unknown))}. Is a "
                "factor gone from the registry? Use the ftf that wrote it, or move the file away"
            )
    factors_known = set(baseline_levels()) <= columns.get("finetune_results", set())
    return bool(version == SCHEMA_VERSION and factors_known)


def carry_over_sql(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    """Statements that bring the rows of an older file into a new, empty store.

    Raises
    ------
    StoreError
        A table lacks a column that cannot be null and that nothing is known about.
    """
    columns = _columns(connection)
    statements = [f"ATTACH {_text(str(path))} AS old (READ_ONLY)"]
    for name, (model, _) in tables().items():
        if name not in columns:
            continue
        known = dict(_FILLED.get(name, {}))
        if name == "finetune_results":
            known |= {factor: _text(level) for factor, level in baseline_levels().items()}
        selected = []
        for column, schema in model.to_schema().columns.items():
            if column in columns[name]:
                selected.append(column)
            elif column in known or schema.nullable:
                selected.append(f"{known.get(column, 'NULL')} AS {column}")
            else:
                raise StoreError(f"{path}: {name} lacks the column {column}. Move the file away")
        statements.append(f"INSERT INTO {name} BY NAME SELECT {', '.join(selected)} FROM old.{name}")  # noqa: S608 - names of contracts
    statements.append("INSERT INTO sweeps BY NAME SELECT * FROM old.sweeps")
    return [*statements, "DETACH old"]


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    query = "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal"
    for table, column in connection.execute(query).fetchall():
        found.setdefault(table, set()).add(column)
    return found


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
