"""A table against its contract, and a broken one in one line: where, which rule, what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from ftf_assets.contracts.errors import InputError, input_error

#: Rules on which columns there are; their failures break other rules too, which then say nothing.
_MISPLACED = {
    "column_in_dataframe": "no such column",
    "column_in_schema": "a column that the contract does not have",
    "column_ordered": "the column in another place",
}


def validated(
    model: type[pa.DataFrameModel],
    frame: pd.DataFrame,
    *,
    key: Sequence[str] = (),
    crypto: str | None = None,
    file: str | None = None,
) -> pd.DataFrame:
    """Return ``frame`` if it satisfies the contract.

    Parameters
    ----------
    model
        The contract.
    frame
        What to check.
    key
        Columns that name a row; without them its index does.
    crypto, file
        Where the rows come from, as the message names it.

    Raises
    ------
    InputError
        Names the first broken rule with its column, first row and what was found, then every other one.
    """
    if key:
        frame = frame.reset_index(drop=True)  # rows under one label are told apart by their place
    try:
        checked: pd.DataFrame = model.validate(frame, lazy=True)
    except SchemaErrors as broken:
        raise _one_line(broken, frame, key, crypto, file) from None
    return checked


@dataclass(frozen=True)
class _Broken:
    """A rule with the first row that breaks it."""

    column: str | None
    check: str
    row: object
    found: object


def _one_line(
    broken: SchemaErrors, frame: pd.DataFrame, key: Sequence[str], crypto: str | None, file: str | None
) -> InputError:
    first, *others = _broken_rules(broken.failure_cases, frame, key)
    also = "; ".join(f"{one.column}: {one.check}" if one.column else one.check for one in others)
    return input_error(
        f"breaks the contract {broken.schema.name!r}: {first.check}",
        crypto=crypto,
        file=file,
        column=first.column,
        row=first.row,
        found=first.found,
        fix=f"Broken as well: {also}." if also else None,
    )


def _broken_rules(failures: pd.DataFrame, frame: pd.DataFrame, key: Sequence[str]) -> list[_Broken]:
    misplaced = failures[failures["check"].isin(_MISPLACED)]
    if len(misplaced):
        return [
            _Broken(str(one.failure_case), str(one.check), None, _MISPLACED[str(one.check)])
            for one in misplaced.itertuples()
        ]
    column = failures["column"].where(failures["schema_context"] == "Column", "")
    rules = []
    for (name, check), failed in failures.groupby([column, "check"], sort=False):
        first = failed.iloc[0]
        rules.append(
            _Broken(
                str(name) or None, str(check), _row_name(first["index"], frame, key), first["failure_case"]
            )
        )
    return rules


def _row_name(index: Any, frame: pd.DataFrame, key: Sequence[str]) -> object:
    if index is None or pd.isna(index):
        return None
    if not key:
        return index
    row = frame.iloc[int(index)]
    return ", ".join(f"{name} {row[name]}" for name in key if name in row)
