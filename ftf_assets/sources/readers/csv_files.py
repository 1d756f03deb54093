"""CSV files as tables of text."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.sources.readers.errors import unreadable_file


def read_csv_table(path: Path, *, crypto: str | None = None) -> pd.DataFrame:
    """Read a CSV file as text, so that errors can quote a bad cell as it was written.

    Parameters
    ----------
    path
        The file: UTF-8, column names in its first line.
    crypto
        Crypto that errors name.

    Returns
    -------
    pandas.DataFrame
        Text in every cell, "" where a field is empty or absent. The index holds the line number in the file;
        the header is line 1. Blank lines are left out. Column names are those of the file, repeated ones
        included.

    Raises
    ------
    InputError
        The file is not text, is not a table, is empty, or has a line with more cells than the header.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        if "\0" in text:
            raise unreadable_file("CSV", path, crypto, f"a NUL byte at position {text.index(chr(0))}")
        # With header=None pandas neither renames repeated columns nor shifts the cells of a longer line.
        table = pd.read_csv(
            io.StringIO(text), header=None, dtype=str, keep_default_na=False, skip_blank_lines=False
        )
    except pd.errors.EmptyDataError:
        raise input_error("the file is empty", crypto=crypto, file=path.name) from None
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001  a parser may raise anything on bytes from outside
        raise unreadable_file("CSV", path, crypto, error) from None
    table = table.fillna("")
    table.index = pd.RangeIndex(1, len(table) + 1)
    table = table.loc[(table != "").any(axis=1)]
    if table.empty:
        raise input_error("the file is empty", crypto=crypto, file=path.name)
    names = [str(name).strip() for name in table.iloc[0]]
    return table.iloc[1:].set_axis(names, axis="columns")
