"""Untreated cells: they train on the labels, rows and weights of the fit part exactly as they came."""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import (
    BaselineParameters,
    CleanlabMasks,
    SmoothedLabels,
    TrainedCell,
    TrainedModels,
)
from ftf_assets.contracts.typed import Array, Int64, typed
from ftf_assets.labels.factor import RowFactor
from ftf_assets.training.variants import BASELINE_VARIANT, variant_of


@typed
def off_path_breaches(
    arrays: TrainingArrays,
    labels: SmoothedLabels,
    baselines: BaselineParameters,
    masks: CleanlabMasks,
    models: TrainedModels,
    fit_parts: dict[int, Array],
) -> list[str]:
    """List where a baseline level changed something.

    Parameters
    ----------
    arrays, labels, baselines, masks, models
        The stored values of one crypto.
    fit_parts
        Rows of the fit part by fold.

    Returns
    -------
    list of str
        One line a breach: untreated labels that are not the hard labels bit for bit; a mask of a variant that
        does not clean; a baseline cell that trained on other rows, weights, rounds or parameters than the
        fold's baseline fit, or that is another fit.
    """
    found = []
    hard = arrays.y.astype(np.float32)
    untreated = labels.levels[BASELINE_VARIANT.name]
    if untreated.tobytes() != hard.tobytes():
        found.append(f"{int(np.count_nonzero(untreated != hard))} untreated labels are not the hard labels")
    cleaning = {cell.variant for cell in models.cells if _cleans(cell)}
    found += [
        f"fold {mask.fold}: {mask.variant} does not clean but has a mask"
        for mask in masks.masks
        if mask.variant not in cleaning
    ]
    fits = {one.fold: one for one in baselines.folds}
    for cell in models.cells:
        if cell.outcome.status != "ok" or not _is_untreated(cell):
            continue
        one = fits[cell.fold]
        if one.fit_key not in cell.fit_keys:
            found.append(f"fold {cell.fold}: the baseline cell is not the baseline's fit")
        if (cell.rounds, cell.parameters) != (one.rounds, one.parameters):
            found.append(
                f"fold {cell.fold}: the baseline cell has other rounds or parameters than the baseline"
            )
        found += _moved(cell, arrays, fit_parts[cell.fold])
    return found


def _is_untreated(cell: TrainedCell) -> bool:
    return variant_of(cell.levels) == BASELINE_VARIANT


def _cleans(cell: TrainedCell) -> bool:
    return bool(variant_of(cell.levels).only(RowFactor).moved)


def _moved(cell: TrainedCell, arrays: TrainingArrays, fit: Int64[Array, " fit"]) -> list[str]:
    weight = float(arrays.base_weight[fit].sum(dtype=np.float64))
    if (cell.n_kept, cell.weight_sum) == (len(fit), weight):
        return []
    return [
        f"fold {cell.fold}: the baseline cell trained on {cell.n_kept} rows of weight {cell.weight_sum:.6g}, "
        f"its fit part has {len(fit)} of {weight:.6g}"
    ]
