"""Cleaning masks: out-of-fold probabilities of a fit part, judged by confident learning."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import (
    BaselineParameters,
    CleaningMask,
    CleanlabMasks,
    FoldBaseline,
    Outcome,
    SmoothedLabels,
)
from ftf_assets.contracts.errors import CellError
from ftf_assets.contracts.typed import Array, Float64, typed
from ftf_assets.labels.confident_learning import cap_per_class, clean, flag_label_issues, label_quality
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.engine import FitEngine, FitTask
from ftf_assets.training.folds import Block, Fold, out_of_fold_blocks
from ftf_assets.training.plan import TrainingPlan


@typed
def make_masks(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    soft_labels: SmoothedLabels,
    baselines: BaselineParameters,
    engine: FitEngine,
) -> CleanlabMasks:
    """Make every mask that the plan's variants need: one a fold, smoothing level and cleaner.

    The out-of-fold models see the fit part only, train on the variant's soft labels and run exactly the
    baseline's rounds with its parameters, so nothing is stopped on the block that it predicts. Without
    cleaning a sweep makes no fit here and does not import cleanlab.

    Parameters
    ----------
    plan, arrays, soft_labels, baselines
        What to make, the crypto's rows, their soft labels, and the rounds and parameters of each fold.
    engine
        Runs the fits.

    Returns
    -------
    CleanlabMasks
        A mask whose fits or cleaning raised carries the outcome instead of arrays. Folds that were skipped or
        whose baseline failed have none.
    """
    folds = {fold.index: fold for fold in plan.folds(arrays)}
    trainable = [baseline for baseline in baselines.folds if baseline.outcome.status == "ok"]
    smoothings = tuple(dict.fromkeys(smoothing for smoothing, _ in plan.cleanings))
    blocks: dict[int, tuple[Block, ...] | Outcome] = {}
    tasks: list[FitTask] = []
    for baseline in trainable if smoothings else ():
        fold = folds[baseline.fold]
        blocks[fold.index] = _blocks(plan, arrays, fold)
        for smoothing in smoothings:
            tasks += _out_of_fold_tasks(
                plan, arrays, soft_labels, fold, blocks[fold.index], smoothing, baseline
            )
    results = engine.run(tasks, arrays, stage="out_of_fold")
    masks: list[CleaningMask] = []
    for baseline in trainable if smoothings else ():
        fold = folds[baseline.fold]
        for smoothing in smoothings:
            probability = _assemble(plan, fold, blocks[fold.index], smoothing, results)
            cleaners = [cleaner for level, cleaner in plan.cleanings if level == smoothing]
            masks += _judge(plan, arrays, fold, smoothing, cleaners, probability)
    return CleanlabMasks(tuple(masks))


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
    smoothing: str,
    baseline: FoldBaseline,
) -> list[FitTask]:
    if isinstance(blocks, Outcome):
        return []
    return [
        FitTask(
            key=plan.out_of_fold_key(fold.index, smoothing, number),
            crypto=plan.crypto,
            fold=fold.index,
            name=f"out-of-fold block {number}, smoothing {smoothing}",
            rows=block.train,
            labels=soft_labels.levels[smoothing][block.train],
            weight=arrays.base_weight[block.train],
            predict={"held_out": block.held_out},
            rounds=baseline.rounds,
            parameters=baseline.parameters,
            seed=plan.out_of_fold_seed(fold.index, number),
            device=plan.device,
        )
        for number, block in enumerate(blocks)
    ]


def _assemble(
    plan: TrainingPlan,
    fold: Fold,
    blocks: tuple[Block, ...] | Outcome,
    smoothing: str,
    results: Mapping[str, FitResult | Outcome],
) -> Array | Outcome:
    if isinstance(blocks, Outcome):
        return blocks
    parts: list[Array] = []
    for number in range(len(blocks)):
        result = results[plan.out_of_fold_key(fold.index, smoothing, number)]
        if isinstance(result, Outcome):
            return result
        parts.append(result.probabilities["held_out"])
    # The blocks are contiguous and in time order, so their parts are the fit part in its own order.
    return np.concatenate(parts)


def _judge(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    fold: Fold,
    smoothing: str,
    cleaners: list[str],
    probability: Array | Outcome,
) -> list[CleaningMask]:
    if isinstance(probability, Outcome):
        return [CleaningMask(fold.index, smoothing, cleaner, probability) for cleaner in cleaners]
    masks = []
    for cleaner in cleaners:
        try:
            masks.append(_mask(plan, arrays, fold, smoothing, cleaner, probability))
        except Exception as error:  # noqa: BLE001  a cleaner that raises is a failed cell, recorded with its error
            masks.append(CleaningMask(fold.index, smoothing, cleaner, Outcome.failed(error, "cleaning")))
    return masks


def _mask(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    fold: Fold,
    smoothing: str,
    cleaner: str,
    probability: Float64[Array, " fit_rows"],
) -> CleaningMask:
    y, base_weight = arrays.y[fold.fit], arrays.base_weight[fold.fit]
    flagged = flag_label_issues(y, probability)
    quality = label_quality(y, probability, plan.label_quality)
    suspect = cap_per_class(flagged, quality, y, plan.suspect_cap)
    cleaning = clean(
        cleaner,
        y=y,
        suspect=suspect,
        quality=quality,
        probability=probability,
        base_weight=base_weight,
        seed=plan.control_seed(fold.index),
    )
    return CleaningMask(
        fold=fold.index,
        label_smoothing=smoothing,
        cleaner=cleaner,
        outcome=Outcome(),
        rows=fold.fit,
        probability=probability,
        label_quality=quality,
        suspect=cleaning.suspect,
        keep=cleaning.keep,
        weight=cleaning.weight,
        n_flagged_buy=int(np.count_nonzero(flagged & (y == 1))),
        n_flagged_hold=int(np.count_nonzero(flagged & (y == 0))),
    )
