"""What a backfill of the Dagster UI leaves open, resolved once for all of its runs."""

from __future__ import annotations

from ftf_assets.storage.blobs.protocol import BlobMissing
from ftf_assets.storage.home import Home
from ftf_assets.sweep.settings import SweepSettings, stored_sweep_settings
from ftf_assets.sweep.sweep import is_frozen, open_sweep
from ftf_assets.training.keys import stable_hash

#: Dagster's tag of the backfill that a run belongs to.
BACKFILL_TAG = "dagster/backfill"


def settings_of_backfill(backfill: str, settings: SweepSettings, home: Home) -> SweepSettings:
    """Freeze the settings of a backfill's runs: the first run keeps what it has resolved for the others.

    Otherwise each run would resolve cryptos and fold edges from the files as they are then: a file that
    changes midway would split the sweep in two.

    Parameters
    ----------
    backfill
        Id of the backfill.
    settings
        Of the run, as the launchpad gives them; settings that are frozen already are returned as they are.
    home
        Where the frozen settings are kept.

    Raises
    ------
    InputError, StoreError
        As :func:`~ftf_assets.sweep.sweep.open_sweep`; or the home cannot be read or written.
    """
    if is_frozen(settings):
        return settings
    name = f"backfills/{backfill}-{stable_hash(settings.model_dump(mode='json'))}.json"
    try:
        content = home.blobs.get(name)
    except BlobMissing:
        content = open_sweep(settings).settings.model_dump_json().encode()
        if not home.blobs.put_if_absent(name, content):
            content = home.blobs.get(name)
    return stored_sweep_settings(f"of backfill {backfill}", content.decode())
