"""Identity: keys and seeds, derived from inputs and settings, never from results."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ftf_assets.contracts.typed import typed

#: The code that decides what a cell computes. The table contracts are no part of it: they refuse, they do not
#: compute.
_CODE = ("contracts/coercion.py", "labels/**/*.py", "sources/**/*.py", "training/**/*.py")


@typed
def stable_hash(content: Mapping[str, Any], length: int = 16) -> str:
    """Hash a JSON mapping to ``length`` hex digits, whatever the order of its keys.

    Raises
    ------
    TypeError
        A value that JSON cannot hold: nothing is turned into text silently.
    """
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:length]


@typed
def fit_seed(sweep_seed: int, crypto: str, fold: int, role: str, repeat: int = 0) -> int:
    """Derive the seed of one fit, in [0, 2**31).

    The variant is no part of it: variants of one (crypto, fold) differ in nothing but their treatment.

    Parameters
    ----------
    sweep_seed
        The sweep's seed.
    crypto, fold
        The cell.
    role
        ``model``, ``out_of_fold_<block>`` or another use of randomness, such as ``filter_random``.
    repeat
        Number of the repeat, where a cell averages several fits.
    """
    return (
        int(
            stable_hash({"seed": sweep_seed, "crypto": crypto, "fold": fold, "role": role, "repeat": repeat}),
            16,
        )
        % 2**31
    )


@functools.cache
def code_version() -> str:
    """Hash the code that decides what a cell computes: coercion, labels, sources and training."""
    return source_hash(_CODE)


@typed
def source_hash(patterns: tuple[str, ...]) -> str:
    """Hash the source text of modules of this package to 12 hex digits.

    The bytes are hashed, with Windows line ends as Unix ones, so every Python version gives the same hash. A
    changed comment changes it too.

    Parameters
    ----------
    patterns
        Paths below the package, with wildcards, such as ``audit/**/*.py``.
    """
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for path in (path for pattern in patterns for path in sorted(root.glob(pattern))):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]


@functools.cache
def library_versions() -> dict[str, str]:
    """Versions of the libraries that decide the bits of a fit."""
    return {name: version(name) for name in ("xgboost", "cleanlab", "numpy", "ta-lib")}


@functools.cache
def artifact_versions() -> dict[str, str]:
    """Versions of the libraries that decide what any artifact holds, tuning included."""
    frames = {name: version(name) for name in ("pandas", "pyarrow")}
    return {**library_versions(), **tuning_versions(), **frames}


@functools.cache
def tuning_versions() -> dict[str, str]:
    """Versions of the libraries that decide, besides, which parameters a study tries."""
    return {name: version(name) for name in ("optuna", "scikit-learn", "scipy")}
