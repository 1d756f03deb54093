"""Binned training matrices, lent to one fit at a time and kept for the next on the same rows."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.typed import typed

#: Idle matrices of a crypto hold at most so many times the bytes of its features: those of every inner fold
#: of every fold, which tuning comes back to with each trial, fit in.
IDLE_SHARE = 2.0


class BinnedMatrices:
    """Idle matrices by what they were made from.

    Smoothed labels, weights and tuning trials leave the rows of a fit as they are, and with them its bins. A
    fit writes its labels into the matrix, so a matrix is lent to one fit at a time; a second fit on the same
    rows at the same time makes its own.

    Parameters
    ----------
    capacity
        Bytes that are kept while no fit uses them; the matrix that was used longest ago goes first.
    """

    def __init__(self, capacity: float) -> None:
        self.capacity = capacity
        self._idle: deque[tuple[Hashable, int, Any]] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def borrow(self, key: Hashable, n_bytes: int | None, make: Callable[[], Any]) -> Iterator[Any]:
        """Lend a matrix while the context lasts.

        Parameters
        ----------
        key
            Equal keys are equal rows and bins.
        n_bytes
            Size of the matrix; None where nobody will ask for it again, so that it pushes no other out.
        make
            Makes the matrix where none with this key is idle.
        """
        with self._lock:
            found = next((one for one in self._idle if one[0] == key), None)
            if found is not None:
                self._idle.remove(found)
        matrix = make() if found is None else found[2]
        yield matrix
        if n_bytes is None:
            return
        # A matrix whose fit raised does not come here: nobody knows what is in it.
        with self._lock:
            self._idle.append((key, n_bytes, matrix))
            while sum(size for _, size, _ in self._idle) > self.capacity:
                self._idle.popleft()


_matrices: weakref.WeakKeyDictionary[TrainingArrays, BinnedMatrices] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


@typed
def matrices_of(arrays: TrainingArrays) -> BinnedMatrices:
    """Give the binned matrices of a crypto's rows; they live as long as the rows."""
    with _lock:
        return _matrices.setdefault(arrays, BinnedMatrices(IDLE_SHARE * arrays.X.nbytes))
