"""What a cleaner does: drop, reweight or relabel suspects, correct the loss; or do so to other rows."""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.bundles import FlipRates
from ftf_assets.contracts.errors import CellError
from ftf_assets.contracts.typed import Array, Bool, Float32, Float64, Int8, Int64, typed
from ftf_assets.labels.cleaning.cleaners import cleaner_of
from ftf_assets.labels.fit_rows import TreatedRows

#: With less than this left of a difference in P(BUY), the corrected loss is too flat to split trees by.
SMALLEST_KEPT = 0.1


@typed
def clean(
    level: str,
    *,
    y: Int8[Array, " rows"],
    suspect: Bool[Array, " rows"],
    quality: Float64[Array, " rows"],
    probability: Float64[Array, " rows"],
    base_weight: Float32[Array, " rows"],
    seed: int,
    flip_rates: FlipRates | None = None,
) -> TreatedRows:
    """Return the rows and weights that a level trains on.

    Parameters
    ----------
    level
        A level of ``cleanlab`` other than the baseline, such as ``filter`` or ``reweight``.
    y, suspect, quality, probability, base_weight
        Labels, capped suspects, label quality, out-of-fold P(BUY) and weights of the fit part, each of shape
        (n_rows,).
    seed
        Seed of the random controls.
    flip_rates
        Estimated rates of wrong labels, which ``forward`` needs.

    Raises
    ------
    CellError
        Stage ``cleaning``: no weight or no row would be left for a class, or the estimated rates of wrong
        labels leave too little for a forward correction.
    InputError
        The level is unknown.

    Examples
    --------
    >>> rows = {
    ...     "y": np.array([0, 0, 1, 1], np.int8),
    ...     "suspect": np.array([True, False, False, False]),
    ...     "quality": np.array([0.25, 0.75, 0.5, 0.5]),
    ...     "probability": np.array([0.75, 0.25, 0.5, 0.5]),
    ...     "base_weight": np.ones(4, np.float32),
    ... }
    >>> clean("filter", **rows, seed=7).keep
    array([False,  True,  True,  True])

    ``reweight`` keeps every row and the total weight of each class:

    >>> clean("reweight", **rows, seed=7).weight
    array([0.4, 1.6, 1. , 1. ], dtype=float32)

    ``relabel`` keeps every row and weight and gives the suspects the other label:

    >>> clean("relabel", **rows, seed=7).label
    array([1, 0, 1, 1], dtype=int8)
    """
    action, every_row = cleaner_of(level).action, np.ones(len(y), np.bool_)
    if action == "reweight":
        weight = _reweight(y, suspect, quality, base_weight)
        return TreatedRows(suspect=suspect, keep=every_row, weight=weight)
    if action == "forward":
        nobody = np.zeros(len(y), np.bool_)
        rates = _require_usable(flip_rates)
        return TreatedRows(suspect=nobody, keep=every_row, weight=base_weight, flip_rates=rates)
    if action in ("drop_random", "flip_random"):
        suspect = _first_of_each_class(np.random.default_rng(seed).permutation(len(y)), y, suspect)
    elif action == "drop_lowest_p":
        lowest_first = np.argsort(np.where(y == 1, probability, 1.0 - probability), kind="stable")
        suspect = _first_of_each_class(lowest_first, y, suspect)
    if action in ("flip", "flip_random"):
        return TreatedRows(suspect=suspect, keep=every_row, weight=base_weight, label=_flip(y, suspect))
    return TreatedRows(suspect=suspect, keep=~suspect, weight=base_weight)


def _flip(y: Array, suspect: Array) -> Int8[Array, " rows"]:
    label: Array = np.where(suspect, 1 - y, y).astype(np.int8)
    if len(np.unique(label)) < 2:
        raise CellError("cleaning", f"relabelling leaves no row of label {1 - int(label[0])}")
    return label


def _require_usable(rates: FlipRates | None) -> FlipRates:
    if rates is None:
        raise CellError("cleaning", "the judge estimates no rates of wrong labels")
    if rates.kept < SMALLEST_KEPT:
        raise CellError(
            "cleaning",
            f"the estimated rates of wrong labels (missed BUY {rates.missed_buy:.2f}, false BUY "
            f"{rates.false_buy:.2f}) leave {rates.kept:.2f} of a difference in P(BUY), at least "
            f"{SMALLEST_KEPT} is needed to correct the loss",
        )
    return rates


def _first_of_each_class(
    order: Int64[Array, " rows"], y: Int8[Array, " rows"], suspect: Bool[Array, " rows"]
) -> Bool[Array, " rows"]:
    """Mark the first rows in ``order`` of each class, as many as the class has suspects."""
    chosen = np.zeros(len(y), np.bool_)
    for label in (0, 1):
        of_class = order[y[order] == label]
        chosen[of_class[: np.count_nonzero(suspect & (y == label))]] = True
    return chosen


def _reweight(y: Array, suspect: Array, quality: Array, base_weight: Array) -> Float32[Array, " rows"]:
    base = base_weight.astype(np.float64)
    weight = np.where(suspect, base * quality, base)
    for label in (0, 1):
        of_class = y == label
        total, left = base[of_class].sum(), weight[of_class].sum()
        if total > 0 and left <= 0:
            raise CellError("cleaning", f"reweight leaves no weight to label {label}")
        if total > 0:
            weight[of_class] *= total / left
    return weight.astype(np.float32)
