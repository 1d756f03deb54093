#!/usr/bin/env python3
"""How long the command and the code location take to start.

    python -m benchmarks.start_up

The code location is compared with a bare Dagster project: one asset, nothing else. Medians; the first run of
each command, which reads the libraries from the disk and writes our bytecode, does not count.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.measuring import report, run

REPEATS = 5
_BARE = """
import dagster as dg

@dg.asset
def one():
    return 1

defs = dg.Definitions(assets=[one])
defs.get_repository_def()
"""
_OURS = "from ftf_assets.definitions import defs; defs.get_repository_def()"


def seconds(*command: str | Path) -> float:
    """Median wall seconds of a command."""
    run(command)
    return median(run(command).wall for _ in range(REPEATS))


def main() -> None:
    # Users' Python writes bytecode: where it must not, each start would compile our modules anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    ftf = (sys.executable, "-m", "ftf_assets.cli")
    with tempfile.TemporaryDirectory() as home:
        bare = seconds(sys.executable, "-W", "ignore", "-c", _BARE)
        ours = seconds(sys.executable, "-W", "ignore", "-c", _OURS)
        rows = [
            {"what": "ftf --help", "s": seconds(*ftf, "--help"), "goal": "<= 0.5 s"},
            {"what": "ftf plan", "s": seconds(*ftf, "plan", "--home", home), "goal": "<= 3 s"},
            {"what": "a bare Dagster code location", "s": bare},
            {"what": "our code location", "s": ours, "of the bare one": ours / bare, "goal": "<= 1.5 x"},
        ]
    report("start-up", rows)


if __name__ == "__main__":
    main()
