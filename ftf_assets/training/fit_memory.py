"""Memory of the fits that run side by side: how many of them may bin their rows at a time.

Binning takes most of a fit's memory. For the quantiles of each feature XGBoost keeps summaries of four
numbers an entry, which for some ten thousand rows take seven times the float32 matrix. Boosting adds some
megabytes, and the finished bins take a byte a value. A process is allowed three matrices for each fit that
runs; a fit that finds no room waits with its binning, and the fits beside it go on.
"""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ftf_assets.contracts.typed import typed

#: Share of the float32 matrix that each running fit may add to the memory of a process.
MATRICES_PER_FIT = 3
#: Bytes that binning may take beside that. With Python and its libraries this stays below 400 MB.
SPARE_BYTES = 100 * 2**20

#: Bytes for each entry of a quantile summary, for each level of summaries. Measured with XGBoost 3.2 from
#: 1,000 to 900,000 rows and 64 to 1,024 bins, where predictions are 1.00 to 1.28 times what binning took.
_BYTES_PER_ENTRY = 44
_MOST_LEVELS = 3


@typed
def binning_bytes(n_rows: int, n_features: int, n_bins: int) -> int:
    """Predict how many bytes a process grows by while it bins rows on the CPU, an upper bound.

    The entries of a summary are those of XGBoost's ``WQuantileSketch::LimitSizeLevel`` with an error of
    1 / (8 bins). They grow with the logarithm of the rows, so that many rows need less than their matrix.

    Examples
    --------
    400 features of 18,000 rows, a matrix of 29 MB; measured were 202 MB:

    >>> round(binning_bytes(18_000, 400, 256) / 2**20)
    213
    """
    levels = 1
    while True:
        entries = min(8 * n_bins * levels + 1, n_rows)
        if 2**levels * entries >= n_rows:
            break
        levels += 1
    # Twice as many values as a summary has entries are collected before they are merged into its levels.
    merged = (n_rows // (2 * entries)).bit_length() if entries else 0
    return n_features * (entries * _BYTES_PER_ENTRY * (1 + min(merged, _MOST_LEVELS)) + n_rows)


class BinningRoom:
    """The memory that binning may take in this process, of all fits that run in it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._fits: list[int] = []
        self._binning: list[int] = []

    @contextmanager
    def fit(self, matrix_bytes: int) -> Iterator[None]:
        """Count a fit on a matrix of so many bytes as running while the context lasts."""
        with self._changed:
            self._fits.append(matrix_bytes)
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._fits.remove(matrix_bytes)

    @contextmanager
    def bin(self, n_bytes: int) -> Iterator[None]:
        """Wait until there is room for so many bytes, and keep it while the context lasts.

        A fit that needs more than there is bins alone.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._binning or sum(self._binning) + n_bytes <= self._room())
            self._binning.append(n_bytes)
            scarce = n_bytes * len(self._fits) > self._room()
        try:
            yield
        finally:
            if scarce:
                _return_free_memory()
            with self._changed:
                self._binning.remove(n_bytes)
                self._changed.notify_all()

    def _room(self) -> float:
        return MATRICES_PER_FIT * math.fsum(self._fits) + SPARE_BYTES


#: The room of this process.
BINNING_ROOM = BinningRoom()


def _return_free_memory() -> None:
    """Give freed memory back to the system: the C library keeps it, for each thread its own."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc only
    if trim is not None:
        trim(0)
