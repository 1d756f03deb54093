"""Validation of a table against its contract; what is broken is worded in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrorReason, SchemaErrors

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.row_rules import RULES

#: Rules about which columns there are. Where one is broken, the checks of values say nothing useful.
_MISPLACED = {
    "column_in_dataframe": "no such column",
    "column_in_schema": "a column that the contract does not have",
    "column_ordered": "the column in another place",
}
#: A check that holds a column to a rule of rows carries the sentence of the rule.
_RULE_OF_CHECK = {rule.says: rule for rule in RULES}


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
        Columns that name a row in the error; by default the index names it.
    crypto, file
        Where the rows come from, named in the error.

    Raises
    ------
    InputError
        Names the first broken rule with its column, first broken row and what came, then every other broken
        rule.
    """
    if key:
        frame = frame.reset_index(drop=True)  # repeated index labels would not tell rows apart
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
    first, *others = _broken_rules(broken, frame, key)
    also = "; ".join(f"{one.column}: {one.check}" if one.column else one.check for one in others)
    more = f"Broken as well: {also}." if also else None
    rule = _RULE_OF_CHECK.get(first.check)
    if rule is not None:
        return rule.error(
            crypto=crypto, file=file, column=first.column, row=first.row, found=first.found, more=more
        )
    return input_error(
        f"breaks the contract {broken.schema.name!r}: {first.check}",
        crypto=crypto,
        file=file,
        column=first.column,
        row=first.row,
        found=first.found,
        fix=more,
    )


def _broken_rules(broken: SchemaErrors, frame: pd.DataFrame, key: Sequence[str]) -> list[_Broken]:
    # pandera sorts the failures by an unstable sort; their index has the order of rules and rows.
    failures = broken.failure_cases.sort_index()
    misplaced = failures[failures["check"].isin(_MISPLACED)]
    if len(misplaced):
        return [
            _Broken(str(one.failure_case), str(one.check), None, _MISPLACED[str(one.check)])
            for one in misplaced.itertuples()
        ]
    # A check that raised, because a column has the wrong dtype, says nothing that the dtype does not say.
    raised = {
        str(one.check.error)
        for one in broken.schema_errors
        if one.reason_code == SchemaErrorReason.CHECK_ERROR and one.check is not None
    }
    if not failures["check"].isin(raised).all():
        failures = failures[~failures["check"].isin(raised)]
    column = failures["column"].where(failures["schema_context"] == "Column", "")
    rules = []
    for (name, check), failed in failures.groupby([column, "check"], sort=False):
        first = failed.iloc[0]
        # A check of the whole table reports the first of all columns, which need not be what it is about.
        of_value = first["schema_context"] != "DataFrameSchema"
        found = first["failure_case"] if of_value else None
        rules.append(
            _Broken(
                str(name) or None,
                str(check),
                _row_name(first["index"], frame, key),
                repr(found) if isinstance(found, str) else found,
            )
        )
    return [one for one in rules if not _follows_from_another(one, rules)]


def _follows_from_another(one: _Broken, rules: Sequence[_Broken]) -> bool:
    """Whether a wrong dtype of the column, or the rule that a missing value breaks, says it already."""
    others = {other.check for other in rules if other.column == one.column and other is not one}
    if one.check == "not_nullable":
        return any(check in _RULE_OF_CHECK for check in others)
    return not one.check.startswith("dtype(") and any(check.startswith("dtype(") for check in others)


def _row_name(index: Any, frame: pd.DataFrame, key: Sequence[str]) -> object:
    if index is None or pd.isna(index):
        return None
    if not key:
        return index
    row = frame.iloc[int(index)]
    return ", ".join(f"{name} {row[name]}" for name in key if name in row)
