"""Changing stored results by SQL, as nothing in the product does: for tests of what is noticed."""

from __future__ import annotations

import duckdb

from ftf_assets.contracts.tables.frames import with_contract_dtypes
from ftf_assets.storage.home import Home
from ftf_assets.storage.result_objects import ResultObjects
from ftf_assets.storage.result_tables import TABLES_OF_KIND, ResultTables
from ftf_assets.storage.results_schema import create_tables_sql, tables


def change_results(home: Home, statement: str) -> int:
    """Execute a statement on the results of a home and write what it has changed; gives how many rows."""
    objects, connection = ResultObjects(home.blobs), duckdb.connect(":memory:")
    for one in create_tables_sql():
        connection.execute(one)
    versions = objects.current()
    ResultTables(connection).refresh(objects, versions, None)
    (n_rows,) = connection.execute(statement).fetchone()
    for version, before in objects.read(versions).items():
        partition, frames = version.partition, {}
        owner = "audit_id" if partition.kind == "audits" else "sweep_id"
        of_crypto = " AND crypto = $2" if partition.crypto else ""
        values = [partition.owner, *([partition.crypto] if partition.crypto else [])]
        for table in TABLES_OF_KIND[partition.kind]:
            if table in before.tables:
                query = f"SELECT * FROM {table} WHERE {owner} = $1{of_crypto} ORDER BY rowid"
                frames[table] = with_contract_dtypes(
                    tables()[table][0], connection.execute(query, values).df()
                )
        old = {
            name: with_contract_dtypes(tables()[name][0], rows.to_pandas())
            for name, rows in before.tables.items()
        }
        if any(not frames[name].equals(old[name]) for name in frames):
            objects.write(partition, frames, before.facts)
    connection.close()
    return int(n_rows)
