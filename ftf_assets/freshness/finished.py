"""What of a sweep is finished: values that are whole, hold no failure and pass their contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dagster as dg

from ftf_assets.contracts.bundles import (
    BaselineParameters,
    CleaningMask,
    CleanlabMasks,
    FoldBaseline,
    TrainedCell,
    TrainedModels,
)
from ftf_assets.contracts.errors import StoreError
from ftf_assets.graph.check_history import is_green
from ftf_assets.graph.io_managers import artifact_types
from ftf_assets.storage.artifacts import read_artifact
from ftf_assets.storage.fit_store import FolderFitStore
from ftf_assets.storage.home import Home
from ftf_assets.sweep.asset_inputs import ARTIFACTS
from ftf_assets.sweep.sweep import Sweep


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
    blocking check has not passed, or any other check of it was red at the last. What lies
    behind a recorded failure lacks what the failure kept from it, so it is made again too.

    Parameters
    ----------
    sweep, crypto
        Whose artifacts.
    home, instance
        Where they and the checks' history lie.
    checks
        Names of the checks per asset.
    """
    unfinished: list[str] = []
    for position, asset in enumerate(ARTIFACTS):
        value = _whole(sweep, home, asset, crypto)
        if value is not None and _records_failure(value):
            return [*unfinished, *ARTIFACTS[position:]]
        if value is None or not is_green(instance, sweep, asset, crypto, checks.get(asset, ())):
            unfinished.append(asset)
    return unfinished


def _whole(sweep: Sweep, home: Home, asset: str, crypto: str) -> object | None:
    try:
        folder = home.artifact(asset, crypto, sweep.artifact_key(asset, crypto))
        value: object = read_artifact(folder, artifact_types()[asset])
    except StoreError:
        return None
    store = FolderFitStore(home.fits)
    if isinstance(value, TrainedModels) and not all(
        key in store for cell in value.cells for key in cell.fit_keys
    ):
        return None
    return value


def _records_failure(value: object) -> bool:
    pieces: tuple[FoldBaseline | CleaningMask | TrainedCell, ...] = ()
    if isinstance(value, BaselineParameters):
        pieces = value.folds
    elif isinstance(value, CleanlabMasks):
        pieces = value.masks
    elif isinstance(value, TrainedModels):
        pieces = value.cells
    return any(piece.outcome.status == "training_failed" for piece in pieces)
