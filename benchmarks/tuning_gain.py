"""What tuning gains out of sample: the ROC AUC of tuned baselines less that of the default parameters.

The studies are those of a sweep: ``--trials`` trials in each (crypto, fold), scored on inner folds of its fit
part. The parameters that a study chooses, and the defaults, are then fitted on the fit part with the same
seeds and scored on the test rows. Beside the rule of the product the table has what other rules would have
chosen from the same trials: the trial with the best mean, and those that beat the defaults by other multiples
of the standard error. The interval is that of a t-test over cells, and the wider one over the means of folds,
because cells of one fold share weeks.

Finished cells are kept in a folder, so a killed benchmark goes on where it stopped.

    python -m benchmarks.tuning_gain --markets 4                       # embedded markets
    python -m benchmarks.tuning_gain --source candles --path DIR       # candle files
"""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from scipy import stats
from sklearn.metrics import roc_auc_score

from benchmarks.baseline_cells import MemoryFits, baseline_plan, open_data, training_arrays
from benchmarks.measuring import report
from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.typed import Array
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training.baseline import baseline_task
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets.training.fit_seeds import model_seed
from ftf_assets.training.fit_task import execute_fit
from ftf_assets.training.folds.short_history import short_history
from ftf_assets.training.folds.walk_forward import Fold
from ftf_assets.training.keys import code_version
from ftf_assets.training.parameters import DEFAULT_SEARCH_SPACE, Parameters, Tuning
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.tuning import Tuned, TuningTarget, tune
from ftf_assets.training.variants import BASELINE_VARIANT

#: Multiples of the standard error that a trial's gain may have to exceed; 0 chooses the best mean.
RULES: dict[str, float] = {"best mean": 0.0, "1 SE": 1.0, "1.5 SE": 1.5, "2 SE": 2.0, "3 SE": 3.0}
PRODUCT = "the product's rule"


@dataclass(frozen=True)
class TunedCell:
    """One (crypto, fold): the trial that each rule chooses, and its ROC AUC on the test rows.

    Attributes
    ----------
    crypto, fold
        Where.
    chosen
        Number of the trial by rule; 0 is the defaults.
    roc_auc
        Test ROC AUC by number of trial, for the trials that some rule chooses.
    inner_gain
        Mean inner gain of the best trial over the defaults.
    """

    crypto: str
    fold: int
    chosen: dict[str, int]
    roc_auc: dict[str, float]
    inner_gain: float

    def gain(self, rule: str) -> float:
        """Test ROC AUC of what a rule chose less that of the defaults."""
        return self.roc_auc[str(self.chosen[rule])] - self.roc_auc["0"]


def chosen_by(multiple: float, scores: Array) -> int:
    """Choose the trial with the best mean gain beyond a multiple of its standard error."""
    difference = scores - scores[0]
    error = difference.std(axis=1, ddof=1) / np.sqrt(scores.shape[1])
    mean = difference.mean(axis=1)
    return int(np.argmax(np.where(mean > multiple * error, mean, 0.0)))


def tuned_cells(sweep: Sweep, crypto: str, search: Tuning, seeds: int) -> list[TunedCell]:
    """Tune every fold of a crypto and score what each rule chooses."""
    arrays = training_arrays(sweep, crypto)
    plan = baseline_plan(sweep, crypto, tuning=search)
    folds = [fold for fold in plan.folds(arrays) if short_history(fold, arrays.y) is None]
    targets = [
        TuningTarget(
            fold,
            BASELINE_VARIANT,
            fold.fit,
            arrays.y[fold.fit].astype(np.float32),
            arrays.base_weight[fold.fit],
        )
        for fold in folds
    ]
    engine = FitEngine(MemoryFits(), ThreadFitExecutor(len(os.sched_getaffinity(0))), lambda _: None)
    found = []
    for fold, study in zip(folds, tune(plan, arrays, targets, engine), strict=True):
        if not isinstance(study, Tuned):
            print(f"{crypto} fold {fold.index}: {study}", flush=True)
            continue
        scores = np.array(study.scores)
        chosen = {rule: chosen_by(multiple, scores) for rule, multiple in RULES.items()}
        chosen[PRODUCT] = study.best_trial
        auc = {
            str(trial): _test_auc(plan, arrays, fold, study.tried[trial], seeds)
            for trial in sorted({0, *chosen.values()})
        }
        gain = scores.mean(axis=1) - scores[0].mean()
        found.append(TunedCell(crypto, fold.index, chosen, auc, float(gain.max())))
    return found


