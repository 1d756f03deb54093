"""Factors of other packages: what an installed package offers as an entry point of ``ftf_assets.factors``.

An entry point is found wherever the package is installed: by the command, by Dagster's code location, by a
run on another host. So a factor of a user's own needs no copy of this repository.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import sys
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TypeVar

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.labels.factor import Factor, LabelFactor, RowFactor, TreatmentSettings, WeightFactor

GROUP = "ftf_assets.factors"

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_Any = TypeVar("_Any", bound=Factor)


def installed_factors() -> tuple[Factor, ...]:
    """Load the factors of installed packages, in the order of their names.

    Returns
    -------
    tuple of Factor
        Each with the source of its package in the identity of its levels: an edited factor is fitted again,
        and nothing else is.

    Raises
    ------
    InputError
        One cannot be imported or is no factor: which package, and what to do.
    """
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return tuple(_with_source(_loaded(point), point) for point in points)


def _loaded(point: EntryPoint) -> Factor:
    try:
        factor = point.load()
    except Exception as error:  # whatever the code of another package raises
        raise _refused(point, "cannot be imported", f"{type(error).__name__}: {error}") from error
    if not isinstance(factor, LabelFactor | WeightFactor | RowFactor):
        raise _refused(
            point, "is no factor", type(factor).__name__, "a LabelFactor, a WeightFactor or a RowFactor"
        )
    _require_names(factor, point)
    return factor


def _require_names(factor: Factor, point: EntryPoint) -> None:
    """Refuse names that are no columns or variants, and default levels that are none."""
    for name in (factor.name, *factor.levels):
        if not _NAME.fullmatch(name):
            raise _refused(
                *(point, "has a name that is none", repr(name)),
                "lower-case letters, digits and _, a letter first, at most 40",
            )
    if factor.default_levels[:1] != (factor.baseline,) or not set(factor.default_levels) <= set(
        factor.levels
    ):
        raise _refused(
            *(point, "has default levels that do not begin with its baseline or are not among its levels"),
            *(", ".join(factor.default_levels), f"{factor.baseline} first, then some of the levels"),
        )


def _with_source(factor: _Any, point: EntryPoint) -> _Any:
    own, source = factor.identity, _source_hash(point.module)

    def identity(level: str, settings: TreatmentSettings) -> Mapping[str, object]:
        try:
            return {**own(level, settings), "source": source}
        except Exception as error:  # whatever the code of another package raises
            found = f"{type(error).__name__}: {error}"
            raise _refused(point, f"has no identity of its level {level!r}", found) from error

    return dataclasses.replace(factor, identity=identity)


def _source_hash(module: str) -> str:
    """Hash the source of a module's top-level package, or of the module if it is no package, to 12 digits."""
    top = sys.modules[module.partition(".")[0]]
    folders = [Path(folder) for folder in getattr(top, "__path__", ())]
    files = [(folder, path) for folder in folders for path in sorted(folder.rglob("*.py"))]
    if not folders and top.__file__ is not None:
        files = [(Path(top.__file__).parent, Path(top.__file__))]
    digest = hashlib.sha256()
    for folder, path in files:
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]


def _refused(point: EntryPoint, rule: str, found: str, allowed: str | None = None) -> InputError:
    package = point.dist.name if point.dist else "?"
    return input_error(
        f"the factor {point.value} of the installed package {package} {rule}",
        found=found,
        allowed=allowed,
        fix=f"Correct it, or uninstall {package}.",
    )
