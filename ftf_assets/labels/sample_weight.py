"""Sample weights: how much each training row counts, from its label's interval, return, age or stability.

M. López de Prado, *Advances in Financial Machine Learning*, 2018, chapter 4: labels whose intervals overlap
share their outcome, so a row is worth less the more rows are open beside it.

Every weight is computed from the rows of one fit alone and is known at the end of its training window.
"""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array, Float64, Int64, typed
from ftf_assets.labels.factor import TreatmentSettings, WeightFactor
from ftf_assets.labels.fit_rows import FitRows

#: Weight of the oldest row of ``time_decay``; the newest has 1.
OLDEST_WEIGHT = 0.5


@typed
def average_uniqueness(
    start: Int64[Array, " rows"], end: Int64[Array, " rows"], bar: int
) -> Float64[Array, " rows"]:
    """Mean over a label's bars of one over the number of labels that are open in the bar.

    Parameters
    ----------
    start, end
        Intervals of the labels, nanoseconds, ``start`` increasing; at least one.
    bar
        Length of a bar, nanoseconds. A label's bars are those that close after ``start`` and up to ``end``,
        at least one; bars of a gap count as the time that they are.

    Returns
    -------
    numpy.ndarray
        In (0, 1], shape (n_rows,): 1 for a label that overlaps with none of these rows'.

    Notes
    -----
    López de Prado (2018), section 4.4. The number of open labels is constant between two starts or ends, so
    the mean is taken over such stretches, in O(n log n) whatever the number of bars.
    """
    before = (start - start[0]) // bar
    last = np.maximum(-((start[0] - end) // bar), before + 1)
    edges, position = np.unique(np.concatenate((before, last)), return_inverse=True)
    opened = np.searchsorted(before, edges, side="right")
    closed = np.searchsorted(np.sort(last), edges, side="right")
    n_open = np.maximum((opened - closed)[:-1], 1)
    integral = np.concatenate(([0.0], np.cumsum(np.diff(edges) / n_open)))
    share = integral[position[len(start) :]] - integral[position[: len(start)]]
    return np.asarray(share / (last - before), np.float64)


@typed
def time_decay(uniqueness: Float64[Array, " rows"], oldest: float = OLDEST_WEIGHT) -> Float64[Array, " rows"]:
    """Weights that grow linearly from ``oldest`` to 1 with the uniqueness that has accrued until the row.

    Time passes as information does: a crowd of overlapping labels ages its rows no more than one alone would.

    Parameters
    ----------
    uniqueness
        Average uniqueness of the rows in time order, shape (n_rows,).
    oldest
        Weight before the first row, in [0, 1].

    Notes
    -----
    López de Prado (2018), section 4.7.
    """
    accrued = np.cumsum(uniqueness)
    return np.asarray(oldest + (1.0 - oldest) * accrued / accrued[-1], np.float64)


@typed
def sample_weight(
    level: str,
    rows: FitRows,
    settings: TreatmentSettings,  # noqa: ARG001
) -> Float64[Array, " rows"]:
    """Weigh the rows of one fit.

    Parameters
    ----------
    level
        ``uniqueness``: average uniqueness. ``return_attribution``: the absolute return of the label, spread
        evenly over its bars and shared with the labels open beside it; a label that earned or lost nothing
        weighs nothing, and targets being wider than stops, BUY gains weight. ``time_decay``: see
        :func:`time_decay`. ``label_stability``: the row's label stability.
    rows
        The rows that the fit trains on.
    settings
        None plays a part.

    Returns
    -------
    numpy.ndarray
        Non-negative, shape (n_rows,), of any scale.

    Raises
    ------
    InputError
        ``label_stability`` where the data have none; an unknown level.
    """
    if level == "label_stability":
        if rows.label_stability is None:
            raise input_error(
                "the data have no label_stability",
                column="label_stability",
                fix="Add it to the feature cache, or leave the level out.",
            )
        return np.asarray(rows.label_stability, np.float64)
    uniqueness = average_uniqueness(rows.start, rows.end, rows.bar)
    if level == "uniqueness":
        return uniqueness
    if level == "return_attribution":
        return np.asarray(np.abs(rows.label_return, dtype=np.float64) * uniqueness)
    if level == "time_decay":
        return time_decay(uniqueness)
    raise input_error(
        "unknown level of the factor sample_weight",
        found=repr(level),
        allowed=", ".join(SAMPLE_WEIGHT.levels[1:]),
    )


SAMPLE_WEIGHT = WeightFactor(
    name="sample_weight",
    baseline="none",
    default_levels=("none", "uniqueness", "return_attribution", "time_decay", "label_stability"),
    levels=("none", "uniqueness", "return_attribution", "time_decay", "label_stability"),
    description="Weights of the training rows by overlap, return, age or stability of their labels.",
    needs=(("label_stability", "label_stability"),),
    treat=sample_weight,
)
