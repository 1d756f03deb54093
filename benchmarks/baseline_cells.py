"""Baseline cells without Dagster: what the benchmarks of parameters, seeds and tuning fit and score.

The functions are those of the assets: source, coercion, folds, baseline, cells. Only the store of the fits
and the loop around them are the benchmarks' own.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import CleanlabMasks, TrainedCell
from ftf_assets.contracts.coercion import coerce_feature_cache
from ftf_assets.contracts.typed import Array
from ftf_assets.sweep.settings import sweep_settings
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets.training.baseline import fit_baselines
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_engine import FitEngine, FitStore
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets.training.models import train_cells
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.variants import BASELINE_VARIANT


class MemoryFits(dict[str, FitResult]):
    """Finished fits in memory."""

    def put(self, key: str, result: FitResult) -> None:
        self[key] = result


@dataclass(frozen=True, eq=False)
class BaselineCell:
    """One baseline cell on its test rows.

    Attributes
    ----------
    crypto, fold
        Where.
    y, probability
        Hard test labels and seed-averaged P(BUY), shape (n_test,).
    base_rate
        Share of BUY in the fit part and validation slice: the best constant forecast known before the test.
    cell
        The trained cell.
    """

    crypto: str
    fold: int
    y: Array
    probability: Array
    base_rate: float
    cell: TrainedCell = field(repr=False)

    @property
    def roc_auc(self) -> float:
        """Area under the ROC curve."""
        return float(roc_auc_score(self.y, self.probability))

    @property
    def ap_above_base_rate(self) -> float:
        """Average precision less the share of BUY in the test rows, which a constant forecast reaches."""
        return float(average_precision_score(self.y, self.probability) - self.y.mean())

    @property
    def log_loss_above_base_rate(self) -> float:
        """Log loss less that of forecasting ``base_rate`` everywhere; below 0 the model knows something."""
        constant = np.full(len(self.y), self.base_rate)
        return float(log_loss(self.y, self.probability) - log_loss(self.y, constant))


def open_data(source: str, path: str | None, more: Mapping[str, object] | None = None) -> Sweep:
    """Open a sweep of the default group on a source, nothing tuned."""
    fixed = {"data.source": source, "data.path": path, "training.trials": 0}
    return open_sweep(sweep_settings({**fixed, **(more or {})}))


def training_arrays(sweep: Sweep, crypto: str) -> TrainingArrays:
    """Read the training arrays of a crypto as the assets do."""
    frame, _ = sweep.source.feature_cache(crypto, sweep.source.candles(crypto))
    return coerce_feature_cache(frame, crypto=crypto, missing=sweep.settings.data.missing)


def baseline_plan(sweep: Sweep, crypto: str, **changes: object) -> TrainingPlan:
    """Plan the baseline alone, with some attributes of the plan changed."""
    return dataclasses.replace(sweep.plan(crypto), variants=(BASELINE_VARIANT,), seed_check=False, **changes)


def baseline_cells(
    plan: TrainingPlan, arrays: TrainingArrays, store: FitStore | None = None
) -> Iterator[BaselineCell]:
    """Fit the baseline of every fold and score it on the test rows; cells without a model are left out."""
    engine = FitEngine(
        MemoryFits() if store is None else store,
        ThreadFitExecutor(len(os.sched_getaffinity(0))),
        lambda _: None,
    )
    baselines = fit_baselines(plan, arrays, engine)
    models = train_cells(plan, arrays, plan.soft_labels(arrays.y), baselines, CleanlabMasks(()), engine)
    for fold, cell in zip(plan.folds(arrays), models.cells, strict=True):
        if cell.outcome.status != "ok":
            print(f"{plan.crypto} fold {fold.index}: {cell.outcome}", flush=True)
            continue
        known = np.concatenate([fold.fit, fold.validation])
        yield BaselineCell(
            crypto=plan.crypto,
            fold=fold.index,
            y=arrays.y[cell.test_rows],
            probability=cell.test_probability,
            base_rate=float(arrays.y[known].mean()),
            cell=cell,
        )
