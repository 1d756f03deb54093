"""Before a sweep: everything that the user can mend is refused here, so that bad input writes nothing."""

from __future__ import annotations

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.storage.artifacts import read_artifact
from ftf_assets.storage.home import Home
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training.boosting import require_device
from ftf_assets.training.variants import require_columns


def check_inputs(sweep: Sweep, home: Home) -> None:
    """Read every crypto's input once, up to the arrays, and look for the device.

    Parameters
    ----------
    sweep
        What would run. The embedded market needs no look: it is ours.
    home
        Input of which the arrays are there was accepted before and is not read again: they lie under the hash
        of the file's content, the settings and the code that read it.

    Raises
    ------
    InputError
        The first broken rule, naming crypto, file, row and column; a level that needs a column that the data
        do not have; or a device that is not there.
    """
    require_device(sweep.settings.training.device)
    if sweep.settings.data.source == "market":
        return
    for crypto in sweep.cryptos:
        file = sweep.provenance(crypto).file
        try:
            arrays = _accepted(sweep, home, crypto) or _read(sweep, crypto)
            require_columns(sweep.variants, arrays, crypto)
        except InputError as error:
            raise InputError(str(error) if file in str(error) else f"file {file}: {error}") from None


def _accepted(sweep: Sweep, home: Home, crypto: str) -> TrainingArrays | None:
    folder = home.artifact("coerced_arrays", crypto, sweep.artifact_key("coerced_arrays", crypto))
    try:
        return read_artifact(folder, TrainingArrays)
    except StoreError:
        return None


def _read(sweep: Sweep, crypto: str) -> TrainingArrays:
    from ftf_assets.contracts.coercion import coerce_feature_cache

    frame, _ = sweep.source.feature_cache(crypto, sweep.source.candles(crypto))
    return coerce_feature_cache(frame, crypto=crypto, missing=sweep.settings.data.missing)
