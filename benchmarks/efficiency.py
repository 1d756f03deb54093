#!/usr/bin/env python3
"""The wall time of whole sweeps against the least that their fits need: their one-thread seconds by cores.

    python -m benchmarks.efficiency [FTF SWEEP FLAGS]

Runs ``ftf sweep`` in a fresh home: Dagster, contracts, storage, results, gate and report are in the wall
time. The rest of the processor time is shown by step, from Dagster's events, without the steps that fit.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from benchmarks.measuring import CORES, pinned_sweep, report
from ftf_assets.graph.instance import open_instance
from ftf_assets.storage.fit_store import fit_store
from ftf_assets.storage.home import Home

FITTING = ("fold_baselines", "cleanlab_masks", "trained_models")


def step_seconds(home: Home, run_ids: list[str]) -> dict[str, float]:
    """Wall seconds of each step, all runs together."""
    seconds: defaultdict[str, float] = defaultdict(float)
    with open_instance(home) as instance:
        for run_id in (*run_ids, *(run.run_id for run in instance.get_runs(limit=1))):
            for step in instance.get_run_step_stats(run_id):
                if step.start_time and step.end_time:
                    seconds[step.step_key] += step.end_time - step.start_time
    return dict(seconds)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        done = pinned_sweep("--home", home.path, *(sys.argv[1:] or ["--trials", "0"]))
        fits = [header["seconds"] for header in fit_store(home).headers(sys.maxsize)]
        steps = step_seconds(home, list(json.loads(done.out)["run_ids"].values()))
    report(
        "efficiency: one-thread seconds of the unique fits / cores / wall seconds",
        [
            {
                "fits": len(fits),
                "fit s": round(sum(fits), 1),
                "wall s": round(done.wall, 1),
                "processor s": round(done.cpu, 1),
                "beside fits s": round(done.cpu - sum(fits), 1),
                "efficiency": round(sum(fits) / CORES / done.wall, 3),
            }
        ],
    )
    rest = {name: value for name, value in steps.items() if name not in FITTING}
    largest = sorted(rest.items(), key=lambda item: -item[1])[:12]
    report(
        "wall seconds of the steps that fit nothing, all runs together",
        [{"step": name, "s": round(value, 2)} for name, value in largest],
    )


if __name__ == "__main__":
    main()
