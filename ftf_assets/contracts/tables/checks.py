"""Checks that several table contracts share, and the base of the contracts of stored tables."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from ftf_assets.contracts.row_rules import RowRule


def keeps(rule: RowRule, *fields: str) -> Any:
    """Hold fields of a table contract to a rule of rows; by default the field that the rule names.

    The rule also sees missing values. To leave them out, pandera would copy each column.
    """

    def check(cls: type, values: pd.Series[Any]) -> pd.Series[bool]:  # noqa: ARG001  pandera passes the class
        # Besides its own column a rule may take the timestamp, which is the index of the tables with rules.
        columns = [values.index if name == "timestamp" else values for name in rule.columns]
        kept = rule.holds(*columns)
        return kept if isinstance(kept, pd.Series) else pd.Series(kept, values.index)

    check.__name__ = _name(rule.says)
    return pa.check(*(fields or rule.columns[:1]), error=rule.says, ignore_na=False)(check)


def keeps_across(rule: RowRule) -> Any:
    """Hold a table to a rule that compares columns of a row; tables without one of these columns keep it."""

    def check(cls: type, frame: pd.DataFrame) -> Any:  # noqa: ARG001
        if not set(rule.columns) <= set(frame.columns):
            return pd.Series(True, frame.index)
        return rule.holds(*(frame[name] for name in rule.columns))

    check.__name__ = _name(rule.says)
    return pa.dataframe_check(error=rule.says)(check)


def unique_rows(key: Sequence[str]) -> Any:
    """Refuse a second row of the same key."""
    rule = f"({', '.join(key)}) must be unique"

    def check(cls: type, frame: pd.DataFrame) -> Any:  # noqa: ARG001
        return ~frame.duplicated(list(key), keep=False)

    check.__name__ = _name(rule)
    return pa.dataframe_check(error=rule)(check)


def json_objects(column: str) -> Any:
    """Refuse a text that is not a JSON object."""
    rule = f"{column} must be a JSON object"

    def check(cls: type, texts: pd.Series[str]) -> Any:  # noqa: ARG001
        return texts.map(_is_json_object).astype(bool)

    check.__name__ = _name(rule)
    return pa.check(column, error=rule)(check)


class StoredTable(pa.DataFrameModel):
    """Base of the contracts of stored tables: exactly their columns, in order, and no infinite number."""

    class Config:
        strict = True
        ordered = True

    @pa.dataframe_check(error="numbers must not be infinite")
    def numbers_are_finite(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        return ~np.isinf(frame.select_dtypes("float64")).any(axis=1)


def _name(sentence: str) -> str:
    return "_".join(re.findall(r"\w+", sentence))


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except json.JSONDecodeError:
        return False
