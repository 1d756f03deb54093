"""A report's tables and their CSV, as a reader finds them in the page."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import unquote

CSV = "data:text/csv;charset=utf-8,"


@dataclass
class ShownTable:
    """A table of the page: its headings, its cells as texts by name, and its CSV."""

    name: str
    headings: list[str] = field(default_factory=list)
    #: Rows of cells; a cell is its values by name, in the order in which they stand there.
    rows: list[list[dict[str, str]]] = field(default_factory=list)
    csv_name: str = ""
    csv_text: str = ""

    @property
    def values(self) -> list[dict[str, str]]:
        """The rows, each as its values by name."""
        return [{name: text for cell in row for name, text in cell.items()} for row in self.rows]

    @property
    def csv_rows(self) -> list[dict[str, str]]:
        """The rows of its CSV."""
        return list(csv.DictReader(io.StringIO(self.csv_text)))


def shown_tables(page: str) -> list[ShownTable]:
    """Find every table of a page."""
    parser = _Tables()
    parser.feed(page)
    return parser.tables


class _Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[ShownTable] = []
        self._table: ShownTable | None = None
        self._value, self._heading = "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "table":
            self._table = ShownTable(found.get("id", ""))
            self.tables.append(self._table)
        if self._table is None:
            return
        if tag == "a" and found.get("href", "").startswith(CSV):
            self._table.csv_name = found["download"]
            self._table.csv_text = unquote(found["href"].removeprefix(CSV))
        elif tag == "th" and found["scope"] == "col":
            self._heading = True
            self._table.headings.append("")
        elif tag == "tr" and self._table.headings:
            self._table.rows.append([])
        elif tag in ("td", "th"):
            self._table.rows[-1].append({})
        elif tag == "span" and "data-name" in found:
            self._value = found["data-name"]
            self._table.rows[-1][-1][self._value] = ""

    def handle_data(self, data: str) -> None:
        if self._table is None:
            return
        if self._heading:
            self._table.headings[-1] += data
        elif self._value:
            self._table.rows[-1][-1][self._value] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._table = None
        elif tag == "span":
            self._value = ""
        elif tag == "th":
            self._heading = False
