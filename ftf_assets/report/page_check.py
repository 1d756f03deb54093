"""Read a written report back: whether it is whole and shows every number of the gate."""

from __future__ import annotations

from html.parser import HTMLParser

import pandas as pd

from ftf_assets.report.formats import gate_text
from ftf_assets.report.sections.gate_table import GATE_LINES


class _GateNumbers(HTMLParser):
    """Collects the numbers of the gate by level, metric and column, and whether the page has its end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.numbers: dict[tuple[str, ...], str] = {}
        self.whole = False
        self._level = ("", "")
        self._number: tuple[str, ...] = ()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "table":
            self._level = (found.get("data-factor", ""), found.get("data-level", ""))
        elif tag == "td" and "data-column" in found:
            self._number = (*self._level, found["data-metric"], found["data-column"])

    def handle_data(self, data: str) -> None:
        if self._number:
            self.numbers[self._number] = self.numbers.get(self._number, "") + data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            self._number = ()
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
    parsed = _GateNumbers()
    parsed.feed(page)
    if not parsed.whole:
        return ["the end of the page"]
    return [
        f"{name} of {row['metric']}, {row['factor']} = {row['level']}"
        for row in metrics.to_dict("records")
        for name in GATE_LINES
        if parsed.numbers.get((row["factor"], row["level"], row["metric"], name))
        != gate_text(name, row[name])
    ]
