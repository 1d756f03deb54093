"""The Dagster instance of a home: created once, opened for the command's runs, or opened to be read."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from filelock import FileLock

from ftf_assets.contracts.errors import StoreError
from ftf_assets.graph.crypto_partitions import add_cryptos
from ftf_assets.graph.run_processes import end_dead_runs
from ftf_assets.storage.home import HOME_VARIABLE, Home

_TEMPLATE = Path(__file__).with_name("dagster.yaml")


@contextmanager
def open_instance(home: Home) -> Iterator[dg.DagsterInstance]:
    """Open the home's Dagster instance, create it where it is missing, and end the runs of dead processes.

    Processes that create the schema of one instance at the same time leave it unusable, so it is created
    under a file lock.

    Raises
    ------
    StoreError
        The home cannot be written; or SQLite reports, now or while the context lasts, that Dagster's records
        are damaged or their disk is full.
    """
    with sqlite_errors_as_store_errors(home), _created(home) as instance:
        yield instance


@contextmanager
def existing_instance(home: Home) -> Iterator[dg.DagsterInstance | None]:
    """Open the home's Dagster instance to read it; None if the home has none yet.

    Nothing is created, and no run is ended. Where another process is creating the instance, this waits for
    it: to open one whose schema is half made would make it a second time.

    Raises
    ------
    StoreError
        SQLite reports that Dagster's records are damaged.
    """
    if not (_event_log_folder(home) / "index.db").is_file():
        yield None
        return
    with sqlite_errors_as_store_errors(home):
        with _creation_finished(home):
            instance = _opened(home)
        with instance:
            yield instance


@contextmanager
def sqlite_errors_as_store_errors(home: Home) -> Iterator[None]:
    """Raise what SQLite reports about Dagster's records as a :class:`StoreError` that says what to do.

    Raises
    ------
    StoreError
        The disk is full or read-only, or the records are damaged.
    """
    try:
        yield
    except Exception as error:
        cause = getattr(error, "orig", None)  # SQLAlchemy wraps it
        if not isinstance(cause, sqlite3.Error):
            raise
        raise unusable_records(home.dagster, str(cause)) from error


def unusable_records(folder: object, message: str) -> StoreError:
    """Make the error for a message of SQLite about Dagster's records in a folder."""
    return StoreError(
        f"Dagster's records in {folder} cannot be used: {message}. Free disk space or repair the disk. If "
        "the records are damaged, move that folder away; it holds no results, models or artifacts"
    )


@contextmanager
def _creation_finished(home: Home) -> Iterator[None]:
    """Wait until no process creates the instance. The lock is only read: a home may be read-only."""
    try:
        file = _creation_lock(home).open("rb")
    except FileNotFoundError:  # an instance that Dagster itself has made
        yield
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def _creation_lock(home: Home) -> Path:
    return home.path / "instance.lock"


def _created(home: Home) -> dg.DagsterInstance:
    try:
        home.dagster.mkdir(parents=True, exist_ok=True)
        with FileLock(_creation_lock(home)):
            _write_if_different(home.dagster / "dagster.yaml", _TEMPLATE.read_text(encoding="utf-8"))
            os.environ["DAGSTER_HOME"] = str(home.dagster)
            os.environ[HOME_VARIABLE] = str(home.path)
            instance = _opened(home)
            # Each storage creates its tables at its first use.
            instance.get_runs_count()
            instance.event_log_storage.get_pool_limits()
            instance.all_instigator_state()
            add_cryptos(instance)
            end_dead_runs(instance)
            return instance
    except OSError as error:
        raise StoreError(f"the home {home.path} cannot be used: {error.strerror or error}") from error


def _opened(home: Home) -> dg.DagsterInstance:
    # Capturing the output of a step starts two processes, which costs more than all Dagster events of a
    # sweep, and the steps print nothing. The records are in the same files as those of the Dagster UI.
    overrides = {
        "compute_logs": {
            "module": "dagster._core.storage.noop_compute_log_manager",
            "class": "NoOpComputeLogManager",
        },
        "event_log_storage": {
            "module": "ftf_assets.graph.event_log",
            "class": "KeptConnectionsEventLog",
            "config": {"base_dir": str(_event_log_folder(home))},
        },
    }
    # Read from our template: the home's copy of it may be damaged.
    ref = InstanceRef.from_dir(str(home.dagster), config_dir=str(_TEMPLATE.parent), overrides=overrides)
    return dg.DagsterInstance.from_ref(ref)


def _event_log_folder(home: Home) -> Path:
    return home.dagster / "history" / "runs"


def _write_if_different(path: Path, content: str) -> None:
    # Another process may be reading the file.
    if not path.exists() or path.read_bytes() != content.encode():
        path.write_bytes(content.encode())
