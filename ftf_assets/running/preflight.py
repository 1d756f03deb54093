"""Checks before a run: bad input is refused here, before anything is written."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.running.child_processes import run_side_by_side
from ftf_assets.storage.artifacts import HEADER, check_artifact
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.home import Home, ListedHome
from ftf_assets.sweep.settings import SweepSettings
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training.boosting import require_device
from ftf_assets.training.device import is_gpu
from ftf_assets.training.variants import require_columns

#: Share of missing bars from which an error of the labels may come from them.
SPARSE = 0.1


def check_inputs(sweep: Sweep, home: Home) -> None:
    """Read the input of every crypto up to its training arrays, and check that there is where to fit.

    Parameters
    ----------
    sweep
        What would run. The embedded market is generated, so it is not checked.
    home
        Stored arrays are not made again: they were accepted before, and their key covers the file's content,
        the settings and the code that reads it.

    Raises
    ------
    InputError
        The first broken rule, naming crypto, file, row and column; or a level that needs a column which the
        data do not have; or a device that does not exist, or a Dask scheduler that nobody reaches.
    """
    _require_place(sweep.settings)
    if sweep.settings.data.source == "market":
        return
    look = _look(sweep, home)
    for crypto in sweep.cryptos:
        file = sweep.provenance(crypto).file
        try:
            arrays = _stored_arrays(sweep, look, crypto) or _read_arrays(sweep, crypto)
            require_columns(sweep.variants, arrays, crypto)
        except InputError as error:
            message = str(error) if file in str(error) else f"file {file}: {error}"
            raise InputError(message + _hint_for_sparse(sweep, crypto)) from None


def _require_place(settings: SweepSettings) -> None:
    device = settings.training.device
    if settings.run.fits is not None:
        from ftf_assets.storage.dask_cluster import require_scheduler

        require_scheduler(settings.run.fits, device)
    elif is_gpu(device):
        run_side_by_side([device], _device_check, children=1, on_event=_nothing, fresh=True)


@contextmanager
def _device_check(_send: Callable[[None], None]) -> Iterator[Callable[[str], None]]:
    """Look for devices in a fresh child: this process forks later, and must not have opened CUDA then."""

    def check(device: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # XGBoost prints what the refusal says in one line
            require_device(device)

    yield check


def _nothing(_event: None) -> None:
    """Ignore events: a check sends none."""


def _hint_for_sparse(sweep: Sweep, crypto: str) -> str:
    """Say how to keep the rows beside missing hours, where a history lacks many of them."""
    try:
        reading = sweep.source.reading(crypto) if sweep.settings.data.no_trade_bars == "gap" else None
    except InputError:  # the candles themselves cannot be read, which is the error
        return ""
    if reading is None or reading.missing_bars < SPARSE * (reading.bars + reading.missing_bars):
        return ""
    return (
        f" {reading.missing_bars:,} of {reading.bars + reading.missing_bars:,} bars of {reading.timeframe} "
        "are missing, and a row beside a missing bar has no label. If nothing was traded in them, fill them "
        "with --set data.no_trade_bars=flat."
    )


def _look(sweep: Sweep, home: Home) -> Home:
    """Give a home in a bucket with one listing of the arrays, whose headers are read side by side."""
    if home.bucket is None:
        return home
    look = ListedHome(home.path, home.bucket, ("artifacts/coerced_arrays/",))
    look.blobs.read_ahead(f"{_folder(sweep, home, crypto).name}/{HEADER}" for crypto in sweep.cryptos)
    return look


def _folder(sweep: Sweep, home: Home, crypto: str) -> BlobFolder:
    return home.artifact("coerced_arrays", crypto, sweep.artifact_key("coerced_arrays", crypto))


def _stored_arrays(sweep: Sweep, home: Home, crypto: str) -> Mapping[str, object] | None:
    """Say which arrays are stored; they themselves are not read."""
    try:
        found: Mapping[str, object] = check_artifact(_folder(sweep, home, crypto), TrainingArrays)
    except StoreError:
        return None
    return found


def _read_arrays(sweep: Sweep, crypto: str) -> TrainingArrays:
    from ftf_assets.contracts.coercion import coerce_feature_cache

    frame, _ = sweep.source.feature_cache(crypto, sweep.source.candles(crypto))
    return coerce_feature_cache(
        frame, crypto=crypto, missing=sweep.settings.data.missing, bar=sweep.source.bar_length(crypto)
    )
