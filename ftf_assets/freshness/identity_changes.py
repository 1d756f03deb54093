"""What differs between the inputs of a stored artifact and those that a run would use now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ftf_assets.freshness.reason import Kind, Reason, upstream_out_of_date

_LONGEST = 60


def identity_change(
    before: Mapping[str, Any], now: Mapping[str, Any], stale_upstream: Collection[str]
) -> Reason:
    """Describe every difference of two identities; the first one gives the kind.

    Parameters
    ----------
    before, now
        :meth:`~ftf_assets.sweep.sweep.Sweep.artifact_identity` of the newest stored value and of today. JSON
        both: a tuple is a list.
    stale_upstream
        Assets upstream that are not current: they explain a change where the value's own inputs are the same.
    """
    if not before:
        return Reason("settings", "the stored value does not record its inputs")
    changes: list[tuple[Kind, str]] = []
    if before["data"] != now["data"]:
        changes.append(("data", f"data changed ({before['data']} to {now['data']})"))
    if before["code"] != now["code"]:
        changes.append(("code", f"code version changed ({before['code']} to {now['code']})"))
    if before["libraries"] != now["libraries"]:
        changes.append(("libraries", _difference("libraries", before["libraries"], now["libraries"])))
    settings = {"source": before["source"], **before["settings"]}
    for name, value in {"source": now["source"], **now["settings"]}.items():
        if settings.get(name) != value:
            changes.append(("settings", f"settings: {_difference(name, settings.get(name), value)}"))
    if changes:
        return Reason(changes[0][0], "; ".join(text for _, text in changes))
    stale = [name for name in now["upstream"] if name in stale_upstream]
    return (
        upstream_out_of_date(stale)
        if stale
        else Reason("settings", "an upstream asset was computed with other settings")
    )


def _difference(name: str, before: object, now: object) -> str:
    """Describe the first difference of two settings, down to the nested value that changed."""
    if isinstance(before, dict) and isinstance(now, dict) and set(before) == set(now):
        key = next(key for key in now if before[key] != now[key])
        return _difference(f"{name}.{key}", before[key], now[key])
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        number = next(i for i, value in enumerate(now) if before[i] != value)
        return _difference(f"{name}.{number}", before[number], now[number])
    texts = str(before), str(now)
    # Lists of variants and the like would fill lines; ``ftf plan`` prints the variants that it compares.
    return f"{name} {texts[0]} to {texts[1]}" if max(map(len, texts)) <= _LONGEST else f"{name} changed"
