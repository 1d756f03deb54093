"""The registry of table formats: file suffix to reader."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pandas as pd

from ftf_assets.sources.readers.csv_files import read_csv_table
from ftf_assets.sources.readers.parquet_files import read_parquet_table


class TableReader(Protocol):
    """Reads one file into a frame, or raises ``InputError`` naming the file and ``crypto``."""

    def __call__(self, path: Path, *, crypto: str | None = None) -> pd.DataFrame: ...  # noqa: D102


@dataclass(frozen=True)
class TableFormat:
    """A file format that tables come in.

    Attributes
    ----------
    read
        Reader of one file.
    index_is_line_number
        Whether the index of a read table numbers the lines of its file. Otherwise the index is data of the
        file, such as the timestamps of a Parquet file that pandas wrote.
    """

    read: TableReader
    index_is_line_number: bool


#: File suffix, lower case, to its format. A suffix may have two parts, such as ``.csv.gz``.
TABLE_FORMATS: dict[str, TableFormat] = {
    ".csv": TableFormat(read_csv_table, index_is_line_number=True),
    ".parquet": TableFormat(read_parquet_table, index_is_line_number=False),
}
