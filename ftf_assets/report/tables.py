"""Tables of the report: what a cell shows, and the same values at full precision as CSV.

A section builds a :class:`Table`; ``templates/table.html.j2`` lays every table out, with a link that saves it
as CSV. So no table is without its CSV, and none shows a number that its CSV does not hold.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import pandas as pd

from ftf_assets.report.formats import NOTHING, P_VALUES, is_absent

#: A text that begins so is a formula in a spreadsheet; an apostrophe before it makes it text again.
_FORMULAE = ("=", "+", "-", "@", "\t", "\r")
#: Numbers of columns from which a table needs more room than the narrower pages have.
_WIDE, _TOO_WIDE = 7, 15


@dataclass(frozen=True)
class Part:
    """One value of a cell.

    Attributes
    ----------
    name
        Of the value, and of its column in the CSV.
    before, after
        Words around it.
    small
        Whether it stands below the others in smaller type.
    """

    name: str
    before: str = ""
    after: str = ""
    small: bool = False


@dataclass(frozen=True)
class Column:
    """The values that stand below one heading; a p-value is never the first, but beside its effect.

    Attributes
    ----------
    heading
        What the reader sees.
    parts
        The values of a cell.
    kind
        ``number``, ``text``, ``long`` (text that wraps anywhere) or ``hash``.
    """

    heading: str
    parts: tuple[Part, ...]
    kind: str = "number"

    def __post_init__(self) -> None:
        if self.parts[0].name in P_VALUES:
            raise ValueError(f"column {self.heading!r} shows {self.parts[0].name} without its effect")

    def large(self, row: Mapping[str, Value]) -> list[Part]:
        """Give the values of a cell's first line: those that are there, else the first one, a dash."""
        large = [part for part in self.parts if not part.small]
        return [part for part in large if row[part.name].raw is not None] or large[:1]

    def small(self, row: Mapping[str, Value]) -> list[Part]:
        """Give the values below it: those that are there, the first without the comma that leads up to it."""
        there = [part for part in self.parts if part.small and row[part.name].raw is not None]
        return [
            replace(part, before=part.before.lstrip(",; ")) if part is there[0] else part for part in there
        ]


@dataclass(frozen=True)
class Value:
    """A value as it is, for the CSV, and as it is shown; ``strong`` sets it in bold."""

    raw: object
    text: str
    strong: bool = False


@dataclass(frozen=True)
class Table:
    """A table of the report.

    Attributes
    ----------
    name
        Its id in the page and the name of its CSV file: letters, digits and dashes.
    caption
        What it shows.
    columns
        The first one heads the rows.
    rows
        The values by name, a row each.
    data
        Attributes ``data-…`` of the element, such as the level that it is about.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, Value], ...]
    data: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of the values, in the order of the CSV."""
        return [part.name for column in self.columns for part in column.parts]

    @property
    def width(self) -> str:
        """The class of the style sheet: how wide a page must be for the columns to stand side by side.

        On a narrower page each row becomes a block of lines.
        """
        n_columns = len(self.columns)
        return "" if n_columns < _WIDE else "wide" if n_columns < _TOO_WIDE else "too-wide"

    @property
    def csv(self) -> str:
        """The values at full precision; an absent one is empty."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.names)
        writer.writerows([_as_csv(row[name].raw) for name in self.names] for row in self.rows)
        return text.getvalue()

    @property
    def csv_link(self) -> str:
        """The CSV as an address that needs no network."""
        return f"data:text/csv;charset=utf-8,{quote(self.csv, safe=_PLAIN)}"


#: Characters that stand for themselves in an address and in an attribute.
_PLAIN = ",;:/+-_.~()*!@="


def number_column(heading: str, name: str) -> Column:
    """Make a column of one number."""
    return Column(heading, (Part(name),))


def text_column(heading: str, name: str, kind: str = "text") -> Column:
    """Make a column of one text."""
    return Column(heading, (Part(name),), kind)


def range_column(heading: str, low: str, high: str) -> Column:
    """Make a column of an interval."""
    return Column(heading, (Part(low), Part(high, before=" to ")))


def estimate_column(heading: str, name: str, *more: Part) -> Column:
    """Make a column of an estimate with its interval below it; the values are those of :func:`estimated`."""
    interval = (Part(f"{name}_low", before="(", small=True), Part(f"{name}_high", " to ", ")", small=True))
    return Column(heading, (Part(name), *interval, *more))


def plain(value: Any) -> Value:
    """Take a text or a count as it is; counts of thousands get a comma."""
    if is_absent(value):
        return Value(None, NOTHING)
    return Value(
        value, f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    )


def number(value: float | None, form: str, *, strong: bool = False) -> Value:
    """Take a number and write it with a format, a minus with its own sign; a dash where it is absent."""
    if value is None or is_absent(value):
        return Value(None, NOTHING)
    return Value(float(value), format(float(value), form).replace("-", "\N{MINUS SIGN}"), strong=strong)


def plain_rows(records: Sequence[Mapping[Any, Any]], names: Sequence[str]) -> tuple[dict[str, Value], ...]:
    """Take the named values of records as they are."""
    return tuple({name: plain(one[name]) for name in names} for one in records)


def _as_csv(value: object) -> object:
    if is_absent(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, str) and value.startswith(_FORMULAE):
        return f"'{value}"
    return value
