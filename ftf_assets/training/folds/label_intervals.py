"""The label intervals of rows: their order in time, the length of a bar, and instants in words."""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array, Int64, typed


@typed
def bar_length(start: Int64[Array, " rows"], stated: int | None = None) -> int:
    """Return the bar length that the source states, else the median step between timestamps.

    Rows of a sparse history lie several bars apart, so where the source knows the length of its bars the rows
    do not count.

    Parameters
    ----------
    start
        Timestamps in nanoseconds, increasing.
    stated
        ``TrainingArrays.bar``.

    Raises
    ------
    InputError
        Nothing is stated and there are fewer than two rows.

    Examples
    --------
    >>> bar_length(np.array([0, 10, 20, 500, 510]))
    10
    >>> bar_length(np.array([0, 20, 40, 50]), 10)
    10
    """
    if stated is not None:
        return stated
    if len(start) < 2:
        raise input_error("a bar length needs at least two rows", found=f"{len(start)} rows")
    return int(np.median(np.diff(start)))


@typed
def require_time_order(start: Int64[Array, " rows"], end: Int64[Array, " rows"]) -> None:
    """Refuse rows that are not in time order and labels that end before their row.

    Raises
    ------
    InputError
        Names the first row that breaks the order.
    """
    backward = np.flatnonzero(np.diff(start) <= 0)
    if len(backward):
        raise input_error("timestamps must increase strictly", row=int(backward[0]) + 1)
    early = np.flatnonzero(end < start)
    if len(early):
        raise input_error("label_end must not precede its row", column="label_end", row=int(early[0]))


@typed
def iso_time(time: int) -> str:
    """Return an instant in ISO 8601, to the second.

    >>> iso_time(1_704_067_200_000_000_000)
    '2024-01-01T00:00:00Z'
    """
    return str(np.datetime64(time, "ns").astype("datetime64[s]")) + "Z"
