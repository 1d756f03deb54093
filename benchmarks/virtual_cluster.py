#!/usr/bin/env python3
"""A cluster on one machine: the planner, the queues and the stores are real, the fits are sleeps.

    python -m benchmarks.virtual_cluster [--cryptos 500] [--hosts 16] [--cores 4] [--bucket]

A host is a child process that takes one crypto after another, as a container of a cluster would; it runs the
crypto's fits on its cores, each a sleep as long as a real fit of so many rows takes, and stores what a real
fit stores. The crypto's rows are written at its end. Ideal are the seconds of all fits by all cores.

The work beside the fits of all hosts shares the real cores of this machine, so the efficiency is a lower
bound: a cluster has cores of its own for it. Labels, cleaning, checks and Dagster are not part of it.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.measuring import report
from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.labels.cleaning.cleanlab_factor import CLEANLAB
from ftf_assets.running.child_processes import run_side_by_side
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.storage import home as homes
from ftf_assets.storage.fit_store import fit_store
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.settings import SweepSettings, sweep_settings
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_keys import model_fit_key, out_of_fold_key
from ftf_assets.training.fit_task import FitTask, execute_fit
from ftf_assets.training.variants import BASELINE_VARIANT
from ftf_assets_tests.support.production import feature_cache, plan_of, production_rows
from ftf_assets_tests.support.results_rows import partition, results_table
from ftf_assets_tests.support.s3_server import environment, new_bucket, requests_in, s3_server

FEATURES = 40
ROUNDS = 138  # the mean of the untuned sweep on the market


class SleepingExecutor:
    """Fits that take the time of a fit and no core.

    Parameters
    ----------
    n_slots
        Fits at a time: the cores of the host.
    seconds
        From training rows to the seconds of a fit.
    result
        What every fit gives: a real one, as large as fits are.
    """

    def __init__(self, n_slots: int, seconds: Callable[[int], float], result: FitResult) -> None:
        self.n_slots = n_slots
        self._pool = ThreadPoolExecutor(n_slots)
        self._seconds, self._result = seconds, result
        self.slept = 0.0

    def submit(self, task: FitTask, _arrays: TrainingArrays) -> Future[FitResult | Exception]:
        """Begin to sleep."""
        self.slept += self._seconds(len(task.rows))
        return self._pool.submit(self._sleep, self._seconds(len(task.rows)))

    def close(self) -> None:
        """Wait until all have slept."""
        self._pool.shutdown()

    def _sleep(self, seconds: float) -> FitResult | Exception:
        time.sleep(seconds)
        return self._result


class CountingBlobs:
    """A store that counts what is asked of it, and the bytes that are written."""

    def __init__(self, blobs: Any, counts: Counter[str]) -> None:
        self._blobs, self._counts = blobs, counts

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._blobs, name)
        if not callable(found):
            return found

        def counted(*arguments: Any, **named: Any) -> Any:
            self._counts[name] += 1
            if name.startswith("put"):
                self._counts["bytes"] += len(arguments[1])
            return found(*arguments, **named)

        return counted


@dataclass(frozen=True)
class Host:
    """Runs the fits of one crypto after another; entered once in each child."""

    sweep: Sweep
    home: Home
    cores: int
    seconds_per_row: float
    result: FitResult
    arrays: TrainingArrays

    @contextmanager
    def __call__(self, _send: Callable[[None], None]) -> Iterator[Callable[[str], dict[str, float]]]:
        """Count the requests of this child."""
        counts: Counter[str] = Counter()
        opened = homes.open_blobs
        homes.open_blobs = lambda *where: CountingBlobs(opened(*where), counts)
        homes._blobs.cache_clear()
        fit_store.cache_clear()

        def run(crypto: str) -> dict[str, float]:
            before = counts.copy()
            slept = self._fit(crypto)
            rows = results_table(partition(crypto, sweep_id=self.sweep.sweep_id))
            results_store(self.home).write_partition(rows, self.sweep.sweep_id, crypto)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            return {**(counts - before), "slept": slept, "peak": peak, "pid": homes.os.getpid()}

        yield run

    def _fit(self, crypto: str) -> float:
        plan, rows = self.sweep.plan(crypto), self.sweep.expected_rows(crypto)
        baselines = {model_fit_key(plan, fold, BASELINE_VARIANT): fold for fold in range(plan.n_folds)}
        blocks = {
            fold: [
                out_of_fold_key(plan, fold, judge, block)
                for judge in plan.judges
                for block in range(plan.out_of_fold_blocks)
            ]
            for fold in baselines.values()
        }
        not_cleaned = {
            fold: [
                model_fit_key(plan, fold, variant)
                for variant in plan.variants
                if variant != BASELINE_VARIANT and CLEANLAB.name not in dict(variant.moved)
            ]
            for fold in baselines.values()
        }
        executor = SleepingExecutor(self.cores, lambda n: n * self.seconds_per_row, self.result)
        engine = FitEngine(fit_store(self.home), executor, lambda _event: None)

        def tasks(keys: Iterable[str]) -> list[FitTask]:
            return [task(crypto, key, int(rows[key])) for key in keys]

        def unlocked(ended: FitTask, _result: object) -> list[FitTask]:
            fold = baselines[ended.key]
            return tasks([*blocks[fold], *not_cleaned[fold]])

        out_of_fold = [key for keys in blocks.values() for key in keys]
        rest = [key for key in rows if key not in baselines and key not in out_of_fold]
        engine.run(tasks(baselines), self.arrays, stage="baseline", unlocked=unlocked)
        engine.run(tasks(out_of_fold), self.arrays, stage="out_of_fold")
        engine.run(tasks(rest), self.arrays, stage="fit")
        fit_store(self.home).finish()
        engine.close()
        return executor.slept


def task(crypto: str, key: str, n_rows: int) -> FitTask:
    """A fit of so many rows; only its key and its rows are looked at."""
    zeros = np.zeros(n_rows, np.float32)
    rows = np.arange(n_rows, dtype=np.int64)
    return FitTask(key, crypto, 0, key[:8], rows, zeros, zeros, {}, ROUNDS, {}, 0, "cpu")


def real_fit() -> tuple[float, FitResult, TrainingArrays]:
    """Fit once: the seconds of a row, what a fit stores, and arrays for the engine."""
    from ftf_assets.contracts.coercion import coerce_training_data

    arrays = coerce_training_data(**production_rows(feature_cache()).arrays, crypto="OPUSDC")
    plan = plan_of(arrays)
    n_rows = len(arrays.y)
    half = np.arange(n_rows // 2, dtype=np.int64)
    one = FitTask(
        *("real", "OPUSDC", 0, "baseline", half, arrays.y[half].astype(np.float32), arrays.base_weight[half]),
        {"test": np.arange(n_rows // 2, n_rows, dtype=np.int64)},
        *(ROUNDS, dict(plan.parameters), 7, "cpu"),
    )
    execute_fit(one, arrays)
    result = execute_fit(one, arrays)
    return result.seconds / len(half), result, arrays


def open_cluster_sweep(folder: Path, n_cryptos: int) -> Sweep:
    """Open a sweep of so many cryptos on candles of ten lengths: 5 folds x 5 variants, one seed."""
    candles = MarketSource().candles("OPUSDC")
    for length in range(10):
        part = candles.tail(len(candles) * (10 + length) // 20)
        file = folder / f"history{length}.parquet"
        part.assign(date=part.index - (part.index[1] - part.index[0])).to_parquet(file, index=False)
    cryptos = [f"C{number:05d}USDC" for number in range(n_cryptos)]
    data = folder / "candles"
    data.mkdir()
    for number, crypto in enumerate(cryptos):
        (data / f"{crypto.removesuffix('USDC')}USDC_1h.parquet").hardlink_to(
            folder / f"history{number % 10}.parquet"
        )
    return open_sweep(settings_of_cluster(data, cryptos))


def settings_of_cluster(data: Path, cryptos: list[str]) -> SweepSettings:
    """The standard protocol without ceiling and repeated seeds."""
    return sweep_settings(
        {
            "data.source": "candles",
            "data.path": str(data),
            "data.cryptos": cryptos,
            "training.trials": 0,
            "training.seeds": 1,
            "ceiling.enabled": False,
        }
    )


def results_store(home: Home) -> ResultsStore:
    """The results of the home."""
    return ResultsStore(home)


@click.command(help=__doc__.splitlines()[0] if __doc__ else "")
@click.option("--cryptos", default=500, show_default=True)
@click.option("--hosts", default=16, show_default=True)
@click.option("--cores", default=4, show_default=True, help="Cores of a host.")
@click.option(
    "--longer", default=1.0, show_default=True, help="Times the fits of a year of hours: 8 for eight years."
)
@click.option("--bucket", is_flag=True, help="In a bucket of the S3 server of the tests, one process.")
def main(cryptos: int, hosts: int, cores: int, longer: float, bucket: bool) -> None:
    """Plan the sweep, run it on the hosts, and print what it took."""
    per_row, result, arrays = real_fit()
    with tempfile.TemporaryDirectory() as name, ExitStack() as opened:
        folder, log = Path(name), Path(name) / "log"
        address = str(folder / "home")
        if bucket:
            endpoint = opened.enter_context(s3_server(log=log))
            os.environ |= environment(endpoint) | {homes.CACHE_VARIABLE: str(folder / "cache")}
            address = new_bucket(endpoint)
        home = Home.locate(address)
        begin, cpu = time.perf_counter(), time.process_time()
        sweep = open_cluster_sweep(folder, cryptos)
        wall_opened, cpu_opened = time.perf_counter() - begin, time.process_time() - cpu
        cpu = time.process_time()
        n_fits, order = sweep.n_fits, sweep.longest_first
        cpu_planned = time.process_time() - cpu
        host = Host(sweep, home, cores, per_row * longer, result, arrays)
        begin, cpu = time.perf_counter(), time.process_time()
        done = run_side_by_side(list(order), host, children=hosts, on_event=lambda _event: None)
        wall, cpu_queue = time.perf_counter() - begin, time.process_time() - cpu
        requests = Counter(kind for kind, _ in requests_in(log)) if bucket else Counter[str]()
        n_rows = len(results_store(home).read(sweep.sweep_id))
    slept = sum(one["slept"] for one in done.values())
    ideal = slept / (hosts * cores)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    asked: Counter[str] = Counter()
    for one in done.values():
        asked.update({name: n for name, n in one.items() if name not in ("slept", "peak", "pid")})
    report(
        "a virtual cluster",
        [
            {
                "cryptos": cryptos,
                "cells": n_rows,
                "fits": n_fits,
                "hosts x cores": f"{hosts} x {cores}",
                "mean fit s": round(slept / n_fits, 3),
                "ideal s": round(ideal, 1),
                "wall s": round(wall, 1),
                "efficiency": round(ideal / wall, 3),
                "cpu beside fits, ms a fit": round((children.ru_utime + children.ru_stime) / n_fits * 1e3, 1),
            }
        ],
    )
    report(
        "the parent",
        [
            {
                "open s": round(wall_opened, 1),
                "open cpu s": round(cpu_opened, 1),
                "plan cpu s": round(cpu_planned, 1),
                "queue cpu s": round(cpu_queue, 2),
                "peak MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
                "largest host MB": round(max(one["peak"] for one in done.values())),
            }
        ],
    )
    total = sum(n for name, n in asked.items() if name != "bytes")
    report(
        f"calls of the store in a {'bucket' if bucket else 'folder'}",
        [
            {
                **{name: n for name, n in sorted(asked.items()) if name != "bytes"},
                "all": total,
                "a crypto": round(total / cryptos, 1),
                "a fit": round(total / n_fits, 2),
                "MB written": round(asked["bytes"] / 1e6, 1),
            }
        ],
    )
    if requests:
        report("requests to the bucket", [{**requests, "a crypto": requests.total() / cryptos}])


if __name__ == "__main__":
    main()
