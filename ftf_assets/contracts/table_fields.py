"""The kinds of column that the table contracts share; each takes what the column means."""

from __future__ import annotations

from typing import Any, TypeAlias

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

Text: TypeAlias = Series[pd.StringDtype]
#: A whole number that may be absent.
Count: TypeAlias = Series[pd.Int64Dtype]


def key(description: str) -> Any:
    """A text that is never empty."""
    return pa.Field(description=description, str_length={"min_value": 1})


def optional(description: str) -> Any:
    """Anything of the column's dtype, or null."""
    return pa.Field(nullable=True, description=description)


def share(description: str) -> Any:
    """A number in [0, 1]."""
    return pa.Field(ge=0, le=1, description=description)


def optional_share(description: str) -> Any:
    """A number in [0, 1], or null."""
    return pa.Field(ge=0, le=1, nullable=True, description=description)


def amount(description: str) -> Any:
    """A number that is not negative."""
    return pa.Field(ge=0, description=description)


def optional_amount(description: str) -> Any:
    """A number that is not negative, or null."""
    return pa.Field(ge=0, nullable=True, description=description)
