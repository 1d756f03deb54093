#!/usr/bin/env python3
"""What the tables that break cells down cost beside the fits: computed, held to contracts, stored, read back.

python -m benchmarks.cell_details --home HOME [--repeats 5]

HOME holds a finished sweep; the models and arrays of its cryptos are read and scored again. Processor
seconds of one thread, the fastest of the repeats, divided by the number of cells.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
import pandas as pd

from benchmarks.measuring import report
from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import CleanlabMasks, TrainedModels
from ftf_assets.contracts.tables.cell_details import CELL_DETAILS
from ftf_assets.contracts.tables.finetune_results import OK
from ftf_assets.rows.finetune_results import CryptoResults, crypto_results
from ftf_assets.storage.artifacts import read_artifact
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.storage.table_versions import row_versions
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets.training.confidence_curve import confidence_curve
from ftf_assets.training.metrics import classification_metrics, seed_scores
from ftf_assets.training.threshold import top_share_threshold
from ftf_assets.training.trades import BASIS_POINTS, trades_above
from ftf_assets.training.weekly_scores import weekly_scores

T = TypeVar("T")

NEW = ("weekly_results", "seed_scores", "confidence_curve")


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Processor seconds of the fastest of some runs."""
    best = float("inf")
    for _ in range(repeats):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best


def computed(sweep: Sweep, arrays: TrainingArrays, models: TrainedModels) -> dict[str, Callable[[], object]]:
    """The computation of each table for all measured cells, and of the cells' own scores to compare with."""
    scoring = sweep.settings.evaluation.scoring
    cells = [cell for cell in models.cells if cell.outcome.status == OK]

    def weeks() -> None:
        for cell in cells:
            threshold = top_share_threshold(cell.validation_probability, scoring.trade_share)
            trades = trades_above(arrays, cell, threshold, cost=scoring.cost)
            y = arrays.y[cell.test_rows]
            weekly_scores(arrays.start[cell.test_rows], y, cell.test_probability, trades)

    def scores() -> None:
        for cell in cells:
            y = arrays.y[cell.test_rows]
            classification_metrics(y, cell.test_probability, cell.threshold, seed=cell.seed)

    return {
        "scores that a cell had before": scores,
        "computing weekly_results": weeks,
        "computing seed_scores": lambda: [
            seed_scores(arrays.y[cell.test_rows], cell.seed_probability, cell.seed_thresholds)
            for cell in cells
        ],
        "computing confidence_curve": lambda: [
            confidence_curve(arrays, cell, cost=scoring.cost) for cell in cells
        ],
    }


def stored(sweep: Sweep, crypto: str, results: CryptoResults, home: Home) -> dict[str, Callable[[], object]]:
    """What is done with the rows of the three tables after they are computed."""
    store, new = ResultsStore(home), {name: results.details[name] for name in NEW}
    others = {name: rows for name, rows in results.details.items() if name not in NEW}
    store.write_partition(results.cells, sweep.sweep_id, crypto, results.details)
    return {
        "contracts of the three tables": lambda: [
            CELL_DETAILS[name][0].validate(rows, lazy=True) for name, rows in new.items()
        ],
        "writing all tables": lambda: store.write_partition(
            results.cells, sweep.sweep_id, crypto, results.details
        ),
        "writing without the three": lambda: store.write_partition(
            results.cells, sweep.sweep_id, crypto, others
        ),
        "reading and hashing the three": lambda: row_versions(
            {name: store.details(name, sweep.sweep_id, crypto) for name in NEW}
        ),
    }


def earned(arrays: TrainingArrays, models: TrainedModels, cost: float) -> list[dict[str, float]]:
    """What a trade of each baseline cell earns at the F1-optimal threshold, basis points."""
    found = []
    for cell in models.cells:
        if cell.variant == "baseline" and cell.outcome.status == OK:
            net = trades_above(arrays, cell, cell.threshold, cost=cost).net_return
            called = float((cell.test_probability >= cell.threshold).mean())
            found.append({"called": called, "trades": len(net), "bps": float(net.mean()) * BASIS_POINTS})
    return found


@click.command()
@click.option("--home", "folder", type=Path, required=True, help="Home of a finished sweep.")
@click.option("--repeats", default=5, show_default=True)
def main(folder: Path, repeats: int) -> None:
    """Print what each part takes per cell, and what trades at the F1-optimal threshold earn."""
    home = Home(folder)
    store = ResultsStore(home)
    sweep = open_sweep(store.settings(store.latest_sweep_id()))
    totals: defaultdict[str, float] = defaultdict(float)
    n_cells, fit_seconds = 0, 0.0
    at_f1_threshold: list[dict[str, float]] = []
    for crypto in sweep.cryptos:
        arrays = _read(home, sweep, crypto, "coerced_arrays", TrainingArrays)
        masks = _read(home, sweep, crypto, "cleanlab_masks", CleanlabMasks)
        models = _read(home, sweep, crypto, "trained_models", TrainedModels)
        results = crypto_results(sweep, crypto, arrays, masks, models, run_id="benchmark")
        n_cells += len(results.cells)
        fit_seconds += float(results.cells["fit_seconds"].sum())
        at_f1_threshold += earned(arrays, models, sweep.settings.evaluation.scoring.cost)
        with tempfile.TemporaryDirectory() as scratch:
            parts = computed(sweep, arrays, models)
            parts |= stored(sweep, crypto, results, Home(Path(scratch)))
            for name, work in parts.items():
                totals[name] += seconds(work, repeats)
    report(
        f"tables that break cells down, {n_cells} cells, {fit_seconds / n_cells:.2f} s of fits per cell",
        [
            {"part": name, "ms per cell": 1_000 * total / n_cells, "of fits": f"{total / fit_seconds:.2%}"}
            for name, total in totals.items()
        ],
    )
    mean = pd.DataFrame(at_f1_threshold)
    report(
        "the baseline at its F1-optimal threshold",
        [
            {
                "bars called": f"{mean['called'].mean():.0%}",
                "trades": int(mean["trades"].sum()),
                "net bps": mean["bps"].mean(),
            }
        ],
    )


def _read(home: Home, sweep: Sweep, crypto: str, asset: str, kind: type[T]) -> T:
    return read_artifact(home.artifact(asset, crypto, sweep.artifact_key(asset, crypto)), kind)


if __name__ == "__main__":
    main()
