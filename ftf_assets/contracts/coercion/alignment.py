"""Alignment: every column has one value per row, and pandas objects share one index in one order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array


def refuse_other_length(X: pd.DataFrame | Array, values: Any, *, crypto: str, column: str) -> None:
    """Refuse a column that does not have one value per row of the features."""
    if len(values) != len(X):
        raise input_error(
            "features and rows must have the same length",
            crypto=crypto,
            column=column,
            found=f"{len(values)} values for {len(X)} feature rows",
        )


def refuse_other_index(columns: dict[str, Any], *, crypto: str) -> None:
    """Refuse pandas columns whose index differs from that of the first, in a row or in the order of rows.

    Arrays have no index and are passed over. The same instants in another time zone or resolution are the
    same index.

    Parameters
    ----------
    columns
        The columns by name, of one length, the features first.
    crypto
        Named in the error.
    """
    indexed = {
        name: values.index for name, values in columns.items() if isinstance(values, pd.DataFrame | pd.Series)
    }
    if not indexed:
        return
    first_name, first = next(iter(indexed.items()))
    for column, index in indexed.items():
        if first.equals(index):
            continue
        differs = np.flatnonzero(first != index)
        if not len(differs):
            continue
        row = int(differs[0])
        same_rows = first.sort_values().equals(index.sort_values())
        raise input_error(
            "features and rows must share one index, in one order",
            crypto=crypto,
            column=column,
            row=row,
            found=f"{first_name} at {first[row]}, {column} at {index[row]}"
            + (", the same rows in another order" if same_rows else ""),
            fix="Align both on the feature index before they are handed over.",
        )
