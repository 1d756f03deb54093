"""A broken table contract in one line: crypto, file, column, first row, rule, what was found."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from ftf_assets.contracts.errors import InputError, input_error


def validated(
    model: type[pa.DataFrameModel], frame: pd.DataFrame, *, crypto: str, file: str | None = None
) -> pd.DataFrame:
    """Return ``frame`` if it satisfies the contract, else raise its first failure in one line.

    Raises
    ------
    InputError
        Names the first failing row and, when there is more than one failure, how many there are.
    """
    try:
        checked: pd.DataFrame = model.validate(frame, lazy=True)
    except SchemaErrors as errors:
        raise _one_line(errors, frame, crypto, file) from errors
    return checked


def _one_line(errors: SchemaErrors, frame: pd.DataFrame, crypto: str, file: str | None) -> InputError:
    failures = errors.failure_cases
    first = failures.iloc[0]
    column = first["column"]
    check = str(first["check"])
    found = first["failure_case"]
    if check == "column_in_dataframe":
        column, found = found, "no such column"
    row = first["index"]
    others = len(failures) - 1
    return input_error(
        f"breaks the contract {errors.schema.name!r}: {check}",
        crypto=crypto,
        file=file,
        column=str(column) if column in frame.columns or check == "column_in_dataframe" else None,
        row=None if row is None or pd.isna(row) else row,
        found=found,
        fix=f"{others} more failures follow." if others else None,
    )
