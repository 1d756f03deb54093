"""One fit as a task, and what it takes to run it: any thread, process or machine may."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import FlipRates
from ftf_assets.contracts.typed import Array, Float32, Int64, typed
from ftf_assets.training import boosting
from ftf_assets.training.binning import binned_bytes, matrices_of
from ftf_assets.training.boosting import FitResult, ValidationSlice
from ftf_assets.training.device import Device, is_gpu
from ftf_assets.training.fit_memory import BINNING_ROOM, binning_bytes
from ftf_assets.training.parameters import Parameters, Rounds, max_bins


@typed
@dataclass(frozen=True, eq=False)
class FitTask:
    """Everything that one fit needs besides the arrays.

    Attributes
    ----------
    key
        Content address: equal keys are equal fits.
    crypto, fold, name
        The fit in words, for people and logs; ``name`` is the variant or the out-of-fold block.
    rows
        Positions of the training rows, increasing, shape (n_train,).
    labels, weight
        Hard or soft labels and weights of these rows, shape (n_train,).
    predict
        Name of a row set to the positions of the rows to predict.
    rounds
        Number of boosting rounds, or :class:`Rounds` to stop early on the rows of ``predict["validation"]``.
    parameters, seed, device, flip_rates
        See :func:`~ftf_assets.training.boosting.fit_booster`.
    keep_booster
        Whether to store the model itself. A tuning trial needs its probabilities only.
    keep_bins
        Whether to keep the binned rows, because another fit may train on the same ones.
    unlocks
        Whether other fits wait for its result.
    threads
        Threads of the CPU; the bits do not depend on it.
    """

    key: str
    crypto: str
    fold: int
    name: str
    rows: Int64[Array, " train"]
    labels: Float32[Array, " train"]
    weight: Float32[Array, " train"]
    predict: dict[str, Array]
    rounds: int | Rounds
    parameters: Parameters
    seed: int
    device: Device
    flip_rates: FlipRates | None = None
    keep_booster: bool = True
    keep_bins: bool = True
    unlocks: bool = False
    threads: int = 1


@typed
def execute_fit(task: FitTask, arrays: TrainingArrays) -> FitResult:
    """Run one task: bin its rows, fit, predict. Fits on the same rows share their bins.

    Parameters
    ----------
    task
        The fit to run.
    arrays
        The crypto's rows; labels and weights come from the task.
    """
    begin = _clock(task)
    # The copy of the rows is freed as soon as they are binned.
    n_bytes = binned_bytes(len(task.rows), arrays.X.shape[1], task.device) if task.keep_bins else None
    with (
        BINNING_ROOM.fit(arrays.X.nbytes),
        matrices_of(arrays, task.device).borrow(
            bins_of(task), n_bytes, lambda: _bin_rows(task, arrays)
        ) as binned,
    ):
        fitted = boosting.fit_booster(
            binned,
            task.labels,
            task.weight,
            parameters=task.parameters,
            rounds=task.rounds,
            validation=_validation(task, arrays),
            seed=task.seed,
            device=task.device,
            threads=task.threads,
            flip_rates=task.flip_rates,
        )
    probabilities = {name: fitted.predict(_take(arrays.X, rows)) for name, rows in task.predict.items()}
    return FitResult(
        booster=fitted.to_ubjson() if task.keep_booster else b"",
        rounds=fitted.rounds,
        seconds=_clock(task) - begin,
        probabilities=probabilities,
        n_rows=len(task.labels),
        device=task.device,
    )


@typed
def attempt_fit(task: FitTask, arrays: TrainingArrays) -> FitResult | Exception:
    """Run one task; an error is returned, because it fails one cell and not the run."""
    try:
        return execute_fit(task, arrays)
    except Exception as error:  # noqa: BLE001  a failed cell, recorded by the caller
        # Frames that the error keeps alive would hold the fit's matrix.
        return error.with_traceback(None)


def _clock(task: FitTask) -> float:
    """Read a clock of the fit's cost: seconds of the cores that it holds, or wall-clock seconds of a GPU."""
    return time.perf_counter() if is_gpu(task.device) else task.threads * time.thread_time()


def _bin_rows(task: FitTask, arrays: TrainingArrays) -> boosting.BinnedFeatures:
    on_gpu = is_gpu(task.device)
    n_bytes = 0 if on_gpu else binning_bytes(len(task.rows), arrays.X.shape[1], max_bins(task.parameters))
    with BINNING_ROOM.bin(n_bytes):
        return boosting.bin_features(_take(arrays.X, task.rows), task.parameters, task.device, task.threads)


def _take(X: Array, rows: Array) -> Array:
    """Return the rows at these positions; without a copy where they follow each other."""
    in_one_piece = len(rows) > 0 and bool((np.diff(rows) == 1).all())
    taken: Array = X[slice(rows[0], rows[-1] + 1) if in_one_piece else rows]
    return taken


@typed
def bins_of(task: FitTask) -> tuple[bytes, int, Device]:
    """Return a key of what a fit's bins are computed from; fits with equal keys share their bins."""
    return hashlib.blake2b(task.rows.tobytes()).digest(), max_bins(task.parameters), task.device


def _validation(task: FitTask, arrays: TrainingArrays) -> ValidationSlice | None:
    if not isinstance(task.rounds, Rounds):
        return None
    rows = task.predict["validation"]
    return ValidationSlice(_take(arrays.X, rows), arrays.y[rows])
