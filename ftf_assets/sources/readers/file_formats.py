"""One reader of every table format: the content decides, a suffix only says which files are looked at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ftf_assets.contracts.errors import input_error
from ftf_assets.sources.faults import Faults
from ftf_assets.sources.readers.arrow_files import arrow_table
from ftf_assets.sources.readers.contents import read_contents
from ftf_assets.sources.readers.csv_files import csv_table
from ftf_assets.sources.readers.json_files import json_table
from ftf_assets.sources.readers.options import DEFAULT_OPTIONS, ReadingOptions
from ftf_assets.sources.readers.raw_table import RawTable
from ftf_assets.sources.readers.texts import decoded

_TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")
_TYPED_SUFFIXES = (".parquet", ".feather", ".arrow", ".ipc")

#: Suffixes of the files that a folder is searched for, lower case. A suffix may have two parts.
TABLE_SUFFIXES = (
    *_TEXT_SUFFIXES,
    *(f"{suffix}{packed}" for suffix in _TEXT_SUFFIXES for packed in (".gz", ".zip")),
    *_TYPED_SUFFIXES,
    ".zip",
    ".gz",
)


def read_table(
    path: Path,
    *,
    crypto: str | None = None,
    options: ReadingOptions = DEFAULT_OPTIONS,
    faults: Faults | None = None,
    first_lines: int | None = None,
) -> RawTable:
    """Read a table in any of the formats.

    Parameters
    ----------
    path
        The file: CSV, JSON, JSON lines, plain or packed with gzip or zip, Parquet, Feather or Arrow stream.
    crypto
        Crypto that errors name.
    options
        What the user states about the file.
    faults
        Collects faults of single lines, which are then not in the table; None raises them.
    first_lines
        Lines of a CSV file that are read: enough to see its columns. None reads all.

    Raises
    ------
    InputError
        The file is empty or of another kind, or its content cannot be read as a table.
    """
    collected = Faults(crypto=crypto, file=path.name) if faults is None else faults
    contents = read_contents(path, crypto=crypto)
    if contents.kind == "text":
        is_json = contents.data.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1] in (b"[", b"{")
        text, encoding = decoded(contents.data, path, crypto, as_format=_expected_format(path, is_json))
        if not text.strip():
            raise input_error("the file is empty", crypto=crypto, file=path.name)
        if is_json:
            table = json_table(text, path, crypto, collected)
        else:
            text = text if first_lines is None else "\n".join(text.split("\n", first_lines)[:first_lines])
            table = csv_table(text, path, crypto, options, collected)
        table = replace(table, encoding=encoding)
    else:
        table = arrow_table(contents.data, contents.kind, path, crypto)
    if faults is None:
        collected.raise_if_any()
    return replace(table, compression=contents.compression)


def _expected_format(path: Path, is_json: bool) -> str:
    """Name the format for the error of bytes that turn out to be no text."""
    if path.name.lower().endswith(_TYPED_SUFFIXES):
        return "Parquet" if path.name.lower().endswith(".parquet") else "Feather"
    return "JSON" if is_json else "CSV"
