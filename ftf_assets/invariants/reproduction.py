"""Reproducibility bit for bit: one cell is fitted again and compared with what is stored."""

from __future__ import annotations

from dataclasses import dataclass, field

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import (
    BaselineParameters,
    CleanlabMasks,
    SmoothedLabels,
    TrainedCell,
    TrainedModels,
)
from ftf_assets.contracts.typed import typed
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_engine import FitEngine, FitStore
from ftf_assets.training.fit_executors import ThreadFitExecutor
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
