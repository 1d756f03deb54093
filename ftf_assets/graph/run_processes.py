"""Which process executes a Dagster run, and whether it is alive: a killed ``ftf`` leaves its run STARTED."""

from __future__ import annotations

import platform
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
_PID_NAMESPACE = Path("/proc/self/ns/pid")
#: The number that Linux gives the PID namespace of the machine itself.
_OUTSIDE_CONTAINERS = "4026531836"


def process_tags() -> dict[str, str]:
    """Give the tags of a run of this process."""
    import psutil

    return {
        ".dagster/repository": f"__repository__@{LOCATION}",
        PROCESS_TAG: _identity(psutil.Process()),
    }


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark the runs as failed whose command-line process is gone, and free their concurrency slots.

    Otherwise they would count against the limit of concurrent runs for ever. A run of another machine or
    container is left alone: its process cannot be seen from here.

    Returns
    -------
    list of str
        Ids of the runs that were ended.
    """
    unfinished = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
    ended = []
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=unfinished)):
        process = run.tags.get(PROCESS_TAG)
        if process is None or is_alive(process) is not False:
            continue
        instance.report_run_failed(run, "the ftf process that ran it has ended; run the sweep again to go on")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        ended.append(run.run_id)
    return ended


def is_alive(process: str) -> bool | None:
    """Whether the process that a run's tag names still runs; None where only another host can tell.

    A host is a PID namespace of one start of one machine: a container is a host of its own. A machine that
    has been started again since knows that its process is gone, but only outside containers, whose names
    are given out again.
    """
    import psutil

    pid, _, rest = process.partition(":")
    _, _, host = rest.partition("@")
    if host != _host():
        return False if _started_again_since(host) else None
    try:
        return pid.isdecimal() and _identity(psutil.Process(int(pid))) == process
    except (psutil.NoSuchProcess, OSError, OverflowError):
        return False


def _identity(process: psutil.Process) -> str:
    """Write ``<process id>:<start>@<host>``."""
    import psutil

    # The start time tells a process from a later one with the same number. The kernel counts it in ticks
    # since boot; psutil's is a time of the wall clock, which may be set while the process lives.
    if process.status() == psutil.STATUS_ZOMBIE:
        return f"{process.pid}:ended@{_host()}"
    if not _BOOT_ID.exists():  # not Linux
        return f"{process.pid}:{process.create_time():.2f}@{_host()}"
    start = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    return f"{process.pid}:{start}@{_host()}"


def _host() -> str:
    """Write ``<host name>/<boot id>/<PID namespace>``; the last two only on Linux."""
    name = platform.node()
    if not _BOOT_ID.exists():
        return name
    return f"{name}/{_BOOT_ID.read_text(encoding='utf-8').strip()}/{_PID_NAMESPACE.stat().st_ino}"


def _started_again_since(host: str) -> bool:
    here, there = _host().split("/"), host.split("/")
    if len(here) != 3 or len(there) != 3 or not here[2] == there[2] == _OUTSIDE_CONTAINERS:
        return False
    return here[0] == there[0] and here[1] != there[1]
