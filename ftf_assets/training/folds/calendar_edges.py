"""The calendar of the folds: the instants that separate the test spans of a crypto group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array, Int64, typed
from ftf_assets.training.folds.label_intervals import iso_time

SECOND = 1_000_000_000


@typed
def calendar_edges(spans: Sequence[tuple[int, int]], n_folds: int) -> Int64[Array, " edges"]:
    """Cut the last half of the period that all cryptos share into equal test spans.

    The edges are common to a crypto group, so that "fold 3" is the same weeks for each crypto. They are
    floored to whole seconds, so that a printed edge is the exact edge.

    Parameters
    ----------
    spans
        First and last timestamp of each crypto, nanoseconds.
    n_folds
        Number of test spans, at least 1.

    Returns
    -------
    numpy.ndarray
        Strictly increasing instants, nanoseconds, shape (n_folds + 1,). Fold k tests the rows with
        ``edges[k] <= start < edges[k + 1]``; the last fold includes ``edges[-1]``.

    Raises
    ------
    InputError
        There is no crypto or no fold, or the group shares no period long enough for the folds.

    Examples
    --------
    Two cryptos share the seconds 20 to 100; their second half, 60 to 100, makes two test spans:

    >>> spans = [(0, 100 * SECOND), (20 * SECOND, 140 * SECOND)]
    >>> calendar_edges(spans, n_folds=2) // SECOND
    array([ 60,  80, 100])
    """
    if n_folds < 1 or not spans:
        raise input_error(
            "folds need at least one fold and one crypto", found=f"{n_folds} folds, {len(spans)} spans"
        )
    first = max(span[0] for span in spans)
    last = min(span[1] for span in spans)
    half = first + (last - first) // 2
    edges = np.array(
        [(half + (last - half) * k // n_folds) // SECOND * SECOND for k in range(n_folds + 1)], dtype=np.int64
    )
    if last <= first or (np.diff(edges) <= 0).any():
        raise input_error(
            f"the cryptos of a group must share a period to cut into {n_folds} folds",
            found="spans " + ", ".join(f"{iso_time(one[0])} to {iso_time(one[1])}" for one in spans),
            fix="Remove the crypto whose history does not overlap the others",
        )
    return edges
