"""What the benchmarks of speed share: commands as processes, the machine's cores, tables and JSON lines."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CORES = len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Ran:
    """A command that ran to its end: wall seconds, processor seconds with its children, what it printed."""

    wall: float
    cpu: float
    out: str


def run(command: Sequence[str | Path]) -> Ran:
    """Run a command; one that fails ends the benchmark with what it said."""
    before, begin = _cpu_of_children(), time.perf_counter()
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    wall = time.perf_counter() - begin
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr}")
    return Ran(wall, _cpu_of_children() - before, done.stdout)


def ftf(*arguments: str | Path) -> Ran:
    """Run the command ``ftf`` as a process."""
    return run([sys.executable, "-m", "ftf_assets.command", *arguments])


def pinned_sweep(*arguments: str | Path) -> Ran:
    """Run ``ftf sweep`` with the model and the rounds that all figures of speed share, as a process."""
    return run([sys.executable, "-m", "benchmarks.pinned_sweep", "sweep", "--json", *arguments])


def report(title: str, rows: Sequence[dict[str, Any]]) -> None:
    """Print a table for people and the same as one JSON line for machines."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    texts = [columns, *([_text(row.get(name)) for name in columns] for row in rows)]
    widths = [max(len(line[k]) for line in texts) for k in range(len(columns))]
    print(f"\n{title} ({CORES} cores)\n")
    for line in texts:
        print("  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)))
    print("\n" + json.dumps({"benchmark": title, "cores": CORES, "rows": list(rows)}))


def _text(value: object) -> str:
    return "" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
