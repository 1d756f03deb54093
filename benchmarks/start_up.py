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
from collections.abc import Sequence
from statistics import median

from benchmarks.measuring import report, run

REPEATS = 7
_BARE = """
import dagster as dg

@dg.asset
def one():
    return 1

defs = dg.Definitions(assets=[one])
defs.get_repository_def()
"""
_OURS = "from ftf_assets.definitions import defs; defs.get_repository_def()"


def medians(commands: dict[str, Sequence[str]]) -> dict[str, float]:
    """Median wall seconds of each command, in turn: what else the machine does slows all alike."""
    for command in commands.values():
        run(command)
    turns = [{what: run(command).wall for what, command in commands.items()} for _ in range(REPEATS)]
    return {what: median(turn[what] for turn in turns) for what in commands}


def main() -> None:
    # Users' Python writes bytecode: where it must not, each start would compile our modules anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    python, ftf = (sys.executable, "-W", "ignore", "-c"), (sys.executable, "-m", "ftf_assets.command")
    with tempfile.TemporaryDirectory() as home:
        took = medians(
            {
                "ftf --help": (*ftf, "--help"),
                "ftf plan": (*ftf, "plan", "--home", home),
                "a bare Dagster code location": (*python, _BARE),
                "our code location": (*python, _OURS),
            }
        )
    goals = {"ftf --help": "<= 0.5 s", "ftf plan": "<= 3 s", "our code location": "<= 1.5 x"}
    rows = [{"what": what, "s": s, "goal": goals.get(what)} for what, s in took.items()]
    rows[-1]["of the bare one"] = took["our code location"] / took["a bare Dagster code location"]
    report("start-up", rows)


if __name__ == "__main__":
    main()
