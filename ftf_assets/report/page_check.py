"""Read a written report back: whether it is whole and shows every number of the gate."""

from __future__ import annotations

from html.parser import HTMLParser

import pandas as pd

from ftf_assets.report.formats import gate_text
from ftf_assets.report.sections.gate_table import GATE_COLUMNS


class _GateRows(HTMLParser):
    """Collects the cells of the gate's tables, and whether the page has its end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: dict[tuple[str, str, str], dict[str, str]] = {}
        self.whole = False
        self._level = ("", "")
        self._row: dict[str, str] = {}
        self._column = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "table":
            self._level = (found.get("data-factor", ""), found.get("data-level", ""))
        elif tag == "tr":
            self._row = {}
        elif tag in ("td", "th"):
            self._column = found.get("data-column", "")

    def handle_data(self, data: str) -> None:
        if self._column:
            self._row[self._column] = self._row.get(self._column, "") + data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._column = ""
        elif tag == "tr" and "metric" in self._row:
            self.rows[(*self._level, self._row["metric"])] = self._row
        elif tag == "html":
            self.whole = True


def missing_from_page(page: str, metrics: pd.DataFrame) -> list[str]:
    """Name the numbers of the gate that a page does not show.

    Parameters
    ----------
    page
        HTML of a report.
    metrics
        Rows of ``gate_metrics`` of its sweep.

    Returns
    -------
    list of str
        Empty where the page shows all of them.
    """
    parsed = _GateRows()
    parsed.feed(page)
    if not parsed.whole:
        return ["the end of the page"]
    missing = []
    for row in metrics.to_dict("records"):
        shown = parsed.rows.get((row["factor"], row["level"], row["metric"]), {})
        missing += [
            f"{name} of {row['metric']}, {row['factor']} = {row['level']}"
            for name in GATE_COLUMNS
            if shown.get(name) != gate_text(name, row[name])
        ]
    return missing
