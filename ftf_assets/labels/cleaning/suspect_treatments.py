"""What a cleaner does with suspects: drop them, reweight them, or, as a control, drop other rows."""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.errors import CellError
from ftf_assets.contracts.typed import Array, Bool, Float32, Float64, Int8, Int64, typed
from ftf_assets.labels.cleaning.cleaners import cleaner_of
from ftf_assets.labels.fit_rows import TreatedRows


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
) -> TreatedRows:
    """Return the rows and weights that a level trains on.

    Parameters
    ----------
    level
        A level other than the baseline, see :class:`~ftf_assets.labels.cleaning.cleaners.Cleaner`.
    y, suspect, quality, probability, base_weight
        Labels, capped suspects, label quality, out-of-fold P(BUY) and weights of the fit part, each of shape
        (n_rows,).
    seed
        Seed of the random controls.

    Raises
    ------
    CellError
        Stage ``cleaning``: no weight would be left for a class.
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
    """
    action = cleaner_of(level).action
    if action == "reweight":
        weight = _reweight(y, suspect, quality, base_weight)
        return TreatedRows(suspect=suspect, keep=np.ones(len(y), np.bool_), weight=weight)
    if action == "drop_random":
        suspect = _first_of_each_class(np.random.default_rng(seed).permutation(len(y)), y, suspect)
    elif action == "drop_lowest_p":
        lowest_first = np.argsort(np.where(y == 1, probability, 1.0 - probability), kind="stable")
        suspect = _first_of_each_class(lowest_first, y, suspect)
    return TreatedRows(suspect=suspect, keep=~suspect, weight=base_weight)


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
