"""The tables of the results in DuckDB, kept equal to the result objects: in memory, and in a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import duckdb
import pyarrow as pa

from ftf_assets.labels.factor_registry import FACTORS, baseline_levels
from ftf_assets.rows.factor_columns import finetune_results_contract
from ftf_assets.storage.result_objects import Contents, Partition, ResultObjects, Version
from ftf_assets.storage.results_schema import delete_partition_sql, insert_registered_sql

#: Tables by kind of partition, and the columns that say which rows are a partition's.
_DETAILS = ("regime_results", "weekly_results", "seed_scores", "confidence_curve", "label_suspects")
TABLES_OF_KIND = {
    "cells": ("finetune_results", *_DETAILS),
    "ceiling": ("label_ceiling",),
    "decision": ("gate_metrics", "gate_verdicts", "gate_summary"),
    "audits": ("noise_audit", "noise_audit_effects"),
    "sweeps": (),
}


class ResultTables:
    """A connection whose tables are those of the results.

    Parameters
    ----------
    connection
        To a database with the schema of the results and the table ``result_objects``.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def refresh(
        self,
        objects: ResultObjects,
        versions: Sequence[Version],
        covers: Callable[[Partition], bool] = lambda _: True,
        *,
        other_schemas: bool = False,
    ) -> int:
        """Make the rows equal to those of versions, in one transaction.

        Parameters
        ----------
        objects
            Where versions are read.
        versions
            The current ones. Only those that the tables do not hold are read.
        covers
            Says of a partition whether the versions are all that there are of it; rows of others stay.
        other_schemas
            Whether versions of another schema are left out; without it they are an error.

        Returns
        -------
        int
            How many versions were read or removed.
        """
        held = {
            name: Partition(kind, owner, crypto)
            for name, kind, owner, crypto in self.connection.execute(
                "SELECT * FROM result_objects"
            ).fetchall()
        }
        wanted = {version.name for version in versions}
        gone = {
            name: partition for name, partition in held.items() if name not in wanted and covers(partition)
        }
        new = [version for version in versions if version.name not in held]
        if not gone and not new:
            return 0
        contents = objects.read(new, other_schemas=other_schemas)
        self.connection.execute("BEGIN TRANSACTION")
        try:
            for name, partition in gone.items():
                self._remove(name, partition)
            for version, found in contents.items():
                self._remove(version.name, version.partition)
                self._add(version, found)
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")
        return len(gone) + len(contents)

    def _remove(self, name: str, partition: Partition) -> None:
        for table in TABLES_OF_KIND[partition.kind]:
            owner = "audit_id" if partition.kind == "audits" else "sweep_id"
            delete = delete_partition_sql(table, owner, of_crypto=bool(partition.crypto))
            self.connection.execute(
                delete, [partition.owner, *([partition.crypto] if partition.crypto else [])]
            )
        if partition.kind == "sweeps":
            self.connection.execute("DELETE FROM sweeps WHERE sweep_id = $1", [partition.owner])
        self.connection.execute("DELETE FROM result_objects WHERE name = $1", [name])

    def _add(self, version: Version, contents: Contents) -> None:
        for table, rows in contents.tables.items():
            found = (
                _with_factors_of_here(rows) if table == finetune_results_contract().to_schema().name else rows
            )
            self.connection.register("new_rows", found)
            insert = insert_registered_sql(table)
            self.connection.execute(insert)
            self.connection.unregister("new_rows")
        partition = version.partition
        if partition.kind == "sweeps":
            settings = contents.facts["settings"]
            json.loads(settings)
            self.connection.execute("INSERT INTO sweeps VALUES ($1, $2)", [partition.owner, settings])
        self.connection.execute(
            "INSERT INTO result_objects VALUES ($1, $2, $3, $4)",
            [version.name, partition.kind, partition.owner, partition.crypto],
        )


def _with_factors_of_here(rows: pa.Table) -> pa.Table:
    """Give rows a column for each factor that is registered here, and for no other.

    A factor that was registered after the rows were written is at its baseline level. One that is not
    installed here has no column here: its levels stand in ``variant``, and the object keeps the column.
    """
    known = finetune_results_contract().to_schema().columns
    rows = rows.select([name for name in rows.column_names if name in known])
    for name in FACTORS:
        if name not in rows.column_names:
            level = baseline_levels()[name]
            rows = rows.append_column(name, pa.array([level] * rows.num_rows, pa.string()))
    return rows
