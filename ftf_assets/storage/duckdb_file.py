"""The DuckDB file of the results: created whole, opened by one process at a time, checked before use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd
from filelock import FileLock, Timeout

from ftf_assets.contracts.errors import StoreBusyError, StoreError
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.rows.factor_columns import finetune_results_contract
from ftf_assets.storage.results_schema import SCHEMA_VERSION, add_factors_sql, create_schema_sql


class ResultsDatabase:
    """A DuckDB file behind a lock file.

    DuckDB lets one process write. The lock file makes the other processes wait, so parallel runs queue and do
    not fail. Each call opens the database, works and closes it: between calls the file is free for ``duckdb``
    on a terminal.

    Parameters
    ----------
    path
        The database file; the first write creates it, with its parent directories.
    lock_timeout
        Seconds to wait for other processes.
    """

    def __init__(self, path: Path, *, lock_timeout: float = 600.0) -> None:
        self.path = Path(path)
        self.lock_path = self.path.with_name(self.path.name + ".lock")
        self.lock_timeout = lock_timeout

    def select(self, query: str, parameters: Sequence[str | list[str] | None] = ()) -> pd.DataFrame:
        """Read the result of one query.

        Raises
        ------
        StoreBusyError
            Another process held the lock for longer than ``lock_timeout``.
        StoreError
            There is no database yet, it cannot be opened, or it is not a results store of this version.
        """
        if not self.path.exists():
            raise self._no_results()
        with self._lock(), self._checked(read_only=True) as connection:
            return connection.execute(query, list(parameters)).df()

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the database for one transaction: everything in the context is written, or nothing is.

        Raises
        ------
        StoreBusyError, StoreError
            As :meth:`select`; the database is created where it is missing.
        """
        with self._lock():
            if not self.path.exists():
                self._create()
            with self._checked(read_only=False) as connection:
                # An error before COMMIT closes the connection, which rolls the transaction back.
                connection.execute("BEGIN TRANSACTION")
                yield connection
                connection.execute("COMMIT")

    def _no_results(self) -> StoreError:
        return StoreError(f"no results yet: {self.path} holds no row. Run a sweep first: ftf sweep")

    @contextmanager
    def _lock(self) -> Iterator[None]:
        lock = FileLock(self.lock_path, timeout=self.lock_timeout)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout:
            raise StoreBusyError(
                f"waited {self.lock_timeout:g} s for the lock {self.lock_path}: another process works on "
                f"{self.path}. Wait for it or end it; a lock file that nobody holds does no harm"
            ) from None
        except OSError as error:
            raise StoreError(f"{self.lock_path} cannot be written: {error.strerror or error}") from error
        try:
            yield
        finally:
            lock.release()

    def _create(self) -> None:
        """Build the database under a temporary name and rename it: a kill leaves no partial schema."""
        unfinished = self.path.with_name(self.path.name + ".unfinished")
        for leftover in (unfinished, unfinished.with_name(unfinished.name + ".wal")):
            leftover.unlink(missing_ok=True)
        with _opened(unfinished, read_only=False) as connection:
            # One transaction: with one per statement, each of about two hundred would wait for the disk.
            connection.execute("BEGIN TRANSACTION")
            for statement in create_schema_sql():
                connection.execute(statement)
            connection.execute("COMMIT")
        unfinished.replace(self.path)

    @contextmanager
    def _checked(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        # Opening for writing may already change the file, so first read whether it is a results store.
        with _opened(self.path, read_only=True) as connection:
            missing = _missing_factors(connection, self.path)
            if read_only and not missing:
                yield connection
                return
        with _opened(self.path, read_only=False) as connection:
            if missing:
                _add_factors(connection, missing)
            yield connection


def _missing_factors(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    """Name the registered factors without a column.

    Raises
    ------
    StoreError
        Not a results store, another schema version, or a column of an unregistered factor.
    """
    try:
        (version,) = connection.execute("SELECT max(version) FROM schema_version").fetchall()[0]
    except duckdb.CatalogException:
        raise StoreError(
            f"{path} is a DuckDB database but not a results store: it has no schema_version table. "
            "Choose another home or move the file away"
        ) from None
    if version != SCHEMA_VERSION:
        raise StoreError(
            f"{path} has results of schema version {version}, this ftf reads version {SCHEMA_VERSION}. Use "
            "the ftf that wrote it, or move the file away and run the sweep again: finished fits are reused"
        )
    columns = {name for name, *_ in connection.execute("SELECT * FROM finetune_results LIMIT 0").description}
    unknown = columns - set(finetune_results_contract().to_schema().columns)
    if unknown:
        raise StoreError(
            f"{path}: finetune_results has columns that this ftf does not know: "
            f"{', '.join(sorted(unknown))}. Is a factor gone from the registry? Use the ftf that wrote it, "
            "or move the file away"
        )
    return [name for name in FACTORS if name not in columns]


def _add_factors(connection: duckdb.DuckDBPyConnection, factors: Sequence[str]) -> None:
    connection.execute("BEGIN TRANSACTION")
    for statement in add_factors_sql(factors):
        connection.execute(statement)
    connection.execute("COMMIT")


@contextmanager
def _opened(path: Path, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open, yield and always close a connection; an error of DuckDB becomes a StoreError."""
    try:
        connection = duckdb.connect(str(path), read_only=read_only)
        try:
            yield connection
        finally:
            connection.close()
    except duckdb.Error as error:
        first_line = str(error).splitlines()[0]
        fix = (
            "Close the program that holds it"
            if "lock" in first_line
            else "Free disk space or repair the disk. If the file is damaged, move it away and run the same "
            "sweep again: finished fits are reused"
        )
        raise StoreError(f"{path}: DuckDB says: {first_line}. {fix}") from error
