"""Reproducibility bit for bit: a treatment and a fit are made again and compared with what is stored."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np

from ftf_assets.contracts.arrays import CandleArrays, TrainingArrays
from ftf_assets.contracts.bundles import (
    BaselineParameters,
    CleaningMask,
    CleanlabMasks,
    SmoothedLabels,
    TrainedCell,
    TrainedModels,
)
from ftf_assets.contracts.typed import Array, Int8, typed
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_engine import FitEngine, FitStore
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets.training.masks import make_masks
from ftf_assets.training.models import train_cells
from ftf_assets.training.plan import TrainingPlan


@dataclass
class StoreWithoutFits:
    """A fit store without some of its fits: these run again and are kept in memory.

    Attributes
    ----------
    store
        The real store, which is only read.
    hidden
        Keys of the fits that it hides.
    fitted
        The fits that were made again, by key.
    """

    store: FitStore
    hidden: frozenset[str]
    fitted: dict[str, FitResult] = field(default_factory=dict)

    def get(self, key: str) -> FitResult | None:
        """Return a finished fit that is not hidden."""
        return None if key in self.hidden else self.store.get(key)

    def put(self, key: str, result: FitResult) -> None:
        """Keep a repeated fit in memory."""
        self.fitted[key] = result


@typed
def cell_to_repeat(models: TrainedModels) -> TrainedCell | None:
    """Choose the cell to fit again: the last trained variant of the first fold with a trained cell.

    The first fold is the cheapest. The last variant is treated if any is, so its fit depends on every stage.
    """
    trained = [cell for cell in models.cells if cell.outcome.status == "ok"]
    of_first_fold = [cell for cell in trained if cell.fold == trained[0].fold]
    return of_first_fold[-1] if of_first_fold else None


@typed
def treatment_differences(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    soft_labels: SmoothedLabels,
    baselines: BaselineParameters,
    masks: CleanlabMasks,
    store: FitStore,
    candles: CandleArrays | None = None,
    truth: Int8[Array, " rows"] | None = None,
) -> list[str]:
    """Treat labels and clean rows again, on the stored out-of-fold fits, and compare every bit.

    A factor that draws without a seed, or reads a clock, gives other values: its stored ones cannot be made
    again, and whoever reuses its fits by key reuses one draw of many.

    Parameters
    ----------
    plan, arrays, soft_labels, baselines, masks
        The stored values of one crypto.
    store
        Its finished fits, which are only read.
    candles, truth
        As the levels of the plan need them.

    Returns
    -------
    list of str
        One line for each label treatment and mask that came out otherwise.
    """
    again = plan.soft_labels(arrays.y, truth).levels
    found = [
        f"the labels of {name} are others when they are treated again"
        for name, labels in soft_labels.levels.items()
        if again[name].tobytes() != labels.tobytes()
    ]
    engine = FitEngine(StoreWithoutFits(store, frozenset()), ThreadFitExecutor(1), lambda _: None)
    repeated = make_masks(plan, arrays, soft_labels, baselines, engine, candles)
    for before, after in zip(masks.masks, repeated.masks, strict=True):
        changed = [one.name for one in fields(CleaningMask) if not _equal(before, after, one.name)]
        if changed:
            what = " and ".join(changed)
            found.append(f"fold {before.fold} {before.variant}: {what} of {before.cleaner} are others again")
    return found


def _equal(before: CleaningMask, after: CleaningMask, name: str) -> bool:
    one, other = getattr(before, name), getattr(after, name)
    return bool(one.tobytes() == other.tobytes() if isinstance(one, np.ndarray) else one == other)


@typed
def refit_differences(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    soft_labels: SmoothedLabels,
    baselines: BaselineParameters,
    masks: CleanlabMasks,
    models: TrainedModels,
    store: FitStore,
) -> list[str]:
    """Fit one cell again through the same stage and compare every bit with what is stored.

    Parameters
    ----------
    plan, arrays, soft_labels, baselines, masks, models
        The stored values of one crypto.
    store
        Its finished fits, which are only read.

    Returns
    -------
    list of str
        One line a difference; empty if booster, probabilities, rounds and threshold have the same bits, or if
        no cell was trained.
    """
    cell = cell_to_repeat(models)
    if cell is None:
        return []
    without = StoreWithoutFits(store, frozenset(cell.fit_keys))
    repeated = train_cells(
        plan, arrays, soft_labels, baselines, masks, FitEngine(without, ThreadFitExecutor(1), lambda _: None)
    )
    again = next(one for one in repeated.cells if (one.fold, one.variant) == (cell.fold, cell.variant))
    found = [] if set(without.fitted) == set(cell.fit_keys) else ["its fits did not run again"]
    for key, fit in without.fitted.items():
        before = store.get(key)
        if before is None:
            found.append(f"the stored fit {key} is missing or damaged")
        elif before.booster != fit.booster:
            found.append(f"the booster of fit {key} has other bytes")
    if again.test_probability.tobytes() != cell.test_probability.tobytes():
        found.append("its test probabilities have other bits")
    if (again.rounds, again.threshold) != (cell.rounds, cell.threshold):
        found.append(
            f"rounds and threshold are {again.rounds}, {again.threshold!r}, stored {cell.rounds}, "
            f"{cell.threshold!r}"
        )
    return [f"fold {cell.fold} {cell.variant}: {one}" for one in found]
