"""What follows from source text alone, kept beside Python's own bytecode and as disposable as that."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any


def kept_beside_bytecode(
    module: str, name: str, derive: Callable[[], Any], texts: Iterable[Path], also: str = ""
) -> Any:
    """Derive a value from source files once for each state of them.

    Parameters
    ----------
    module
        ``__file__`` of the module that asks; its bytecode's folder holds the value.
    name
        What the value is called there, unique in the folder.
    derive
        Works the value out: anything that JSON holds.
    texts
        The files that it follows from.
    also
        Anything else that it follows from, such as versions.

    Returns
    -------
    object
        The value; worked out at every call where Python may not write its bytecode either.
    """
    digest = hashlib.sha256(also.encode())
    for path in texts:
        digest.update(str(path).encode() + path.read_bytes())
    source = digest.hexdigest()
    kept = Path(importlib.util.cache_from_source(module)).with_name(
        f"{name}.{sys.implementation.cache_tag}.json"
    )
    with contextlib.suppress(
        OSError, ValueError, KeyError, TypeError
    ):  # absent or damaged: it is derived again
        content = json.loads(kept.read_text(encoding="utf-8"))
        if content["source"] == source:
            return content["value"]
    value = derive()
    if not sys.dont_write_bytecode:
        unfinished = kept.with_name(f"{kept.name}.{os.getpid()}")
        with contextlib.suppress(OSError):  # an installation that only its owner may write to
            unfinished.write_text(json.dumps({"source": source, "value": value}), encoding="utf-8")
            unfinished.replace(kept)
    return value
