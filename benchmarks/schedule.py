#!/usr/bin/env python3
"""The schedule of a sweep's fits on n virtual cores: the real stages, engine, queue and core tokens.

    python -m benchmarks.schedule [--cores 16 --cryptos 5 --picture FILE.svg]

First every fit and every cleaning of one crypto runs once, one at a time, and its processor seconds are
noted. Then the stages run again on virtual cores, where a fit sleeps for its noted seconds and gives its
noted result. ``before``: stage after stage, one thread a fit. ``now``: fits begin as soon as what they need
is known, and take more threads where fewer wait than cores are free. Threads are assumed to share
``--parallel`` of a fit without loss. The limit is the larger of all seconds by cores and of the longest chain
of one-thread fits that need each other.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from benchmarks.against_reference import plan_of, training_arrays
from benchmarks.measuring import report, run
from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.storage import cpu_core_locks
from ftf_assets.storage.cpu_core_locks import CoreTokens
from ftf_assets.training import fit_executors, fit_task, masks
from ftf_assets.training.baseline import fit_baselines
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.early_fits import EarlyFits
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets.training.fit_task import FitTask
from ftf_assets.training.models import train_cells
from ftf_assets.training.plan import TrainingPlan

KINDS = {"baseline": "#4c78a8", "out-of-fold": "#f58518", "uncleaned": "#54a24b", "cleaned": "#b279a2"}


@dataclass
class Noted:
    """What one crypto's fits and cleanings gave, and the processor seconds that each took."""

    fits: dict[str, tuple[float, FitResult, FitTask]] = field(default_factory=dict)
    cleanings: dict[tuple[int, str], tuple[float, Any]] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return sum(seconds for seconds, _, _ in self.fits.values())

    def longest_chain(self, fixed: bool) -> float:
        """Seconds of the longest chain: a fold's baseline, a block, its cleaning, a cleaned model."""
        chains = []
        for fold in {task.fold for _, _, task in self.fits.values()}:
            of = {name: [0.0] for name in KINDS}
            for seconds, _, task in self.fits.values():
                if task.fold == fold:
                    of[kind_of(task)].append(seconds)
            cleaning = sum(s for (number, _), (s, _) in self.cleanings.items() if number == fold)
            first = 0.0 if fixed else max(of["baseline"])
            cleaned = max(of["out-of-fold"]) + cleaning + max(of["cleaned"])
            chains.append(max(max(of["baseline"]), first + max(max(of["uncleaned"]), cleaned)))
        return max(chains)


class FitsInMemory(dict[str, FitResult]):
    """A store of finished fits that ends with the run."""

    def put(self, key: str, result: FitResult) -> None:
        self[key] = result


@dataclass(frozen=True)
class Bar:
    """A fit in the schedule: its core, begin and end in seconds, threads, and what it is."""

    cores: tuple[int, ...]
    begin: float
    end: float
    task: FitTask


def kind_of(task: FitTask) -> str:
    word = task.name.split(" ")[0]
    if word in ("baseline", "out-of-fold"):
        return word
    return "cleaned" if word in ("filter", "reweight") or "+" in word else "uncleaned"


@contextmanager
def replaced(*changes: tuple[Any, str, Any]) -> Iterator[None]:
    """Replace attributes while the context lasts."""
    before = [(where, name, getattr(where, name)) for where, name, _ in changes]
    for where, name, value in changes:
        setattr(where, name, value)
    try:
        yield
    finally:
        for where, name, value in before:
            setattr(where, name, value)


def run_stages(plan: TrainingPlan, arrays: TrainingArrays, executor: ThreadFitExecutor, early: bool) -> None:
    engine = FitEngine(FitsInMemory(), executor, lambda event: None)
    soft = plan.soft_labels(arrays.y)
    fits = EarlyFits(plan, arrays, soft)
    if early:
        baselines = fit_baselines(plan, arrays, engine, fits.after_baseline)
        made = masks.make_masks(plan, arrays, soft, baselines, engine, early=fits.after_masks)
    else:
        baselines = fit_baselines(plan, arrays, engine)
        made = masks.make_masks(plan, arrays, soft, baselines, engine)
    train_cells(plan, arrays, soft, baselines, made, engine)
    engine.close()


def note(plan: TrainingPlan, arrays: TrainingArrays) -> Noted:
    """Run every fit of one crypto once."""
    noted = Noted()
    fit, clean = fit_task.execute_fit, masks._clean

    def noting_fit(task: FitTask, rows: TrainingArrays) -> FitResult:
        result = fit(task, rows)
        noted.fits[task.key] = (result.seconds, result, task)
        return result

    def noting_clean(plan: Any, arrays: Any, candles: Any, fold: Any, variant: Any, *rest: Any) -> Any:
        begin = time.thread_time()
        made = clean(plan, arrays, candles, fold, variant, *rest)
        noted.cleanings[fold.index, variant.name] = (time.thread_time() - begin, made)
        return made

    with replaced((fit_task, "execute_fit", noting_fit), (masks, "_clean", noting_clean)):
        run_stages(plan, arrays, ThreadFitExecutor(1), early=False)
    return noted


