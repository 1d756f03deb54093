"""Which artifacts of a crypto are current: whole, made from today's inputs, without a failure, checked."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ftf_assets.contracts.errors import StoreError
from ftf_assets.freshness.identity_changes import identity_change
from ftf_assets.freshness.reason import NEVER_MADE, Reason, upstream_out_of_date
from ftf_assets.storage.artifacts import HEADER, check_artifact, read_header
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.home import Home
from ftf_assets.sweep.asset_inputs import ARTIFACTS
from ftf_assets.sweep.sweep import Sweep

if TYPE_CHECKING:
    import dagster as dg


#: Field of an artifact whose pieces record how they ended.
_PIECES = {"fold_baselines": "folds", "cleanlab_masks": "masks", "trained_models": "cells"}


def artifact_reasons(
    sweep: Sweep, home: Home, instance: dg.DagsterInstance | None, crypto: str
) -> dict[str, Reason]:
    """Say why artifacts of a crypto are not current; artifacts not in the result are current.

    An artifact is stored under the hash of everything that it depends on. So it is current whichever sweep
    made it, and stays current when an upstream asset is made again with the same inputs. Artifacts downstream
    of a recorded failure lack values, so they are made again too.

    Parameters
    ----------
    sweep, home, crypto
        The sweep, the home that stores the artifacts, and the crypto.
    instance
        Dagster's records of the checks; None if there are none yet.

    Returns
    -------
    dict
        Asset to its first reason, in flow order.
    """
    reasons: dict[str, Reason] = {}
    failed: set[str] = set()
    for asset in ARTIFACTS:
        identity = sweep.artifact_identity(asset, crypto)
        behind = [name for name in identity["upstream"] if name in failed]
        folder = home.artifact(asset, crypto, sweep.artifact_key(asset, crypto))
        reason = _why_not_made(folder, identity, reasons) or _why_not_whole(folder, home, asset)
        if reason is None and behind:
            reason = upstream_out_of_date(behind)
        if reason is None:
            reason = _why_not_checked(sweep, instance, asset, crypto)
        if reason is not None:
            reasons[asset] = reason
        if behind or (reason is not None and reason.kind == "failed"):
            failed.add(asset)
    return reasons


def _why_not_made(folder: BlobFolder, identity: Mapping[str, Any], stale: Collection[str]) -> Reason | None:
    if folder.holds(HEADER):
        return None
    before = _newest_identity(folder)
    # Through JSON, as the stored one: a tuple equals the list that it is read back as.
    return NEVER_MADE if before is None else identity_change(before, json.loads(json.dumps(identity)), stale)


def _newest_identity(folder: BlobFolder) -> Mapping[str, Any] | None:
    """Read the inputs of the newest artifact of the same asset and crypto; None if there is none."""
    beside = BlobFolder(folder.blobs, folder.name.rpartition("/")[0])
    headers = [entry for entry in beside.entries() if entry.name.endswith(f"/{HEADER}")]
    if not headers:
        return None
    newest = max(headers, key=lambda entry: entry.modified).name.rpartition("/")[0]
    try:
        return dict(read_header(BlobFolder(folder.blobs, newest)).get("identity", {}))
    except StoreError:
        return {}


def _why_not_whole(folder: BlobFolder, home: Home, asset: str) -> Reason | None:
    """Look at the artifact, and at the models that its cells name; no array of it is read."""
    from ftf_assets.storage.artifact_types import artifact_types

    try:
        value = check_artifact(folder, artifact_types()[asset])
    except StoreError as error:
        return _damaged(error)
    try:
        pieces = value[_PIECES[asset]] if asset in _PIECES else []
        failure = _recorded_failure(pieces)
        if failure is None and asset == "trained_models":
            failure = _why_models_not_whole(pieces, home)
    except (KeyError, TypeError, AttributeError) as error:
        return Reason("damaged", f"{folder}/{HEADER} does not describe {asset} ({error})")
    return failure


def _why_models_not_whole(cells: Sequence[Mapping[str, Any]], home: Home) -> Reason | None:
    from ftf_assets.storage.fit_store import fit_store

    # The store that the process has, also where the home is one that is listed.
    fits = fit_store(Home(home.path, home.bucket))
    for cell in cells:
        for key in cell["fit_keys"]:
            if key not in fits:
                name = f"fold {cell['fold']} {cell['variant']}"
                return Reason("damaged", f"the model {key} of {name} is missing")
            try:
                fits.check(key)
            except StoreError as error:
                return _damaged(error)
    return None


def _recorded_failure(pieces: Sequence[Mapping[str, Any]]) -> Reason | None:
    for piece in pieces:
        outcome = piece["outcome"]
        if outcome["status"] == "training_failed":
            name = f"fold {piece['fold']} {piece.get('variant', 'baseline')}"
            error = f"{outcome['error_type']}: {outcome['error_message']}"
            return Reason("failed", f"{name} failed: {error}")
    return None


def _why_not_checked(
    sweep: Sweep, instance: dg.DagsterInstance | None, asset: str, crypto: str
) -> Reason | None:
    from ftf_assets.freshness.checks import check_reason, latest_on_artifact, sweep_checks
    from ftf_assets.graph.check_history import INVALIDATING_CHECKS

    for check in sweep_checks(asset):
        on_value, in_sweep = latest_on_artifact(sweep, instance, asset, check, crypto)
        if on_value is None and check not in INVALIDATING_CHECKS[asset]:
            continue  # the checks of an asset share a step: a kill between them leaves the later ones out
        reason = check_reason(check, on_value)
        if reason is not None:
            return reason
        if check in INVALIDATING_CHECKS[asset] and in_sweep is not None and not in_sweep.passed:
            # The gate goes by what the sweep met last, such as a file that has been put back since. Only this
            # check, on the value of today and in this sweep, can say that all is well again.
            return Reason("check", f"its check {check} failed on the value that this sweep met last")
    return None


def _damaged(error: StoreError) -> Reason:
    return Reason("damaged", str(error).removesuffix(". Materialise it again"))
