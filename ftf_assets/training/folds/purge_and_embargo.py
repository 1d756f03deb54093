"""Purging and embargo: which training rows know nothing of what is held out."""

from __future__ import annotations

from dataclasses import dataclass

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array, Int64, typed


@typed
@dataclass(frozen=True)
class HeldOutSpan:
    """Closed span [``first``, ``last``] in nanoseconds that no training row may touch."""

    first: int
    last: int


@typed
def held_out_span(
    start: Int64[Array, " rows"], end: Int64[Array, " rows"], rows: Int64[Array, " held_out"]
) -> HeldOutSpan:
    """Return the span of held-out rows: from their first timestamp to their latest label end, both included.

    Raises
    ------
    InputError
        ``rows`` is empty.

    Examples
    --------
    The label of row 1 ends after that of row 2, so the span ends there:

    >>> start, end = np.array([0, 10, 20, 30]), np.array([10, 90, 30, 40])
    >>> held_out_span(start, end, rows=np.array([1, 2]))
    HeldOutSpan(first=10, last=90)
    """
    if not len(rows):
        raise input_error("a held-out span needs at least one row")
    return HeldOutSpan(int(start[rows].min()), int(end[rows].max()))


@typed
def purge(
    start: Int64[Array, " rows"],
    end: Int64[Array, " rows"],
    rows: Int64[Array, " train"],
    span: HeldOutSpan,
    embargo: int = 0,
) -> Int64[Array, " kept"]:
    """Drop the training rows that may know of a held-out span.

    Purging drops each row whose closed label interval [start, end] touches the closed span. The embargo
    drops, in addition, each row that starts in (``span.last``, ``span.last + embargo``], because serial
    correlation carries the held-out labels into the rows that follow.

    Parameters
    ----------
    start, end
        Label intervals of all rows, nanoseconds, shape (n_rows,).
    rows
        Positions of the candidate training rows.
    span
        What is held out, see :func:`held_out_span`.
    embargo
        Nanoseconds, not negative.

    Returns
    -------
    numpy.ndarray
        Positions that stay, shape (n_kept,), in the order of ``rows``.

    Raises
    ------
    InputError
        The embargo is negative.

    Warnings
    --------
    Purging sees label intervals only. A feature that looks ahead, such as a centred window or a scaling over
    the whole sample, leaks through every purge: features must be known at ``start``.

    Examples
    --------
    Six rows whose labels end 10 later; the span [20, 30] is held out. Rows 1 to 3 touch it. An embargo of 10
    drops row 4 too, which starts at 40.

    >>> start = np.array([0, 10, 20, 30, 40, 50])
    >>> purge(start, start + 10, np.arange(6), HeldOutSpan(20, 30))
    array([0, 4, 5])
    >>> purge(start, start + 10, np.arange(6), HeldOutSpan(20, 30), embargo=10)
    array([0, 5])
    """
    if embargo < 0:
        raise input_error("an embargo must not be negative", found=f"{embargo} ns")
    kept: Array = rows[(end[rows] < span.first) | (start[rows] > span.last + embargo)]
    return kept
