#!/usr/bin/env python3
"""A GPU: from which size it pays, whether its fits have the same bits, and what a sweep on it takes.

    python -m benchmarks.gpu                    # about 140 s on a machine with an H100 and 16 cores
    python -m benchmarks.gpu --device cpu --rows 10000    # a rehearsal without a GPU

Each part is a process of its own, so that one that fails takes no other with it: ``bits``, ``sweep``,
``engine``, ``memory``, ``sizes``. Points that would take longer than what is left of ``--seconds`` are left
out. The last line printed is one JSON object with everything.
"""

from __future__ import annotations

import ctypes
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import click
import numpy as np

from benchmarks.growth import HOUR, Forget
from benchmarks.measuring import CORES
from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.storage.fit_store import fit_store
from ftf_assets.storage.gpu_places import GpuPlaces
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.training import boosting, gpu
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.device import Device, is_gpu
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_executors import FitExecutor, GpuFitExecutor, ThreadFitExecutor
from ftf_assets.training.fit_task import FitTask, execute_fit
from ftf_assets.training.parameters import Rounds

PARAMETERS = {
    "max_depth": 5,
    "learning_rate": 0.05,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "max_bin": 256,
}
ROUNDS = 100
AT_A_TIME = 4
#: Rows and features of the goal: at most 1.2 s with binning and 0.5 s for each next fit on an H100.
GOAL = (1_000_000, 200)
#: Seconds that a point on the CPU may take by the estimate; a longer one is left out.
LONGEST_ON_CPU = 7.0
#: Rough seconds of one thread per value and 100 rounds, binning included: only to leave out what takes long.
CPU_SECONDS_PER_VALUE = 8e-7
GPU_SECONDS_PER_VALUE = 1.5e-8
#: The parts in their order, and the share of the time left after which each is ended.
LONGEST = {"bits": 0.3, "sweep": 0.5, "engine": 0.5, "memory": 0.3, "sizes": 1.0}
PARTS = tuple(LONGEST)

Row = dict[str, Any]


def arrays_of(n_rows: int, n_features: int) -> TrainingArrays:
    """Random rows with a weak signal, made on all cores."""
    X = np.empty((n_rows, n_features), np.float32)
    pieces = np.array_split(X, CORES)
    seeds = np.random.SeedSequence(7).spawn(CORES)
    with ThreadPoolExecutor(CORES) as executor:
        list(executor.map(_fill, pieces, seeds))
    start = np.arange(n_rows, dtype=np.int64) * HOUR
    noise = np.random.default_rng(8).standard_normal(n_rows, dtype=np.float32)
    y = (X[:, 0] + 3 * noise > 3).astype(np.int8)
    return TrainingArrays(
        X=X,
        y=y,
        start=start,
        end=start + 4 * HOUR,
        label_return=np.where(y == 1, 0.01, -0.005).astype(np.float32),
        base_weight=np.ones(n_rows, np.float32),
        feature_names=tuple(f"x{k}" for k in range(n_features)),
    )


def _fill(piece: np.ndarray, seed: np.random.SeedSequence) -> None:
    np.random.default_rng(seed).standard_normal(out=piece, dtype=np.float32)


def task_of(arrays: TrainingArrays, rows: np.ndarray, device: Device, number: int, **changes: Any) -> FitTask:
    """One fit of a fold: labels smoothed by the number's share, nothing predicted."""
    smooth = 0.02 * (number % 4)
    how = {
        "key": f"{number:04d}",
        "crypto": "BENCH",
        "fold": number,
        "name": f"fit {number}",
        "rows": rows,
        "labels": np.where(arrays.y[rows] == 1, 1 - smooth, smooth).astype(np.float32),
        "weight": arrays.base_weight[rows],
        "predict": {},
        "rounds": ROUNDS,
        "parameters": dict(PARAMETERS),
        "seed": number,
        "device": device,
    }
    return FitTask(**{**how, **changes})


@contextmanager
def engine_of(device: Device, at_a_time: int, store: Any = None) -> Iterator[FitEngine]:
    """The engine as a sweep makes it; on the CPU without core tokens."""
    with tempfile.TemporaryDirectory() as folder:
        stored = store or fit_store(Home(Path(folder)))
        found = boosting.require_device(device)
        executor: FitExecutor = ThreadFitExecutor(at_a_time)
        if found is not None:
            executor = GpuFitExecutor(at_a_time, GpuPlaces(found.bus, at_a_time, found.total_bytes, CORES))
        yield FitEngine(stored, executor, lambda event: None)


