"""A cache of binned training matrices, so that fits on the same rows bin them once."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.typed import typed
from ftf_assets.training.device import Device, is_gpu

#: Size of the cache in multiples of the bytes of the crypto's features. It holds the matrices of all inner
#: folds of all folds, which every tuning trial uses again.
IDLE_SHARE = 2.0

#: Bytes per value of a matrix that is binned on a GPU: XGBoost keeps values and columns in host memory (8)
#: beside the bins on the device (1).
GPU_BYTES_PER_VALUE = 9
#: Size of the cache of such matrices: as many as on the CPU up to this size, and beyond it the one in use.
GPU_IDLE_BYTES = 4e9
_GPU_LEAST_IDLE_SHARE = 3.0


class BinnedMatrices:
    """The binned matrices that no fit is using, by a key of their rows and bins.

    Smoothed labels, weights and tuning trials do not change the rows of a fit, so they do not change its
    bins. A fit writes its labels into the matrix. A matrix is therefore lent to one fit at a time; a second
    fit on the same rows at the same time bins them again.

    Parameters
    ----------
    capacity
        Bytes of matrices that are kept. The least recently used matrix is dropped first.
    """

    def __init__(self, capacity: float) -> None:
        self.capacity = capacity
        self._idle: deque[tuple[Hashable, int, Any]] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def borrow(self, key: Hashable, n_bytes: int | None, make: Callable[[], Any]) -> Iterator[Any]:
        """Lend a matrix until the context ends.

        Parameters
        ----------
        key
            Key of rows and bins: matrices with equal keys are equal.
        n_bytes
            Size of the matrix; None if no other fit needs it, so that it is not kept.
        make
            Makes the matrix where no unused one has this key.
        """
        with self._lock:
            found = next((one for one in self._idle if one[0] == key), None)
            if found is not None:
                self._idle.remove(found)
        matrix = make() if found is None else found[2]
        yield matrix
        if n_bytes is None:
            return
        # Where the fit raised, this line is not reached and the matrix is dropped: its state is unknown.
        with self._lock:
            self._idle.append((key, n_bytes, matrix))
            while sum(size for _, size, _ in self._idle) > self.capacity:
                self._idle.popleft()

    def clear(self) -> None:
        """Drop the matrices that no fit is using."""
        with self._lock:
            self._idle.clear()


_matrices: weakref.WeakKeyDictionary[TrainingArrays, dict[Device, BinnedMatrices]]
_matrices = weakref.WeakKeyDictionary()
_lock = threading.Lock()


@typed
def matrices_of(arrays: TrainingArrays, device: Device = "cpu") -> BinnedMatrices:
    """Return the cache of a crypto's matrices that are binned on a device; it lives as long as the rows."""
    with _lock:
        by_device = _matrices.setdefault(arrays, {})
        return by_device.setdefault(device, BinnedMatrices(_capacity(arrays.X.nbytes, device)))


@typed
def binned_bytes(n_rows: int, n_features: int, device: Device) -> int:
    """Size of a binned matrix; bins take one byte a value."""
    return n_rows * n_features * (GPU_BYTES_PER_VALUE if is_gpu(device) else 1)


def _capacity(n_bytes: int, device: Device) -> float:
    if not is_gpu(device):
        return IDLE_SHARE * n_bytes
    as_many = IDLE_SHARE * n_bytes * GPU_BYTES_PER_VALUE
    return max(min(as_many, GPU_IDLE_BYTES), _GPU_LEAST_IDLE_SHARE * n_bytes)
