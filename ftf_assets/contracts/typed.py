"""Run-time type checks of the pure packages: jaxtyping shapes and dtypes, enforced by beartype."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np
from beartype import beartype
from jaxtyping import Bool, Float32, Float64, Int8, Int64, jaxtyped

P = ParamSpec("P")
R = TypeVar("R")

Array = np.ndarray
"""The only array type behind the coercion boundary: a ``pandas`` object in its place is an error."""


def typed(function: Callable[P, R]) -> Callable[P, R]:
    """Check every annotated argument and the result of a public function when it is called.

    A ``DataFrame`` where an array belongs raises ``jaxtyping.TypeCheckError``, which names the
    argument, what came and what was expected: the strictness that the whole product leans on.
    """
    return jaxtyped(typechecker=beartype)(function)


__all__ = ["Array", "Bool", "Float32", "Float64", "Int8", "Int64", "typed"]