def _test_auc(
    plan: TrainingPlan, arrays: TrainingArrays, fold: Fold, parameters: Parameters, seeds: int
) -> float:
    """ROC AUC of a cell with these parameters: the first fit finds the rounds, the others use them."""
    first = baseline_task(plan, arrays, fold, parameters)
    results = [execute_fit(first, arrays)]
    for repeat in range(1, seeds):
        task = dataclasses.replace(first, rounds=results[0].rounds, seed=model_seed(plan, fold.index, repeat))
        results.append(execute_fit(task, arrays))
    mean = np.mean([one.probabilities["test"] for one in results], axis=0)
    return float(roc_auc_score(arrays.y[fold.test], mean))


def interval(values: Array) -> tuple[float, float]:
    """95 % interval of a mean by the t-distribution; a point where the values do not vary."""
    error = values.std(ddof=1) / np.sqrt(len(values))
    half = stats.t.ppf(0.975, len(values) - 1) * error
    return float(values.mean() - half), float(values.mean() + half)


@click.command()
@click.option("--source", default="market", show_default=True)
@click.option("--path", default=None)
@click.option("--markets", default=1, show_default=True, help="Embedded markets, of seeds 2024 and on.")
@click.option("--trials", default=15, show_default=True, help="Trials of each study.")
@click.option("--seeds", default=4, show_default=True, help="Fits that a cell averages on the test rows.")
@click.option(
    "--folder", default=".ftf/tuning_gain", show_default=True, help="Where finished cryptos are kept."
)
def main(source: str, path: str | None, markets: int, trials: int, seeds: int, folder: str) -> None:
    """Print a line per rule."""
    cells: list[tuple[int, TunedCell]] = []
    search = Tuning(mode="baseline", trials=trials, space=tuple(DEFAULT_SEARCH_SPACE.items()))
    for seed in range(2024, 2024 + (markets if source == "market" else 1)):
        sweep = open_data(source, path, {"data.market_seed": seed})
        for crypto in sweep.cryptos:
            name = f"{sweep.sweep_id}_{crypto}_{trials}_{seeds}_{code_version()}.json"
            file = Path(folder) / name
            if not file.is_file():
                found = tuned_cells(sweep, crypto, search, seeds)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(json.dumps([dataclasses.asdict(one) for one in found]), encoding="utf-8")
                print(f"{seed} {crypto}: done", flush=True)
            cells += [(seed, TunedCell(**one)) for one in json.loads(file.read_text(encoding="utf-8"))]
    report(f"{trials} trials on {source}", [_line(rule, cells) for rule in (PRODUCT, *RULES)])


def _line(rule: str, numbered: list[tuple[int, TunedCell]]) -> dict[str, object]:
    cells = [one for _, one in numbered]
    gains = np.array([one.gain(rule) for one in cells])
    weeks = np.array([f"{seed} {one.fold}" for seed, one in numbered])
    by_fold = np.array([gains[weeks == shared].mean() for shared in np.unique(weeks)])
    low, high = interval(gains)
    low_by_fold, high_by_fold = interval(by_fold)
    return {
        "rule": rule,
        "cells": len(cells),
        "replaced": int(np.sum([one.chosen[rule] > 0 for one in cells])),
        "AUC of defaults": round(float(np.mean([one.roc_auc["0"] for one in cells])), 4),
        "inner gain": round(float(np.mean([one.inner_gain for one in cells])), 4),
        "gain": round(float(gains.mean()), 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "low by fold": round(low_by_fold, 4),
        "high by fold": round(high_by_fold, 4),
    }


if __name__ == "__main__":
    main()
