"""The factor ``sample_weight``: training weights by overlap, return, age or stability of labels.

M. López de Prado, *Advances in Financial Machine Learning*, 2018, chapter 4: labels whose intervals overlap
share their outcome, so a row counts less the more other labels are open at the same time.

Every weight is computed from the rows of one fit only and is known without what the fit holds out.
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
    """Mean, over the bars of a label, of 1 / (number of labels open in the bar).

    Parameters
    ----------
    start, end
        Intervals of the labels, nanoseconds, shape (n_rows,), ``start`` increasing; at least one.
    bar
        Length of a bar, nanoseconds. The bars of a label are those that close after ``start`` and up to
        ``end``, at least one. Missing bars of a gap count too.

    Returns
    -------
    numpy.ndarray
        In (0, 1], shape (n_rows,): 1 where a label overlaps with no other label of these rows.

    Notes
    -----
    López de Prado (2018), section 4.4. The number of open labels is constant between consecutive starts and
    ends, so the mean is taken over these stretches, in O(n log n) for any number of bars.

    Examples
    --------
    Two labels share one of their two bars; the third overlaps with none:

    >>> average_uniqueness(np.array([0, 10, 50]), np.array([20, 30, 60]), bar=10)
    array([0.75, 0.75, 1.  ])
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
    """Return weights that grow linearly from ``oldest`` to 1 with the cumulative uniqueness of the rows.

    Age is measured in information, not in rows: many overlapping labels count as few.

    Parameters
    ----------
    uniqueness
        Average uniqueness of the rows in time order, shape (n_rows,).
    oldest
        Weight before the first row, in [0, 1].

    Notes
    -----
    López de Prado (2018), section 4.7.

    Examples
    --------
    >>> time_decay(np.array([1.0, 0.5, 0.5]), oldest=0.5)
    array([0.75 , 0.875, 1.   ])
    """
    accrued = np.cumsum(uniqueness)
    return np.asarray(oldest + (1.0 - oldest) * accrued / accrued[-1], np.float64)


@typed
def sample_weight(
    level: str,
    rows: FitRows,
    settings: TreatmentSettings,  # noqa: ARG001
) -> Float64[Array, " rows"]:
    """Return the weight multipliers of a level for the rows of one fit.

    Parameters
    ----------
    level
        ``uniqueness``: see :func:`average_uniqueness`. ``return_attribution``: absolute return of the label
        times its uniqueness, which is the return spread evenly over the label's bars and shared with the
        labels open in each; a label without return gets weight 0, and BUY gains weight because targets are
        wider than stops. ``time_decay``: see :func:`time_decay`. ``label_stability``: the row's label
        stability; 0, so that the row does not count, where it is known only by looking at what is held out.
    rows
        The rows that the fit trains on.
    settings
        Not used: no level depends on a setting.

    Returns
    -------
    numpy.ndarray
        Non-negative, shape (n_rows,), on any scale.

    Raises
    ------
    InputError
        The level is unknown, or is ``label_stability`` and the data do not have it or when it is known.
    """
    if level == "label_stability":
        if rows.label_stability is None:
            raise input_error(
                "the data have no label_stability",
                column="label_stability",
                fix="Add it to the feature cache, or leave the level out.",
            )
        if rows.stability_known is None:
            raise input_error(
                "the data do not say when each label_stability is known",
                column="label_stability_end",
                fix="Add it to the feature cache, or leave the level out.",
            )
        return np.where(rows.stability_known, rows.label_stability, 0.0).astype(np.float64)
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
    needs=(("label_stability", "label_stability"), ("label_stability", "label_stability_end")),
    treat=sample_weight,
)
