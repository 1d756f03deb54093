"""The audit's fits: out-of-fold models of noisy labels, and models of clean, noisy or cleaned labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ftf_assets.audit.detector import Evidence, Scheme
from ftf_assets.audit.noise import NoiseKind, NoisyLabels
from ftf_assets.audit.plan import SCHEMES, AuditPlan
from ftf_assets.contracts.arrays import CandleArrays, TrainingArrays
from ftf_assets.contracts.bundles import Outcome
from ftf_assets.contracts.typed import Array, Float32, Int8, typed
from ftf_assets.labels.fit_rows import TreatedRows
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_task import FitTask
from ftf_assets.training.folds.label_intervals import bar_length
from ftf_assets.training.folds.out_of_fold_blocks import Block, out_of_fold_blocks
from ftf_assets.training.folds.walk_forward import Fold

Results = Mapping[str, FitResult | Outcome]


@typed
def blocks_of(
    plan: AuditPlan,
    arrays: TrainingArrays,
    fold: Fold,
    given: Int8[Array, " fit"],
    scheme: Scheme,
    seed: int,
) -> tuple[Block, ...]:
    """Cut the fit part into the out-of-fold blocks of one scheme.

    ``time_blocks`` are those of a sweep: contiguous, purged by label intervals, embargoed. ``shuffled`` is
    cleanlab's default: stratified folds of shuffled rows, neither purged nor embargoed.

    Parameters
    ----------
    plan, arrays, fold
        The audit, the crypto's rows and their fold.
    given
        Labels of the fit part, by which the shuffled folds are stratified.
    scheme, seed
        The scheme, and the seed of the shuffle.

    Raises
    ------
    CellError
        Stage ``out_of_fold``: too few rows.
    """
    n_blocks = plan.training.out_of_fold_blocks
    if scheme == "time_blocks":
        embargo = plan.training.embargo(arrays)
        return out_of_fold_blocks(arrays.start, arrays.end, fold.fit, n_blocks=n_blocks, embargo=embargo)
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(n_blocks, shuffle=True, random_state=plan.shuffle_seed(seed))
    return tuple(
        Block(train=fold.fit[train], held_out=fold.fit[held_out])
        for train, held_out in folds.split(np.zeros(len(given)), given)
    )


@typed
def out_of_fold_tasks(
    plan: AuditPlan,
    arrays: TrainingArrays,
    fold: Fold,
    kind: NoiseKind,
    seed: int,
    labels: NoisyLabels,
    baseline: FitTask,
) -> list[FitTask]:
    """Describe the out-of-fold fits of one draw, for every scheme that a detector needs.

    They differ from the baseline's fit in rows, labels and seed. ``baseline.rounds`` must be a number.
    """
    position = _positions(arrays, fold)
    return [
        replace(
            baseline,
            key=plan.block_key(kind, seed, scheme, number),
            name=f"{kind.name} {seed}, {scheme} {number}",
            rows=block.train,
            labels=labels.given[position[block.train]].astype(np.float32),
            weight=arrays.base_weight[block.train],
            predict={"held_out": block.held_out},
            seed=plan.block_seed(scheme, number, seed),
        )
        for scheme in SCHEMES
        for number, block in enumerate(blocks_of(plan, arrays, fold, labels.given, scheme, seed))
    ]


@typed
def gather_evidence(
    plan: AuditPlan,
    arrays: TrainingArrays,
    fold: Fold,
    kind: NoiseKind,
    seed: int,
    labels: NoisyLabels,
    results: Results,
    candles: CandleArrays | None = None,
) -> Evidence | Outcome:
    """Gather what the detectors may look at in one draw: labels and out-of-fold probabilities.

    Parameters
    ----------
    plan, arrays, fold, kind, seed, labels
        The audit, the crypto's rows, their fold, and the draw.
    results
        The out-of-fold fits by key.
    candles
        The crypto's bars, where the source has them.

    Returns
    -------
    Evidence or Outcome
        The evidence, or the outcome of the first fit that failed.
    """
    position = _positions(arrays, fold)
    probability: dict[str, Array] = {}
    for scheme in SCHEMES:
        found = np.full(len(fold.fit), np.nan)
        for number, block in enumerate(blocks_of(plan, arrays, fold, labels.given, scheme, seed)):
            result = results[plan.block_key(kind, seed, scheme, number)]
            if isinstance(result, Outcome):
                return result
            found[position[block.held_out]] = result.probabilities["held_out"]
        probability[scheme] = found
    return Evidence(
        y=labels.given,
        start=arrays.start[fold.fit],
        end=arrays.end[fold.fit],
        base_weight=arrays.base_weight[fold.fit],
        bar=bar_length(arrays.start, arrays.bar),
        settings=plan.training,
        seed=plan.control_seed(seed),
        probability=probability,
        candles=candles,
    )


@typed
def model_task(
    plan: AuditPlan,
    fold: Fold,
    name: str,
    seed: int,
    labels: Int8[Array, " fit"],
    base_weight: Float32[Array, " fit"],
    baseline: FitTask,
    cleaning: TreatedRows | None = None,
) -> FitTask:
    """Describe a fit whose average precision on the test rows is measured.

    Parameters
    ----------
    plan, fold
        The audit and the fold of the rows.
    name
        Name of the fit, for progress and errors.
    seed
        Number of the draw.
    labels, base_weight
        Labels and weights of the fit part.
    baseline
        The fit that it copies but for rows, labels, weights and seed.
    cleaning
        The rows that are kept, their weights and labels, and rates that the loss is corrected for; None keeps
        all as it is.
    """
    keep = np.ones(len(labels), np.bool_) if cleaning is None else cleaning.keep
    weight = base_weight if cleaning is None else cleaning.weight
    trained_on = labels if cleaning is None or cleaning.label is None else cleaning.label
    task = replace(
        baseline,
        name=name,
        rows=fold.fit[keep],
        labels=trained_on[keep].astype(np.float32),
        weight=weight[keep],
        predict={"test": fold.test},
        seed=plan.model_seed(seed),
        flip_rates=None if cleaning is None else cleaning.flip_rates,
    )
    return replace(task, key=plan.model_key(task))


def _positions(arrays: TrainingArrays, fold: Fold) -> Array:
    """Give the place of each row of the crypto in the fit part, -1 for none."""
    position = np.full(arrays.n_rows, -1, np.int64)
    position[fold.fit] = np.arange(len(fold.fit))
    return position
