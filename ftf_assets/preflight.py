"""Before a sweep: everything that the user can mend is refused here, so that bad input writes nothing."""

from __future__ import annotations

from ftf_assets.contracts.coercion import coerce_feature_cache
from ftf_assets.contracts.errors import InputError
from ftf_assets.sweep import Sweep
from ftf_assets.training.boosting import require_device


def check_inputs(sweep: Sweep) -> None:
    """Read every crypto's input once, up to the arrays, and look for the device.

    Parameters
    ----------
    sweep
        What would run. The embedded market needs no look: it is ours.

    Raises
    ------
    InputError
        The first broken rule, naming crypto, file, row and column; or a device that is not there.
    """
    require_device(sweep.settings.device)
    if sweep.settings.source == "market":
        return
    for crypto in sweep.cryptos:
        file = sweep.provenance(crypto).file
        try:
            frame, _ = sweep.source.feature_cache(crypto, sweep.source.candles(crypto))
            coerce_feature_cache(frame, crypto=crypto, missing=sweep.settings.missing)
        except InputError as error:
            raise InputError(str(error) if file in str(error) else f"file {file}: {error}") from None
