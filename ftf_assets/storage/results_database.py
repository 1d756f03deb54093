"""Reading results by SQL: the result objects in a DuckDB in memory, and the file of them that people open."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from filelock import FileLock, Timeout

from ftf_assets.contracts.errors import StoreError
from ftf_assets.rows.factor_columns import finetune_results_contract
from ftf_assets.storage.home import Home
from ftf_assets.storage.result_objects import Partition, ResultObjects
from ftf_assets.storage.result_tables import ResultTables
from ftf_assets.storage.results_schema import SCHEMA_VERSION, create_schema_sql, create_tables_sql

if TYPE_CHECKING:
    import pandas as pd

#: Tables in memory by process and home: what was read once is not read again while it is current. A child
#: that was forked makes its own.
_IN_MEMORY: dict[tuple[int, str], ResultTables] = {}
_LOCK = threading.Lock()


class NoResultsError(StoreError):
    """A home holds no results yet."""


class ResultsDatabase:
    """The results of a home, by SQL.

    The rows are objects (:mod:`ftf_assets.storage.result_objects`). They are queried in memory, so that no
    program that holds ``results.duckdb`` open is ever in the way.

    Parameters
    ----------
    home
        The home.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self.objects = ResultObjects(home.blobs)

    def select(
        self,
        query: str,
        parameters: Sequence[str | list[str] | None] = (),
        *,
        owner: str | None = None,
        kind: str | None = None,
        crypto: str | None = None,
    ) -> pd.DataFrame:
        """Read the result of one query; parameters and errors as :meth:`select_all`."""
        (found,) = self.select_all([query], parameters, owner=owner, kind=kind, crypto=crypto)
        return found

    def select_all(
        self,
        queries: Sequence[str],
        parameters: Sequence[str | list[str] | None] = (),
        *,
        owner: str | None = None,
        kind: str | None = None,
        crypto: str | None = None,
    ) -> list[pd.DataFrame]:
        """Read the results of queries of the same versions: what replaces them meanwhile is in none of them.

        Parameters
        ----------
        queries, parameters
            SQL over the tables of the results; each query takes all parameters.
        owner, kind, crypto
            What the queries are about: a sweep, a kind of its partitions and a crypto. Only their objects are
            listed and read; without a sweep those of all.

        Raises
        ------
        NoResultsError
            There are no results yet.
        StoreError
            They cannot be read, or another version of ftf wrote them.
        """

        def covers(partition: Partition) -> bool:
            return (
                owner in (None, partition.owner)
                and kind in (None, partition.kind)
                and crypto in (None, partition.crypto)
            )

        def attempt() -> list[pd.DataFrame]:
            versions = self.objects.current(owner, kind, crypto)
            if not versions and not self.home.has_results and not self.objects.current():
                raise self._no_results()
            with _LOCK:
                tables = _in_memory(self.home)
                tables.refresh(self.objects, versions, covers)
                return [tables.connection.execute(query, list(parameters)).df() for query in queries]

        return self.objects.listed_again(attempt)

    def _no_results(self) -> NoResultsError:
        return NoResultsError(
            f"no results yet: {self.home.address} holds no row. Run a sweep first: ftf sweep"
        )


@dataclass(frozen=True)
class IndexRefresh:
    """What became of ``results.duckdb``.

    Attributes
    ----------
    n_changed
        Number of versions that were read into it or removed.
    note
        Why it is not up to date, in a line; "" where it is.
    """

    n_changed: int = 0
    note: str = ""


def refresh_index(home: Home, *, wait: float = 0.0, again: bool = False) -> IndexRefresh:
    """Make ``results.duckdb`` equal to the result objects; it is only an index of them.

    Parameters
    ----------
    home
        The home; on a bucket the file lies on this machine.
    wait
        Seconds to wait for another process that refreshes it.
    again
        Read every object again.

    Returns
    -------
    IndexRefresh
        A program that holds the file open, a full disk and the like delay the refresh and are never an error:
        the rows are safe in their objects. Those of another schema are left out.
    """
    later = "The rows are safe; ftf index refreshes it later"
    try:
        home.results.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(home.results.with_name(home.results.name + ".lock"), timeout=wait):
            return IndexRefresh(_refresh(home, again=again))
    except Timeout:
        return IndexRefresh(note=f"{home.results} is being refreshed by another run")
    except (duckdb.Error, OSError, StoreError) as error:
        first = str(error).partition("\n")[0]
        why = "another program holds it open" if _is_held(error) else first
        return IndexRefresh(note=f"{home.results} was not refreshed: {why}. {later}")


