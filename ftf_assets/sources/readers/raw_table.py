"""A table as it lies in a file, before any column is understood."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class RawTable:
    """The cells of one file and how they were written.

    Attributes
    ----------
    frame
        The table. For a text file every cell is text, "" where it is empty or absent, and the index holds
        the line number (CSV, JSON lines) or the number of the row from 1 (JSON). For Parquet and Feather
        cells have their types, and the index is data of the file, such as times.
    format
        ``CSV``, ``JSON array``, ``JSON object``, ``JSON lines``, ``Parquet``, ``Feather`` or
        ``Arrow stream``.
    is_text
        Whether the cells are text.
    has_names
        Whether the columns have the names of the file. Otherwise they are counted from 0.
    compression, encoding, separator, header
        As in :class:`~ftf_assets.sources.candles.bar_table.FileReading`.
    left_out
        What was left out and why, such as ``line 1: a comment``.
    """

    frame: pd.DataFrame
    format: str
    is_text: bool
    has_names: bool = True
    compression: str | None = None
    encoding: str | None = None
    separator: str | None = None
    header: int | None = None
    left_out: tuple[str, ...] = ()
