"""Factors of other packages: what an installed package offers as an entry point of ``ftf_assets.factors``.

An entry point is found wherever the package is installed: by the command, by Dagster's code location, by a
run on another host. So a factor of a user's own needs no copy of this repository.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, TypeVar

from ftf_assets.contracts.errors import FtfError, InputError, input_error
from ftf_assets.labels.built_in_factors import BUILT_IN
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
        and nothing else is. What one raises carries a note of the line of its package that raised it.

    Raises
    ------
    InputError
        One cannot be imported, is no factor, or has a name that is none or is taken: which package, and what
        to do.
    """
    found: list[Factor] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        factor = _loaded(point)
        _require_free_names(factor, point, (*BUILT_IN, *found))
        found.append(_with_places_of_errors(_with_source(factor, point), point))
    return tuple(found)


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
    for what in ("levels", "default_levels"):
        names: object = getattr(factor, what)
        if not isinstance(names, tuple):
            raise _refused(point, f"has {what} that are no tuple", repr(names), '("off", "on")')
    given: tuple[object, ...] = (factor.name, *factor.levels, *factor.default_levels)
    for name in given:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
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


def _require_free_names(factor: Factor, point: EntryPoint, others: tuple[Factor, ...]) -> None:
    """Refuse the name of a column of the results, and names that another factor or level has."""
    from ftf_assets.contracts.tables.finetune_results import CELL_COLUMNS  # pandera, only if it is needed

    if factor.name in CELL_COLUMNS:
        raise _refused(point, "is named like a column of the results", factor.name, "another name")
    own = _own_names(factor)
    taken = ["baseline", *own]  # the variant without treatment
    taken += [name for other in others for name in _own_names(other)]
    repeated = sorted({name for name in own if taken.count(name) > 1})
    if repeated:
        raise _refused(
            *(point, "has names that a factor or level has already", ", ".join(repeated)),
            "names of its own; levels other than the baseline name variants",
        )


def _own_names(factor: Factor) -> list[str]:
    return [factor.name, *(level for level in factor.levels if level != factor.baseline)]


def _with_source(factor: _Any, point: EntryPoint) -> _Any:
    own, source = factor.identity, _source_hash(point)

    def identity(level: str, settings: TreatmentSettings) -> Mapping[str, object]:
        try:
            return {**own(level, settings), "source": source}
        except Exception as error:  # whatever the code of another package raises
            found = f"{type(error).__name__}: {error}"
            raise _refused(point, f"has no identity of its level {level!r}", found) from error

    return dataclasses.replace(factor, identity=identity)


def _with_places_of_errors(factor: _Any, point: EntryPoint) -> _Any:
    functions: dict[str, Any] = {
        name: _noting_place(getattr(factor, name), name, point)
        for name in ("judge", "treat")
        if hasattr(factor, name)
    }
    return dataclasses.replace(factor, **functions)


def _noting_place(do: Callable[..., Any], name: str, point: EntryPoint) -> Callable[..., Any]:
    @functools.wraps(do)
    def noting(*arguments: object) -> object:
        try:
            return do(*arguments)
        except FtfError:  # raised on purpose, with a message that is meant to be read
            raise
        except Exception as error:
            error.add_note(f"({_place(error, point) or f'{name} of the factor {point.value}'})")
            raise

    return noting


def _place(error: Exception, point: EntryPoint) -> str:
    """Name the innermost line of the factor's package that an error passed; "" where it passed none.

    The module is named, not its file: a row of the results must not depend on the host that made it.
    """
    package, place = point.module.partition(".")[0], ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] == package:
            place = f"{module}, line {line}, in {frame.f_code.co_name}"
    return place


def _source_hash(point: EntryPoint) -> str:
    """Hash the files of a factor's top-level package to 12 digits, or those that come with its single module.

    All files count but bytecode and hidden ones: a package may read its shares from a JSON file beside it, or
    compute in a compiled module. With a module come the files of its distribution, or, where that is
    installed for editing, the files in the module's folder.
    """
    top = sys.modules[point.module.partition(".")[0]]
    folders = [Path(folder) for folder in getattr(top, "__path__", ())]
    files = [(folder, path) for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    if not folders and top.__file__ is not None:
        files = _files_with(Path(top.__file__), point)
    digest = hashlib.sha256()
    for folder, path in files:
        if not _made_by_itself(path.relative_to(folder)):
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]


def _files_with(module: Path, point: EntryPoint) -> list[tuple[Path, Path]]:
    """List the files that come with a module that is no package, each after its folder."""
    folder = module.parent
    recorded = [Path(str(file.locate())) for file in (point.dist.files if point.dist else None) or ()]
    if module in recorded:
        # What is about the distribution says when and how it was installed.
        own = sorted(path for path in recorded if path.parent.suffix != ".dist-info" and path.is_file())
        return [(folder, path) for path in own if path.is_relative_to(folder)]
    return [(folder, path) for path in sorted(folder.iterdir()) if path.is_file()]


def _made_by_itself(path: Path) -> bool:
    return path.suffix == ".pyc" or any(part == "__pycache__" or part[0] == "." for part in path.parts)


def _refused(point: EntryPoint, rule: str, found: str, allowed: str | None = None) -> InputError:
    package = point.dist.name if point.dist else "?"
    return input_error(
        f"the factor {point.value} of the installed package {package} {rule}",
        found=found,
        allowed=allowed,
        fix=f"Correct it, or uninstall {package}.",
    )
