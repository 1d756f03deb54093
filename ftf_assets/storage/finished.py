"""What of a sweep is finished: values that are whole, hold no failure and pass their contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from ftf_assets.contracts.errors import StoreError
from ftf_assets.storage.artifacts import verified_header
from ftf_assets.storage.check_history import is_green
from ftf_assets.storage.fit_store import FolderFitStore
from ftf_assets.storage.home import Home
from ftf_assets.sweep import ARTIFACTS, Sweep


def unfinished_assets(
    sweep: Sweep,
    home: Home,
    instance: dg.DagsterInstance,
    crypto: str,
    checks: Mapping[str, Sequence[str]],
) -> list[str]:
    """Name the artifacts of a crypto that a run must still make, in flow order.

    An artifact lies under the hash of everything that it depends on, so one that is there need not be made
    again, whichever sweep made it. It is made again where a file of it is missing or damaged, where it
    records a failure (which may have been the machine's), where a booster that it names is gone, or where its
    blocking check has not passed, or any other check of it was red at the last.

    Parameters
    ----------
    sweep, crypto
        Whose artifacts.
    home, instance
        Where they and the checks' history lie.
    checks
        Names of the checks per asset.
    """
    return [
        asset
        for asset in ARTIFACTS
        if not _is_whole(sweep, home, asset, crypto)
        or not is_green(instance, sweep, asset, crypto, checks.get(asset, ()))
    ]


def _is_whole(sweep: Sweep, home: Home, asset: str, crypto: str) -> bool:
    try:
        value = verified_header(home.artifact(asset, crypto, sweep.artifact_key(asset, crypto)))["value"]
    except StoreError:
        return False
    store = FolderFitStore(home.fits)
    boosters = all(key in store for keys in _values_of("fit_keys", value) for key in keys)
    return boosters and "training_failed" not in _values_of("status", value)


def _values_of(name: str, packed: Any) -> Iterator[Any]:
    """Walk a packed value and yield what stands under ``name``, wherever it does."""
    if isinstance(packed, dict):
        if name in packed:
            yield packed[name]
        packed = list(packed.values())
    if isinstance(packed, list):
        for item in packed:
            yield from _values_of(name, item)
