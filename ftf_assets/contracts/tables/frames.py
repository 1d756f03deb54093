"""Frames with the columns and dtypes of a table contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import pandera.pandas as pa

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.tables.validation import validated


def contract_frame(model: type[pa.DataFrameModel], rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Build a frame of a contract from one mapping a row, and validate it.

    Parameters
    ----------
    model, rows
        As in :func:`unvalidated_frame`.

    Raises
    ------
    InputError
        A row has a key that is not a column, or breaks the contract.
    """
    return validated(model, unvalidated_frame(model, rows))


def unvalidated_frame(model: type[pa.DataFrameModel], rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Build a frame with the columns and dtypes of a contract, whatever its values.

    Parameters
    ----------
    model
        The contract of a table without an index.
    rows
        Values by column. A column that a row leaves out is null; times are ``Timestamp`` or nanoseconds.

    Raises
    ------
    InputError
        A row has a key that is not a column.
    """
    names = list(model.to_schema().columns)
    unknown = sorted({key for row in rows for key in row} - set(names))
    if unknown:
        raise input_error(
            f"{model.to_schema().name} has no such columns", found=unknown, allowed=", ".join(names)
        )
    columns = {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in names}
    return with_contract_dtypes(model, pd.DataFrame(columns))


def with_contract_dtypes(model: type[pa.DataFrameModel], frame: pd.DataFrame) -> pd.DataFrame:
    """Give the columns of a frame the dtypes of a contract, as a store does with what it reads.

    Columns that the contract does not have are dropped.
    """
    columns = {}
    for name, column in model.to_schema().columns.items():
        dtype = column.dtype.type
        if isinstance(dtype, pd.DatetimeTZDtype):
            columns[name] = pd.to_datetime(frame[name], utc=True).astype(dtype)
        elif pd.api.types.is_float_dtype(dtype):
            columns[name] = pd.to_numeric(frame[name]).astype(dtype)
        else:
            columns[name] = frame[name].astype(dtype)
    return pd.DataFrame(columns).reset_index(drop=True)


def field_descriptions(model: type[pa.DataFrameModel]) -> dict[str, str]:
    """Describe every named column of a contract, the index included."""
    schema = model.to_schema()
    columns = {name: column.description for name, column in schema.columns.items() if not column.regex}
    if schema.index is not None and schema.index.name:
        columns[schema.index.name] = schema.index.description
    return {name: text for name, text in columns.items() if text}
