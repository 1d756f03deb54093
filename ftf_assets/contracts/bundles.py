"""What the assets behind the coercion boundary hold: labels, baselines, masks and trained cells.

Every bundle is a tree of frozen dataclasses over arrays, text and numbers, so one reader and one writer
(``storage.artifacts``) serve them all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ftf_assets.contracts.errors import CellError, InputError, input_error
from ftf_assets.contracts.typed import Array, Bool, Float32, Float64, Int8, Int64, typed

Status = Literal["ok", "training_failed", "skipped_short_history"]


@dataclass(frozen=True)
class Outcome:
    """How a piece of a cell ended.

    Attributes
    ----------
    status
        ``ok``, ``training_failed`` or ``skipped_short_history``.
    error_type, error_message, error_stage
        Empty when ``ok``; the reason in ``error_message`` when skipped; all three when failed.
    """

    status: Status = "ok"
    error_type: str = ""
    error_message: str = ""
    error_stage: str = ""

    @classmethod
    def failed(cls, error: BaseException, stage: str) -> Outcome:
        """Record an exception; a :class:`CellError` brings its own stage."""
        message = " ".join(str(error).split())
        return cls(
            status="training_failed",
            error_type=type(error).__name__,
            error_message=message[:1000] or type(error).__name__,
            error_stage=error.stage if isinstance(error, CellError) else stage,
        )

    @classmethod
    def skipped(cls, reason: str) -> Outcome:
        """Record a cell whose history is too short to train on."""
        return cls(status="skipped_short_history", error_message=reason)


def _floats() -> Array:
    return np.empty(0, np.float64)


@typed
@dataclass(frozen=True, eq=False)
class SmoothedLabels:
    """Soft labels per treatment of labels, each of shape (n_rows,), aligned with the training arrays.

    Attributes
    ----------
    levels
        By the name of the variant that moves only the factors of labels; ``baseline`` holds the hard labels.
    """

    levels: dict[str, Float32[Array, " _"]]

    def validate(self, crypto: str, y: Int8[Array, " rows"], expected: dict[str, Array]) -> None:
        """Raise where a treatment is missing or is not what it should be.

        Parameters
        ----------
        crypto
            Named in the message.
        y
            Hard labels, shape (n_rows,).
        expected
            The soft labels of every treatment that the sweep needs, made anew from ``y``.

        Raises
        ------
        InputError
            Wrong length, a class that cannot be recovered (BUY above one half, HOLD below), or a wrong value.
        """
        for level, labels in expected.items():
            if level not in self.levels:
                raise input_error("a treatment of the labels is missing", crypto=crypto, column=level)
            soft = self.levels[level]
            if soft.shape != y.shape:
                raise input_error(
                    "one soft label a row",
                    crypto=crypto,
                    column=level,
                    found=f"{soft.shape} for {y.shape} rows",
                )
            recovered = np.where(y == 1, (soft > 0.5) & (soft <= 1), (soft >= 0) & (soft < 0.5))
            wrong = (soft != labels) | ~recovered
            if wrong.any():
                row = int(np.flatnonzero(wrong)[0])
                raise input_error(
                    "soft labels are those of their treatment and keep their class",
                    crypto=crypto,
                    column=level,
                    row=row,
                    found=soft[row],
                    allowed=f"{labels[row]:g}, {'above' if y[row] == 1 else 'below'} one half",
                )


@dataclass(frozen=True)
class FoldBaseline:
    """Hyper-parameters and rounds of one fold's baseline, held for all its variants.

    Attributes
    ----------
    fold
        Number of the walk-forward fold, from 0.
    outcome
        Where it is not ``ok``, no cell of the fold can be trained.
    rounds
        Boosting rounds found by early stopping on the validation slice.
    parameters
        XGBoost parameters.
    provenance
        Where the parameters come from: ``default`` or ``tuned``.
    n_trials
        Tuning trials that were run.
    fit_key
        Key of the baseline's fit, which is the baseline cell's model.
    best_trial
        Number of the trial that ``parameters`` come from; 0 is the defaults.
    average_precision, default_average_precision
        What tuning maximised, for the chosen parameters and for the defaults; None where nothing was tuned.
    """

    fold: int
    outcome: Outcome
    rounds: int = 0
    parameters: dict[str, float | int | str] = field(default_factory=dict)
    provenance: str = "default"
    n_trials: int = 0
    fit_key: str = ""
    best_trial: int = 0
    average_precision: float | None = None
    default_average_precision: float | None = None


@dataclass(frozen=True)
class BaselineParameters:
    """The baselines of one crypto, one a fold."""

    folds: tuple[FoldBaseline, ...]

    def validate(
        self,
        crypto: str,
        *,
        n_folds: int,
        min_rounds: int,
        max_rounds: int,
        n_trials: int = 0,
        space: dict[str, tuple[float, float]] | None = None,
    ) -> None:
        """Raise where a fold is missing or a baseline stands outside its bounds.

        Parameters
        ----------
        crypto
            Named in the message.
        n_folds, min_rounds, max_rounds
            Folds of the sweep, and bounds of the rounds.
        n_trials, space
            Tuning trials that every baseline must have had, 0 for none, and the inclusive bounds that they
            searched.

        Raises
        ------
        InputError
            A missing fold, rounds outside [min_rounds, max_rounds], no stated provenance or one that does not
            fit the number of trials, parameters outside the searched bounds, or a choice that is worse than
            the defaults.
        """
        if [baseline.fold for baseline in self.folds] != list(range(n_folds)):
            raise input_error(
                "one baseline a fold",
                crypto=crypto,
                found=[baseline.fold for baseline in self.folds],
                allowed=f"folds 0 to {n_folds - 1}",
            )
        for baseline in self.folds:
            if baseline.outcome.status != "ok":
                continue
            if not min_rounds <= baseline.rounds <= max_rounds:
                raise input_error(
                    f"rounds of fold {baseline.fold} are out of bounds",
                    crypto=crypto,
                    found=baseline.rounds,
                    allowed=f"{min_rounds} to {max_rounds}",
                )
            if baseline.provenance not in ("default", "tuned") or not baseline.parameters:
                raise input_error(f"parameters of fold {baseline.fold} have no provenance", crypto=crypto)
            if baseline.n_trials != n_trials or (baseline.provenance == "tuned") != (n_trials > 0):
                raise input_error(
                    f"parameters of fold {baseline.fold} come from another search",
                    crypto=crypto,
                    found=f"{baseline.provenance}, {baseline.n_trials} trials",
                    allowed=f"{n_trials} trials",
                )
            if baseline.provenance == "tuned":
                _require_searched(crypto, baseline, space or {})


def _require_searched(crypto: str, baseline: FoldBaseline, space: dict[str, tuple[float, float]]) -> None:
    for name, (low, high) in space.items():
        value = baseline.parameters.get(name)
        if not isinstance(value, int | float) or not low <= value <= high:
            raise input_error(
                f"tuned parameters of fold {baseline.fold} are out of bounds",
                crypto=crypto,
                column=name,
                found=value,
                allowed=f"{low:g} to {high:g}",
            )
    chosen, default = baseline.average_precision, baseline.default_average_precision
    if chosen is None or default is None or not 0 <= default <= chosen <= 1:
        raise input_error(
            f"the choice of fold {baseline.fold} is no better than the defaults",
            crypto=crypto,
            found=f"average precision {chosen}",
            allowed=f"{default} to 1",
        )


@dataclass(frozen=True)
class NoiseEstimate:
    """What a temporal cleaner estimates about the labels of one fit part as a whole.

    Attributes
    ----------
    noise_rate
        Share of wrong labels.
    expected_errors_buy, expected_errors_hold
        Expected number of wrong labels among the observed BUYs and HOLDs: no more of them are suspect.
    temper
        Weight of the features' log odds, 0 to 1; 0 = the labels alone were used.
    entry, stay, missed_buy, false_buy, burst_flip
        Rates of errors, as in :class:`~ftf_assets.labels.cleaning.hidden_labels.ErrorRates`.
    """

    noise_rate: float
    expected_errors_buy: float
    expected_errors_hold: float
    temper: float
    entry: float
    stay: float
    missed_buy: float
    false_buy: float
    burst_flip: float


@typed
@dataclass(frozen=True, eq=False)
class CleaningMask:
    """What one cleaner decided about one fold's fit part.

    Attributes
    ----------
    fold, variant, cleaner
        Which fold, the variant that cleans, and the level of the row factor that decided. The out-of-fold
        models that judged the rows trained on the labels and weights of the variant.
    outcome
        Where it is not ``ok``, the arrays are empty.
    rows
        Row numbers of the fit part in the training arrays, increasing; validation and test rows never appear.
    probability
        Out-of-fold P(BUY) of each of them.
    label_quality
        Agreement of the given label with the model, in [0, 1].
    suspect, keep, weight
        The capped suspects, the rows to train on and every row's weight.
    n_flagged_buy, n_flagged_hold
        Rows that the cleaner flagged before the cap.
    noise
        What a temporal cleaner estimates; its ``label_quality`` is the probability that the label is right.
    """

    fold: int
    variant: str
    cleaner: str
    outcome: Outcome
    rows: Int64[Array, " fit_rows"] = field(default_factory=lambda: np.empty(0, np.int64))
    probability: Float64[Array, " fit_rows"] = field(default_factory=_floats)
    label_quality: Float64[Array, " fit_rows"] = field(default_factory=_floats)
    suspect: Bool[Array, " fit_rows"] = field(default_factory=lambda: np.empty(0, np.bool_))
    keep: Bool[Array, " fit_rows"] = field(default_factory=lambda: np.empty(0, np.bool_))
    weight: Float32[Array, " fit_rows"] = field(default_factory=lambda: np.empty(0, np.float32))
    n_flagged_buy: int = 0
    n_flagged_hold: int = 0
    noise: NoiseEstimate | None = None


@typed
@dataclass(frozen=True, eq=False)
class CleanlabMasks:
    """The masks of one crypto: one a fold, cleaned variant and row factor that it moves."""

    masks: tuple[CleaningMask, ...]

    def find(self, fold: int, variant: str) -> tuple[CleaningMask, ...]:
        """Return the masks of a cell in the order in which they act.

        Raises
        ------
        InputError
            The masks were made for other settings.
        """
        found = tuple(mask for mask in self.masks if (mask.fold, mask.variant) == (fold, variant))
        if not found:
            raise input_error("no cleaning mask for this cell", found=f"fold {fold}, {variant}")
        return found

    def validate(self, crypto: str, y: Int8[Array, " rows"], fit_parts: dict[int, Array], cap: float) -> None:
        """Raise where a mask leaves its fit part, misses a row of it or exceeds the cap.

        Raises
        ------
        InputError
            Rows that are not exactly the fold's fit part (a leak, or a gap in the coverage), probabilities
            outside [0, 1], more suspects of a class than the cap allows or the cleaner flagged, dropped rows
            that are not suspects, or weights that are negative or not finite.
        """
        for mask in self.masks:
            if mask.outcome.status != "ok":
                continue
            where = f"{mask.cleaner} of fold {mask.fold}, variant {mask.variant}"

            def refuse(rule: str, found: object, allowed: str, where: str = where) -> InputError:
                return input_error(f"{where}: {rule}", crypto=crypto, found=found, allowed=allowed)

            if mask.fold not in fit_parts:
                raise refuse("a fold of the sweep", f"fold {mask.fold}", f"folds {sorted(fit_parts)}")
            fit_rows = fit_parts[mask.fold]
            if not np.array_equal(mask.rows, fit_rows):
                strangers = np.setdiff1d(mask.rows, fit_rows)
                found = (
                    f"{len(strangers)} rows outside it"
                    if len(strangers)
                    else f"{len(mask.rows)} of {len(fit_rows)}"
                )
                raise refuse("every row of the fit part, and no other", found, "exactly the fit part")
            for name, values in (("probability", mask.probability), ("label quality", mask.label_quality)):
                if not ((values >= 0) & (values <= 1)).all():
                    raise refuse(f"{name} within [0, 1]", float(np.nanmax(np.abs(values))), "[0, 1]")
            if not (mask.keep | mask.suspect).all():
                raise refuse("only suspects are dropped", int((~mask.keep & ~mask.suspect).sum()), "0 others")
            labels = y[mask.rows]
            for label, n_flagged in ((0, mask.n_flagged_hold), (1, mask.n_flagged_buy)):
                n_suspects = int(np.count_nonzero(mask.suspect & (labels == label)))
                limit = int(np.floor(cap * np.count_nonzero(labels == label) + 1e-9))
                if n_suspects > limit:
                    raise refuse(f"suspects of label {label} within the cap", n_suspects, f"at most {limit}")
                if n_suspects > n_flagged:
                    raise refuse(
                        f"as many suspects of label {label} as flagged", n_suspects, f"at most {n_flagged}"
                    )
            if not (np.isfinite(mask.weight) & (mask.weight >= 0)).all():
                raise refuse("finite, non-negative weights", float(np.nanmin(mask.weight)), ">= 0")


@typed
@dataclass(frozen=True, eq=False)
class TrainedCell:
    """One trained (or failed, or skipped) cell.

    Attributes
    ----------
    fold, variant
        The cell; ``levels`` holds its factor levels.
    cell_key
        Hash of everything that the cell's result depends on, known before it runs.
    fit_keys
        Keys of the fits whose probabilities are averaged: their folders hold the boosters.
    rounds, threshold
        Boosting rounds, and the F1-optimal threshold on the validation slice.
    seed, fit_seconds
        Seed of the first fit, and one-thread seconds of all of them when they were made.
    n_kept, weight_sum
        Rows trained on, and the sum of their weights.
    parameters, n_trials
        Hyper-parameters, empty where none were found, and the trials of the study that chose them.
    test_rows, test_probability
        Rows of the test span in the training arrays, and their mean P(BUY).
    seed_thresholds, seed_probability
        Threshold and P(BUY) of the test rows of every single fit, where there are several that differ in
        their seed alone; shapes (n_fits,) and (n_fits, n_test_rows), else empty.
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
    test_rows: Int64[Array, " test_rows"] = field(default_factory=lambda: np.empty(0, np.int64))
    test_probability: Float64[Array, " test_rows"] = field(default_factory=_floats)
    seed_thresholds: Float64[Array, " fits"] = field(default_factory=_floats)
    seed_probability: Float64[Array, "fits _"] = field(default_factory=lambda: np.empty((0, 0)))


@typed
@dataclass(frozen=True, eq=False)
class TrainedModels:
    """The cells of one crypto, every expected one: trained, skipped or failed with its error."""

    cells: tuple[TrainedCell, ...]

    def missing_cells(self, n_folds: int, variants: tuple[str, ...]) -> list[tuple[int, str]]:
        """List the expected (fold, variant) pairs without a cell."""
        present = {(cell.fold, cell.variant) for cell in self.cells}
        return [(f, v) for f in range(n_folds) for v in variants if (f, v) not in present]
