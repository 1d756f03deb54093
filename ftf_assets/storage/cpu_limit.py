"""The CPU limit of the container that this process runs in, from the files of its control group."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

_MACHINE = Path("/")


def limited_cores(root: Path = _MACHINE) -> float:
    """Number of cores that the container may use at a time; infinite without a limit.

    A container's limit is a share of time, not a set of cores, so the process still sees all cores of the
    machine. As many fits as those would be stopped for most of each tenth of a second.

    Parameters
    ----------
    root
        Folder in which ``proc`` and ``sys`` lie.
    """
    return min(_limits(root), default=math.inf)


def _limits(root: Path) -> Iterator[float]:
    groups = root / "sys" / "fs" / "cgroup"
    for line in _text(root / "proc" / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        folder = groups / "cpu" if controllers else groups
        if controllers and "cpu" not in controllers.split(","):
            continue
        # A limit of a group holds for all below it. In a container the path may be the host's, which is not
        # seen there: then only the top is left, which is the container's own group.
        parts = [part for part in path.split("/") if part]
        for depth in range(len(parts) + 1):
            group = folder.joinpath(*parts[:depth])
            limit = _text(group / "cpu.max").split() or [
                *_text(group / "cpu.cfs_quota_us").split(),
                *_text(group / "cpu.cfs_period_us").split(),
            ]
            if len(limit) == 2 and limit[0] not in ("max", "-1"):
                yield int(limit[0]) / int(limit[1])


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except OSError:
        return ""
