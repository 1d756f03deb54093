"""Tables from files that others wrote: CSV and Parquet, read without trusting a byte of them."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ftf_assets.contracts.errors import InputError, input_error


def read_csv_table(path: Path, *, crypto: str | None = None) -> pd.DataFrame:
    """Read a CSV file as text, so that a bad cell is shown as it stands.

    Parameters
    ----------
    path
        The file: UTF-8, its first line the names of the columns.
    crypto
        Named in every error.

    Returns
    -------
    pandas.DataFrame
        Text in every cell, "" where a field is empty or absent; the index holds the line of the file, the
        header being line 1. Blank lines are left out. Names stand as in the file, also repeated ones.

    Raises
    ------
    InputError
        No text, no table, nothing in it, or a line with more cells than the header names.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        if "\0" in text:
            raise _unreadable("CSV", path, crypto, f"a NUL byte at position {text.index(chr(0))}")
        # Without a header row of its own, pandas renames no repeated column and shifts no longer line.
        table = pd.read_csv(
            io.StringIO(text), header=None, dtype=str, keep_default_na=False, skip_blank_lines=False
        )
    except pd.errors.EmptyDataError:
        raise input_error("the file is empty", crypto=crypto, file=path.name) from None
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001  foreign bytes lead a parser anywhere
        raise _unreadable("CSV", path, crypto, error) from None
    table = table.fillna("")
    table.index = pd.RangeIndex(1, len(table) + 1)
    table = table.loc[(table != "").any(axis=1)]
    if table.empty:
        raise input_error("the file is empty", crypto=crypto, file=path.name)
    names = [str(name).strip() for name in table.iloc[0]]
    return table.iloc[1:].set_axis(names, axis="columns")


def read_parquet_table(path: Path, *, crypto: str | None = None) -> pd.DataFrame:
    """Read a Parquet file with the index that its pandas metadata states.

    Parameters
    ----------
    path
        The file. Where its pages carry checksums, they are verified.
    crypto
        Named in every error.

    Raises
    ------
    InputError
        No Parquet file, a damaged one, or one with extension types: these may carry code, pickled.
    """
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        for field in file.schema_arrow:
            if _holds_extension(field):
                raise input_error(
                    "extension types are refused",
                    crypto=crypto,
                    file=path.name,
                    column=field.name,
                    found=(field.metadata or {}).get(b"ARROW:extension:name", b"").decode(errors="replace")
                    or str(field.type),
                    allowed="numbers, text, booleans and times",
                    fix="Write the column as plain values.",
                )
        table: pd.DataFrame = file.read().to_pandas()
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001  foreign bytes lead a decoder anywhere
        raise _unreadable("Parquet", path, crypto, error) from None
    return table


def _holds_extension(field: pa.Field) -> bool:
    named = b"ARROW:extension:name" in (field.metadata or {})
    inner = [field.type.field(number) for number in range(field.type.num_fields)]
    return named or isinstance(field.type, pa.BaseExtensionType) or any(map(_holds_extension, inner))


def _unreadable(form: str, path: Path, crypto: str | None, found: object) -> InputError:
    said = str(found).strip() or type(found).__name__
    return input_error(
        f"the file is not a readable {form} table", crypto=crypto, file=path.name, found=said.splitlines()[0]
    )
