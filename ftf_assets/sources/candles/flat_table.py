"""One file as a table whose index is a column like the others, with names and row numbers for errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ftf_assets.contracts.typed import Array
from ftf_assets.sources.candles.bar_table import VALUE_COLUMNS
from ftf_assets.sources.candles.spellings import ROLES
from ftf_assets.sources.faults import Faults
from ftf_assets.sources.plain_names import plain_name
from ftf_assets.sources.readers.raw_table import RawTable


def flat_table(raw: RawTable, faults: Faults) -> tuple[pd.DataFrame, list[str], Array, bool]:
    """Return the cells of a table with its index among the columns, and what its rows and columns are called.

    Returns
    -------
    frame : pandas.DataFrame
        The cells; columns count by position.
    names : list of str
        Column names, ``column 1`` and so on where the file has none. Of a ``MultiIndex`` of columns the level
        that names prices counts.
    rows : numpy.ndarray
        Row numbers that errors name, int64.
    has_names : bool
        Whether the names are those of the file. A header that only counts names nothing.

    Raises
    ------
    FaultsError
        The columns hold bars of more than one symbol.
    """
    has_names = raw.has_names
    frame, names = raw.frame, _level_names(raw.frame.columns, faults)
    if raw.is_text:
        rows = np.asarray(frame.index, dtype=np.int64)
        counted = not raw.has_names and len(frame) > 1 and _counts(frame.iloc[0].tolist())
        if counted:
            frame, rows = frame.iloc[1:], rows[1:]
        if counted == "index":
            frame = frame.iloc[:, 1:]
    elif _counts(names):
        has_names = False
        rows = np.arange(1, len(frame) + 1)
    else:
        frame, names = _with_index(frame, names)
        rows = np.arange(1, len(frame) + 1)
    if not has_names:
        names = [f"column {number}" for number in range(1, frame.shape[1] + 1)]
    return frame.set_axis(pd.RangeIndex(len(frame)), axis="index"), names, rows, has_names


def _counts(cells: Sequence[str]) -> str:
    """Tell a header that only counts, as pandas writes it for a table without names: "", all or index."""
    if list(cells) == [str(number) for number in range(len(cells))]:
        return "all"
    later = [str(number) for number in range(len(cells) - 1)]
    return "index" if len(cells) > 1 and cells[0] == "" and list(cells[1:]) == later else ""


def _level_names(columns: pd.Index, faults: Faults) -> list[str]:
    if not isinstance(columns, pd.MultiIndex):
        return [str(name) for name in columns]
    levels = [[str(name) for name in columns.get_level_values(level)] for level in range(columns.nlevels)]
    known = {name for role in VALUE_COLUMNS for name in ROLES[role]}
    best = max(levels, key=lambda level: len({plain_name(name) for name in level} & known))
    for level in levels:
        pairs = zip(level, best, strict=True)
        others = dict.fromkeys(name for name, value in pairs if plain_name(value) in known)
        if level is not best and len(others) > 1:
            faults.add(
                "the columns hold bars of more than one symbol",
                found=", ".join(list(others)[:8]),
                fix="Write one file for each symbol.",
            )
            raise faults.error()
    return best


def _with_index(frame: pd.DataFrame, names: list[str]) -> tuple[pd.DataFrame, list[str]]:
    if isinstance(frame.index, pd.RangeIndex) and frame.index.name is None:
        return frame, names
    levels = [frame.index.get_level_values(level) for level in range(frame.index.nlevels)]
    there = {plain_name(name) for name in names}
    for level in levels:
        name = "" if level.name is None else str(level.name)
        if plain_name(name) in there and name:
            continue
        frame = pd.concat([pd.Series(level, index=frame.index, name=name), frame], axis=1)
        names = [name, *names]
    return frame, names
