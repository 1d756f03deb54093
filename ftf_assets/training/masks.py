"""Cleaning masks: which rows of a fit part a cleaned variant keeps, by out-of-fold probabilities."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from ftf_assets.contracts.arrays import CandleArrays, TrainingArrays
from ftf_assets.contracts.bundles import (
    BaselineParameters,
    CleaningMask,
    CleanlabMasks,
    FoldBaseline,
    Outcome,
    SmoothedLabels,
)
from ftf_assets.contracts.errors import CellError, input_error
from ftf_assets.contracts.typed import Array, Float64, Int8, typed
from ftf_assets.labels.apply_factors import treated_weight
from ftf_assets.labels.factor import LabelFactor, RowFactor, WeightFactor
from ftf_assets.labels.factor_registry import moved_factors
from ftf_assets.labels.fit_rows import FitRows, JudgedRows, Judgement, TreatedRows
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_keys import out_of_fold_key
from ftf_assets.training.fit_rows import rows_of_fold, rows_without
from ftf_assets.training.fit_seeds import control_seed, out_of_fold_seed
from ftf_assets.training.fit_task import FitTask
from ftf_assets.training.folds.out_of_fold_blocks import Block, out_of_fold_blocks
from ftf_assets.training.folds.walk_forward import Fold
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.variants import Variant

#: Returns the fits of later stages that the masks of one fold make possible.
AfterMasks = Callable[[Fold, FoldBaseline, CleanlabMasks], Iterable[FitTask]]


@typed
def no_fits_after_masks(_fold: Fold, _baseline: FoldBaseline, _masks: CleanlabMasks) -> Iterable[FitTask]:
    """Begin nothing early."""
    return ()


@typed
def make_masks(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    soft_labels: SmoothedLabels,
    baselines: BaselineParameters,
    engine: FitEngine,
    candles: CandleArrays | None = None,
    early: AfterMasks = no_fits_after_masks,
) -> CleanlabMasks:
    """Make every mask that the plan's variants need: one for each fold, variant and row factor.

    Out-of-fold models judge the rows. They train on the variant's own labels and weights, with the parameters
    and exactly the rounds of the baseline. Without a cleaned variant no fit is made and cleanlab is not
    imported.

    Parameters
    ----------
    plan, arrays, soft_labels, baselines
        The plan of the crypto, its rows, their soft labels, and the parameters and rounds of each fold.
    engine
        Runs the fits.
    candles
        The crypto's bars, for the levels that need them.
    early
        Names the fits that may begin as soon as some masks of a fold are known, such as
        :meth:`~ftf_assets.training.early_fits.EarlyFits.after_masks`. They are begun and not waited for.

    Returns
    -------
    CleanlabMasks
        A mask whose fits or cleaning raised carries the outcome instead of arrays. Folds that were skipped or
        whose baseline failed have no mask.

    Raises
    ------
    InputError
        A level needs candles and there are none.

    Warnings
    --------
    No look-ahead. Out-of-fold models see the fit part only; the block that they predict neither enters their
    weights nor stops their boosting. For each fold only candles that closed by the end of its fit part are
    read.
    """
    return masks_of_folds(plan, arrays, plan.folds(arrays), soft_labels, baselines, engine, candles, early)


@typed
def masks_of_folds(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    folds_of_plan: tuple[Fold, ...],
    soft_labels: SmoothedLabels,
    baselines: BaselineParameters,
    engine: FitEngine,
    candles: CandleArrays | None = None,
    early: AfterMasks = no_fits_after_masks,
) -> CleanlabMasks:
    """Make the masks of given folds; :func:`make_masks` makes those of the folds that the plan cuts.

    Parameters
    ----------
    plan, arrays, soft_labels, baselines, engine, candles, early
        As in :func:`make_masks`.
    folds_of_plan
        The folds. Their fit parts are cleaned; what they hold out is not read.

    Returns
    -------
    CleanlabMasks
        As :func:`make_masks`.

    Raises
    ------
    InputError
        As :func:`make_masks`.
    """
    if plan.needs_candles and candles is None:
        raise input_error("the temporal cleaners need candles", crypto=plan.crypto)
    folds = {fold.index: fold for fold in folds_of_plan}
    groups = [
        _Judged(plan, arrays, soft_labels, candles, folds[baseline.fold], judge, baseline)
        for baseline in baselines.folds
        if baseline.outcome.status == "ok"
        for judge in plan.judges
    ]
    group_of = {task.key: group for group in groups for task in group.tasks}

    def unlocked(task: FitTask, result: FitResult | Outcome) -> Iterable[FitTask]:
        group = group_of[task.key]
        group.results[task.key] = result
        # The masks of a fold are made while other folds are still fitted.
        if len(group.results) < len(group.tasks):
            return ()
        return early(group.fold, group.baseline, CleanlabMasks(tuple(group.masks)))

    tasks = [task for group in groups for task in group.tasks]
    engine.run(tasks, arrays, stage="out_of_fold", unlocked=unlocked)
    return CleanlabMasks(tuple(mask for group in groups for mask in group.masks))


@typed
def out_of_fold_fits(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    soft_labels: SmoothedLabels,
    fold: Fold,
    baseline: FoldBaseline,
) -> list[FitTask]:
    """Return the out-of-fold fits of one fold; what cannot be fitted is recorded where its masks are made."""
    groups = [_Judged(plan, arrays, soft_labels, None, fold, judge, baseline) for judge in plan.judges]
    return [task for group in groups for task in group.tasks]


class _Judged:
    """The variants of one fold that one judge cleans: its out-of-fold fits, and the masks they give."""

    def __init__(
        self,
        plan: TrainingPlan,
        arrays: TrainingArrays,
        soft_labels: SmoothedLabels,
        candles: CandleArrays | None,
        fold: Fold,
        judge: Variant,
        baseline: FoldBaseline,
    ) -> None:
        self.plan, self.arrays, self.candles = plan, arrays, candles
        self.fold, self.judge, self.baseline = fold, judge, baseline
        self.blocks = _blocks(plan, arrays, fold)
        self.failed: Outcome | None = None
        self.tasks: list[FitTask] = []
        self.results: dict[str, FitResult | Outcome] = {}
        try:
            self.tasks = _out_of_fold_tasks(plan, arrays, soft_labels, fold, self.blocks, judge, baseline)
        except Exception as error:  # noqa: BLE001  weights that raise are failed cells, recorded with their error
            self.failed = Outcome.failed(error, "weighting")

    @functools.cached_property
    def masks(self) -> list[CleaningMask]:
        """The masks, once all its fits have ended."""
        probability = self.failed or _assemble(self.plan, self.fold, self.blocks, self.judge, self.results)
        judgements: dict[tuple[str, str], Judgement] = {}
        return [
            mask
            for variant in self.plan.cleaned_variants
            if variant.only(LabelFactor, WeightFactor) == self.judge
            for mask in _clean(
                self.plan, self.arrays, self.candles, self.fold, variant, probability, judgements
            )
        ]


def _blocks(plan: TrainingPlan, arrays: TrainingArrays, fold: Fold) -> tuple[Block, ...] | Outcome:
    try:
        return out_of_fold_blocks(
            arrays.start,
            arrays.end,
            fold.fit,
            n_blocks=plan.out_of_fold_blocks,
            embargo=plan.embargo(arrays),
        )
    except CellError as error:
        return Outcome.failed(error, "out_of_fold")


def _out_of_fold_tasks(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    soft_labels: SmoothedLabels,
    fold: Fold,
    blocks: tuple[Block, ...] | Outcome,
    judge: Variant,
    baseline: FoldBaseline,
) -> list[FitTask]:
    if isinstance(blocks, Outcome):
        return []
    labels = soft_labels.levels[judge.only(LabelFactor).name]
    return [
        FitTask(
            key=out_of_fold_key(plan, fold.index, judge, number),
            crypto=plan.crypto,
            fold=fold.index,
            name=f"out-of-fold block {number} of {judge.name}",
            rows=block.train,
            labels=labels[block.train],
            weight=treated_weight(judge.moved, _rows_of_block(arrays, fold, block), plan),
            predict={"held_out": block.held_out},
            rounds=baseline.rounds,
            parameters=baseline.parameters,
            seed=out_of_fold_seed(plan, fold.index, number),
            device=plan.device,
            unlocks=True,
            # Only models of other judges train on the same rows again.
            keep_bins=len(plan.judges) > 1,
        )
        for number, block in enumerate(blocks)
    ]


def _rows_of_block(arrays: TrainingArrays, fold: Fold, block: Block) -> FitRows:
    # The masks decide what the fold's model trains on, so they may not know what the fold holds out either.
    return rows_without(arrays, block.train, block.held_out, fold.validation, fold.test)


def _assemble(
    plan: TrainingPlan,
    fold: Fold,
    blocks: tuple[Block, ...] | Outcome,
    judge: Variant,
    results: Mapping[str, FitResult | Outcome],
) -> Array | Outcome:
    if isinstance(blocks, Outcome):
        return blocks
    parts: list[Array] = []
    for number in range(len(blocks)):
        result = results[out_of_fold_key(plan, fold.index, judge, number)]
        if isinstance(result, Outcome):
            return result
        parts.append(result.probabilities["held_out"])
    # The blocks are contiguous and in time order, so joining them gives the fit part in its order.
    return np.concatenate(parts)


def _clean(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    candles: CandleArrays | None,
    fold: Fold,
    variant: Variant,
    probability: Float64[Array, " fit_rows"] | Outcome,
    judgements: dict[tuple[str, str], Judgement],
) -> list[CleaningMask]:
    """Make the masks of a variant, one for each row factor, each with what the one before left.

    Every cleaner judges the given labels; the model trains on the last one's labels and weights.

    ``judgements`` caches the judgement of each judge on the same rows and probabilities.
    """
    masks: list[CleaningMask] = []
    outcome = probability if isinstance(probability, Outcome) else Outcome()
    weight: Array | None = None
    label = arrays.y[fold.fit]
    for factor, level in moved_factors(RowFactor, variant.moved):
        if isinstance(probability, Outcome) or outcome.status != "ok":
            masks.append(CleaningMask(fold.index, variant.name, level, outcome))
            continue
        try:
            rows = rows_of_fold(arrays, fold)
            if weight is None:
                weight = treated_weight(variant.moved, rows, plan)
            judged = JudgedRows(rows, probability, weight, control_seed(plan, fold.index), candles)
            judge = (factor.name, factor.judges.get(level, level))
            if judge not in judgements:
                judgements[judge] = factor.judge(level, judged, plan)
            treated = factor.treat(level, judged, judgements[judge])
            weight = treated.weight
            if treated.label is not None:
                label = np.where(treated.label != judged.rows.y, treated.label, label)
            masks.append(_mask(fold, variant, level, judged, judgements[judge], treated, label))
        except Exception as error:  # noqa: BLE001  a cleaner that raises is a failed cell, recorded with its error
            outcome = Outcome.failed(error, "cleaning")
            masks.append(CleaningMask(fold.index, variant.name, level, outcome))
    return masks


def _mask(
    fold: Fold,
    variant: Variant,
    cleaner: str,
    judged: JudgedRows,
    judgement: Judgement,
    treated: TreatedRows,
    label: Int8[Array, " fit_rows"],
) -> CleaningMask:
    y = judged.rows.y
    return CleaningMask(
        fold=fold.index,
        variant=variant.name,
        cleaner=cleaner,
        outcome=Outcome(),
        rows=fold.fit,
        probability=judged.probability,
        label_quality=judgement.label_quality,
        suspect=treated.suspect,
        keep=treated.keep,
        weight=treated.weight,
        label=label,
        flip_rates=treated.flip_rates,
        n_flagged_buy=int(np.count_nonzero(judgement.flagged & (y == 1))),
        n_flagged_hold=int(np.count_nonzero(judgement.flagged & (y == 0))),
        noise=judgement.noise,
    )
