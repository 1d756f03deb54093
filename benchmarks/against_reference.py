#!/usr/bin/env python3
"""The fit engine against a competent loop without sharing, on the same arrays, folds, parameters and rounds.

    make bench          # or: python -m benchmarks.against_reference --reference ../shared/bench

``make_arrays.py`` and ``reference_sweep.py`` of the folder are run as they are. Both sides alternate; ratios
are of neighbours. ``fixed``: every fit has the reference's rounds and the folds no validation slice worth
the name, so both do the same work. ``real``: as a sweep runs, with a validation slice, early stopping on it,
and the baseline fitted twice for the seed noise; the reference cannot.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import click
import numpy as np
from sklearn.metrics import average_precision_score

from benchmarks.measuring import CORES, report, run
from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.storage.cpu_core_locks import CoreTokens
from ftf_assets.storage.fit_store import fit_store
from ftf_assets.storage.home import Home
from ftf_assets.training.baseline import fit_baselines
from ftf_assets.training.early_fits import EarlyFits
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets.training.masks import make_masks
from ftf_assets.training.models import train_cells
from ftf_assets.training.parameters import Rounds
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.planned_fits import planned_fit_keys
from ftf_assets.training.variants import expand_variants, parse_factors

HOUR = 3_600_000_000_000
HORIZON = 4
EPSILONS = {"none": (0.0, 0.0), "mild": (0.10, 0.02), "aggressive": (0.20, 0.05)}
#: The reference's parameters.
PARAMETERS = {
    "max_depth": 5,
    "learning_rate": 0.05,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "max_bin": 256,
}


def training_arrays(file: Path) -> tuple[TrainingArrays, np.ndarray]:
    """Rows of the reference's file as the engine takes them, an hour a row, and its folds as instants."""
    with np.load(file) as raw:
        X, y, known, train_stop, test_stop = (raw[n] for n in ("X", "y", "t1", "train_stop", "test_stop"))
    start = np.arange(len(y), dtype=np.int64) * HOUR
    arrays = TrainingArrays(
        X=X,
        y=y,
        start=start,
        end=np.maximum(known * HOUR, start),
        label_return=np.where(y == 1, 0.01, -0.005).astype(np.float32),
        base_weight=np.ones(len(y), np.float32),
        feature_names=tuple(f"x{k}" for k in range(X.shape[1])),
    )
    edges = np.append(train_stop + HORIZON, test_stop[-1]) * HOUR
    return arrays, edges.astype(np.int64)


def plan_of(crypto: str, edges: np.ndarray, design: str, rounds: int, mode: str) -> TrainingPlan:
    """The plan of a mode: ``fixed`` rounds and no validation slice worth the name, or ``real``."""
    fixed = mode == "fixed"
    return TrainingPlan(
        crypto=crypto,
        arrays_key=crypto,
        variants=expand_variants(parse_factors("label_smoothing,cleanlab"), design),
        edges=edges,
        epsilons=EPSILONS,
        validation_fraction=0.002 if fixed else 0.15,
        rounds=Rounds(rounds, rounds, rounds) if fixed else Rounds(maximum=400, patience=30),
        parameters=dict(PARAMETERS),
        seed_check=not fixed,
    )


def engine_sweep(file: Path, design: str, rounds: int, mode: str) -> dict[str, Any]:
    """Fit every cell with the engine in a fresh home; seconds and the mean average precision of the cells."""
    arrays, edges = training_arrays(file)
    plan = plan_of(file.stem, edges, design, rounds, mode)
    with tempfile.TemporaryDirectory() as folder:
        executor = ThreadFitExecutor(CORES, CoreTokens(CORES))
        engine = FitEngine(fit_store(Home(Path(folder))), executor, lambda event: None)
        begin = time.perf_counter()
        soft = plan.soft_labels(arrays.y)
        early = EarlyFits(plan, arrays, soft)
        baselines = fit_baselines(plan, arrays, engine, early.after_baseline)
        masks = make_masks(plan, arrays, soft, baselines, engine, early=early.after_masks)
        cells = train_cells(plan, arrays, soft, baselines, masks, engine).cells
        seconds = time.perf_counter() - begin
    precisions = [average_precision_score(arrays.y[c.test_rows], c.test_probability) for c in cells]
    return {
        "seconds": seconds,
        "fits": len(planned_fit_keys(plan)),
        "cells": len(cells),
        "precision": float(np.mean(precisions)),
    }


def reference_sweep(folder: Path, arrays: Path, crypto: str, design: str, rounds: int) -> dict[str, Any]:
    """Run the reference as a process; the seconds are those that it measures itself, without its imports."""
    command = [sys.executable, folder / "reference_sweep.py", arrays, "--design", design]
    said = json.loads(run([*command, "--rounds", str(rounds), "--crypto", crypto]).out)
    scores = [cell["average_precision"] for cell in said["scores"]]
    return {**said, "precision": float(np.mean(scores))}


@click.command()
@click.option("--reference", type=click.Path(exists=True, path_type=Path), default=Path("../shared/bench"))
@click.option(
    "--candles", type=click.Path(exists=True, path_type=Path), default=Path("../shared/data/candles_1h")
)
@click.option("--crypto", default="AAVEUSDT", show_default=True)
@click.option("--design", "designs", multiple=True, default=("one_factor", "factorial"), show_default=True)
@click.option("--rounds", default=200, show_default=True)
@click.option("--repeats", default=3, show_default=True)
def main(
    reference: Path, candles: Path, crypto: str, designs: tuple[str, ...], rounds: int, repeats: int
) -> None:
    """Print seconds of both sides, the median ratio, and the average precision of the cells."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        arrays = Path(folder)
        run([sys.executable, reference / "make_arrays.py", candles, arrays])
        for design in designs:
            theirs: list[dict[str, Any]] = []
            ours: dict[str, list[dict[str, Any]]] = {"fixed": [], "real": []}
            for _ in range(repeats):
                theirs.append(reference_sweep(reference, arrays, crypto, design, rounds))
                for mode, done in ours.items():
                    done.append(engine_sweep(arrays / f"{crypto}.npz", design, rounds, mode))
            for mode, done in ours.items():
                ratios = [t["seconds"] / o["seconds"] for t, o in zip(theirs, done, strict=True)]
                rows.append(
                    {
                        "design": design,
                        "mode": mode,
                        "reference s": round(median(t["seconds"] for t in theirs), 1),
                        "engine s": round(median(o["seconds"] for o in done), 1),
                        "ratio": round(median(ratios), 2),
                        "from": round(min(ratios), 2),
                        "to": round(max(ratios), 2),
                        "reference fits": theirs[0]["fits"],
                        "engine fits": done[0]["fits"],
                        "cells": done[0]["cells"],
                        "reference avg prec": round(theirs[0]["precision"], 4),
                        "engine avg prec": round(done[0]["precision"], 4),
                    }
                )
    report(f"engine against reference_sweep.py, {crypto}, {rounds} rounds, {repeats} repeats", rows)


if __name__ == "__main__":
    main()
