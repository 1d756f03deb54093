"""Which default parameters rank best on weak signal, and what they cost in time.

Every candidate fits the baseline of each (crypto, fold) as an untuned sweep would: rounds by early stopping
on the validation slice, scored on the test rows. Means over the cells, and the mean difference of AUC to the
first candidate with its standard error over cells (a little too small: cells of one fold share weeks).

    python -m benchmarks.default_parameters                                   # the embedded market
    python -m benchmarks.default_parameters --source candles --path DIR       # candle files
"""

from __future__ import annotations

from dataclasses import dataclass

import click
import numpy as np

from benchmarks.baseline_cells import BaselineCell, baseline_cells, baseline_plan, open_data, training_arrays
from benchmarks.measuring import report
from ftf_assets.training.parameters import Parameters, Rounds

_LATER = Rounds(minimum=20, maximum=1500, patience=60)


def _parameters(depth: int, rate: float, rows: float, columns: float, child_weight: float) -> Parameters:
    return {
        "max_depth": depth,
        "learning_rate": rate,
        "subsample": rows,
        "colsample_bytree": columns,
        "max_bin": 256,
        "min_child_weight": child_weight,
        "reg_lambda": 1.0,
    }


#: Depth, learning rate, row share, column share, child weight; and how early boosting stops.
CANDIDATES: dict[str, tuple[Parameters, Rounds]] = {
    "5, 0.05, 0.8, 0.8, 1; 400 rounds": (_parameters(5, 0.05, 0.8, 0.8, 1), Rounds(20, 400, 30)),
    "5, 0.05, 0.8, 0.8, 1": (_parameters(5, 0.05, 0.8, 0.8, 1), _LATER),
    "3, 0.02, 0.8, 0.8, 50": (_parameters(3, 0.02, 0.8, 0.8, 50), _LATER),
    "3, 0.02, 0.5, 0.3, 20": (_parameters(3, 0.02, 0.5, 0.3, 20), _LATER),
    "3, 0.01, 0.5, 0.3, 20": (_parameters(3, 0.01, 0.5, 0.3, 20), _LATER),
}


@dataclass(frozen=True)
class Measured:
    """What one candidate did on one data set: a value for every cell, by (crypto, fold)."""

    roc_auc: dict[tuple[str, int], float]
    ap_above: list[float]
    log_loss_above: list[float]
    rounds: list[int]
    seconds: list[float]

    @classmethod
    def of(cls, cells: list[BaselineCell]) -> Measured:
        """Score cells."""
        return cls(
            {(one.crypto, one.fold): one.roc_auc for one in cells},
            [one.ap_above_base_rate for one in cells],
            [one.log_loss_above_base_rate for one in cells],
            [one.cell.rounds for one in cells],
            [one.cell.fit_seconds for one in cells],
        )


def measure(source: str, path: str | None, seeds: int) -> dict[str, Measured]:
    """Measure every candidate on one data set."""
    sweep = open_data(source, path)
    cells: dict[str, list[BaselineCell]] = {name: [] for name in CANDIDATES}
    for crypto in sweep.cryptos:
        arrays = training_arrays(sweep, crypto)
        for name, (parameters, rounds) in CANDIDATES.items():
            plan = baseline_plan(sweep, crypto, parameters=parameters, rounds=rounds, seeds=seeds)
            cells[name] += baseline_cells(plan, arrays)
    return {name: Measured.of(found) for name, found in cells.items()}


@click.command()
@click.option("--source", default="market", show_default=True)
@click.option("--path", default=None)
@click.option("--seeds", default=1, show_default=True, help="Fits that a cell averages.")
def main(source: str, path: str | None, seeds: int) -> None:
    """Print a line per candidate."""
    found = measure(source, path, seeds)
    first = next(iter(found.values()))
    rows = []
    for name, one in found.items():
        common = [cell for cell in one.roc_auc if cell in first.roc_auc]
        gain = np.array([one.roc_auc[cell] - first.roc_auc[cell] for cell in common])
        rows.append(
            {
                "candidate": name,
                "cells": len(one.roc_auc),
                "AUC": round(float(np.mean(list(one.roc_auc.values()))), 4),
                "AUC gain": round(float(gain.mean()), 4),
                "se": round(float(gain.std(ddof=1) / np.sqrt(len(gain))), 4),
                "AP above base": round(float(np.mean(one.ap_above)), 4),
                "log loss above base": round(float(np.mean(one.log_loss_above)), 4),
                "rounds": int(np.median(one.rounds)),
                "at the floor": float(np.mean(np.array(one.rounds) <= 20)),
                "s a fit": round(float(np.mean(one.seconds)) / seeds, 3),
                "time ratio": round(sum(one.seconds) / sum(first.seconds), 2),
            }
        )
    report(f"default parameters on {source}, {seeds} seeds", rows)


if __name__ == "__main__":
    main()
