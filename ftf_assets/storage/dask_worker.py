"""A fit as it travels to a Dask worker, and the function that runs it there.

Rows travel as bit masks: positions of 9,000 training rows take 72 kB, their mask 1.1 kB. Labels and weights
that are those of the arrays do not travel at all; others are compressed, which makes smoothed labels as small
as a mask. The arrays themselves are sent once to each worker.
"""

from __future__ import annotations

import dataclasses
import hashlib
import platform
import threading
import weakref
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array, typed
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_task import FitTask, attempt_fit
from ftf_assets.training.keys import code_version, library_versions

#: Bytes of features that a worker keeps between fits; those of one crypto are always kept.
KEPT_BYTES = 500e6

_kept: OrderedDict[str, TrainingArrays] = OrderedDict()
_names: weakref.WeakKeyDictionary[TrainingArrays, str] = weakref.WeakKeyDictionary()
_lock = threading.Lock()

_NO_ROWS = np.zeros(0, np.int64)
_NO_VALUES = np.zeros(0, np.float32)


@dataclass(frozen=True, eq=False)
class PackedRows:
    """Positions of rows among ``n_rows``: a bit a row where they increase, else the positions themselves."""

    n_rows: int
    bits: bytes
    positions: Array | None = None

    @classmethod
    def of(cls, rows: Array, n_rows: int) -> PackedRows:
        """Pack positions."""
        if len(rows) and (rows[0] < 0 or rows[-1] >= n_rows or not (np.diff(rows) > 0).all()):
            return cls(n_rows, b"", rows)
        mask = np.zeros(n_rows, np.bool_)
        mask[rows] = True
        return cls(n_rows, np.packbits(mask).tobytes())

    def positions_of(self) -> Array:
        """Return the positions, int64."""
        if self.positions is not None:
            return self.positions
        bits: Array = np.unpackbits(np.frombuffer(self.bits, np.uint8), count=self.n_rows)
        return np.flatnonzero(bits)


@dataclass(frozen=True, eq=False)
class PackedFit:
    """A task without what the worker knows.

    Attributes
    ----------
    task
        The task, without rows, labels, weights and predicted rows.
    rows, predict
        Of the task.
    labels, weight
        Of the task, compressed float32; None where they are the arrays' own.
    arrays
        From :func:`content_name`: equal names are equal arrays.
    versions
        From :func:`versions`, of the client.
    """

    task: FitTask
    arrays: str
    rows: PackedRows
    predict: dict[str, PackedRows]
    labels: bytes | None
    weight: bytes | None
    versions: dict[str, str]

    @classmethod
    @typed
    def of(cls, task: FitTask, arrays: TrainingArrays) -> PackedFit:
        """Pack a task."""
        own_labels = np.array_equal(task.labels, arrays.y[task.rows])
        own_weight = np.array_equal(task.weight, arrays.base_weight[task.rows])
        return cls(
            task=dataclasses.replace(task, rows=_NO_ROWS, labels=_NO_VALUES, weight=_NO_VALUES, predict={}),
            arrays=content_name(arrays),
            rows=PackedRows.of(task.rows, arrays.n_rows),
            predict={name: PackedRows.of(rows, arrays.n_rows) for name, rows in task.predict.items()},
            labels=None if own_labels else _compressed(task.labels),
            weight=None if own_weight else _compressed(task.weight),
            versions=versions(),
        )

    @typed
    def unpack(self, arrays: TrainingArrays) -> FitTask:
        """Return the task as it was packed."""
        rows = self.rows.positions_of()
        return dataclasses.replace(
            self.task,
            rows=rows,
            labels=(
                arrays.y[rows].astype(np.float32) if self.labels is None else _values(self.labels, len(rows))
            ),
            weight=arrays.base_weight[rows] if self.weight is None else _values(self.weight, len(rows)),
            predict={name: packed.positions_of() for name, packed in self.predict.items()},
        )


def _compressed(values: Array) -> bytes:
    return zlib.compress(values.tobytes(), level=1)


def _values(compressed: bytes, n_values: int) -> Array:
    n_bytes = n_values * np.dtype(np.float32).itemsize
    return np.frombuffer(zlib.decompressobj().decompress(compressed, n_bytes), np.float32).copy()


def versions() -> dict[str, str]:
    """Return what must be the same on both sides for the same bits: Python, libraries, this code."""
    return {
        "Python": ".".join(platform.python_version_tuple()[:2]),
        **library_versions(),
        "ftf-assets": version("ftf-assets"),
        "code": code_version(),
    }


def require_versions(client: dict[str, str], here: dict[str, str], worker: str) -> None:
    """Refuse a worker that differs from the client.

    Raises
    ------
    InputError
        Names the worker and each version that differs, in one sentence.
    """
    differ = [
        f"{name} {here.get(name, 'is missing')} instead of {wanted}"
        for name, wanted in client.items()
        if here.get(name) != wanted
    ]
    if differ:
        raise input_error(
            f"the Dask worker {worker} has {', '.join(differ)}, so its fits would have other bits",
            fix="Start workers from the same environment as the client.",
        )


def content_name(arrays: TrainingArrays) -> str:
    """Name arrays by what a fit reads of them, so that equal arrays of another step travel once."""
    name = _names.get(arrays)
    if name is None:
        digest = hashlib.blake2b(digest_size=16)
        for one in (arrays.X, arrays.y, arrays.base_weight):
            digest.update(str(one.shape).encode())
            digest.update(np.ascontiguousarray(one).data)
        name = _names[arrays] = f"ftf-arrays-{digest.hexdigest()}"
    return name


def fit_packed(packed: PackedFit, arrays: TrainingArrays) -> FitResult | Exception:
    """Run a fit on a worker; an error of the fit is returned, because it is the result of one cell."""
    from distributed import get_worker

    require_versions(packed.versions, versions(), get_worker().address)
    arrays = _kept_arrays(packed.arrays, arrays)
    return attempt_fit(packed.unpack(arrays), arrays)


def _kept_arrays(name: str, arrays: TrainingArrays) -> TrainingArrays:
    """Return the arrays that earlier fits of this worker used, with their bins. Dask drops its own copy."""
    with _lock:
        _kept.setdefault(name, arrays)
        _kept.move_to_end(name)
        while len(_kept) > 1 and sum(one.X.nbytes for one in _kept.values()) > KEPT_BYTES:
            _kept.popitem(last=False)
        return _kept[name]
