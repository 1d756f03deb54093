#!/usr/bin/env python3
"""Where the processor time of a crypto's run goes beside its fits: samples of the thread of its steps.

python -m benchmarks.sweep_profile [--cryptos 3] [--folds 5] [--max-rounds 16]
"""

from __future__ import annotations

import signal
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import FrameType

import click

from benchmarks.measuring import report
from ftf_assets.freshness.current import CRYPTO_ASSETS
from ftf_assets.graph.instance import open_instance
from ftf_assets.graph.jobs import SWEEP_JOB
from ftf_assets.running.job_runs import JobRun, _execute, _import_for_children, run_config
from ftf_assets.storage.home import Home
from ftf_assets.sweep.crypto_groups import all_cryptos
from ftf_assets.sweep.settings import sweep_settings
from ftf_assets.sweep.sweep import open_sweep

SECONDS_A_SAMPLE = 0.005

#: What is named, by the function that all of it runs in. A sample counts for the first of them on its stack.
PARTS = {
    ("sqlite_event_log.py", "SqliteEventLogStorage.store_event"): "Dagster's events, into SQLite",
    ("run_domain.py", "RunDomain.create_run_for_job"): "Dagster's run",
    (
        "data_version_cache.py",
        "DataVersionCache.fetch_external_input_asset_version_info",
    ): "Dagster's data versions",
    ("graph/picture_metadata.py", "pictures"): "pictures for the Dagster UI",
    ("checks/partition_checks.py", "_judge"): "checks of what is stored, contracts included",
    ("assets/candles.py", "candles"): "candles and features",
    ("assets/feature_cache.py", "feature_cache"): "candles and features",
    ("resources_init.py", "resource_initialization_event_generator"): "Dagster's resources",
    ("pandas/container.py", "DataFrameSchemaBackend.validate"): "other tables held to their contracts",
    ("training/evaluation.py", "evaluate_cells"): "scores of the cells",
    ("storage/artifacts.py", "read_artifact"): "reading artifacts",
    ("storage/artifacts.py", "write_artifact"): "writing artifacts",
    ("storage/results_store.py", "ResultsStore.write_partition"): "writing rows to DuckDB",
    ("training/fit_engine.py", "FitEngine.run"): "the engine beside its threads",
}


class Sampler:
    """Counts samples of the main thread by the part that it is in."""

    def __init__(self) -> None:
        self.samples: Counter[str] = Counter()
        self.seconds = 0.0

    def __enter__(self) -> Sampler:
        self.seconds -= time.thread_time()
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, SECONDS_A_SAMPLE, SECONDS_A_SAMPLE)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        self.seconds += time.thread_time()

    def _sample(self, _: int, frame: FrameType | None) -> None:
        # The clock runs for all threads of the process: where only fits use it, the steps wait for them.
        if frame is not None and frame.f_code.co_qualname == "Condition.wait":
            return
        stack = []
        while frame is not None:
            stack.append((frame.f_code.co_filename, frame.f_code.co_qualname))
            frame = frame.f_back
        # From the outermost call inwards: pictures hold tables to their contracts too.
        for file, function in reversed(stack):
            for (suffix, name), part in PARTS.items():
                if function == name and file.endswith(suffix):
                    self.samples[part] += 1
                    return
        self.samples["everything else"] += 1


@click.command()
@click.option("--cryptos", default=3, show_default=True, help="The first one warms up and is not sampled.")
@click.option("--folds", default=5, show_default=True)
@click.option("--max-rounds", default=16, show_default=True, help="Few: the fits are not the question.")
def main(cryptos: int, folds: int, max_rounds: int) -> None:
    """Print the share of each part."""
    settings = {
        "data.cryptos": all_cryptos()[:cryptos],
        "folds.n_folds": folds,
        "training.trials": 0,
        "run.workers": 1,
        "training.min_rounds": 5,
        "training.max_rounds": max_rounds,
        "training.patience": 5,
    }
    sweep = open_sweep(sweep_settings(settings))
    sampler = Sampler()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        runs = [
            JobRun(SWEEP_JOB, run_config(sweep, home), {}, crypto, assets=CRYPTO_ASSETS)
            for crypto in sweep.cryptos
        ]
        _import_for_children(runs)
        with open_instance(home) as instance:
            _execute(runs[0], instance)
            with sampler:
                for run in runs[1:]:
                    _execute(run, instance)
    total = sampler.samples.total()
    report(
        f"a crypto's run beside its fits, {total} samples",
        [
            {
                "part": part,
                "share": f"{count / total:.1%}",
                "processor s a crypto": count / total * sampler.seconds / (cryptos - 1),
            }
            for part, count in sampler.samples.most_common()
        ],
    )


if __name__ == "__main__":
    main()
