"""Result files of others, in any table format, as results that the gate can judge."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.gate_rows import NUMBER_COLUMNS
from ftf_assets.rows.published_results import PublishedResults, published_results
from ftf_assets.rows.result_columns import meaning, with_text_names
from ftf_assets.sources.readers.file_formats import read_table
from ftf_assets.sources.readers.options import ReadingOptions
from ftf_assets.sources.readers.raw_table import RawTable

#: How result files are read where the user states nothing; errors name the flags of ``ftf gate``.
RESULT_OPTIONS = ReadingOptions(flag="--")


def read_result_file(
    path: Path | str,
    *,
    factor: str | None = None,
    baseline: str | None = None,
    columns: Mapping[str, str] | None = None,
    options: ReadingOptions = RESULT_OPTIONS,
) -> PublishedResults:
    """Read results of one sweep, as :func:`~ftf_assets.rows.published_results.published_results` takes them.

    Parameters
    ----------
    path
        A file of any table format (:func:`~ftf_assets.sources.readers.file_formats.read_table`), such as
        ``ftf results`` and MLflow write it. Results without a ``sweep_id`` are called ``file_`` and 12 hex
        digits of its content.
    factor, baseline, columns
        As :func:`~ftf_assets.rows.published_results.published_results` takes them.
    options
        Separator and decimal sign of a text file.

    Raises
    ------
    InputError
        The file cannot be read, or what that function refuses.
    """
    path = Path(path).expanduser()
    table = _read(path, options)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    read = published_results(
        _frame(table, columns or {}, options, path.name),
        sweep_id=f"file_{digest}",
        file=path.name,
        factor=factor,
        baseline=baseline,
        columns=columns,
    )
    said = replace(read.columns, left_out=(*table.left_out, *read.columns.left_out))
    return replace(read, columns=said, format=_format_in_words(table))


def _read(path: Path, options: ReadingOptions) -> RawTable:
    if path.is_dir():
        raise input_error("results are one file, and this is a folder", file=str(path), fix="Name the file.")
    if not path.is_file():
        raise input_error("the results file does not exist", file=str(path))
    if path.suffix.lower() == ".duckdb":
        raise input_error(
            "a results store is not a file of results",
            file=path.name,
            fix=f"Judge its sweep with ftf gate --home {path.parent}, or export it with ftf results.",
        )
    table = read_table(path, options=options)
    if not table.has_names:
        raise input_error(
            "the columns have no names", file=path.name, fix="Give the file a header: crypto, fold, …"
        )
    return table


def _frame(table: RawTable, columns: Mapping[str, str], options: ReadingOptions, file: str) -> pd.DataFrame:
    """Give the table with None for what is missing and a decimal point in its numbers."""
    if not table.is_text:
        return table.frame
    # "none" and "off" are levels and "NA" might be a crypto: only an empty field is a missing value.
    frame = with_text_names(table.frame.astype(object).mask(table.frame == "", None))
    frame.index = pd.RangeIndex(len(frame))
    numbers = {*NUMBER_COLUMNS, *(theirs for ours, theirs in columns.items() if ours in NUMBER_COLUMNS)}
    for place, name in enumerate(frame.columns.tolist()):
        if name in numbers or meaning(name, NUMBER_COLUMNS)[0] is not None:
            cells = _with_decimal_point(frame.iloc[:, place], name, options, file)
            frame.isetitem(place, cells.tolist())
    return frame


def _with_decimal_point(cells: pd.Series, name: str, options: ReadingOptions, file: str) -> pd.Series:
    """Read numbers with a decimal comma where the user states it, and refuse them where nobody does."""
    stated = options.decimal == "comma"
    texts = cells.dropna().astype(str)
    other = texts[texts.str.contains("." if stated else ",", regex=False)]
    if len(other):
        raise input_error(
            "a number with a point, although the decimal sign is stated to be a comma"
            if stated
            else "a number with a comma, which is not guessed to be a decimal sign",
            file=file,
            column=name,
            row=int(other.index[0]) + 1,
            found=other.iloc[0],
            fix=f"State the decimal sign: {options.flag}decimal={'point' if stated else 'comma'}",
        )
    return cells.map(lambda cell: str(cell).replace(",", "."), na_action="ignore") if stated else cells


def _format_in_words(table: RawTable) -> str:
    separator = f", {table.separator} between cells" if table.separator else ""
    return f"{table.format}{separator}{f', {table.compression}' if table.compression else ''}"
