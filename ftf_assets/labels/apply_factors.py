"""Labels and weights of a variant: its factors, applied one after the other in the order of the registry."""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.errors import CellError, input_error
from ftf_assets.contracts.typed import Array, Float32, Int8, typed
from ftf_assets.labels.factor import LabelFactor, TreatmentSettings, WeightFactor
from ftf_assets.labels.factor_registry import Moved, moved_factors
from ftf_assets.labels.fit_rows import FitRows


@typed
def treated_labels(
    moved: Moved,
    y: Int8[Array, " rows"],
    settings: TreatmentSettings,
    truth: Int8[Array, " rows"] | None = None,
) -> Float32[Array, " rows"]:
    """Return the training labels of a variant.

    Parameters
    ----------
    moved
        Levels of the factors that are not at their baseline. Factors of other kinds are ignored.
    y
        Hard labels, 1 = BUY, shape (n_rows,).
    settings
        Settings that levels depend on.
    truth
        True labels of the same rows. They take the place of ``y`` where a level reads the truth, and are
        ignored otherwise.

    Returns
    -------
    numpy.ndarray
        Labels in [0, 1], shape (n_rows,); the hard labels where every label factor is at its baseline.

    Raises
    ------
    InputError
        A level reads the truth and there is none, or gives no float32 label for each row.
    """
    labels = (_require_truth(moved, truth) if reads_truth(moved) else y).astype(np.float32)
    for factor, level in moved_factors(LabelFactor, moved):
        given: object = factor.treat(level, labels, settings)
        if not isinstance(given, np.ndarray) or (given.dtype, given.shape) != (labels.dtype, labels.shape):
            raise input_error(
                f"{factor.name} = {level} gives labels of another type or number than it got",
                found=_in_words(given),
                allowed=_in_words(labels),
                fix="Correct the factor's treat.",
            )
        labels = given
    return labels


def _in_words(given: object) -> str:
    if isinstance(given, np.ndarray):
        return f"an array of {given.dtype}, shape {given.shape}"
    return type(given).__name__


@typed
def reads_truth(moved: Moved) -> bool:
    """Whether a level is given the true labels instead of the observed ones."""
    return any(level in factor.reads_truth for factor, level in moved_factors(LabelFactor, moved))


def _require_truth(moved: Moved, truth: Array | None) -> Array:
    if truth is None:
        level = next(
            level for factor, level in moved_factors(LabelFactor, moved) if level in factor.reads_truth
        )
        raise input_error(f"{level} needs the true labels", allowed="the embedded market")
    return truth


@typed
def treated_weight(moved: Moved, rows: FitRows, settings: TreatmentSettings) -> Float32[Array, " rows"]:
    """Return the training weights of one fit: base weight times the multipliers of each weight factor.

    Parameters
    ----------
    moved
        Levels of the factors that are not at their baseline. Factors of other kinds are ignored.
    rows
        The rows that the fit trains on, before any cleaning.
    settings
        Settings that levels depend on.

    Returns
    -------
    numpy.ndarray
        Weights, shape (n_rows,). The multipliers of each factor are rescaled to a mean of 1. Where every
        weight factor is at its baseline, this is ``rows.base_weight`` itself, the same object.

    Raises
    ------
    CellError
        Stage ``weighting``: multipliers are negative, not finite or all zero.
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