def seconds_of(action: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


# ---------------------------------------------------------------------------------------------------- sweep


def sweep(device: Device, _options: Row) -> Iterator[Row]:
    """``ftf sweep`` on one crypto of the market: seconds, and the cells by status."""
    with tempfile.TemporaryDirectory() as home:
        command = [
            *(sys.executable, "-m", "ftf_assets.command", "sweep", "--json", "--home", home, "--trials", "0"),
            *("--device", device, "--crypto", "OPUSDC", "--set", "training.max_rounds=60"),
            *("--set", "training.seeds=1", "--set", "training.patience=20"),
        ]
        if is_gpu(device):
            plan = [sys.executable, "-m", "ftf_assets.command", "plan", "--home", home, "--device", "cuda:99"]
            refused = subprocess.run(plan, capture_output=True, text=True, check=False)
            yield {"device": "cuda:99", "exit_code": refused.returncode, "stderr": refused.stderr[-300:]}
        begin = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - begin
        yield {
            "seconds": round(seconds, 1),
            "exit_code": done.returncode,
            "stderr": done.stderr[-600:] if done.returncode else "",
        }
        if done.returncode in (0, 1):
            cells = ResultsStore(Home(Path(home))).read()
            failed = cells[cells["status"] == "training_failed"]
            fits = list(fit_store(Home(Path(home))).headers(sys.maxsize))
            yield {
                "cells": len(cells),
                "failed_cells": len(failed),
                "first_error": "" if failed.empty else str(failed["error_message"].iloc[0])[:300],
                "fits": len(fits),
                "seconds_of_fits": round(sum(float(fit["seconds"]) for fit in fits), 1),
                "median_rounds": median(int(fit["rounds"]) for fit in fits),
            }


# ----------------------------------------------------------------------------------------------------- bits


def bits(device: Device, _options: Row) -> Iterator[Row]:
    """The same fits one and four at a time, in another order and again: whether every bit is equal."""
    arrays = arrays_of(20_000, 57)
    tasks = [
        task_of(
            arrays,
            np.arange(500 * (k // 4), 500 * (k // 4) + 12_000),
            device,
            k,
            weight=np.linspace(0.2, 2, 12_000, dtype=np.float32) ** (k % 3),
            predict={"validation": np.arange(16_000, 18_000), "test": np.arange(18_000, 20_000)},
            rounds=Rounds(5, 40, 8) if k % 2 else 30,
        )
        for k in range(12)
    ]
    found = {}
    for name, order, at_a_time in (
        ("one at a time", tasks, 1),
        ("four at a time", tasks, AT_A_TIME),
        ("one at a time, reversed, labels of other fits first", tasks[::-1], 1),
        ("four at a time, reversed", tasks[::-1], AT_A_TIME),
    ):
        with engine_of(device, at_a_time, Forget()) as engine:
            fresh = dataclasses.replace(arrays)
            results = engine.run(order, fresh, stage="fit")
        failed = [one.error_message for one in results.values() if not isinstance(one, FitResult)]
        if failed:
            yield {"failed": len(failed), "first": failed[0], "run": name}
        found[name] = {key: one for key, one in results.items() if isinstance(one, FitResult)}
    first, *others = found.values()
    equal = all(
        other[key].booster == one.booster
        and all((other[key].probabilities[n] == p).all() for n, p in one.probabilities.items())
        for other in others
        for key, one in first.items()
    )
    yield {"runs": len(found), "fits": len(first), "equal_bits": equal and len(first) == len(tasks)}


# ---------------------------------------------------------------------------------------------------- sizes


def sizes(device: Device, options: Row) -> Iterator[Row]:
    """Seconds of a fit by rows and features on the GPU and on the CPU."""
    deadline = time.monotonic() + options["seconds"]
    warm = arrays_of(2_000, 20)
    execute_fit(task_of(warm, np.arange(2_000), device, 0), warm)
    for n_rows, n_features in options["points"]:
        values = n_rows * n_features
        if not _time_for(deadline, values * GPU_SECONDS_PER_VALUE):
            yield {"rows": n_rows, "features": n_features, "left_out": "no time left"}
            continue
        arrays = arrays_of(n_rows, n_features)
        yield {"rows": n_rows, "features": n_features, **_one_size(arrays, device, deadline)}
        if (n_rows, n_features) == GOAL and is_gpu(device):
            yield {"steps_of": f"{n_rows} x {n_features}", **_steps(arrays, device)}


def _one_size(arrays: TrainingArrays, device: Device, deadline: float) -> Row:
    n_rows, n_features = arrays.X.shape
    values, rows = n_rows * n_features, np.arange(n_rows)
    threads = GpuPlaces("bench", AT_A_TIME, 1, CORES).threads(values)
    large = values > 500_000_000

    def on_gpu(number: int, kept: TrainingArrays) -> float:
        task = task_of(arrays, rows, device, number, threads=threads if is_gpu(device) else 1)
        return seconds_of(lambda: execute_fit(task, kept))

    whole, following = [], []
    for _ in range(1 if large else 2):
        kept = dataclasses.replace(arrays)
        whole.append(on_gpu(0, kept))
        following += [on_gpu(number, kept) for number in range(1, 2 if large else 4)]
        del kept
    found: Row = {
        "gpu_threads": threads,
        "gpu_whole": round(min(whole), 3),
        "gpu_whole_first": round(whole[0], 3),
        "gpu_next": round(median(following), 3),
    }
    if n_rows <= 100_000:
        with engine_of(device, AT_A_TIME, Forget()) as engine:
            tasks = [task_of(arrays, np.arange(k, n_rows), device, k) for k in range(2 * AT_A_TIME)]
            spent = seconds_of(lambda: engine.run(tasks, dataclasses.replace(arrays), stage="fit"))
        found["gpu_four_at_a_time"] = round(spent / len(tasks), 3)
    for name, n_threads, fits in (("all", CORES, 1), ("2", 2, 1), ("side_by_side", 1, CORES)):
        expected = values * CPU_SECONDS_PER_VALUE / n_threads
        if expected > LONGEST_ON_CPU or not _time_for(deadline, expected):
            continue
        spent = seconds_of(lambda n=n_threads, m=fits: _cpu_fits(arrays, n, m))
        found[f"cpu_{name}"] = round(spent / fits, 3)
    return found


def _steps(arrays: TrainingArrays, device: Device) -> Row:
    """Seconds of the steps of one fit; the matrix of host memory by threads."""
    import xgboost as xgb

    found = {
        f"matrix_{threads}_threads": seconds_of(lambda n=threads: xgb.DMatrix(arrays.X, nthread=n))
        for threads in sorted({1, max(1, CORES // AT_A_TIME), CORES})
    }
    begin = time.perf_counter()
    binned = boosting.bin_features(arrays.X, PARAMETERS, device, CORES)
    found["matrix_and_bins"] = time.perf_counter() - begin
    begin = time.perf_counter()
    labels = arrays.y.astype(np.float32)
    how = {"parameters": PARAMETERS, "rounds": ROUNDS, "seed": 1, "device": device, "threads": CORES}
    fitted = boosting.fit_booster(binned, labels, arrays.base_weight, **how)
    found["fit"] = time.perf_counter() - begin
    found["predict"] = seconds_of(lambda: fitted.predict(arrays.X))
    found["model_bytes"] = seconds_of(fitted.to_ubjson)
    return {name: round(seconds, 3) for name, seconds in found.items()}


def _time_for(deadline: float, seconds: float) -> bool:
    return time.monotonic() + seconds < deadline


def _cpu_fits(arrays: TrainingArrays, threads: int, n_fits: int) -> None:
    """Bin and fit with plain XGBoost on the CPU, several fits at a time."""
    import xgboost as xgb

    settings = {**PARAMETERS, "objective": "binary:logistic", "tree_method": "hist", "nthread": threads}

    def fit(number: int) -> None:
        matrix = xgb.QuantileDMatrix(arrays.X, label=arrays.y, max_bin=256, nthread=threads)
        xgb.train({**settings, "seed": number}, matrix, num_boost_round=ROUNDS)

    with ThreadPoolExecutor(n_fits) as executor:
        list(executor.map(fit, range(n_fits)))


def pays_from(rows: Sequence[Row], ours: str, theirs: str, n_features: int) -> int | None:
    """Rows from which one side was faster at every measured size; None where it never was."""
    measured = sorted(
        (row["rows"], row[ours] < row[theirs])
        for row in rows
        if row["features"] == n_features and ours in row and theirs in row
    )
    since = None
    for n_rows, faster in measured:
        since = (since or n_rows) if faster else None
    return since


# --------------------------------------------------------------------------------------------------- engine


def engine(device: Device, options: Row) -> Iterator[Row]:
    """Fits of 18,000 x 57 rows and 200 rounds, one and four at a time: the engine against plain XGBoost."""
    arrays, n_fits = arrays_of(20_000, 57), options["fits"]
    held_out = np.arange(18_000, 20_000)
    tasks = [
        task_of(
            arrays,
            np.arange(8 * (k // 4), 8 * (k // 4) + 18_000),
            device,
            k,
            rounds=200,
            predict={"test": held_out},
        )
        for k in range(n_fits)
    ]
    boosting.require_device(device)
    plain(tasks[:2], arrays, 1)
    for at_a_time in (1, AT_A_TIME):
        raw = seconds_of(lambda n=at_a_time: plain(tasks, arrays, n))
        yield {"fits": n_fits, "at_a_time": at_a_time, "plain_s": round(raw, 2)}
        with engine_of(device, at_a_time) as ours:
            spent = seconds_of(lambda e=ours: e.run(tasks, dataclasses.replace(arrays), stage="fit"))
        yield {
            "fits": n_fits,
            "at_a_time": at_a_time,
            "engine_s": round(spent, 2),
            "engine_by_plain": round(spent / raw, 3),
        }
    if is_gpu(device):
        on_cpu = [dataclasses.replace(task, device="cpu") for task in tasks]
        with engine_of("cpu", CORES) as ours:
            spent = seconds_of(lambda: ours.run(on_cpu, dataclasses.replace(arrays), stage="fit"))
        yield {"on": "cpu", "at_a_time": CORES, "engine_s": round(spent, 2)}


def plain(tasks: Sequence[FitTask], arrays: TrainingArrays, at_a_time: int) -> None:
    """Fit and predict as a competent user of XGBoost does, a matrix for each fit."""
    import xgboost as xgb

    def fit(task: FitTask) -> None:
        settings = {**task.parameters, "objective": "binary:logistic", "tree_method": "hist"}
        threads = max(1, CORES // at_a_time) if is_gpu(task.device) else 1
        settings |= {"device": task.device, "seed": task.seed, "nthread": threads}
        matrix = xgb.DMatrix(arrays.X[task.rows], task.labels, weight=task.weight, nthread=threads)
        booster = xgb.train(settings, matrix, num_boost_round=int(task.rounds))
        booster.predict(xgb.DMatrix(arrays.X[task.predict["test"]], nthread=threads))

    with ThreadPoolExecutor(at_a_time) as executor:
        list(executor.map(fit, tasks))


# --------------------------------------------------------------------------------------------------- memory


class _Hog:
    """All free memory of a GPU but a little, until it is released."""

    def __init__(self, device: Device, left: int) -> None:
        self.driver, self.pieces = ctypes.CDLL("libcuda.so.1"), []
        context, self.handle = ctypes.c_void_p(), ctypes.c_int()
        self.driver.cuDeviceGet(ctypes.byref(self.handle), 0)
        self.driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), self.handle)
        self.context = context
        while (size := min(gpu.free_bytes(device) - left, 4 << 30)) > 0:
            piece = ctypes.c_uint64()
            self.driver.cuCtxPushCurrent_v2(context)
            code = self.driver.cuMemAlloc_v2(ctypes.byref(piece), ctypes.c_size_t(size))
            self.driver.cuCtxPopCurrent_v2(ctypes.byref(ctypes.c_void_p()))
            if code:
                break
            self.pieces.append(piece)

    def release(self) -> None:
        self.driver.cuCtxPushCurrent_v2(self.context)
        while self.pieces:
            self.driver.cuMemFree_v2(self.pieces.pop())
        self.driver.cuCtxPopCurrent_v2(ctypes.byref(ctypes.c_void_p()))


class _ReleasingPlaces(GpuPlaces):
    """Places whose fit alone finds the memory free again."""

    hog: _Hog | None = None
    alone_count = 0

    @contextmanager
    def alone(self) -> Iterator[None]:
        self.alone_count += 1
        if self.hog is not None:
            self.hog.release()
        with super().alone():
            yield


def memory(device: Device, _options: Row) -> Iterator[Row]:
    """A GPU without memory: refused by our check, refused by XGBoost, and fitted alone with the same bits."""
    if not is_gpu(device):
        yield {"left_out": "needs a GPU"}
        return
    arrays = arrays_of(400_000, 100)
    task = task_of(arrays, np.arange(400_000), device, 1, rounds=10)
    expected = execute_fit(task, dataclasses.replace(arrays)).booster
    found = boosting.require_device(device)
    for name, check in (("own check", gpu.require_memory), ("xgboost", lambda *_: None)):
        gpu.require_memory = check  # type: ignore[assignment]
        for released in (True, False):
            places = _ReleasingPlaces(found.bus, 2, found.total_bytes, CORES)
            hog = _Hog(device, 192 << 20)
            places.hog = hog if released else None
            engine = FitEngine(Forget(), GpuFitExecutor(1, places), lambda event: None)
            (result,) = engine.run([task], dataclasses.replace(arrays), stage="fit").values()
            hog.release()
            fitted = isinstance(result, FitResult)
            yield {
                "out_of_memory_by": name,
                "memory_free_again": released,
                "retried_alone": places.alone_count,
                "fitted": fitted,
                "equal_bits": fitted and result.booster == expected,
                "message": "" if fitted else f"{result.error_type}: {result.error_message}"[:300],
            }


# ----------------------------------------------------------------------------------------------------- main


def run_part(name: str, device: Device, options: Row, timeout: float) -> list[Row]:
    """Run a part as a process and collect the rows that it prints, also where it fails or takes too long."""
    command = [sys.executable, "-m", "benchmarks.gpu", "--part", name, "--device", device]
    process = subprocess.Popen(
        [*command, "--options", json.dumps(options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        out, err = process.communicate()
        err += f"\nended after {timeout:.0f} s"
    rows = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    if process.returncode:
        rows.append({"part_failed": process.returncode, "stderr": err[-1500:]})
    return rows


@click.command()
@click.option("--device", default="cuda", show_default=True)
@click.option("--seconds", default=140.0, show_default=True, help="What all parts may take together.")
@click.option("--rows", default="10000,30000,100000,300000,1000000,10000000", show_default=True)
@click.option("--features", default="50,200", show_default=True)
@click.option("--fits", default=32, show_default=True, help="Fits of the part engine.")
@click.option("--parts", default=",".join(PARTS), show_default=True)
@click.option("--part", hidden=True, type=click.Choice(PARTS))
@click.option("--options", "options_text", hidden=True, default="{}")
def main(
    device: Device,
    seconds: float,
    rows: str,
    features: str,
    fits: int,
    parts: str,
    part: str | None,
    options_text: str,
) -> None:
    """Run the parts and print what each found, then everything as one JSON object."""
    if part is not None:
        for row in {"sweep": sweep, "bits": bits, "sizes": sizes, "engine": engine, "memory": memory}[part](
            device, json.loads(options_text)
        ):
            print(json.dumps(row), flush=True)
        return
    end, found = time.monotonic() + seconds, {"device": device, "cores": CORES, "parts": {}}
    points = [(int(n), int(m)) for m in features.split(",") for n in rows.split(",")]
    # The goal first, then from small to large: what is left out for want of time is the largest.
    points.sort(key=lambda point: (point != GOAL, point[0] * point[1]))
    for name in (one for one in PARTS if one in parts.split(",")):
        begin = time.monotonic()
        left = max(end - begin, 1.0)
        got = run_part(
            name, device, {"points": points, "seconds": left - 5, "fits": fits}, LONGEST[name] * left
        )
        found["parts"][name] = got
        print(f"\n{name}: {time.monotonic() - begin:.1f} s", flush=True)
        for row in got:
            print("  " + ", ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    measured = [row for row in found["parts"].get("sizes", []) if "gpu_whole" in row]
    found["pays_from_rows"] = {
        f"{m} features, {ours} against {theirs}": pays_from(measured, ours, theirs, m)
        for m in sorted({row["features"] for row in measured})
        for ours, theirs in (
            ("gpu_whole", "cpu_all"),
            ("gpu_next", "cpu_all"),
            ("gpu_whole", "cpu_2"),
            ("gpu_four_at_a_time", "cpu_side_by_side"),
        )
    }
    print("\nA GPU pays from these rows on:")
    for what, n_rows in found["pays_from_rows"].items():
        print(f"  {what}: {n_rows or 'at no measured size'}")
    print("\n" + json.dumps({"benchmark": "gpu", **found}))


if __name__ == "__main__":
    main()
