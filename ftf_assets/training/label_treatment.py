"""The treatment of a training window that a trainer brings along: one variant on all of its rows.

The same functions as for a fold of a sweep run here. For the rows, parameters, rounds and seed of a fold's
fit part they give the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ftf_assets.contracts.arrays import CandleArrays, TrainingArrays
from ftf_assets.contracts.bundles import BaselineParameters, CleaningMask, FlipRates, FoldBaseline, Outcome
from ftf_assets.contracts.errors import CellError, input_error
from ftf_assets.contracts.row_rules import utc_text
from ftf_assets.contracts.typed import Array, Bool, Float32, Int8, Int64, typed
from ftf_assets.labels.factor import LabelFactor, RowFactor
from ftf_assets.training.baseline import baseline_task
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.folds.purge_and_embargo import held_out_span, purge
from ftf_assets.training.folds.short_history import MIN_FIT_BUYS, MIN_FIT_ROWS
from ftf_assets.training.folds.walk_forward import Fold
from ftf_assets.training.masks import masks_of_folds
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.treated_fit_part import TreatedFitPart, treat_fit_part
from ftf_assets.training.variants import Variant

_NO_ROWS: Int64[Array, " _"] = np.empty(0, np.int64)


@dataclass(frozen=True)
class ClassCounts:
    """Rows of a training window by their given label.

    Attributes
    ----------
    buy, hold
        Numbers of rows.
    """

    buy: int
    hold: int

    @classmethod
    def of(cls, y: Int8[Array, " rows"], rows: Bool[Array, " rows"]) -> ClassCounts:
        """Count the marked rows of each class."""
        return cls(int(np.count_nonzero(rows & (y == 1))), int(np.count_nonzero(rows & (y == 0))))

    def __str__(self) -> str:
        return f"{self.buy} BUY and {self.hold} HOLD"


@dataclass(frozen=True)
class TreatmentReport:
    """What a treatment did to the rows of a training window. Printed, it is a few sentences.

    Attributes
    ----------
    levels
        Level by factor.
    given, kept
        Rows that came, and rows that stayed.
    flagged
        Rows that the cleaner considered mislabelled; None without cleaning.
    suspect
        Those of them that the cap left: the rows that were dropped, reweighted or relabelled.
    relabelled
        Rows that train with the other label.
    suspect_cap
        Largest share of a class that may be suspect; None without cleaning, or where another rule limits it.
    rounds
        Boosting rounds of the out-of-fold models; None without cleaning.
    """

    levels: dict[str, str]
    given: ClassCounts
    kept: ClassCounts
    flagged: ClassCounts | None
    suspect: ClassCounts | None
    relabelled: ClassCounts | None
    suspect_cap: float | None
    rounds: int | None

    def __str__(self) -> str:
        lines = [", ".join(f"{factor} {level}" for factor, level in self.levels.items())]
        if self.flagged is not None:
            cap = "" if self.suspect_cap is None else f", at most {self.suspect_cap:.0%} of each class"
            lines.append(f"flagged {self.flagged}, suspect {self.suspect}{cap}")
        if self.relabelled is not None and (self.relabelled.buy or self.relabelled.hold):
            lines.append(f"relabelled {self.relabelled}")
        kept, given = self.kept, self.given
        lines.append(f"kept {kept.buy} of {given.buy} BUY and {kept.hold} of {given.hold} HOLD rows")
        if self.rounds is not None:
            lines.append(f"out-of-fold models of {self.rounds} rounds")
        return "\n".join(lines)


@typed
@dataclass(frozen=True, eq=False)
class LabelTreatment:
    """A treated training window: what a model trains on, and what was done.

    ``X, y, w = treatment`` unpacks it.

    Attributes
    ----------
    X
        Features of the rows that stay, float32, shape (n_kept, n_features).
    y
        Their labels, shape (n_kept,): hard ones as int8, 1 = BUY; softened ones as float32 in [0, 1].
    w
        Their weights, float32, shape (n_kept,).
    rows
        Positions of these rows among those given, increasing, shape (n_kept,).
    report
        What was done, in numbers; printed, in words.
    cleaning
        What the cleaner decided about each given row, such as its out-of-fold probability and the quality of
        its label; None without cleaning.
    flip_rates
        Rates of wrong labels that the model's loss must be corrected for, which arrays cannot hold; None for
        every level but ``forward``.
    """

    X: Float32[Array, "kept features"]
    y: Int8[Array, " kept"] | Float32[Array, " kept"]
    w: Float32[Array, " kept"]
    rows: Int64[Array, " kept"]
    report: TreatmentReport
    cleaning: CleaningMask | None = None
    flip_rates: FlipRates | None = None

    def __iter__(self) -> Iterator[Array]:
        """Give X, y and w in turn.

        Raises
        ------
        InputError
            The treatment corrects the model's loss, and would be lost with the rates.
        """
        if self.flip_rates is not None:
            raise input_error(
                "the level forward corrects the loss of the model, and X, y, w do not hold its rates",
                found=self.flip_rates,
                fix="Read .X, .y, .w and .flip_rates instead of unpacking.",
            )
        return iter((self.X, self.y, self.w))


class NotStored:
    """A fit store that keeps nothing: each call of a trainer fits on its own."""

    def get(self, key: str) -> FitResult | None:  # noqa: ARG002
        """Find no fit."""
        return None

    def put(self, key: str, result: FitResult) -> None:
        """Store no fit."""


@typed
def known_before(arrays: TrainingArrays, instant: int, crypto: str) -> TrainingArrays:
    """Hold a training window to the time at which what it holds out begins.

    Parameters
    ----------
    arrays
        The rows of the window.
    instant
        First time that is held out, nanoseconds since the epoch, UTC.
    crypto
        Named in the error.

    Returns
    -------
    TrainingArrays
        A label stability that is known only later is 0, so that the row does not count where a level weighs
        by it.

    Raises
    ------
    InputError
        A label is known only at that instant or later.
    """
    late = np.flatnonzero(arrays.end >= instant)
    if len(late):
        raise input_error(
            "labels that are known only after held_out_from leak into what is held out",
            crypto=crypto,
            column="label_end",
            row=utc_text(arrays.start[late[0]]),
            found=f"{len(late)} such rows, the first known at {utc_text(arrays.end[late[0]])}",
            allowed=f"before {utc_text(instant)}",
            fix="Drop them from the training rows.",
        )
    if arrays.label_stability is None or arrays.label_stability_end is None:
        return arrays
    known = np.where(arrays.label_stability_end < instant, arrays.label_stability, np.float32(0))
    return replace(arrays, label_stability=known)


@typed
def treat_window(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    engine: FitEngine,
    *,
    fold: int = 0,
    rounds: int | None = None,
    candles: CandleArrays | None = None,
) -> LabelTreatment:
    """Apply the one variant of a plan to all rows of a training window.

    Parameters
    ----------
    plan
        A plan with one variant, and edges up to ``fold``: only the keys of fits are made of them.
    arrays
        The rows of the window, all of which are the fit part.
    engine
        Runs the out-of-fold fits.
    fold
        Number of the fold, from which the seeds are derived.
    rounds
        Boosting rounds of the out-of-fold models; None finds them as a sweep does, by early stopping: on the
        last ``plan.validation_fraction`` of the rows, with the rows before them, purged.
    candles
        The crypto's bars, for the levels that need them.

    Returns
    -------
    LabelTreatment
        Without a treatment the given arrays themselves, the same objects.

    Raises
    ------
    InputError
        No boosting round; or cleaning is asked for on fewer rows or BUYs than a fold needs, or needs candles
        and there are none.
    CellError
        The treatment raised, for instance because it leaves no row to a class.

    Warnings
    --------
    No look-ahead: an out-of-fold model never sees the block that it predicts, nor rows whose label interval
    touches it. Rows after the window are unknown here, so nothing of them can enter.
    """
    if rounds is not None and rounds < 1:
        raise input_error("a model needs at least one boosting round", crypto=plan.crypto, found=rounds)
    (variant,) = plan.variants
    cleans = bool(variant.only(RowFactor).moved)
    window = _window_as_fold(arrays, fold)
    soft_labels = plan.soft_labels(arrays.y)
    if cleans:
        _refuse_too_few(plan, arrays.y)
        if rounds is None:
            rounds = _early_stopped_rounds(plan, arrays, window, engine)
    baseline = FoldBaseline(fold, Outcome(), rounds=rounds or 0, parameters=plan.parameters)
    masks = masks_of_folds(
        plan, arrays, (window,), soft_labels, BaselineParameters((baseline,)), engine, candles
    )
    part = treat_fit_part(plan, arrays, soft_labels, masks, window, variant)
    if isinstance(part, Outcome):
        raise _as_error(part, plan.crypto)
    mask = masks.masks[0] if cleans else None
    everyone = len(part.rows) == arrays.n_rows
    return LabelTreatment(
        X=arrays.X if everyone else arrays.X[part.rows],
        y=_labels(variant, arrays.y, part),
        w=part.weight if variant.moved else arrays.base_weight,
        rows=part.rows,
        report=_report(plan, arrays.y, part, mask, rounds if cleans else None),
        cleaning=mask,
        flip_rates=part.flip_rates,
    )


def _labels(variant: Variant, y: Int8[Array, " rows"], part: TreatedFitPart) -> Array:
    """Give softened labels as they are and hard ones as int8: the given array where nothing is treated."""
    if not variant.moved:
        return y
    return part.labels if variant.only(LabelFactor).moved else part.labels.astype(np.int8)


def _window_as_fold(arrays: TrainingArrays, fold: int) -> Fold:
    return Fold(
        index=fold,
        fit=np.arange(arrays.n_rows, dtype=np.int64),
        validation=_NO_ROWS,
        test=_NO_ROWS,
        train_start=int(arrays.start[0]),
        train_end=int(arrays.end.max()),
        test_start=int(arrays.end.max()),
        test_end=int(arrays.end.max()),
    )


def _refuse_too_few(plan: TrainingPlan, y: Array) -> None:
    n_buys = int(y.sum(dtype=np.int64))
    if len(y) < MIN_FIT_ROWS or n_buys < MIN_FIT_BUYS:
        raise input_error(
            "too few rows to judge labels by out-of-fold models",
            crypto=plan.crypto,
            found=f"{len(y)} rows, {n_buys} of them BUY",
            allowed=f"at least {MIN_FIT_ROWS} rows, {MIN_FIT_BUYS} of them BUY",
            fix="Pass a longer training window, or cleanlab='off'.",
        )


def _early_stopped_rounds(plan: TrainingPlan, arrays: TrainingArrays, window: Fold, engine: FitEngine) -> int:
    n_validation = round(plan.validation_fraction * arrays.n_rows)
    fit, validation = np.split(window.fit, [arrays.n_rows - n_validation])
    span = held_out_span(arrays.start, arrays.end, validation)
    fit = purge(arrays.start, arrays.end, fit, span, plan.embargo(arrays))
    fold = Fold(
        index=window.index,
        fit=fit,
        validation=validation,
        test=_NO_ROWS,
        train_start=int(arrays.start[0]),
        train_end=span.last,
        test_start=span.last,
        test_end=span.last,
    )
    task = baseline_task(plan, arrays, fold, plan.parameters)
    result = engine.run([task], arrays, stage="baseline")[task.key]
    if isinstance(result, Outcome):
        raise _as_error(result, plan.crypto)
    return result.rounds


def _as_error(outcome: Outcome, crypto: str) -> CellError:
    message = f"{outcome.error_type}: {outcome.error_message}"
    return CellError(outcome.error_stage, f"{crypto}: {message}" if crypto else message)


def _report(
    plan: TrainingPlan,
    y: Int8[Array, " rows"],
    part: TreatedFitPart,
    mask: CleaningMask | None,
    rounds: int | None,
) -> TreatmentReport:
    (variant,) = plan.variants
    everyone = np.ones(len(y), np.bool_)
    kept = np.zeros(len(y), np.bool_)
    kept[part.rows] = True
    levels = dict(variant.moved) or {"treatment": "none"}
    given_and_kept = (levels, ClassCounts.of(y, everyone), ClassCounts.of(y, kept))
    if mask is None:
        return TreatmentReport(*given_and_kept, None, None, None, None, None)
    capped = mask.cleaner not in plan.uncapped_cleaners
    return TreatmentReport(
        *given_and_kept,
        flagged=ClassCounts(mask.n_flagged_buy, mask.n_flagged_hold),
        suspect=ClassCounts.of(y, mask.suspect),
        relabelled=ClassCounts.of(y, mask.label != y),
        suspect_cap=plan.suspect_cap if capped else None,
        rounds=rounds,
    )
