"""Which process executes a Dagster run, and whether it is alive: a killed ``ftf`` leaves its run STARTED."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    import psutil

#: Module and name of the code location: Dagster lists a run under its job only when tagged with it.
LOCATION = "ftf_assets.definitions"
#: Tag that identifies the process of a run.
PROCESS_TAG = "ftf/process"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def process_tags() -> dict[str, str]:
    """Give the tags of a run of this process."""
    import psutil

    return {
        ".dagster/repository": f"__repository__@{LOCATION}",
        PROCESS_TAG: _identity(psutil.Process()),
    }


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark the runs as failed whose command-line process is gone, and free their concurrency slots.

    Otherwise they would count against the limit of concurrent runs for ever.

    Returns
    -------
    list of str
        Ids of the runs that were ended.
    """
    unfinished = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
    ended = []
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=unfinished)):
        process = run.tags.get(PROCESS_TAG)
        if process is None or is_alive(process):
            continue
        instance.report_run_failed(run, "the ftf process that ran it has ended; run the sweep again to go on")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        ended.append(run.run_id)
    return ended


def is_alive(process: str | None) -> bool:
    """Whether the process that a run's tag names still runs; a run without the tag has none."""
    if process is None:
        return False
    import psutil

    pid = process.partition(":")[0]
    try:
        return pid.isdecimal() and _identity(psutil.Process(int(pid))) == process
    except (psutil.NoSuchProcess, OSError, OverflowError):
        return False


def _identity(process: psutil.Process) -> str:
    import psutil

    # Boot and start time tell a process from a later one with the same number. The kernel counts the start in
    # ticks since boot; psutil's is a time of the wall clock, which may be set while the process lives.
    if process.status() == psutil.STATUS_ZOMBIE:
        return f"{process.pid}: ended"
    if not _BOOT_ID.exists():  # not Linux
        return f"{process.pid}:{process.create_time():.2f}"
    start = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    return f"{process.pid}:{_BOOT_ID.read_text(encoding='utf-8').strip()}:{start}"
