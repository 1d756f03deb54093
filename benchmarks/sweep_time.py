#!/usr/bin/env python3
"""Where the time of a sweep goes, measured on the whole command as a process.

    python benchmarks/sweep_time.py [FTF SWEEP FLAGS]

Runs `ftf sweep` in a fresh home, then again with everything done. Prints one JSON object: wall seconds of
both, the sum of the fits' own one-thread seconds, and the share of the wall time that cores spent in fits.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ftf_assets.storage.artifacts import read_header


def timed_sweep(home: Path, flags: list[str]) -> float:
    command = [sys.executable, "-m", "ftf_assets.cli", "sweep", "--json", "--home", str(home), *flags]
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


def main() -> None:
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fresh = timed_sweep(home, sys.argv[1:])
        headers = [read_header(path.parent) for path in home.glob("fits/*/*/header.json")]
        again = timed_sweep(home, sys.argv[1:])
    fit_seconds = sum(header["value"]["seconds"] for header in headers)
    print(
        json.dumps(
            {
                "cores": cores,
                "fits": len(headers),
                "sweep_seconds": round(fresh, 1),
                "again_seconds": round(again, 1),
                "fit_seconds": round(fit_seconds, 1),
                "cores_in_fits": round(fit_seconds / cores / fresh, 3),
            }
        )
    )


if __name__ == "__main__":
    main()
