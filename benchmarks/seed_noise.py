"""How far apart two baselines are that differ in their seeds only, for R averaged fits per cell.

Every baseline cell is fitted with many seeds, which are cut into disjoint groups of R fits. A group is
scored like a cell of a sweep: mean probability of its fits, F1-optimal threshold on the validation slice. Two
groups are baselines that differ in nothing but their seeds, so their difference is known to have no effect:
its SD is sqrt(2) times the SD over the groups of a cell (root mean square over the cells). With ``--fits 24``
a cell has 24 groups for R = 1, 6 for R = 4 and 3 for R = 8. The standard error is that over cells.

    python -m benchmarks.seed_noise                                   # the embedded market
    python -m benchmarks.seed_noise --source candles --path DIR       # candle files
"""

from __future__ import annotations

from dataclasses import dataclass

import click
import numpy as np
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from benchmarks.baseline_cells import MemoryFits, baseline_cells, baseline_plan, open_data, training_arrays
from benchmarks.measuring import report
from ftf_assets.contracts.typed import Array
from ftf_assets.training.threshold import f1_optimal_threshold

SIZES = (1, 2, 4, 8)
METRICS = ("roc_auc", "average_precision", "f1_buy")


@dataclass(frozen=True, eq=False)
class Fits:
    """The fits of one cell, which differ in their seed only.

    Attributes
    ----------
    validation_y, test_y
        Hard labels.
    validation, test
        P(BUY) of each fit, shape (n_fits, n_rows).
    """

    validation_y: Array
    validation: Array
    test_y: Array
    test: Array

    def scores(self, group: slice) -> Array:
        """Score the mean probability of some fits; in the order of ``METRICS``."""
        mean = self.test[group].mean(axis=0)
        threshold = f1_optimal_threshold(self.validation_y, self.validation[group].mean(axis=0))
        return np.array(
            [
                roc_auc_score(self.test_y, mean),
                average_precision_score(self.test_y, mean),
                f1_score(self.test_y, mean >= threshold),
            ]
        )

    def variance_of_difference(self, size: int) -> Array:
        """Variance of the difference of two groups of ``size`` fits; shape (n_metrics,)."""
        firsts = range(0, len(self.test) - size + 1, size)
        groups = np.array([self.scores(slice(first, first + size)) for first in firsts])
        return np.asarray(2 * groups.var(axis=0, ddof=1))


def fits_of_cells(source: str, path: str | None, n_fits: int) -> list[Fits]:
    """Fit the baseline of every (crypto, fold) with ``n_fits`` seeds."""
    sweep, found = open_data(source, path), []
    for crypto in sweep.cryptos:
        arrays, store = training_arrays(sweep, crypto), MemoryFits()
        plan = baseline_plan(sweep, crypto, seeds=n_fits)
        folds = plan.folds(arrays)
        for one in baseline_cells(plan, arrays, store):
            fits = [store[key] for key in one.cell.fit_keys]
            found.append(
                Fits(
                    arrays.y[folds[one.fold].validation],
                    np.array([fit.probabilities["validation"] for fit in fits]),
                    one.y,
                    np.array([fit.probabilities["test"] for fit in fits]),
                )
            )
    return found


@click.command()
@click.option("--source", default="market", show_default=True)
@click.option("--path", default=None)
@click.option("--fits", "n_fits", default=24, show_default=True, help="Fits per cell.")
def main(source: str, path: str | None, n_fits: int) -> None:
    """Print a line per number of averaged fits and metric."""
    cells, rows = fits_of_cells(source, path, n_fits), []
    for size in SIZES:
        variance = np.array([one.variance_of_difference(size) for one in cells])  # cells, metrics
        sd = np.sqrt(variance.mean(axis=0))
        error = variance.std(axis=0, ddof=1) / np.sqrt(len(cells)) / (2 * sd)
        rows += [
            {
                "seeds": size,
                "metric": metric,
                "cells": len(cells),
                "groups": n_fits // size,
                "SD of a cell's difference": round(float(sd[k]), 5),
                "se": round(float(error[k]), 5),
                "SD of the mean": round(float(sd[k] / np.sqrt(len(cells))), 5),
            }
            for k, metric in enumerate(METRICS)
        ]
    report(f"seed noise on {source}, {n_fits} fits per cell", rows)


if __name__ == "__main__":
    main()
