"""Artifacts planted by an attacker who can write to a home and knows how its checksums are made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ftf_assets.storage.artifacts import HEADER
from ftf_assets.storage.blobs.protocol import PACK_SUFFIX


def rewrite_header(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change an artifact's header and give it the checksum of what it now says."""
    header = json.loads((folder / HEADER).read_text(encoding="utf-8"))
    header.pop("checksum")
    header = change(header)
    text = json.dumps(header, sort_keys=True)
    signed = header | {"checksum": hashlib.sha256(text.encode()).hexdigest()[:24]}
    (folder / HEADER).write_text(json.dumps(signed), encoding="utf-8")


def plant_pack(folder: Path, content: bytes, place: dict[str, Any]) -> None:
    """Put a pack of other content, under its right name, and this place in it where the arrays were."""
    name = hashlib.sha256(content).hexdigest()[:24] + PACK_SUFFIX
    (folder / name).write_bytes(content)

    def point(value: Any) -> Any:
        if isinstance(value, dict):
            if "packed" in value:
                return place
            return {key: point(item) for key, item in value.items()}
        return [point(item) for item in value] if isinstance(value, list) else value

    pack = {"file": name, "n_bytes": len(content)}
    rewrite_header(folder, lambda header: header | {"pack": pack, "value": point(header["value"])})
