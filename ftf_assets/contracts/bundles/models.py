"""The trained cells: what each model is, and its probabilities on the test rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ftf_assets.contracts.bundles.outcome import Outcome
from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.row_rules import is_share
from ftf_assets.contracts.typed import Array, Float64, Int64, typed


@typed
@dataclass(frozen=True, eq=False)
class TrainedCell:
    """One cell: trained, failed or skipped.

    Attributes
    ----------
    fold, variant
        The cell.
    levels
        Level of each factor.
    cell_key
        Hash of everything that the cell's result depends on, known before it runs.
    fit_keys
        Keys of the fits whose probabilities are averaged. Their folders hold the boosters.
    rounds, threshold
        Boosting rounds, and the F1-optimal threshold on the validation slice.
    seed, fit_seconds
        Seed of the first fit, and the one-thread seconds that all fits took when they were made.
    n_kept, weight_sum
        Number of rows trained on, and the sum of their weights.
    parameters, n_trials
        Hyper-parameters, empty where none were found, and the number of trials of the study that chose them.
    validation_probability
        Mean P(BUY) of the validation slice, shape (n_validation_rows,): quantiles of it are the thresholds of
        the most confident calls.
    test_rows, test_probability
        Row numbers of the test span in the training arrays, and their mean P(BUY), shape (n_test_rows,).
    seed_thresholds, seed_probability
        Threshold and P(BUY) of the test rows for each of several fits that differ in their seed alone, shapes
        (n_fits,) and (n_fits, n_test_rows). Empty for a single fit.
    """

    fold: int
    variant: str
    levels: dict[str, str]
    outcome: Outcome
    cell_key: str = ""
    fit_keys: tuple[str, ...] = ()
    rounds: int = 0
    threshold: float = 0.0
    seed: int = 0
    fit_seconds: float = 0.0
    n_kept: int = 0
    weight_sum: float = 0.0
    parameters: dict[str, float | int | str] = field(default_factory=dict)
    n_trials: int = 0
    validation_probability: Float64[Array, " validation_rows"] = field(
        default_factory=lambda: np.empty(0, np.float64)
    )
    test_rows: Int64[Array, " test_rows"] = field(default_factory=lambda: np.empty(0, np.int64))
    test_probability: Float64[Array, " test_rows"] = field(default_factory=lambda: np.empty(0, np.float64))
    seed_thresholds: Float64[Array, " fits"] = field(default_factory=lambda: np.empty(0, np.float64))
    seed_probability: Float64[Array, "fits _"] = field(default_factory=lambda: np.empty((0, 0)))


@typed
@dataclass(frozen=True, eq=False)
class TrainedModels:
    """The cells of one crypto, every expected one: trained, failed or skipped."""

    cells: tuple[TrainedCell, ...]

    def missing_cells(self, n_folds: int, variants: Sequence[str]) -> list[tuple[int, str]]:
        """List the expected (fold, variant) pairs without a cell."""
        present = {(cell.fold, cell.variant) for cell in self.cells}
        return [
            (fold, variant)
            for fold in range(n_folds)
            for variant in variants
            if (fold, variant) not in present
        ]

    def validate(self, crypto: str, *, n_rows: int, n_folds: int, variants: Sequence[str]) -> None:
        """Raise where a cell is repeated, unknown to the sweep, or trained without a usable result.

        A missing cell is not a broken rule: :meth:`missing_cells` lists those.

        Parameters
        ----------
        crypto
            Named in the error.
        n_rows
            Number of rows of the training arrays.
        n_folds, variants
            Number of folds and names of the variants of the sweep.

        Raises
        ------
        InputError
            A repeated cell, a fold or variant that the sweep does not have, or a trained cell without a fit,
            without boosting rounds, without probabilities of its validation slice, with a threshold or
            probability outside [0, 1], or with test rows that are not increasing row numbers of the training
            arrays.
        """
        seen: set[tuple[int, str]] = set()
        for cell in self.cells:
            place = cell.fold, cell.variant
            if place in seen:
                raise _broken(cell, crypto, "a cell must not repeat", "a second one", "one cell")
            seen.add(place)
            if cell.fold not in range(n_folds):
                allowed = f"folds 0 to {n_folds - 1}"
                raise _broken(cell, crypto, "the sweep has no such fold", cell.fold, allowed)
            if cell.variant not in variants:
                raise _broken(
                    cell, crypto, "the sweep has no such variant", cell.variant, ", ".join(variants)
                )
            if cell.outcome.status == "ok":
                _require_usable(cell, crypto, n_rows)


def _require_usable(cell: TrainedCell, crypto: str, n_rows: int) -> None:
    if not cell.fit_keys or cell.rounds < 1:
        found = f"{len(cell.fit_keys)} fits of {cell.rounds} rounds"
        raise _broken(cell, crypto, "a trained cell needs a fit with boosting rounds", found, "1 or more")
    if not len(cell.validation_probability):
        rule = "a trained cell needs probabilities of its validation slice"
        raise _broken(cell, crypto, rule, "0 rows", "1 or more")
    for name, values in (
        ("threshold", np.array([cell.threshold, *cell.seed_thresholds])),
        ("validation probability", cell.validation_probability),
        ("test probability", cell.test_probability),
        ("test probability", cell.seed_probability.ravel()),
    ):
        kept = is_share(values)
        if not kept.all():
            raise _broken(cell, crypto, f"{name} must be in [0, 1]", values[kept.argmin()], "0 to 1")
    rows = cell.test_rows
    if not len(rows) or rows[0] < 0 or rows[-1] >= n_rows or (np.diff(rows) <= 0).any():
        found = f"{len(rows)} rows" + (f", {rows.min()} to {rows.max()}" if len(rows) else "")
        rule = "test rows must be increasing row numbers of the training arrays"
        raise _broken(cell, crypto, rule, found, f"0 to {n_rows - 1}")


def _broken(cell: TrainedCell, crypto: str, rule: str, found: object, allowed: str) -> InputError:
    where = f"cell of fold {cell.fold}, variant {cell.variant}"
    return input_error(f"{where}: {rule}", crypto=crypto, found=found, allowed=allowed)
