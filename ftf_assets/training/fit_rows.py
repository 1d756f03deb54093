"""The rows of a fit as treatments see them: what they may know depends on what the fit holds out."""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.typed import Array, Bool, Float32, Int64, typed
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.labels.fit_rows import FitRows
from ftf_assets.training.folds.label_intervals import bar_length
from ftf_assets.training.folds.purge_and_embargo import held_out_span, purge
from ftf_assets.training.folds.walk_forward import Fold
from ftf_assets.training.variants import Variant


@typed
def rows_of_fold(arrays: TrainingArrays, fold: Fold) -> FitRows:
    """Return the fit part of a fold, which holds out its validation slice and its test rows."""
    return rows_without(arrays, fold.fit, fold.validation, fold.test)


@typed
def rows_without(
    arrays: TrainingArrays, rows: Int64[Array, " fit"], *held_out: Int64[Array, " _"]
) -> FitRows:
    """Return the rows of a fit that holds out other rows.

    Parameters
    ----------
    arrays
        All rows of the crypto.
    rows
        Positions of the training rows, purged by their label intervals.
    *held_out
        Positions of what the fit holds out, one array a span, such as validation slice and test rows.
    """
    return FitRows.of(
        arrays, rows, bar_length(arrays.start, arrays.bar), stability_known(arrays, rows, *held_out)
    )


@typed
def stability_known(
    arrays: TrainingArrays, rows: Int64[Array, " fit"], *held_out: Int64[Array, " _"]
) -> Bool[Array, " fit"] | None:
    """Say whether the label stability of each training row is known without the candles of held-out spans.

    The stability of a label is known at the latest end of its relabellings, which may lie after its
    ``label_end``. A row that purging keeps may therefore have a stability that reads candles of the slice
    that follows it.

    Parameters
    ----------
    arrays, rows, held_out
        As in :func:`rows_without`.

    Returns
    -------
    numpy.ndarray or None
        Shape (n_fit,): False where the closed interval from the row's timestamp to ``label_stability_end``
        touches a held-out span. None if the arrays do not say when stabilities are known.
    """
    if arrays.label_stability_end is None:
        return None
    kept = rows
    for one in held_out:
        if len(one):
            kept = purge(
                arrays.start, arrays.label_stability_end, kept, held_out_span(arrays.start, arrays.end, one)
            )
    known: Array = np.isin(rows, kept)
    return known


@typed
def weight_without(
    arrays: TrainingArrays,
    variant: Variant,
    rows: Int64[Array, " fit"],
    weight: Float32[Array, " fit"],
    *held_out: Int64[Array, " _"],
) -> Float32[Array, " fit"]:
    """Return the weights of rows that train for an inner fold, which holds out a part of the fit part.

    Where a level of the variant weighs rows by their stability, rows whose stability is known only by looking
    at what is held out count for nothing.

    Parameters
    ----------
    arrays, rows, held_out
        As in :func:`rows_without`.
    variant
        Whose weights these are.
    weight
        Weights of the rows in the fit part, shape (n_fit,).
    """
    by_stability = any((level, "label_stability_end") in FACTORS[name].needs for name, level in variant.moved)
    known = stability_known(arrays, rows, *held_out) if by_stability else None
    return weight if known is None else np.where(known, weight, np.float32(0))
