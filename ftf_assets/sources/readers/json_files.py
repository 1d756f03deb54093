"""JSON files as tables of text: lists of rows, of objects, one list inside an object, columns, lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.sources.faults import Faults
from ftf_assets.sources.readers.raw_table import RawTable

#: Name of the column that a key of a row gets, where rows are in an object with the time as key.
KEY_COLUMN = ""

_SHAPES = "a list of rows, a list of objects, an object that holds one such list, or columns as pandas writes"


def json_table(text: str, path: Path, crypto: str | None, faults: Faults) -> RawTable:
    """Read the text of a JSON file.

    Parameters
    ----------
    text
        The decoded text: one JSON value, or one in each line.
    path, crypto
        File and crypto that errors name.
    faults
        Gets a fault for rows with more cells than the first one; such rows are not in the table.

    Returns
    -------
    RawTable
        Text in every cell, numbers as they were written, "" for ``null``. Objects inside a row become columns
        such as ``quote.USD.open``. The index counts rows from 1; for JSON lines it holds the line numbers.

    Raises
    ------
    InputError
        The text is no JSON, repeats a key, or is of another shape.
    """
    try:
        return _table(text, path, crypto, faults)
    except RecursionError:
        raise _unreadable(path, crypto, "values nested too deep") from None


def _table(text: str, path: Path, crypto: str | None, faults: Faults) -> RawTable:
    try:
        value, lines = _parsed(text)
    except ValueError as error:
        raise _unreadable(path, crypto, error) from None
    if lines is not None:
        frame, has_names = _rows_frame(value, lines, path, crypto, faults)
        return RawTable(frame, "JSON lines", is_text=True, has_names=has_names)
    if isinstance(value, dict):
        return RawTable(*_object_frame(value, path, crypto, faults))
    frame, has_names = _rows_frame(value, None, path, crypto, faults)
    return RawTable(frame, "JSON array", is_text=True, has_names=has_names)


def _parsed(text: str) -> tuple[Any, list[int] | None]:
    """Parse one value, or else one a line; numbers stay the text that they were written as."""
    try:
        return _load(text), None
    except ValueError as error:
        numbered = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        if len(numbered) < 2:
            raise
        try:
            first = _load(numbered[0][1])
        except ValueError:
            raise error from None
        if not isinstance(first, dict | list):
            raise
        values = []
        for number, line in numbered:
            try:
                values.append(_load(line))
            except ValueError as broken:
                raise ValueError(f"line {number}: {broken}") from None
        return values, [number for number, _ in numbered]


def _load(text: str) -> Any:
    return json.loads(text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"an object has the key {twice!r} twice")
    return value


def _object_frame(
    value: dict[str, Any], path: Path, crypto: str | None, faults: Faults
) -> tuple[pd.DataFrame, str, bool, bool]:
    kind = ("JSON object", True)
    if set(value) >= {"columns", "data"} and _is_row(value["columns"]) and isinstance(value["data"], list):
        frame = _split_frame(value, path, crypto)
        return frame, *kind, True
    if _has_schema(value):
        frame, has_names = _rows_frame(value["data"], None, path, crypto, faults)
        unnamed = value["schema"].get("primaryKey") == ["index"]  # what pandas calls an index without a name
        return frame.rename(columns={"index": KEY_COLUMN} if unnamed else {}), *kind, has_names
    if _is_keyed(value):
        return _keyed_frame(value), *kind, True
    columns = {name: cells for name, cells in value.items() if _is_column(cells)}
    if len(columns) >= 3 and len({len(cells) for cells in columns.values()}) == 1:
        frame = pd.DataFrame({name: [_cell(one) for one in cells] for name, cells in columns.items()})
        return frame.set_axis(pd.RangeIndex(1, len(frame) + 1)), *kind, True
    found = list(_lists(value, "", 0))
    if len(found) != 1:
        raise input_error(
            "the JSON object must hold exactly one list of rows",
            crypto=crypto,
            file=path.name,
            found=", ".join(place for place, _ in found[:5]) or f"the keys {', '.join(list(value)[:8])}",
            allowed=_SHAPES,
            fix="Keep one list." if found else "If it is an error message of an exchange, fetch again.",
        )
    frame, has_names = _rows_frame(found[0][1], None, path, crypto, faults)
    return frame, *kind, has_names


def _lists(value: dict[str, Any], place: str, depth: int) -> list[tuple[str, list[Any]]]:
    found: list[tuple[str, list[Any]]] = []
    for key, inner in value.items():
        here = f"{place}.{key}" if place else key
        if isinstance(inner, list) and inner and isinstance(inner[0], list | dict):
            found.append((here, inner))
        elif isinstance(inner, dict) and depth < 5:
            found += _lists(inner, here, depth + 1)
    return found


def _has_schema(value: dict[str, Any]) -> bool:
    """Whether an object describes its columns beside the rows, as ``to_json(orient="table")`` writes them."""
    schema = value.get("schema")
    return isinstance(schema, dict) and "fields" in schema and isinstance(value.get("data"), list)


def _split_frame(value: dict[str, Any], path: Path, crypto: str | None) -> pd.DataFrame:
    """Columns, index and data apart, as ``to_json(orient="split")`` writes them."""
    names, rows = [_cell(name) for name in value["columns"]], value["data"]
    index = value.get("index")
    fits = all(_is_row(row) and len(row) == len(names) for row in rows)
    if not fits or (index is not None and not (_is_row(index) and len(index) == len(rows))):
        raise _unreadable(path, crypto, "columns, index and data of different lengths")
    cells = [[_cell(one) for one in row] for row in rows]
    if index is not None:
        names = [KEY_COLUMN, *names]
        cells = [[_cell(key), *row] for key, row in zip(index, cells, strict=True)]
    array = np.array(cells, dtype=object).reshape(len(rows), len(names))
    return pd.DataFrame(array, columns=names, index=pd.RangeIndex(1, len(rows) + 1))


def _is_keyed(value: dict[str, Any]) -> bool:
    """Whether an object holds objects of the same keys and single values."""
    inner = list(value.values())
    if len(inner) < 2 or not all(isinstance(one, dict) and one for one in inner):
        return False
    keys = list(inner[0])
    return all(list(one) == keys and _is_row(list(one.values())) for one in inner)


def _keyed_frame(value: dict[str, Any]) -> pd.DataFrame:
    """Objects in an object: columns by row key, or rows by key (``orient="columns"`` and ``"index"``)."""
    inner = list(value.values())
    keys = list(inner[0])
    # Rows have few and named cells; row keys of columns are counts or times, which begin with a digit.
    by_row = all(key and not key[0].isdigit() for key in keys)
    rows, names = (list(value), keys) if by_row else (keys, list(value))
    cells = [[row, *(_cell(value[row][n] if by_row else value[n][row]) for n in names)] for row in rows]
    array = np.array(cells, dtype=object).reshape(len(rows), len(names) + 1)
    return pd.DataFrame(array, columns=[KEY_COLUMN, *names], index=pd.RangeIndex(1, len(rows) + 1))


def _rows_frame(
    rows: Any, lines: list[int] | None, path: Path, crypto: str | None, faults: Faults
) -> tuple[pd.DataFrame, bool]:
    if not isinstance(rows, list) or not all(type(row) is type(rows[0]) for row in rows):
        raise _unreadable(path, crypto, "neither only lists nor only objects")
    if not rows:
        raise input_error("the file is empty", crypto=crypto, file=path.name)
    numbers = lines or list(range(1, len(rows) + 1))
    if isinstance(rows[0], dict):
        flat = [_flattened(row) for row in rows]
        names = list(dict.fromkeys(name for row in flat for name in row))
        array = np.array([[row.get(name, "") for name in names] for row in flat], dtype=object)
        frame = pd.DataFrame(array.reshape(len(rows), len(names)), columns=names, index=pd.Index(numbers))
        return frame, True
    if not isinstance(rows[0], list):
        raise _unreadable(path, crypto, "a list of single values")
    cells = [[_cell(one) for one in row] for row in rows]
    width = len(cells[0])
    other = np.array([len(row) != width for row in cells])
    faults.add_rows(
        other,
        "the row has another number of cells",
        cells=[len(row) for row in cells],
        rows=numbers,
        allowed=f"{width} cells, as in the first row",
    )
    kept = [row for row, broken in zip(cells, other, strict=True) if not broken]
    index = pd.Index([number for number, broken in zip(numbers, other, strict=True) if not broken])
    array = np.array(kept, dtype=object).reshape(len(kept), width)
    named = width > 1 and all(isinstance(one, str) and one[:1].isalpha() for one in cells[0])
    if named:
        return pd.DataFrame(array[1:], columns=cells[0], index=index[1:]), True
    return pd.DataFrame(array, index=index), False


def _flattened(row: dict[str, Any], place: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            flat |= _flattened(value, f"{place}{key}.")
        else:
            flat[f"{place}{key}"] = _cell(value)
    return flat


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value) if isinstance(value, bool) else str(value)


def _is_row(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(one, list | dict) for one in value)


def _is_column(value: Any) -> bool:
    return _is_row(value) and bool(value)


def _unreadable(path: Path, crypto: str | None, cause: object) -> InputError:
    text = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    return input_error(
        "the file is not a readable JSON table", crypto=crypto, file=path.name, found=text, allowed=_SHAPES
    )
