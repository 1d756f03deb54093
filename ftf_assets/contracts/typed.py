"""Run-time type checks of the pure packages: jaxtyping states dtypes and shapes, beartype enforces them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int8, Int64, jaxtyped

P = ParamSpec("P")
R = TypeVar("R")

Array = np.ndarray
"""The only array type behind the coercion boundary. A pandas object in its place is an error."""


def typed(function: Callable[P, R]) -> Callable[P, R]:
    """Check every annotated argument and the result of a function, or of a dataclass, at each call.

    Raises
    ------
    jaxtyping.TypeCheckError
        At the call: a ``DataFrame`` where an array belongs, another dtype, or arrays whose shapes do not
        match. The error names the argument, what came and what was expected.
    """
    if isinstance(function, type):
        constructor: Any = function
        constructor.__init__ = _checked(constructor.__init__)
        return function
    return _checked(function)


def _checked(function: Callable[P, R]) -> Callable[P, R]:
    # beartype generates the code of the checks, which takes milliseconds a function and half a second for all
    # of them. It is generated at the first call, because no process calls more than a few of these functions.
    @functools.cache
    def with_checks() -> Callable[P, R]:
        from beartype import beartype

        return beartype(function)

    @functools.wraps(function)
    def call(*arguments: P.args, **named: P.kwargs) -> R:
        try:
            with jaxtyped("context"):  # within it, lengths of the same name are equal
                return with_checks()(*arguments, **named)
        except _violation():
            pass
        return _refuse(function, *arguments, **named)

    return call


def _violation() -> type[Exception]:
    from beartype.roar import BeartypeCallHintParamViolation  # a wrong result must not be computed twice

    return BeartypeCallHintParamViolation


def _refuse(function: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
    """Call a function once more, with jaxtyping's checks: they take twice as long and say what is wrong."""
    from beartype import beartype

    checked: Callable[P, R] = jaxtyped(typechecker=beartype)(function)
    return checked(*arguments, **named)


__all__ = ["Array", "Bool", "Float32", "Float64", "Int8", "Int64", "typed"]
