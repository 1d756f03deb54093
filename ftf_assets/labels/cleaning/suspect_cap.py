"""The cap on suspects: how many rows of each class may be treated as mislabelled."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array, Bool, Float64, Int8, typed

#: ``share``: at most a fixed share of each class. ``confident_joint``: as many of each class as confident
#: learning counts wrong.
CapBy = Literal["share", "confident_joint"]


@typed
def cap_per_class(
    flagged: Bool[Array, " rows"],
    quality: Float64[Array, " rows"],
    y: Int8[Array, " rows"],
    share: float,
) -> Bool[Array, " rows"]:
    """Keep the worst flagged rows of each class, at most ``share`` of the class.

    On weak models confident learning flags about half of the minority class. Without a cap, cleaning would
    remove the very class that the model is to find.

    Parameters
    ----------
    flagged
        Candidates, shape (n_rows,).
    quality
        Label quality, shape (n_rows,). The lowest is suspected first; of equal rows the earlier one.
    y
        Given hard labels, shape (n_rows,): the classes of the cap.
    share
        Largest share of a class that may be suspect, in [0, 1]; rounded down to whole rows.

    Returns
    -------
    numpy.ndarray
        Suspects, shape (n_rows,), a subset of ``flagged``.

    Raises
    ------
    InputError
        ``share`` lies outside [0, 1].

    Examples
    --------
    Half of the four HOLDs and half of the two BUYs may be suspect, so the worst two and the worst one remain:

    >>> y = np.array([0, 0, 0, 0, 1, 1], np.int8)
    >>> quality = np.array([0.4, 0.1, 0.3, 0.9, 0.3, 0.2])
    >>> cap_per_class(quality < 0.5, quality, y, share=0.5)
    array([False,  True,  True, False, False,  True])
    """
    if not 0.0 <= share <= 1.0:
        raise input_error("the suspect cap must be a share of a class", found=share, allowed="[0, 1]")
    return worst_of_each_class(flagged, quality, y, limits_of_share(y, share))


@typed
def limits_of_share(y: Int8[Array, " rows"], share: float) -> tuple[int, int]:
    """Return the whole rows of HOLD and of BUY that a share of the class allows, rounded down.

    >>> limits_of_share(np.array([0, 0, 0, 0, 1, 1], np.int8), 0.5)
    (2, 1)
    """
    n_hold, n_buy = (int(np.count_nonzero(y == label)) for label in (0, 1))
    # Without the epsilon binary floating point makes 0.1 * 120 eleven rows instead of twelve.
    return int(np.floor(share * n_hold + 1e-9)), int(np.floor(share * n_buy + 1e-9))


@typed
def worst_of_each_class(
    flagged: Bool[Array, " rows"],
    quality: Float64[Array, " rows"],
    y: Int8[Array, " rows"],
    limits: tuple[int, int],
) -> Bool[Array, " rows"]:
    """Keep the worst flagged rows of each class, at most as many as its limit.

    Parameters
    ----------
    flagged, quality, y
        As in :func:`cap_per_class`.
    limits
        Largest number of suspects among the HOLDs and among the BUYs.
    """
    suspect = np.zeros(len(y), np.bool_)
    for label, limit in enumerate(limits):
        of_class = np.flatnonzero(flagged & (y == label))
        worst_first = of_class[np.argsort(quality[of_class], kind="stable")]
        suspect[worst_first[:limit]] = True
    return suspect