def simulate(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    noted: Noted,
    *,
    cores: int,
    cryptos: int,
    now: bool,
    parallel: float,
    scale: float,
) -> tuple[float, list[Bar]]:
    """Run the stages of equal cryptos on virtual cores; seconds until the last ends, and the schedule."""
    bars: list[Bar] = []
    idle, lock = set(range(cores)), threading.Lock()
    begin = time.perf_counter()

    def sleeping_fit(task: FitTask, _rows: TrainingArrays) -> FitResult:
        seconds, result, _ = noted.fits[task.key]
        with lock:
            mine = tuple(sorted(idle)[: task.threads])
            idle.difference_update(mine)
        from_ = time.perf_counter() - begin
        time.sleep(scale * seconds * (1 - parallel + parallel / task.threads))
        with lock:
            idle.update(mine)
            bars.append(Bar(mine, from_ / scale, (time.perf_counter() - begin) / scale, task))
        return result

    def sleeping_clean(_plan: Any, _arrays: Any, _candles: Any, fold: Any, variant: Any, *_rest: Any) -> Any:
        seconds, made = noted.cleanings[fold.index, variant.name]
        time.sleep(scale * seconds)
        return made

    useful = fit_executors.useful_threads if now else lambda n_values: 1
    with (
        tempfile.TemporaryDirectory() as folder,
        replaced(
            (fit_task, "execute_fit", sleeping_fit),
            (masks, "_clean", sleeping_clean),
            (fit_executors, "useful_threads", useful),
            (cpu_core_locks, "n_idle_cores", lambda: cores),
        ),
    ):
        os.environ["XDG_RUNTIME_DIR"] = folder
        workers = [
            threading.Thread(
                target=run_stages,
                args=(plan, replace(arrays), ThreadFitExecutor(cores, CoreTokens(cores)), now),
            )
            for _ in range(cryptos)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return (time.perf_counter() - begin) / scale, bars


def draw(schedules: dict[str, list[Bar]], cores: int, file: Path) -> None:
    """Draw schedules below each other: a row a core, a bar a fit."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    figure = Figure(figsize=(9, 0.9 + len(schedules) * (0.7 + 0.14 * cores)), layout="constrained")
    axes = figure.subplots(len(schedules), 1, sharex=True, squeeze=False)[:, 0]
    for axis, (name, bars) in zip(axes, schedules.items(), strict=True):
        for one in bars:
            for core in one.cores:
                color = KINDS[kind_of(one.task)]
                axis.barh(
                    core, one.end - one.begin, left=one.begin, height=0.9, color=color, ec="white", lw=0.4
                )
        axis.set(title=name, ylabel="core", ylim=(cores - 0.4, -0.6))
    axes[-1].set_xlabel("seconds")
    patches = [Patch(color=color, label=kind) for kind, color in KINDS.items()]
    figure.legend(handles=patches, loc="outside lower center", ncols=4)
    figure.savefig(file)


@click.command()
@click.option("--reference", type=click.Path(exists=True, path_type=Path), default=Path("../shared/bench"))
@click.option(
    "--candles", type=click.Path(exists=True, path_type=Path), default=Path("../shared/data/candles_1h")
)
@click.option("--crypto", default="AAVEUSDT", show_default=True)
@click.option("--cores", "core_counts", multiple=True, type=int, default=(1, 2, 4, 8, 16), show_default=True)
@click.option("--cryptos", "crypto_counts", multiple=True, type=int, default=(1, 5), show_default=True)
@click.option("--mode", "modes", multiple=True, default=("fixed", "real"), show_default=True)
@click.option("--rounds", default=200, show_default=True, help="Boosting rounds of `fixed`.")
@click.option("--parallel", default=0.75, show_default=True, help="Share of a fit that threads share.")
@click.option("--scale", default=1.0, show_default=True, help="Seconds that a noted second takes.")
@click.option("--picture", type=click.Path(path_type=Path), help="Draw the last schedules as SVG or PNG.")
def main(
    reference: Path,
    candles: Path,
    crypto: str,
    core_counts: tuple[int, ...],
    crypto_counts: tuple[int, ...],
    modes: tuple[str, ...],
    rounds: int,
    parallel: float,
    scale: float,
    picture: Path | None,
) -> None:
    """Print seconds of both rules, the limit, and their ratio."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        run([sys.executable, reference / "make_arrays.py", candles, folder])
        arrays, edges = training_arrays(Path(folder) / f"{crypto}.npz")
    for mode in modes:
        plan = plan_of(crypto, edges, "one_factor", rounds, mode)
        noted = note(plan, arrays)
        for cores, cryptos in itertools.product(core_counts, crypto_counts):
            limit = max(cryptos * noted.seconds / cores, noted.longest_chain(mode == "fixed"))
            how = {"cores": cores, "cryptos": cryptos, "parallel": parallel, "scale": scale}
            before, old = simulate(plan, arrays, noted, now=False, **how)
            now, new = simulate(plan, arrays, noted, now=True, **how)
            rows.append(
                {
                    "mode": mode,
                    "cores": cores,
                    "cryptos": cryptos,
                    "fits": cryptos * len(noted.fits),
                    "fit s": round(cryptos * noted.seconds, 1),
                    "limit s": round(limit, 2),
                    "before s": round(before, 2),
                    "now s": round(now, 2),
                    "before of limit": round(limit / before, 2),
                    "now of limit": round(limit / now, 2),
                }
            )
            if picture is not None:
                draw({"stage after stage": old, "now": new}, cores, picture)
    report(f"schedule of fits on virtual cores, {crypto}, parallel share {parallel}", rows)


if __name__ == "__main__":
    main()
