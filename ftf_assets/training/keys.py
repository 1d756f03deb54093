"""What keys are made of: a hash of JSON, and the versions of code and libraries."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ftf_assets.contracts.typed import typed

#: The code that decides what a cell computes. The table contracts and row rules are left out: they refuse
#: values and compute none.
_CODE = ("contracts/coercion/*.py", "labels/**/*.py", "sources/**/*.py", "training/**/*.py")
#: Code among them that computes nothing: it fetches the files that sources read.
_NOT_CODE = "sources/exchange/"
#: Last digits of a key that all keys of a crypto share.
N_OWNER = 4


@typed
def stable_hash(content: Mapping[str, Any], length: int = 16) -> str:
    """Hash a JSON mapping to ``length`` hex digits. The order of its keys does not matter.

    Raises
    ------
    TypeError
        JSON cannot hold a value. No value is converted to text silently.

    Examples
    --------
    >>> stable_hash({"crypto": "OPUSDC", "fold": 0}) == stable_hash({"fold": 0, "crypto": "OPUSDC"})
    True
    """
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:length]


@typed
def key_of_crypto(crypto: str, content: Mapping[str, Any]) -> str:
    """Hash a JSON mapping that belongs to a crypto: 16 hex digits, then 4 that all keys of the crypto share.

    The last four say where the value of a key lies in a bucket, so that whoever works on one crypto lists
    nothing of the others. Several cryptos may share them.

    Examples
    --------
    >>> keys = [key_of_crypto("OPUSDC", {"fold": fold}) for fold in (0, 1)]
    >>> keys[0] != keys[1] and owner_of(keys[0]) == owner_of(keys[1])
    True
    """
    return stable_hash(content) + hashlib.sha256(crypto.encode()).hexdigest()[:N_OWNER]


@typed
def owner_of(key: str) -> str:
    """Return the digits that all keys of a crypto share."""
    return key[-N_OWNER:]


@functools.cache
def code_version() -> str:
    """Hash the code that decides what a cell computes: coercion, labels, sources and training."""
    return source_hash(_CODE)


@typed
def source_hash(patterns: tuple[str, ...]) -> str:
    """Hash the source text of modules of this package to 12 hex digits.

    The bytes are hashed, not the syntax tree, so every Python version gives the same hash; a changed comment
    changes it. Windows line ends count as Unix ones.

    Parameters
    ----------
    patterns
        Paths below the package, with wildcards, such as ``audit/**/*.py``.
    """
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    paths = (path for pattern in patterns for path in sorted(root.glob(pattern)))
    for path in (path for path in paths if not path.relative_to(root).as_posix().startswith(_NOT_CODE)):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]


@functools.cache
def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that decide the bits of a fit."""
    return {name: version(name) for name in ("xgboost", "cleanlab", "numpy", "ta-lib")}


@functools.cache
def artifact_versions() -> dict[str, str]:
    """Return the versions of the libraries that decide the content of any artifact, tuning included."""
    frames = {name: version(name) for name in ("pandas", "pyarrow")}
    return {**library_versions(), **tuning_versions(), **frames}


@functools.cache
def tuning_versions() -> dict[str, str]:
    """Return the versions of the libraries that decide, in addition, which parameters a study tries."""
    return {name: version(name) for name in ("optuna", "scikit-learn", "scipy")}
