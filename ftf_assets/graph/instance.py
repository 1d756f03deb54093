"""The Dagster instance of a home: created once, opened for the command's runs, or opened to be read."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from dagster_shared.yaml_utils import load_yaml_from_path
from filelock import FileLock

from ftf_assets.contracts.errors import FtfError, StoreError
from ftf_assets.graph.crypto_partitions import add_cryptos
from ftf_assets.graph.instance_settings import (
    TEMPLATE,
    InstanceSettings,
    instance_settings,
    without_secrets,
)
from ftf_assets.graph.run_processes import end_dead_runs
from ftf_assets.storage.home import Home


@contextmanager
def open_instance(home: Home) -> Iterator[dg.DagsterInstance]:
    """Open the home's Dagster instance, create it where it is missing, and end the runs of dead processes.

    Processes that create the schema of one instance at the same time leave it unusable, so it is created
    under a file lock. A ``dagster.yaml`` of the user's, in ``<home>/dagster`` or in ``DAGSTER_HOME``, is used
    and never replaced.

    Raises
    ------
    StoreError
        The home cannot be written; the user's ``dagster.yaml`` cannot be used; or the database reports, now
        or while the context lasts, that Dagster's records are damaged, that their disk is full, or that it
        cannot be reached.
    """
    with database_errors_as_store_errors(home), _created(home) as instance:
        yield instance


@contextmanager
def existing_instance(home: Home) -> Iterator[dg.DagsterInstance | None]:
    """Open the home's Dagster instance to read it; None if the home has none yet.

    Nothing is created, and no run is ended. Where another process is creating the instance, this waits for
    it: to open one whose schema is half made would make it a second time.

    Raises
    ------
    StoreError
        The database reports that Dagster's records are damaged, or cannot be reached.
    """
    settings = instance_settings(home)
    if not settings.exists:
        yield None
        return
    with database_errors_as_store_errors(home):
        with _creation_finished(home):
            instance = _opened(settings)
        with instance:
            yield instance


@contextmanager
def database_errors_as_store_errors(home: Home) -> Iterator[None]:
    """Raise what a database reports about Dagster's records as a :class:`StoreError` that says what to do.

    Raises
    ------
    StoreError
        The disk is full or read-only, the records are damaged, or the server cannot be reached.
    """
    try:
        yield
    except FtfError:
        raise
    except Exception as error:
        cause = _database_error(error)
        if cause is None:
            raise
        settings, server = instance_settings(home), not isinstance(cause, sqlite3.Error)
        records = settings.file if server else settings.folder
        raise unusable_records(records, str(cause), server=server) from None


def unusable_records(records: object, message: str, *, server: bool = False) -> StoreError:
    """Make the error for a message of a database about Dagster's records.

    Parameters
    ----------
    records
        Where they lie, as the message names it: a folder, or the file that names a server.
    message
        What the database said. Secrets are left out.
    server
        Whether a database server said it, not SQLite.
    """
    message = " ".join(without_secrets(message).split())
    if server:
        return StoreError(
            f"Dagster's records on the server that {records} names cannot be used: {message}. Check that the "
            "server runs, its address, and the user and password"
        )
    return StoreError(
        f"Dagster's records in {records} cannot be used: {message}. Free disk space or repair the disk. If "
        "the records are damaged, move that folder away; it holds no results, models or artifacts"
    )


def _database_error(error: BaseException | None) -> BaseException | None:
    """Find what the database raised: SQLAlchemy and Dagster wrap it."""
    while error is not None:
        raised: BaseException = getattr(error, "orig", None) or error
        if isinstance(raised, sqlite3.Error) or type(raised).__module__.startswith("psycopg2"):
            return raised
        error = error.__cause__
    return None


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
        home.path.mkdir(parents=True, exist_ok=True)
        with FileLock(_creation_lock(home)):
            settings = instance_settings(home)
            if not settings.of_user:
                settings.folder.mkdir(parents=True, exist_ok=True)
                _replace_if_different(settings.file, TEMPLATE.read_bytes())
            instance = _opened(settings)
            # Each storage creates its tables at its first use.
            instance.get_runs_count()
            instance.event_log_storage.get_pool_limits()
            instance.all_instigator_state()
            add_cryptos(instance)
            end_dead_runs(instance)
            return instance
    except OSError as error:
        raise StoreError(f"the home {home.path} cannot be used: {error.strerror or error}") from error


def _opened(settings: InstanceSettings) -> dg.DagsterInstance:
    if settings.of_user:
        return _opened_as_the_user_says(settings)
    # Capturing the output of a step starts two processes, which costs more than all Dagster events of a
    # sweep, and the steps print nothing. The records are in the same files as those of the Dagster UI.
    overrides = {
        "compute_logs": _NO_COMPUTE_LOGS,
        "event_log_storage": {
            "module": "ftf_assets.graph.event_log",
            "class": "KeptConnectionsEventLog",
            "config": {"base_dir": str(settings.folder / "history" / "runs")},
        },
    }
    # Read from our template: the home's copy of it may be damaged.
    ref = InstanceRef.from_dir(str(settings.folder), config_dir=str(TEMPLATE.parent), overrides=overrides)
    return dg.DagsterInstance.from_ref(ref)


_NO_COMPUTE_LOGS = {
    "module": "dagster._core.storage.noop_compute_log_manager",
    "class": "NoOpComputeLogManager",
}


def _opened_as_the_user_says(settings: InstanceSettings) -> dg.DagsterInstance:
    try:
        content = load_yaml_from_path(str(settings.file))
        if not isinstance(content, dict):
            raise ValueError("it is not a mapping of settings")
        # What steps print is captured only where the user says how: it takes two processes a step.
        overrides: Any = {} if "compute_logs" in content else {"compute_logs": _NO_COMPUTE_LOGS}
        ref = InstanceRef.from_dir(str(settings.folder), overrides=overrides)
        return dg.DagsterInstance.from_ref(ref)
    except Exception as error:
        if isinstance(error, OSError) or _database_error(error) is not None:
            raise
        said = " ".join(without_secrets(str(error)).split())
        raise StoreError(
            f"Dagster cannot use the settings in {settings.file}: {said}. ftf never replaces this file, "
            "because you wrote it: mend it, or move it away and ftf writes its own"
        ) from None


def _replace_if_different(path: Path, content: bytes) -> None:
    # Another process may be reading the file, and one that is killed must leave no half of it: that would be
    # taken for the user's.
    if path.exists() and path.read_bytes() == content:
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).chmod(0o644)
    Path(name).replace(path)
