"""Returns of labels that cannot be what they should be: earned in no time, or written in per cent.

Rules of whole labels, which need interval and return together. They only refuse, so they are not part of a
fit's key. The source of ready feature caches and the coercion boundary both call
:func:`refuse_implausible_returns`: the source, because it can name the file and nothing is written yet.
"""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts import row_rules
from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.row_rules import utc_text
from ftf_assets.contracts.typed import Array, Int64, typed

#: Largest median of the daily moves that labels may stand for, as a share of the price. It is 0.023 to 0.035
#: on five real candle files and 0.019 to 0.026 on the embedded market; in per cent, 100 times that.
LARGEST_DAILY_MOVE = 0.5
_DAY = 86_400 * 10**9

#: The wording of returns in per cent.
PER_CENT = "label_return reads like per cent: 0.01 must be one per cent"
PER_CENT_ALLOWED = f"a median of at most {LARGEST_DAILY_MOVE:.0%} a day"
PER_CENT_FIX = "Divide label_return by 100."


@typed
def median_daily_move(
    start: Int64[Array, " rows"], end: Int64[Array, " rows"], label_return: Array
) -> float | None:
    """Return the median size of the returns, each divided by the square root of its days.

    Prices move with the square root of time, so the result hardly depends on bars, barriers or horizon.

    Parameters
    ----------
    start, end
        Label intervals, nanoseconds.
    label_return
        Floating-point numbers of shape (n_rows,), 0.01 is one per cent.

    Returns
    -------
    float or None
        None if no label has both a duration and a return.

    Examples
    --------
    Two per cent within a quarter of a day.

    >>> quarter = 6 * 3600 * 10**9
    >>> median_daily_move(np.array([0, quarter]), np.array([quarter, 2 * quarter]), np.array([0.02, -0.02]))
    0.04
    """
    moved = (end > start) & (label_return != 0)
    if not moved.any():
        return None
    days = (end[moved] - start[moved]) / _DAY
    return float(np.median(np.abs(label_return[moved].astype(np.float64)) / np.sqrt(days)))


@typed
def returns_in_per_cent(
    start: Int64[Array, " rows"], end: Int64[Array, " rows"], label_return: Array
) -> tuple[int, str] | None:
    """Find returns that read like per cent: half of them, scaled to one day, exceed ``LARGEST_DAILY_MOVE``.

    Parameters
    ----------
    start, end, label_return
        As :func:`median_daily_move` takes them.

    Returns
    -------
    tuple of int and str, or None
        Row of the largest return and what was found; None if the returns are plausible.
    """
    move = median_daily_move(start, end, label_return)
    if move is None or move <= LARGEST_DAILY_MOVE:
        return None
    largest = int(np.argmax(np.abs(label_return)))
    return largest, (
        f"{label_return[largest]:.4g} here, the largest; scaled to one day, the median label moves the price "
        f"by {move:.0%}"
    )


@typed
def refuse_implausible_returns(
    start: Int64[Array, " rows"],
    end: Int64[Array, " rows"],
    label_return: Array,
    *,
    crypto: str,
    file: str | None = None,
) -> None:
    """Refuse returns that take no time, and returns that read like per cent.

    Parameters
    ----------
    start, end, label_return
        As :func:`median_daily_move` takes them.
    crypto, file
        Named in the errors.

    Raises
    ------
    InputError
        A label that ends at its row's time although its return is not 0. Or returns of which half are larger,
        scaled to one day, than :data:`LARGEST_DAILY_MOVE`; the error names the row of the largest.
    """
    row_rules.LABEL_WITH_A_RETURN_ENDS_LATER.refuse_broken(
        end, label_return, start, crypto=crypto, file=file, row_name=lambda row: utc_text(start[row])
    )
    per_cent = returns_in_per_cent(start, end, label_return)
    if per_cent is not None:
        raise input_error(
            PER_CENT,
            crypto=crypto,
            file=file,
            column="label_return",
            row=utc_text(start[per_cent[0]]),
            found=per_cent[1],
            allowed=PER_CENT_ALLOWED,
            fix=PER_CENT_FIX,
        )
