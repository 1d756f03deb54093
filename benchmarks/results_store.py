#!/usr/bin/env python3
"""The results store under load: many writers at once, and the gate over a million rows.

python -m benchmarks.results_store [--partitions 3500] [--processes 16] [--rows 1000000] [--bucket]

With --bucket the writers write to the S3 server of the tests too, one process that answers all of them.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.queues
import multiprocessing.synchronize
import os
import resource
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import click
import numpy as np
import pandas as pd

from benchmarks.measuring import report
from ftf_assets.gate.decide import decide
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.storage.home import CACHE_VARIABLE, Home
from ftf_assets.storage.result_files import read_result_file
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.support.results_rows import partition, results_table
from ftf_assets_tests.support.s3_server import environment, new_bucket, requests_in, s3_server

#: Rows of one partition: the standard protocol's 5 folds x 5 variants.
ROWS = 25


def write_partitions(
    home: Home,
    start: multiprocessing.synchronize.Barrier,
    numbers: list[int],
    used: multiprocessing.queues.SimpleQueue[float],
) -> None:
    """Write some partitions, each a crypto of its own sweep; give the processor seconds of writing them."""
    store = ResultsStore(home)
    frames = {number: results_table(partition(sweep_id=_sweep_id(number))) for number in numbers}
    start.wait()
    begin = time.process_time()
    for number, frame in frames.items():
        store.write_partition(frame, _sweep_id(number), "OPUSDC")
    used.put(time.process_time() - begin)


def _sweep_id(number: int) -> str:
    return f"ftf_{number:012x}"


def many_writers(home: Home, n_partitions: int, n_processes: int) -> dict[str, object]:
    """Write partitions from several processes at once; count what failed and what was lost."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["ftf_assets.storage.results_store", "ftf_assets_tests.support.results_rows"]
    )
    start = context.Barrier(n_processes + 1)
    shares = [list(range(one, n_partitions, n_processes)) for one in range(n_processes)]
    used = context.SimpleQueue()
    writers = [context.Process(target=write_partitions, args=(home, start, share, used)) for share in shares]
    for writer in writers:
        writer.start()
    start.wait()
    begin = time.perf_counter()
    for writer in writers:
        writer.join()
    seconds = time.perf_counter() - begin
    cpu = sum(used.get() for writer in writers if writer.exitcode == 0)
    rows = ResultsStore(home).read()
    return {
        "partitions": n_partitions,
        "processes": n_processes,
        "s": round(seconds, 1),
        "partitions/s": round(n_partitions / seconds, 1),
        "processor ms a partition": round(cpu / n_partitions * 1e3, 1),
        "failed writers": sum(writer.exitcode != 0 for writer in writers),
        "lost rows": n_partitions * ROWS - len(rows),
    }


def gate_over(folder: Path, n_rows: int) -> dict[str, object]:
    """Judge a file of so many result rows: read, pair, decide."""
    generator = np.random.default_rng(7)
    variants = ["baseline", "mild", "aggressive", "filter", "reweight"]
    n_cryptos = n_rows // ROWS
    cell = pd.MultiIndex.from_product(
        [[f"C{number:06d}" for number in range(n_cryptos)], range(5), variants],
        names=["crypto", "fold", "variant"],
    ).to_frame(index=False)
    for factor, levels in (("label_smoothing", ("mild", "aggressive")), ("cleanlab", ("filter", "reweight"))):
        moved = cell["variant"].isin(levels)
        cell[factor] = cell["variant"].where(moved, FACTORS[factor].baseline)
    for name, mean, spread in (("f1_buy", 0.3, 0.02), ("average_precision", 0.2, 0.02), ("sortino", 0, 1)):
        cell[name] = generator.normal(mean, spread, len(cell))
    cell["expectancy_net"] = cell["sortino"] * 2 + generator.normal(0, 0.1, len(cell))
    cell["f1_always_buy"] = 0.28
    file = folder / "rows.parquet"
    cell.to_parquet(file)
    made = _peak_mb()
    begin, cpu = time.perf_counter(), time.process_time()
    published = read_result_file(file)
    read = time.perf_counter() - begin
    decision = decide(published.rows, published.baselines, sweep_id=published.sweep_id)
    seconds = time.perf_counter() - begin
    return {
        "rows": len(cell),
        "levels": len(decision.verdicts),
        "read s": read,
        "read and judged s": seconds,
        "processor s": time.process_time() - cpu,
        "peak MB": _peak_mb(),
        "of it to make the file": made,
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@click.command()
@click.option("--partitions", default=3_500, show_default=True)
@click.option("--processes", default=16, show_default=True)
@click.option("--rows", default=1_000_000, show_default=True)
@click.option("--bucket", is_flag=True, help="Write to an S3 server as well.")
def main(partitions: int, processes: int, rows: int, bucket: bool) -> None:
    """Print what was written, what was lost, and the gate's time."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as opened:
        folder = Path(name)
        homes, log = {"a folder": Home(folder / "home")}, folder / "log"
        if bucket:
            endpoint = opened.enter_context(s3_server(log=log))
            # Before the first writer: all of them get the environment of a server that forks them.
            os.environ |= environment(endpoint) | {CACHE_VARIABLE: str(folder / "cache")}
            homes["a bucket"] = Home.locate(new_bucket(endpoint))
        if partitions:
            written = [
                {"store": store, **many_writers(home, partitions, processes)} for store, home in homes.items()
            ]
            requests = Counter(kind for kind, _ in requests_in(log)) if bucket else {}
            report("results store: one object a partition", written)
            if requests:
                report("requests to the bucket, with those of the reader", [dict(requests)])
        if rows:
            report("the gate over a file of rows", [gate_over(folder, rows)])


if __name__ == "__main__":
    main()
