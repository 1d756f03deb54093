#!/usr/bin/env python3
"""How time and memory grow with rows, features and cryptos, and how fast the boundary is.

    python -m benchmarks.growth [--rows 10000,100000,1000000] [--features 25,100,400] [--cryptos 1,5,20]
        [--labels 10000,100000,1000000] [--plans 100,500]

Each point of rows and features is a process of its own, so that its peak memory is its own: as many fits at a
time as cores, on random rows with a weak signal. Exponents are slopes of log time on log size.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import click
import numpy as np
import pandas as pd

from benchmarks.measuring import CORES, report, run
from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.coercion import coerce_feature_cache
from ftf_assets.contracts.tables.feature_cache import FeatureCache
from ftf_assets.labels.cleaning.label_chain import LabelChain
from ftf_assets.labels.cleaning.temporal_noise import temporal_noise
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.sweep.settings import sweep_settings
from ftf_assets.sweep.sweep import open_sweep
from ftf_assets.training.baseline import fit_baselines
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.evaluation import evaluate_cells
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets.training.fit_task import FitTask
from ftf_assets.training.folds.calendar_edges import calendar_edges
from ftf_assets.training.masks import make_masks
from ftf_assets.training.models import train_cells
from ftf_assets.training.parameters import DEFAULT_PARAMETERS
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.variants import expand_variants, parse_factors

HOUR = 3_600_000_000_000
ROUNDS = 20
#: Runs of the boundary after the first.
REPEATS = 5
MEGABYTE = 2**20


class Forget:
    """A store that keeps nothing."""

    def get(self, key: str) -> FitResult | None:
        return None

    def put(self, key: str, result: FitResult) -> None:
        """Let go of a finished fit."""


def frame_of(n_rows: int, n_features: int) -> pd.DataFrame:
    """A feature cache of random float64 features and labels with a weak signal."""
    generator = np.random.default_rng(7)
    X = generator.standard_normal((n_rows, n_features))
    index = pd.date_range("1900-01-01", periods=n_rows, freq="h", tz="UTC", name="timestamp").as_unit("ns")
    frame = pd.DataFrame(X, index=index, columns=[f"x{k}" for k in range(n_features)])
    label = (X[:, 0] + 3 * generator.standard_normal(n_rows) > 3).astype(np.int8)
    return frame.assign(
        label=label,
        label_end=index + pd.Timedelta(hours=4),
        label_return=np.where(label == 1, 0.01, -0.005),
    )


def arrays_of(n_rows: int, n_features: int) -> TrainingArrays:
    """The same as arrays, without a frame in memory."""
    generator = np.random.default_rng(7)
    X = generator.standard_normal((n_rows, n_features), dtype=np.float32)
    start = np.arange(n_rows, dtype=np.int64) * HOUR
    y = (X[:, 0] + 3 * generator.standard_normal(n_rows, dtype=np.float32) > 3).astype(np.int8)
    return TrainingArrays(
        X=X,
        y=y,
        start=start,
        end=start + 4 * HOUR,
        label_return=np.where(y == 1, 0.01, -0.005).astype(np.float32),
        base_weight=np.ones(n_rows, np.float32),
        feature_names=tuple(f"x{k}" for k in range(n_features)),
    )


def fits_at_once(n_rows: int, n_features: int) -> dict[str, float]:
    """Run two rounds of one fit a core on these rows: seconds a fit, and the process's peak memory."""
    arrays = arrays_of(n_rows, n_features)
    held_out = np.arange(n_rows - n_rows // 10, n_rows)
    tasks = [
        FitTask(
            key=str(number),
            crypto="GROWTH",
            fold=0,
            name=str(number),
            rows=np.arange(number, n_rows - n_rows // 10),  # rows of its own: nothing is shared
            labels=arrays.y[number : n_rows - n_rows // 10].astype(np.float32),
            weight=arrays.base_weight[number : n_rows - n_rows // 10],
            predict={"test": held_out},
            rounds=ROUNDS,
            parameters=dict(DEFAULT_PARAMETERS),
            seed=number,
            device="cpu",
        )
        for number in range(2 * CORES)
    ]
    import xgboost  # noqa: F401  its import is no part of a fit

    begin = time.perf_counter()
    FitEngine(Forget(), ThreadFitExecutor(CORES), lambda event: None).run(tasks, arrays, stage="fit")
    seconds = (time.perf_counter() - begin) / len(tasks)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": seconds, "peak": peak, "matrix": arrays.X.nbytes}


def point(n_rows: int, n_features: int) -> dict[str, float]:
    """Measure one point in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.growth", "--point", f"{n_rows},{n_features}"]
    measured: dict[str, float] = json.loads(run(command).out)
    allowed = 3 * measured["matrix"] * CORES + 400 * MEGABYTE
    return {
        "rows": n_rows,
        "features": n_features,
        "s a fit": measured["seconds"] * CORES,
        "matrix MB": measured["matrix"] / MEGABYTE,
        "peak MB": measured["peak"] / MEGABYTE,
        "of what is allowed": measured["peak"] / allowed,
    }


def exponent(rows: Sequence[dict[str, Any]], size: str, seconds: str) -> float:
    """Slope of log time on log size."""
    return float(np.polyfit(np.log([r[size] for r in rows]), np.log([r[seconds] for r in rows]), 1)[0])


def boundary(n_rows: int) -> list[dict[str, object]]:
    """Coercion in bytes of the frame's features a second, and the contract of the feature cache.

    Medians after a first run, which is shown beside them: it also waits for the kernel to find memory, which
    takes from nothing to three times the work itself.
    """
    frame = frame_of(n_rows, 50)
    size = n_rows * 50 * 8
    coercion = timed(lambda: coerce_feature_cache(frame, crypto="GROWTH"))
    contract = timed(lambda: FeatureCache.validate(frame, lazy=True))
    return [
        {
            "what": "coercion",
            "rows": n_rows,
            **coercion,
            "GB/s": size / coercion["s"] / 1e9,
            "goal": ">= 1 GB/s",
        },
        {"what": "Pandera contract", "rows": n_rows, **contract, "goal": "< 2 s"},
    ]


def timed(work: Callable[[], object]) -> dict[str, float]:
    """Wall seconds of the first run, and the median of those after it."""

    def seconds() -> float:
        begin = time.perf_counter()
        work()
        return time.perf_counter() - begin

    first = seconds()
    return {"first s": first, "s": median(seconds() for _ in range(REPEATS))}


def market(n_cryptos: int) -> dict[str, float]:
    """Sweep so many cryptos of the embedded market, one after another, from candles to scored cells.

    One fold of the standard variants each; the graph itself knows the configured cryptos only.
    """
    source = MarketSource()
    edges = calendar_edges([(source.span("C0USDC").first.value, source.span("C0USDC").last.value)], 5)[-2:]
    begin = time.perf_counter()
    for number in range(n_cryptos):
        crypto = f"C{number}USDC"
        frame, _ = source.feature_cache(crypto, source.candles(crypto))
        arrays = coerce_feature_cache(frame, crypto=crypto)
        plan = TrainingPlan(
            crypto=crypto,
            arrays_key=crypto,
            variants=expand_variants(parse_factors("label_smoothing,cleanlab"), "one_factor"),
            edges=edges,
            epsilons=sweep_settings({}).treatment.epsilons,
        )
        engine = FitEngine(Forget(), ThreadFitExecutor(CORES), lambda event: None)
        soft = plan.soft_labels(arrays.y)
        baselines = fit_baselines(plan, arrays, engine)
        masks = make_masks(plan, arrays, soft, baselines, engine)
        models = train_cells(plan, arrays, soft, baselines, masks, engine)
        evaluate_cells(plan, arrays, masks, models, scoring=sweep_settings({}).evaluation.scoring)
    return {"cryptos": n_cryptos, "s": time.perf_counter() - begin}


def temporal_cleaner(n_rows: int) -> list[dict[str, object]]:
    """Judge the labels of three series by their order in time: processor seconds, steps of the last search.

    Errors in bursts, no errors, and coin flips that no chain explains, which take most steps.
    """
    chain = LabelChain(2, np.array([0.08, 0.48, 0.18, 0.40]), 1)
    generator = np.random.default_rng(7)
    uniform = generator.random(n_rows)
    in_runs = np.zeros(n_rows, np.int8)
    history = 0
    for row in range(n_rows):
        in_runs[row] = uniform[row] < chain.buy_probability[history]
        history = (2 * history + int(in_runs[row])) % 4
    in_burst = np.repeat(generator.random(n_rows // 25 + 1) < 0.15, 25)[:n_rows]
    bursts = in_burst & (generator.random(n_rows) < 0.5)
    evidence = generator.normal(size=n_rows)
    kinds = {
        "bursts": (in_runs ^ bursts, in_runs + evidence),
        "no errors": (in_runs, in_runs + evidence),
        "coin flips": ((uniform < 0.2).astype(np.int8), evidence),
    }
    start = np.arange(n_rows, dtype=np.int64) * HOUR
    measured: list[dict[str, object]] = []
    for kind, (y, log_odds) in kinds.items():
        begin = time.process_time()
        found = temporal_noise(y.astype(np.int8), 1 / (1 + np.exp(2 - log_odds)), start, chain, bar=HOUR)
        seconds = time.process_time() - begin
        measured.append({"labels": kind, "rows": n_rows, "s": seconds, "steps": found.n_steps})
    return measured


def planning(n_cryptos: int) -> dict[str, object]:
    """Open and plan a sweep of candle files with frozen cryptos and fold edges, as each of its runs does."""
    names = [f"C{number:05d}USDC" for number in range(n_cryptos)]
    candles = MarketSource().candles("OPUSDC").head(300)
    text = candles.assign(date=candles.index - pd.Timedelta(hours=1)).to_csv(index=False)
    edges = pd.date_range(candles.index[100], candles.index[-1], periods=6).round("1h")
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            (Path(folder) / f"{name}_1h.csv").write_text(text, encoding="utf-8")
        frozen = sweep_settings(
            {
                "data": {"source": "candles", "path": folder, "cryptos": names},
                "folds": {"edges": [edge.to_pydatetime() for edge in edges]},
                "training": {"trials": 0, "seeds": 1},
                "ceiling": {"enabled": False},
            }
        )
        begin = time.process_time()
        sweep = open_sweep(frozen)
        opened = time.process_time()
        n_fits = sweep.n_fits
        planned = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cryptos": n_cryptos, "fits": n_fits, "open s": opened - begin, "plan s": planned - opened,
            "s": planned - begin, "peak MB": peak}  # fmt: skip


def _numbers(_: object, __: object, text: str | None) -> list[int]:
    return [int(word) for word in text.split(",")] if text else []


@click.command()
@click.option("--rows", default="10000,100000,1000000", show_default=True, callback=_numbers)
@click.option("--features", default="25,100,400", show_default=True, callback=_numbers)
@click.option("--cryptos", default="1,5,20", show_default=True, callback=_numbers)
@click.option("--labels", default="10000,100000,1000000", show_default=True, callback=_numbers)
@click.option("--plans", default="100,500", show_default=True, callback=_numbers)
@click.option("--point", "one", hidden=True, callback=_numbers)
def main(
    rows: list[int],
    features: list[int],
    cryptos: list[int],
    labels: list[int],
    plans: list[int],
    one: list[int],
) -> None:
    """Print each series with its exponent."""
    if one:
        print(json.dumps(fits_at_once(*one)))
        return
    report("plans of frozen sweeps, processor time", [planning(n) for n in plans])
    by_labels = [row for n in labels for row in temporal_cleaner(n)]
    for kind in dict.fromkeys(row["labels"] for row in by_labels):
        of_kind = [row for row in by_labels if row["labels"] == kind]
        report(f"temporal cleaner, {kind}, exponent {exponent(of_kind, 'rows', 's'):.2f}", of_kind)
    by_rows = [point(n, 50) for n in rows]
    report(f"rows, exponent {exponent(by_rows, 'rows', 's a fit'):.2f}", by_rows)
    by_features = [point(20_000, n) for n in features]
    report(f"features, exponent {exponent(by_features, 'features', 's a fit'):.2f}", by_features)
    by_cryptos = [market(n) for n in cryptos]
    report(f"cryptos, exponent {exponent(by_cryptos, 'cryptos', 's'):.2f}", by_cryptos)
    report("the boundary", boundary(max(rows)))


if __name__ == "__main__":
    main()
