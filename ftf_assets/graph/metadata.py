"""Values that the Dagster UI shows well: tables of records, the last rows of a frame, a schema.

The UI shows a table in place and lets no cell of it wrap, so a wide one makes the page wider than the screen
and takes long texts beside it along. It folds Markdown behind a link from 1,000 characters on; below, its
cells wrap. So an asset with a text that people must be able to read gives its tables as Markdown: the small
one is in place, the large ones one click away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    import pandas as pd

Metadata = dict[str, Any]


def table(records: Sequence[Mapping[Any, Any]]) -> dg.TableMetadataValue:
    """Show records as a table: times as text, numbers to six significant digits."""
    shown = [{name: _cell(value) for name, value in record.items()} for record in records]
    columns = list(shown[0]) if shown else ["nothing"]
    return dg.MetadataValue.table(
        [dg.TableRecord(record) for record in shown],
        schema=dg.TableSchema([dg.TableColumn(name, _type_of(shown, name)) for name in columns]),
    )


def markdown_table(records: Sequence[Mapping[Any, Any]]) -> dg.MarkdownMetadataValue:
    """Show records as a table whose cells wrap: in place where it is small, else behind a link."""
    columns = list(records[0]) if records else ["nothing"]
    rows = [[_text(_cell(record.get(name))) for name in columns] for record in records]
    lines = [columns, ["---"] * len(columns), *rows]
    return dg.MetadataValue.md("\n".join(f"| {' | '.join(line)} |" for line in lines))


def preview(frame: pd.DataFrame, rows: int = 5) -> dg.TableMetadataValue:
    """Show the last rows of a frame with its index."""
    return table(frame.tail(rows).reset_index().to_dict("records"))


def column_schema(frame: pd.DataFrame, descriptions: Mapping[str, str]) -> dg.TableSchema:
    """Give the dtype of every column, and its description in the contract."""
    return dg.TableSchema(
        [
            dg.TableColumn(str(name), str(dtype), descriptions.get(str(name)))
            for name, dtype in frame.reset_index().dtypes.items()
        ]
    )


def _cell(value: Any) -> Any:
    import pandas as pd

    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, bool):
        return value
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return None if pd.isna(value) else float(f"{value:.6g}")
    return value


def _text(value: Any) -> str:
    return "" if value is None else " ".join(str(value).replace("|", r"\|").splitlines())


def _type_of(records: Sequence[Mapping[str, Any]], name: str) -> str:
    kinds = {type(record[name]) for record in records if record.get(name) is not None}
    names = {bool: "bool", int: "int", float: "float"}
    return names.get(kinds.pop(), "string") if len(kinds) == 1 else "string"
