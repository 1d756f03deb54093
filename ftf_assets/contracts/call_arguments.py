"""The plain arguments of the calls of :mod:`ftf_assets.api`, before anything reads them.

NumPy's numbers become the Python numbers that they are. Anything else that a call does not take is refused in
one line. The functions behind the calls check types, too (:mod:`ftf_assets.contracts.typed`), but for whoever
writes them: many lines, with every argument.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ftf_assets.contracts.errors import InputError, first_value, input_error
from ftf_assets.contracts.row_rules import FEATURE_IS_PRESENT


def whole_number(name: str, value: object, *, at_least: int = 0, at_most: int = 2**31 - 1) -> int:
    """Take a whole number.

    Raises
    ------
    InputError
        Another type, True and False included, or a number out of bounds.
    """
    if isinstance(value, int | np.integer) and not isinstance(value, bool) and at_least <= value <= at_most:
        return int(value)
    raise refused(name, "a whole number", value, allowed=f"{at_least} to {at_most}")


def number(name: str, value: object) -> float:
    """Take a number of any kind as a float.

    Raises
    ------
    InputError
        Another type, True and False included.
    """
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        with suppress(OverflowError):  # an int that no float can hold
            return float(value)
    raise refused(name, "a number", value)


def word(name: str, value: object, allowed: Sequence[str] = ()) -> str:
    """Take a text, one of those allowed if some are named.

    Raises
    ------
    InputError
        Another type, or a text that is not allowed.
    """
    if isinstance(value, str) and (value in allowed or not allowed):
        return str(value)
    raise refused(name, "one of its words" if allowed else "text", value, allowed=", ".join(allowed))


def by_name(name: str, value: object) -> dict[str, Any]:
    """Take a mapping whose keys are names; None is an empty one.

    Raises
    ------
    InputError
        Another type, or a key that is not text.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise refused(name, "a mapping", value, allowed="names and their values, or None")
    for key in value:
        word(f"a name in {name}", key)
    return dict(value)


def texts_by_name(name: str, value: object) -> dict[str, str]:
    """Take a mapping of texts by name; None is an empty one.

    Raises
    ------
    InputError
        Another type, or a key or value that is not text.
    """
    return {key: word(f"{name}[{key!r}]", one) for key, one in by_name(name, value).items()}


def path(name: str, value: object) -> str:
    """Take the path of a file or folder.

    Raises
    ------
    InputError
        Another type.
    """
    if isinstance(value, str | Path):
        return str(value)
    raise refused(name, "a path", value, allowed="text or Path")


def model_parameters(name: str, value: object) -> dict[str, float | int | str]:
    """Take parameters of a model, such as the best ones of a search, which has NumPy's numbers.

    Raises
    ------
    InputError
        No mapping, or a value that is neither a number nor text.
    """
    given = {
        key: one.item() if isinstance(one, np.generic) else one for key, one in by_name(name, value).items()
    }
    for key, one in given.items():
        if isinstance(one, bool) or not isinstance(one, int | float | str):
            raise refused(f"{name}[{key!r}]", "a number or text", one, fix="Leave it out to get the default.")
    return given


def instant(name: str, value: object) -> pd.DatetimeIndex:
    """Take one time: a ``Timestamp``, a ``datetime`` or text of one.

    Raises
    ------
    InputError
        Anything else.
    """
    try:
        return pd.DatetimeIndex([pd.Timestamp(value)])  # type: ignore[arg-type]
    except (ValueError, TypeError):
        raise refused(name, "a time", value, allowed="a Timestamp with a timezone, or None") from None


def refused(
    name: str, what: str, value: object, *, allowed: str | None = None, fix: str | None = None
) -> InputError:
    """Word the error of an argument that is not what it must be."""
    found = first_value(value) if isinstance(value, int | float | str | np.generic) else _type_of(value)
    return input_error(f"{name} must be {what}", found=found, allowed=allowed or None, fix=fix)


def _type_of(value: object) -> str:
    kind = type(value)
    return "None" if value is None else f"{kind.__module__}.{kind.__qualname__}"


@contextmanager
def remedies_of_the_call() -> Iterator[None]:
    """Name the argument of a call where the remedy of an error names the flag of the command."""
    try:
        yield
    except InputError as error:
        if error.rule != FEATURE_IS_PRESENT.says:
            raise
        fix = "Trim the warm-up head, or pass missing='allow'."
        again = InputError(str(error).removesuffix(error.details["fix"]) + fix)
        again.rule, again.details = error.rule, {**error.details, "fix": fix}
        raise again from None
