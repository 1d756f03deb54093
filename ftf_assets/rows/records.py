"""Table rows as plain Python mappings."""

from __future__ import annotations

from typing import Any

import pandas as pd


def plain_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Turn rows of a table into mappings of Python values; NaN, NA and NaT become None.

    Examples
    --------
    >>> plain_records(pd.DataFrame({"n": [3, 4], "lift": [1.5, float("nan")]}))
    [{'n': 3, 'lift': 1.5}, {'n': 4, 'lift': None}]
    """
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in frame.astype(object).to_dict("records")
    ]
