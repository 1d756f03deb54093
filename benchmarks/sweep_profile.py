#!/usr/bin/env python3
"""Where the processor time of a sweep goes beside its fits: samples of the main thread of each process.

    python -m benchmarks.sweep_profile [FTF SWEEP FLAGS]

Runs the pinned sweep with at most 16 rounds in this process and its forks, in a fresh home. A timer of each
main thread's own clock takes the samples, so neither fits on other threads nor other programs are in them.
"""

from __future__ import annotations

import ctypes
import functools
import json
import os
import signal
import struct
import sys
import tempfile
import time
from collections import Counter
from multiprocessing import util
from operator import itemgetter
from pathlib import Path
from types import FrameType

from benchmarks.measuring import report
from benchmarks.pinned_sweep import PINNED_FLAGS, pin_parameters
from ftf_assets.command.main import main as ftf
from ftf_assets.storage.fit_store import fit_store
from ftf_assets.storage.home import Home

#: The fits are not the question.
SHORT_FITS = ("training.max_rounds=16", "training.min_rounds=5", "training.patience=5")
_NANOSECONDS_A_SAMPLE = 2_000_000
_CLOCK_THREAD_CPUTIME_ID = 3

_THE_REST = "the rest: Dagster, assets, the command"
#: Parts by a function that all of a part runs in. A sample counts for the first of them on its stack.
PARTS = {
    ("graph/picture_metadata.py", "pictures"): "pictures for the Dagster UI, by Matplotlib",
    ("report/file.py", "write_report"): "the report, half of it pictures",
    ("data_version_cache.py", "fetch_external_input_asset_version_info"): "Dagster's data versions",
    ("run_domain.py", "create_run_for_job"): "Dagster's run and its planned events",
    ("sqlite_event_log.py", "store_event"): "Dagster's events, into SQLite",
    ("resources_init.py", "resource_initialization_event_generator"): "Dagster's resources",
    ("checks/partition_checks.py", "_judge"): "checks of what is stored",
    ("checks/stored.py", "row_versions"): "rows read back and hashed for the checks",
    ("graph/io_managers.py", "handle_output"): "values, rows and the index stored",
    ("graph/io_managers.py", "read"): "artifacts read",
    ("assets/candles.py", "candles"): "candles and features",
    ("assets/feature_cache.py", "feature_cache"): "candles and features",
    ("training/evaluation.py", "evaluate_cells"): "scores of the cells",
    ("pandas/container.py", "validate"): "other tables held to their contracts, by Pandera",
    ("training/fit_engine.py", "run"): "the engine beside its threads, with the cleaning",
    ("<frozen importlib._bootstrap>", "_find_and_load"): "imports",
}


class Sampler:
    """Samples of one process; a fork begins anew and leaves its samples in ``folder`` when it ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts: Counter[str] = Counter()
        self.began = 0.0
        util.register_after_fork(self, Sampler._start_in_fork)

    def start(self) -> None:
        """Begin to sample this process."""
        self.parts.clear()
        self.began = time.time()
        signal.signal(signal.SIGPROF, self._sample)
        # Python has no call for a timer of a thread's own clock.
        event = struct.pack("Qii48x", 0, signal.SIGPROF, 0)
        interval = struct.pack("4q", 0, _NANOSECONDS_A_SAMPLE, 0, _NANOSECONDS_A_SAMPLE)
        libc, timer = ctypes.CDLL(None, use_errno=True), ctypes.c_void_p()
        if libc.timer_create(_CLOCK_THREAD_CPUTIME_ID, event, ctypes.byref(timer)):
            raise OSError(ctypes.get_errno(), "no timer of a thread's clock")
        libc.timer_settime(timer, 0, interval, None)

    def _start_in_fork(self) -> None:
        self.start()
        util.Finalize(None, self.store, exitpriority=1000)

    def store(self) -> None:
        """End, and write what was sampled."""
        signal.signal(signal.SIGPROF, signal.SIG_IGN)
        seconds, n_samples = time.thread_time(), self.parts.total()
        parts = {part: seconds * count / n_samples for part, count in self.parts.items()}
        found = {"began": self.began, "process": time.process_time(), "parts": parts}
        (self.folder / f"{os.getpid()}.json").write_text(json.dumps(found))

    def _sample(self, _: int, frame: FrameType | None) -> None:
        stack = []
        while frame is not None:
            stack.append((frame.f_code.co_filename, frame.f_code.co_name))
            frame = frame.f_back
        # From the outermost call inwards: pictures hold tables to their contracts too.
        self.parts[next(filter(None, map(_part, reversed(stack))), _THE_REST)] += 1


@functools.cache
def _part(call: tuple[str, str]) -> str:
    file, function = call
    return next((PARTS[key] for key in PARTS if function == key[1] and file.endswith(key[0])), "")


def main() -> None:
    """Run the sweep and print its parts by the kind of process."""
    pin_parameters()
    with tempfile.TemporaryDirectory() as folder:
        home, samples = Path(folder) / "home", Path(folder) / "samples"
        samples.mkdir()
        sampler = Sampler(samples)
        sampler.start()
        flags = [*PINNED_FLAGS, *(word for one in SHORT_FITS for word in ("--set", one))]
        sys.argv = ["ftf", "sweep", *flags, "--home", str(home), *(sys.argv[1:] or ["--trials", "0"])]
        try:
            ftf()
        except SystemExit as ended:
            if ended.code:
                raise
        sampler.store()
        found = sorted((json.loads(path.read_text()) for path in samples.iterdir()), key=itemgetter("began"))
        fits = sum(header["seconds"] for header in fit_store(Home(home)).headers(sys.maxsize))
    kinds = {"the command": found[:1], "cryptos": found[1:-1], "decision and report": found[-1:]}
    in_all: Counter[str] = Counter()
    rows: dict[str, dict[str, float]] = {}
    for kind, processes in kinds.items():
        for process in processes:
            in_all.update(process["parts"])
            for part, seconds in process["parts"].items():
                row = rows.setdefault(part, {})
                row[kind] = row.get(kind, 0.0) + seconds
    report(
        "processor seconds of a sweep beside its fits, in the main threads of its processes",
        [
            *({"part": part, **rows[part], "all": seconds} for part, seconds in in_all.most_common()),
            {"part": "all", "all": in_all.total()},
            {
                "part": "other threads beside their fits",
                "all": sum(process["process"] for process in found) - in_all.total() - fits,
            },
        ],
    )


if __name__ == "__main__":
    main()