def _refresh(home: Home, *, again: bool) -> int:
    objects = ResultObjects(home.blobs)
    is_index = _is_index(home.results)  # first, so that nobody else's file is replaced
    if again or not is_index:
        _create(home.results)
    try:
        return _refresh_file(home.results, objects)
    except duckdb.Error as error:
        if _is_held(error) or _is_full(error):
            raise
        # Damaged where its head is whole: the rows are in their objects.
        _move_aside(home.results)
        _create(home.results)
        return _refresh_file(home.results, objects)


def _refresh_file(path: Path, objects: ResultObjects) -> int:
    with _connected(str(path)) as connection:
        tables = ResultTables(connection)
        return objects.listed_again(lambda: tables.refresh(objects, objects.current(), other_schemas=True))


def _is_index(path: Path) -> bool:
    """Whether the file is an index of this version; another or a damaged file is moved aside.

    Raises
    ------
    duckdb.IOException
        Another program holds it open for writing.
    """
    if not path.exists():
        return False
    try:
        with _connected(str(path), read_only=True) as connection:
            (version,) = connection.execute("SELECT max(version) FROM schema_version").fetchall()[0]
            described = connection.execute("SELECT * FROM finetune_results LIMIT 0").description
            connection.execute("SELECT * FROM result_objects LIMIT 0")
    except duckdb.IOException as error:
        if _is_held(error):
            raise
        version, described = None, []
    except duckdb.Error:
        version, described = None, []
    if version == SCHEMA_VERSION and {name for name, *_ in described} == _columns():
        return True
    _move_aside(path)
    return False


def _move_aside(path: Path) -> None:
    """Keep a file that is no index, with its log of changes, beside those that were moved earlier."""
    names = (f"{path.stem}.old{number}.duckdb" for number in itertools.chain([""], itertools.count(2)))
    aside = next(
        aside for aside in map(path.with_name, names) if not (aside.exists() or _log_of(aside).exists())
    )
    if _log_of(path).exists():
        _log_of(path).replace(_log_of(aside))
    path.replace(aside)


def _log_of(path: Path) -> Path:
    """Where DuckDB keeps the changes that are not in a file yet."""
    return path.with_name(path.name + ".wal")


def _is_full(error: Exception) -> bool:
    """Whether DuckDB says that the disk took no more."""
    return any(said in str(error) for said in ("No space left", "Could not write", "Read-only file system"))


def _is_held(error: Exception) -> bool:
    """Whether DuckDB says that another program has the file open."""
    return isinstance(error, duckdb.IOException) and "Could not set lock" in str(error)


def forget_tables() -> None:
    """Close the tables in memory, as a process does that is about to fork."""
    with _LOCK:
        while _IN_MEMORY:
            _IN_MEMORY.popitem()[1].connection.close()


def _columns() -> set[str]:
    return set(finetune_results_contract().to_schema().columns)


def _create(path: Path) -> None:
    """Build the file under a temporary name and rename it: a kill leaves no partial schema."""
    unfinished = path.with_name(path.name + ".unfinished")
    for leftover in (unfinished, _log_of(unfinished)):
        leftover.unlink(missing_ok=True)
    with _connected(str(unfinished)) as connection:
        # One transaction: with one per statement, each of about two hundred would wait for the disk.
        connection.execute("BEGIN TRANSACTION")
        for statement in create_schema_sql():
            connection.execute(statement)
        connection.execute("COMMIT")
    _log_of(path).unlink(missing_ok=True)  # of an index that is replaced, or was removed
    unfinished.replace(path)


def _in_memory(home: Home) -> ResultTables:
    key = (os.getpid(), home.address)
    if key not in _IN_MEMORY:
        # One thread: whoever forks this process must find no other.
        connection = duckdb.connect(":memory:", config={"threads": 1})
        for statement in create_tables_sql():
            connection.execute(statement)
        _IN_MEMORY[key] = ResultTables(connection)
    return _IN_MEMORY[key]


@contextmanager
def _connected(path: str, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(path, read_only=read_only)
    try:
        yield connection
    finally:
        connection.close()
