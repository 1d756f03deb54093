"""The kinds of column that table contracts share. Each function takes the description of the column."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

UtcTimestamp = Annotated[pd.DatetimeTZDtype, "ns", "UTC"]
Text: TypeAlias = Series[pd.StringDtype]
#: A whole number that may be absent.
Count: TypeAlias = Series[pd.Int64Dtype]


def key(description: str) -> Any:
    """A non-empty text."""
    return pa.Field(description=description, str_length={"min_value": 1})


def optional(description: str) -> Any:
    """Any value of the column's dtype, or null."""
    return pa.Field(nullable=True, description=description)


def share(description: str) -> Any:
    """A number in [0, 1]."""
    return pa.Field(ge=0, le=1, description=description)


def optional_share(description: str) -> Any:
    """A number in [0, 1], or null."""
    return pa.Field(ge=0, le=1, nullable=True, description=description)


def amount(description: str) -> Any:
    """A number of at least 0."""
    return pa.Field(ge=0, description=description)


def optional_amount(description: str) -> Any:
    """A number of at least 0, or null."""
    return pa.Field(ge=0, nullable=True, description=description)
