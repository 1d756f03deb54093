#!/usr/bin/env python3
"""Nothing is computed twice: a finished sweep again, and the same sweep with one more level.

    python -m benchmarks.nothing_twice [FTF SWEEP FLAGS]

The sweep with one more smoothing level should cost a finished sweep's time and its own fits', no more.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.measuring import CORES, Ran, pinned_sweep, report
from ftf_assets.storage.artifacts import read_header
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.home import Home


def fit_seconds(home: Home) -> dict[str, float]:
    """One-thread seconds of every finished fit."""
    folders = [path.parent for path in (home.path / "fits").glob("*/*/header.json")]
    headers = {folder.name: read_header(BlobFolder.of_path(folder)) for folder in folders}
    return {key: header["value"]["seconds"] for key, header in headers.items()}


def main() -> None:
    flags = sys.argv[1:] or ["--trials", "0"]
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))

        def sweep(factor: str) -> tuple[Ran, dict[str, float]]:
            before = fit_seconds(home)
            done = pinned_sweep("--home", home.path, "--factor", factor, *flags)
            return done, {key: s for key, s in fit_seconds(home).items() if key not in before}

        runs = {
            "first": sweep("label_smoothing=none,mild,cleanlab"),
            "again": sweep("label_smoothing=none,mild,cleanlab"),
            "one more level": sweep("label_smoothing=none,mild,aggressive,cleanlab"),
            "that again": sweep("label_smoothing=none,mild,aggressive,cleanlab"),
        }
    rows = [
        {
            "run": name,
            "fits": len(own),
            "wall s": round(done.wall, 1),
            "processor s": round(done.cpu, 1),
            "own fits s / cores": round(sum(own.values()) / CORES, 1),
        }
        for name, (done, own) in runs.items()
    ]
    more, own = runs["one more level"]
    expected = runs["that again"][0].wall + sum(own.values()) / CORES
    report("nothing twice", rows)
    report(
        "one more level against a finished sweep plus its own fits",
        [
            {
                "wall s": round(more.wall, 1),
                "expected s": round(expected, 1),
                "ratio": round(more.wall / expected, 2),
            }
        ],
    )


if __name__ == "__main__":
    main()
