"""The Dagster instance of a home: created once, whoever comes first, and kept free of dead runs."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from filelock import FileLock

from ftf_assets.contracts.errors import StoreError
from ftf_assets.storage.home import HOME_VARIABLE, Home

if TYPE_CHECKING:
    import psutil

#: Module and name of the code location: runs are listed under their job only when tagged with it.
LOCATION = "ftf_assets.definitions"
PROCESS_TAG = "ftf/process"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_TEMPLATE = Path(__file__).with_name("dagster.yaml")


@contextmanager
def open_instance(home: Home) -> Iterator[dg.DagsterInstance]:
    """Open the home's Dagster instance for this process, creating it first where it is new.

    Several processes that open a fresh home at once would meet in Dagster's schema migration and leave it
    unusable, so creation happens under a file lock.

    Raises
    ------
    StoreError
        Where the home cannot be written, or SQLite says, then or while the context lasts, that Dagster's
        records are damaged or their disk is full.
    """
    with records_in_words(home), _created(home) as instance:
        yield instance


@contextmanager
def existing_instance(home: Home) -> Iterator[dg.DagsterInstance | None]:
    """Open the home's Dagster instance to read it; None where the home has none yet.

    Nothing is created, and no run is ended.

    Raises
    ------
    StoreError
        SQLite says that Dagster's records are damaged.
    """
    if not (_event_log_folder(home) / "index.db").is_file():
        yield None
        return
    with records_in_words(home), _opened(home) as instance:
        yield instance


@contextmanager
def records_in_words(home: Home) -> Iterator[None]:
    """Have what SQLite says of Dagster's records raise a :class:`StoreError` that says what to do.

    Raises
    ------
    StoreError
        The disk is full or read-only, or the records are damaged.
    """
    try:
        yield
    except Exception as error:
        said = getattr(error, "orig", None)  # SQLAlchemy wraps it
        if not isinstance(said, sqlite3.Error):
            raise
        raise broken_records(home.dagster, str(said)) from error


def broken_records(folder: Path, said: str) -> StoreError:
    """Word what SQLite said of Dagster's records in a folder."""
    return StoreError(
        f"Dagster's records in {folder} cannot be used: {said}. Make room or mend the disk; if "
        "they are damaged, move that folder away: results, fits and artifacts do not lie in it"
    )


def _created(home: Home) -> dg.DagsterInstance:
    try:
        home.dagster.mkdir(parents=True, exist_ok=True)
        with FileLock(home.path / "instance.lock"):
            _write_if_different(home.dagster / "dagster.yaml", _TEMPLATE.read_text(encoding="utf-8"))
            os.environ["DAGSTER_HOME"] = str(home.dagster)
            os.environ[HOME_VARIABLE] = str(home.path)
            instance = _opened(home)
            # Each storage makes its tables at its first use.
            instance.get_runs_count()
            instance.event_log_storage.get_pool_limits()
            instance.all_instigator_state()
            end_dead_runs(instance)
            return instance
    except OSError as error:
        raise StoreError(f"the home {home.path} cannot be used: {error.strerror or error}") from error


def process_tags() -> dict[str, str]:
    """Tags that let a later process tell whether the one that started a run still lives."""
    import psutil

    return {
        ".dagster/repository": f"__repository__@{LOCATION}",
        PROCESS_TAG: _identity(psutil.Process()),
    }


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Fail the runs whose command-line process is gone, and free the slots that they hold.

    A killed ``ftf`` leaves its run in the state STARTED, where it would count against the limits for ever.

    Returns
    -------
    list of str
        The runs that were ended.
    """
    unfinished = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
    ended = []
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=unfinished)):
        process = run.tags.get(PROCESS_TAG)
        if process is None or process_lives(process):
            continue
        instance.report_run_failed(run, "the ftf process that ran it has ended; run the sweep again to go on")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        ended.append(run.run_id)
    return ended


def process_lives(process: str | None) -> bool:
    """Whether the process that a run's tag names is still there; None, a run without the tag, is not."""
    if process is None:
        return False
    import psutil

    pid = process.partition(":")[0]
    try:
        return pid.isdecimal() and _identity(psutil.Process(int(pid))) == process
    except (psutil.NoSuchProcess, OSError, OverflowError):
        return False


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
    # Our own template, not the home's copy of it, which may be damaged.
    ref = InstanceRef.from_dir(str(home.dagster), config_dir=str(_TEMPLATE.parent), overrides=overrides)
    return dg.DagsterInstance.from_ref(ref)


def _event_log_folder(home: Home) -> Path:
    return home.dagster / "history" / "runs"


def _write_if_different(path: Path, content: str) -> None:
    # Others may read the file at any time.
    if not path.exists() or path.read_bytes() != content.encode():
        path.write_bytes(content.encode())


def _identity(process: psutil.Process) -> str:
    import psutil

    # Boot and start tell a process from a later one that was given the same number. The kernel counts them;
    # psutil's start time is one of the wall clock, which may jump while the process lives.
    if process.status() == psutil.STATUS_ZOMBIE:
        return f"{process.pid}: ended"
    if not _BOOT.exists():  # no Linux
        return f"{process.pid}:{process.create_time():.2f}"
    start = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    return f"{process.pid}:{_BOOT.read_text(encoding='utf-8').strip()}:{start}"
