"""CSV files as tables of text: the separator, the header, and what is no row of the table."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np
import pandas as pd

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.sources.faults import Faults
from ftf_assets.sources.readers.errors import unreadable_file
from ftf_assets.sources.readers.options import SEPARATORS, ReadingOptions
from ftf_assets.sources.readers.raw_table import RawTable

_NAMES = {sign: name for name, sign in SEPARATORS.items()}
#: Lines that the separator is found from, and lines that may stand before the header.
_SAMPLE = 200
_PREAMBLE = 20

_NUMBER = re.compile(r"\s*[+-]?(\d[\d.,]*|\.\d+)([eE][+-]?\d+)?\s*")
_COMMENT = re.compile(r"\s*(#|//)\s*")
_ADDRESS = re.compile(r"\s*\S*(://|www\.)\S*\s*")
_STATED_SEPARATOR = re.compile(r'"?sep=(.)"?\s*')


@dataclass(slots=True)  # not frozen, which takes three times as long to make
class _Line:
    number: int
    cells: list[str]

    @property
    def comment(self) -> bool:
        return self.cells[0].startswith(("#", "//"))

    @property
    def has_number(self) -> bool:
        return any(_NUMBER.fullmatch(cell) for cell in self.cells)


def csv_table(text: str, path: Path, crypto: str | None, options: ReadingOptions, faults: Faults) -> RawTable:
    """Read the text of a CSV file.

    Parameters
    ----------
    text
        The decoded text.
    path, crypto
        File and crypto that errors name.
    options
        The separator, if the user states it.
    faults
        Gets a fault for lines with more cells than the header; such lines are not in the table.

    Returns
    -------
    RawTable
        Text in every cell, "" where a cell is empty or absent. The index holds the line numbers. Blank lines
        and comments are left out, and so is an address before the header and a header that is repeated.
        A header of several rows, as pandas writes one for a ``MultiIndex`` of columns, stays one.

    Raises
    ------
    InputError
        The file is empty, no separator or more than one fits, or a quoted cell does not end.
    """
    left_out: list[str] = []
    stated = _STATED_SEPARATOR.fullmatch(text[: text.find("\n") + 1].strip() or text[:8])
    separator = stated.group(1) if stated else None
    if options.separator:
        separator = SEPARATORS.get(options.separator, options.separator)
    separator = separator or _found_separator(text, path, crypto, options.flag)
    lines = list(_lines(text, separator, path, crypto))
    if stated and lines:
        left_out.append("line 1: the separator")
        lines = lines[1:]
    comments = [line for line in lines if line.comment]
    lines = [line for line in lines if not line.comment]
    while lines and len(lines) > 1 and _before_header(lines[0]):
        left_out.append(f"line {lines[0].number}: {_before_header(lines[0])}")
        lines = lines[1:]
    if not lines:
        raise input_error("the file is empty", crypto=crypto, file=path.name)
    commented = _commented_header(comments, lines[0])
    header = None
    if commented:
        comments.remove(commented)
        header, levels = commented, [[_COMMENT.sub("", commented.cells[0]), *commented.cells[1:]]]
    elif lines[0].has_number:
        levels = []
    else:
        header, levels = lines[0], _header_levels(lines)
        repeated = [line for line in lines[1:] if line.cells == header.cells]
        if repeated:
            left_out.append(f"{_numbers(repeated)}: the header again")
        lines = [line for line in lines[_header_length(lines) :] if line.cells != header.cells]
    if comments:
        left_out.append(f"{_numbers(comments)}: {'comments' if len(comments) > 1 else 'a comment'}")
    return RawTable(
        frame=_frame(lines, levels, faults),
        format="CSV",
        is_text=True,
        has_names=bool(levels),
        separator=_NAMES.get(separator, separator),
        header=header.number if header else None,
        left_out=tuple(left_out),
    )


def _found_separator(text: str, path: Path, crypto: str | None, flag: str) -> str:
    sample = "\n".join([line for line in text[: 64 * 1024].splitlines() if line.strip()][:_SAMPLE])
    shares = {separator: _share_of_width(sample, separator) for separator in _NAMES}
    fitting = [separator for separator, share in shares.items() if share >= 0.9] or [
        separator for separator, share in shares.items() if share > 0.4
    ]
    if not fitting:
        first = next((line for line in sample.splitlines() if not _COMMENT.match(line)), "")
        fitting = [separator for separator in _NAMES if separator in first and separator in sample]
        fitting = fitting if len(fitting) == 1 else []
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        if not text.strip():
            raise input_error("the file is empty", crypto=crypto, file=path.name)
        raise input_error(
            "the file is not a readable CSV table",
            crypto=crypto,
            file=path.name,
            found="no separator that gives its lines the same number of cells",
            allowed="comma, semicolon, tab or bar",
            fix=f"If cells are separated by another sign, state it: {flag}separator=…",
        )
    raise input_error(
        "more than one separator fits",
        crypto=crypto,
        file=path.name,
        found=" and ".join(_NAMES[one] for one in fitting),
        fix="State it: " + " or ".join(f"{flag}separator={_NAMES[one]}" for one in fitting),
    )


def _share_of_width(sample: str, separator: str) -> float:
    """Share of lines that have the most frequent number of cells; 0 where that is one cell."""
    try:
        with _any_cell_length():
            reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
            rows = [_Line(0, [cell.strip() for cell in row]) for row in reader]
    except csv.Error:
        return 0.0
    rows = [row for row in rows if any(row.cells) and not row.comment]
    while len(rows) > 1 and _before_header(rows[0]):
        rows = rows[1:]
    if not rows:
        return 0.0
    width, count = Counter(len(row.cells) for row in rows).most_common(1)[0]
    # Another separator's header stays one cell here, although decimal commas split the lines below it.
    if width < 2 or len(rows[0].cells) < 2:
        return 0.0
    return count / len(rows)


def _before_header(line: _Line) -> str | None:
    """Tell what a line before the header is; None for a line of the table."""
    filled = [cell for cell in line.cells if cell.strip()]
    if len(filled) == 1 and _ADDRESS.fullmatch(filled[0]):
        return "an address"
    if len(filled) == 1 and not any(separator in filled[0] for separator in _NAMES):
        return None if _NUMBER.fullmatch(filled[0]) else "a title"
    return None


def _lines(text: str, separator: str, path: Path, crypto: str | None) -> Iterator[_Line]:
    try:
        with _any_cell_length():
            # StringIO without translation keeps the line breaks inside of quoted cells.
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
            number = 1
            for cells in reader:
                stripped = [cell.strip() for cell in cells]
                if any(stripped):
                    yield _Line(number, stripped)
                number = reader.line_num + 1
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001  a parser may raise anything on bytes from outside
        raise unreadable_file("CSV", path, crypto, error) from None


@contextmanager
def _any_cell_length() -> Iterator[None]:
    # Python refuses cells of more than 131,072 characters, but the error shall name row and column.
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _commented_header(comments: list[_Line], first: _Line) -> _Line | None:
    """Return the comment right before the first row, if it names the columns of a file without a header."""
    before = [line for line in comments if line.number < first.number]
    if before and first.has_number and len(before[-1].cells) == len(first.cells) and len(first.cells) > 1:
        return before[-1]
    return None


def _header_length(lines: list[_Line]) -> int:
    """Count the rows of the header: one, or all of a ``MultiIndex`` of columns as pandas writes it."""
    for number, line in enumerate(lines[1:4], start=1):
        if _index_names(lines[0], line):
            return number + 1
    second = lines[1] if len(lines) > 2 else None
    if (
        second
        and not second.has_number
        and second.cells[0] == lines[0].cells[0] == ""
        and lines[2].has_number
    ):
        return 2
    return 1


def _header_levels(lines: list[_Line]) -> list[list[str]]:
    length = _header_length(lines)
    levels = [list(line.cells) for line in lines[:length]]
    if length > 1 and (names := _index_names(lines[0], lines[length - 1])):
        levels.pop()
        for level in levels:
            level[: len(names)] = names
    return levels


def _index_names(first: _Line, line: _Line) -> list[str]:
    """Return the names of the index, if the line holds only them: pandas writes it below such a header."""
    names = list(takewhile(bool, line.cells))
    others, above = line.cells[len(names) :], first.cells[1 : len(names)]
    return names if names and others and not any((*others, *above)) and not names[0][0].isdigit() else []


def _frame(lines: list[_Line], levels: list[list[str]], faults: Faults) -> pd.DataFrame:
    width = len(levels[0]) if levels else Counter(len(line.cells) for line in lines).most_common(1)[0][0]
    if all(len(line.cells) == width + 1 and not line.cells[-1] for line in lines):
        # Every line ends with the separator, which makes no cell.
        lines = [_Line(line.number, line.cells[:-1]) for line in lines]
    elif not levels and all(len(line.cells) == width and not line.cells[-1] for line in lines):
        lines, width = [_Line(line.number, line.cells[:-1]) for line in lines], width - 1
    too_long = [line for line in lines if len(line.cells) > width]
    faults.add_rows(
        np.ones(len(too_long), dtype=bool),
        "the line has too many cells",
        cells=[len(line.cells) for line in too_long],
        rows=[line.number for line in too_long],
        allowed=f"{width} cells, as in the {'header' if levels else 'other lines'}",
        fix="Remove lines before the header; put cells that hold the separator into double quotes.",
    )
    kept = [line for line in lines if len(line.cells) <= width]
    padded = [line.cells + [""] * (width - len(line.cells)) for line in kept]
    cells = np.array(padded, dtype=object).reshape(len(kept), width)
    columns: pd.Index[str] | pd.MultiIndex | pd.RangeIndex
    if not levels:
        columns = pd.RangeIndex(width)
    elif len(levels) == 1:
        columns = pd.Index(levels[0], dtype=object)
    else:
        columns = pd.MultiIndex.from_arrays([[*level, *[""] * width][:width] for level in levels])
    index = pd.Index([line.number for line in kept], dtype=np.int64)
    return pd.DataFrame(cells, columns=columns, index=index)


def _numbers(lines: list[_Line]) -> str:
    first = ", ".join(str(line.number) for line in lines[:5])
    more = f" and {len(lines) - 5} more" if len(lines) > 5 else ""
    return f"line{'s' if len(lines) > 1 else ''} {first}{more}"
