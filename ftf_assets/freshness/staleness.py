"""What a sweep would have to make, per crypto and asset, and why: nothing is run or written to find out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftf_assets.contracts.errors import StoreError
from ftf_assets.storage.artifacts import HEADER, read_header
from ftf_assets.storage.home import Home
from ftf_assets.sweep.asset_inputs import ARTIFACTS
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training.fit_keys import cell_key
from ftf_assets.training.keys import code_version

NEVER_MADE = "never made"
_LONGEST = 60


@dataclass(frozen=True)
class Stale:
    """A value that is missing or was made from something else than it would be made from now.

    Attributes
    ----------
    crypto
        The partition; empty for what looks at the whole sweep.
    asset
        Name of the asset.
    why
        ``never made``; or what has changed since it was made last: data, code version, settings; or the stale
        asset upstream through which it is stale.
    """

    crypto: str
    asset: str
    why: str


def stale_values(sweep: Sweep, home: Home) -> list[Stale]:
    """List what is stale under the sweep's settings, transitively, in flow order.

    A stored value is fresh where the key of everything that it depends on is the key that the settings, the
    data and the code give today. A stale one is compared with the newest value that this home holds of the
    same asset and crypto.

    Parameters
    ----------
    sweep
        What would run.
    home
        Whose values count.

    Raises
    ------
    StoreError
        A results store that cannot be read.
    """
    found: list[Stale] = []
    for crypto in sweep.cryptos:
        found += _stale_artifacts(sweep, home, crypto)
        upstream = [one for one in found if (one.crypto, one.asset) == (crypto, "trained_models")]
        why = why_rows(sweep, home, crypto) or ("through trained_models" if upstream else None)
        found += [Stale(crypto, "finetune_results", why)] if why else []
    if not sweep.settings.compares_variants:
        return found
    landed = [one.crypto for one in found if one.asset == "finetune_results"]
    if landed:
        why = f"through finetune_results of {', '.join(landed)}"
        return [*found, Stale("", "gate_decision", why), Stale("", "sweep_report", why)]
    return [*found, *_undecided(sweep, home)]


def _stale_artifacts(sweep: Sweep, home: Home, crypto: str) -> Iterator[Stale]:
    stale: dict[str, str] = {}
    for asset in ARTIFACTS:
        folder = home.artifact(asset, crypto, sweep.artifact_key(asset, crypto))
        if (folder / HEADER).is_file():
            continue
        before = _newest_identity(folder.parent)
        # Through JSON, as the stored one came: a tuple and the list that it is read back as are equal.
        now = json.loads(json.dumps(sweep.artifact_identity(asset, crypto)))
        stale[asset] = NEVER_MADE if before is None else _changes(before, now, stale)
        yield Stale(crypto, asset, stale[asset])


def _newest_identity(values: Path) -> Mapping[str, Any] | None:
    """What the newest of an asset's values was made from; None where there is none."""
    headers = sorted(values.glob(f"*/{HEADER}"), key=lambda path: path.stat().st_mtime_ns)
    try:
        return dict(read_header(headers[-1].parent).get("identity", {})) if headers else None
    except StoreError:
        return {}  # damaged, so it will be made again; what it was made from nobody can say


def _changes(before: Mapping[str, Any], now: Mapping[str, Any], stale: Mapping[str, str]) -> str:
    """Word the difference of two identities; what only comes from upstream names the asset there."""
    if not before:
        return "what it was made from is not on record"
    changes = []
    if before["data"] != now["data"]:
        changes.append(f"data changed ({before['data']} to {now['data']})")
    if before["code"] != now["code"]:
        changes.append(f"code version changed ({before['code']} to {now['code']})")
    if before["libraries"] != now["libraries"]:
        changes.append(_difference("libraries", before["libraries"], now["libraries"]))
    settings = {"source": before["source"], **before["settings"]}
    for name, value in {"source": now["source"], **now["settings"]}.items():
        if settings.get(name) != value:
            changes.append(f"settings: {_difference(name, settings.get(name), value)}")
    if changes:
        return "; ".join(changes)
    through = [name for name in now["upstream"] if name in stale]
    return f"through {', '.join(through)}" if through else "other settings upstream"


def why_rows(sweep: Sweep, home: Home, crypto: str) -> str | None:
    """Say why the rows of a crypto are not those of the sweep's settings, or None where they are.

    Raises
    ------
    StoreError
        A results store that cannot be read.
    """
    if not home.results.exists():
        return NEVER_MADE
    from ftf_assets.storage.results_store import ResultsStore

    rows = ResultsStore(home.results).read(sweep.sweep_id, crypto)
    if rows.empty:
        return NEVER_MADE
    if set(rows["data_fingerprint"]) != {sweep.provenance(crypto).fingerprint}:
        return "data changed"
    if set(rows["code_version"]) != {code_version()}:
        return "code version changed"
    plan = sweep.plan(crypto)
    variants = {variant.name: variant for variant in sweep.variants}
    expected = {
        (fold, name): cell_key(plan, fold, variant)
        for fold in range(plan.n_folds)
        for name, variant in variants.items()
    }
    there = {(row.fold, row.variant): row.cell_key for row in rows.itertuples()}
    return None if there == expected else "its cells are not those of these settings"


def _undecided(sweep: Sweep, home: Home) -> list[Stale]:
    from ftf_assets.freshness.stored_sweeps import why_undecided
    from ftf_assets.graph.instance import open_instance

    with open_instance(home) as instance:
        why = why_undecided(home, instance, sweep.sweep_id)
    if why is None:
        return []
    if why.startswith("the report"):
        return [Stale("", "sweep_report", why)]
    return [Stale("", "gate_decision", why), Stale("", "sweep_report", "through gate_decision")]


def _difference(name: str, before: object, now: object) -> str:
    """Word the first difference of two settings, down to the value of a nested one that moved."""
    if isinstance(before, dict) and isinstance(now, dict) and set(before) == set(now):
        key = next(key for key in now if before[key] != now[key])
        return _difference(f"{name}.{key}", before[key], now[key])
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        number = next(i for i, value in enumerate(now) if before[i] != value)
        return _difference(f"{name}.{number}", before[number], now[number])
    return f"{name} {_short(before)} to {_short(now)}"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
