"""What cleaning may do to a fit part: suspects within the cap of their class, weights changed by rule."""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import CleaningMask, CleanlabMasks
from ftf_assets.contracts.typed import Array, Float32, Int8, typed
from ftf_assets.labels.apply_factors import treated_weight
from ftf_assets.training.fit_rows import rows_of_fold
from ftf_assets.training.plan import TrainingPlan

#: Relative rounding error of a float32 sum over some ten thousand weights.
_ROUNDING = 1e-4
_CLASSES = {0: "HOLD", 1: "BUY"}


@typed
def suspect_shares(mask: CleaningMask, y: Int8[Array, " rows"]) -> dict[str, float]:
    """Return the suspect share of each class of the fit part, by class name; 0 for an absent class."""
    labels = y[mask.rows]
    return {
        name: float(np.count_nonzero(mask.suspect & (labels == label)))
        / max(1, int(np.count_nonzero(labels == label)))
        for label, name in _CLASSES.items()
    }


@typed
def weighted_masks(
    plan: TrainingPlan, arrays: TrainingArrays, masks: CleanlabMasks
) -> list[tuple[CleaningMask, Array]]:
    """Pair every mask that did not fail with the weights that its cleaner was given, float32.

    The first cleaner of a variant is given the base weights after the variant's weight treatment, a later one
    the weights that the cleaner before it returned.
    """
    moved = {variant.name: variant.moved for variant in plan.cleaned_variants}
    folds = {fold.index: fold for fold in plan.folds(arrays)}
    given: dict[tuple[int, str], Array] = {}
    pairs: list[tuple[CleaningMask, Array]] = []
    for mask in masks.masks:
        if mask.outcome.status != "ok":
            continue
        cell = mask.fold, mask.variant
        if cell not in given:
            rows = rows_of_fold(arrays, folds[mask.fold])
            given[cell] = treated_weight(moved[mask.variant], rows, plan)
        pairs.append((mask, given[cell]))
        given[cell] = mask.weight
    return pairs


@typed
def cleaning_breaches(
    mask: CleaningMask, y: Int8[Array, " rows"], given: Float32[Array, " fit_rows"], cap: float
) -> list[str]:
    """List where a mask does more than cleaning may.

    Parameters
    ----------
    mask
        One cleaner's decision on one fold. A failed one breaks nothing.
    y
        Hard labels of **all** rows.
    given
        Weights of the mask's rows that the cleaner was given.
    cap
        Largest share of a class of the fit part that may be suspect.

    Returns
    -------
    list of str
        One line a breach: more suspects of a class than the cap; weights that a filter changed; a class whose
        total weight a reweighting did not keep; weights of other rows than suspects that were changed by more
        than the common factor that keeps the total.
    """
    if mask.outcome.status != "ok":
        return []
    found = [
        f"{share:.2%} of {name} are suspect, the cap is {cap:.2%}"
        for name, share in suspect_shares(mask, y).items()
        if share > cap + 1e-12
    ]
    base, weight = given.astype(np.float64), mask.weight.astype(np.float64)
    if not mask.keep.all():
        moved = int(np.count_nonzero(weight != base))
        return [*found, *([f"a filter changed {moved} weights"] if moved else [])]
    labels = y[mask.rows]
    for label, name in _CLASSES.items():
        of_class = labels == label
        before, after = float(base[of_class].sum()), float(weight[of_class].sum())
        if not np.isclose(after, before, rtol=_ROUNDING, atol=0):
            found.append(f"the total weight of {name} changed from {before:.6g} to {after:.6g}")
        beside = of_class & ~mask.suspect & (base > 0)
        factors = weight[beside] / base[beside]
        if len(factors) and not np.allclose(factors, factors[0], rtol=_ROUNDING, atol=0):
            found.append(f"{name} rows that are not suspects got different factors")
    return found
