"""What a variant makes of labels and weights, factor by factor in the registry's order."""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.errors import CellError
from ftf_assets.contracts.typed import Array, Float32, Int8, typed
from ftf_assets.labels.factor import FitRows, LabelFactor, TreatmentSettings, WeightFactor
from ftf_assets.labels.factors import Moved, moved_factors


@typed
def treated_labels(
    moved: Moved, y: Int8[Array, " rows"], settings: TreatmentSettings
) -> Float32[Array, " rows"]:
    """Labels that a variant's models are asked to believe.

    Parameters
    ----------
    moved
        Levels off the baseline; those of other kinds of factors are passed over.
    y
        Hard labels, 1 = BUY, shape (n_rows,).
    settings
        Settings that levels depend on.

    Returns
    -------
    numpy.ndarray
        Shape (n_rows,), in [0, 1]; the hard labels where no label factor moves.
    """
    labels = y.astype(np.float32)
    for factor, level in moved_factors(LabelFactor, moved):
        labels = factor.treat(level, labels, settings)
    return labels


@typed
def treated_weight(moved: Moved, rows: FitRows, settings: TreatmentSettings) -> Float32[Array, " rows"]:
    """Weights of one fit's rows: base weight times each weight factor's multipliers, which average 1.

    Parameters
    ----------
    moved
        Levels off the baseline; those of other kinds of factors are passed over.
    rows
        The rows that the fit trains on, before any cleaning.
    settings
        Settings that levels depend on.

    Returns
    -------
    numpy.ndarray
        Shape (n_rows,); ``rows.base_weight`` itself, the same object, where no weight factor moves.

    Raises
    ------
    CellError
        Stage ``weighting`` where multipliers are negative, not finite or all zero.
    """
    weight = rows.base_weight
    for factor, level in moved_factors(WeightFactor, moved):
        values = factor.treat(level, rows, settings)
        if not np.isfinite(values).all() or (values < 0).any() or not values.any():
            raise CellError(
                "weighting", f"{factor.name} = {level} gives negative, infinite, missing or only zero weights"
            )
        weight = (weight * values * (len(values) / values.sum())).astype(np.float32)
    return weight
