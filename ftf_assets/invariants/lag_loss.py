"""Whether a model that ranks far better than chance still ranks when its features are one bar older."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import BaselineParameters, Outcome, TrainedModels
from ftf_assets.contracts.typed import Array, Bool, typed
from ftf_assets.invariants.column_leaks import auc_of, column_leaks, column_strengths
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.lagged_features import baseline_again, lagged
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.variants import BASELINE_VARIANT

#: Only a model with a larger mean AUC is tested: a weak one can lose half of its AUC above 0.5 by chance.
TESTED_ABOVE = 0.6
#: Standard errors of a model without skill by which its AUC must be above 0.5 as well, for short test spans.
_STANDARD_ERRORS = 4.0
#: Largest share of AUC − 0.5 that a lag of one bar may take.
LARGEST_LOSS = 0.5


@dataclass(frozen=True)
class LagLoss:
    """What a lag of one bar takes from the baseline's AUC on its test rows.

    Attributes
    ----------
    auc
        Mean AUC of the baseline over its trained folds; None without one.
    lagged_auc
        The same with lagged features; None where it was not measured.
    tested_above
        The mean AUC above which it is measured.
    suspect
        The feature whose own AUC a lag takes most from; "" where nothing was measured.
    failed
        Type and message of a fit that failed; "" for none.
    """

    auc: float | None
    lagged_auc: float | None = None
    tested_above: float = TESTED_ABOVE
    suspect: str = ""
    failed: str = ""

    @property
    def share(self) -> float | None:
        """Share of AUC − 0.5 that the lag takes; None where it was not measured."""
        if self.auc is None or self.lagged_auc is None:
            return None
        return 1 - (self.lagged_auc - 0.5) / (self.auc - 0.5)

    @property
    def breaches(self) -> list[str]:
        """One line if the loss is too large to be honest, or if a fit failed."""
        if self.failed:
            return [f"the baseline could not be fitted again: {self.failed}"]
        if self.share is None or self.share <= LARGEST_LOSS:
            return []
        return [
            f"features that are one bar older take {self.share:.0%} of what the AUC has above 0.5 "
            f"({self.auc:.3f} falls to {self.lagged_auc:.3f}; allowed: {LARGEST_LOSS:.0%}), so a feature may "
            f"know bars after its row. Look first at column {self.suspect!r}, which loses most alone"
        ]

    @property
    def in_words(self) -> str:
        """What was found, in one phrase."""
        if self.auc is None:
            return "no baseline was trained"
        if self.share is None:
            above = f"tested only above {self.tested_above:.2g}, where no column leaks by itself"
            return f"AUC {self.auc:.3f}; {above}"
        return f"a lag of one bar takes {self.share:.0%} of what AUC {self.auc:.3f} has above 0.5"


@typed
def lag_loss(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    baselines: BaselineParameters,
    models: TrainedModels,
    engine: FitEngine,
) -> LagLoss:
    """Measure what a lag of one bar takes from the baseline, if its AUC is large enough to be suspicious.

    Parameters
    ----------
    plan, arrays, baselines, models
        The plan of one crypto, and its stored values.
    engine
        Runs the fits with lagged features, if any.
    """
    folds = {fold.index: fold for fold in plan.folds(arrays)}
    own = {
        one.fold: one.test_probability
        for one in models.cells
        if one.variant == BASELINE_VARIANT.name and one.outcome.status == "ok"
    }
    now, failure = (own, "") if own else _again(plan, arrays, baselines, engine, on_lagged=False)
    if failure or not now:
        return LagLoss(None, failed=failure)
    tests = {fold: arrays.y[folds[fold].test] == 1 for fold in now}
    auc, above = _mean_auc(now, tests), auc_to_exceed(np.concatenate(list(tests.values())))
    if auc <= above or column_leaks(column_strengths(arrays)):
        # A column that leaks explains the AUC already, and its own check names it.
        return LagLoss(auc, tested_above=above)
    older, failure = _again(plan, arrays, baselines, engine, on_lagged=True)
    if failure:
        return LagLoss(auc, tested_above=above, failed=failure)
    return LagLoss(auc, _mean_auc(older, tests), above, _suspect(arrays))


def _again(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    baselines: BaselineParameters,
    engine: FitEngine,
    *,
    on_lagged: bool,
) -> tuple[dict[int, Array], str]:
    """Give P(BUY) of the test rows by fold, and what failed, if anything did."""
    found = baseline_again(plan, arrays, baselines, engine, on_lagged=on_lagged)
    for one in found.values():
        if isinstance(one, Outcome):
            return {}, f"{one.error_type}: {one.error_message}"
    return {fold: one for fold, one in found.items() if not isinstance(one, Outcome)}, ""


def _mean_auc(probabilities: Mapping[int, Array], tests: Mapping[int, Array]) -> float:
    """Average the AUC over the folds of ``tests``."""
    return float(np.mean([auc_of(probabilities[fold], buy) for fold, buy in tests.items()]))


@typed
def auc_to_exceed(buy: Bool[Array, " rows"]) -> float:
    """Raise the AUC that is tested where so few rows could reach it without skill."""
    n_buy, n_hold = int(buy.sum()), int((~buy).sum())
    if not n_buy or not n_hold:
        return 1.0
    error = sqrt((n_buy + n_hold + 1) / (12 * n_buy * n_hold))  # of the rank statistic without ties
    return max(TESTED_ABOVE, 0.5 + _STANDARD_ERRORS * error)


def _suspect(arrays: TrainingArrays) -> str:
    buy, losses = arrays.y[1:] == 1, []
    older = lagged(arrays.X)
    for number in range(arrays.X.shape[1]):
        now, before = (
            abs(auc_of(np.nan_to_num(X[1:, number].astype(np.float64)), buy) - 0.5) for X in (arrays.X, older)
        )
        losses.append(now - before)
    return arrays.feature_names[int(np.argmax(losses))]
