"""Read a written report back: whether it is whole and shows every number of the gate."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import pandas as pd

from ftf_assets.gate.words import metric_in_words
from ftf_assets.report.formats import NOTHING, gate_text
from ftf_assets.report.sections.gate_table import GATE_VALUES


class _GateNumbers(HTMLParser):
    """Collects the numbers of the gate by level, metric and column, and whether the page has its end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.numbers: dict[tuple[str, ...], str] = {}
        self.whole = False
        self._level: tuple[str, ...] = ()
        self._row: dict[str, str] = {}
        self._name = ""

    def shown(self, row: Mapping[Any, Any], name: str) -> str | None:
        """Give the text of a value; None without the row. An absent value may be left out of its cell."""
        key = (row["factor"], row["level"], metric_in_words(row["metric"]))
        return self.numbers.get((*key, name), NOTHING) if (*key, "metric") in self.numbers else None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "table":
            self._level = (found["data-factor"], found["data-level"]) if "data-factor" in found else ()
        elif tag == "tr":
            self._row = {}
        elif tag == "span":
            self._name = found.get("data-name", "")

    def handle_data(self, data: str) -> None:
        if self._level and self._name:
            self._row[self._name] = self._row.get(self._name, "") + data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag == "span":
            self._name = ""
        elif tag == "tr" and self._level:
            metric = self._row.get("metric", "")
            self.numbers |= {(*self._level, metric, name): text for name, text in self._row.items()}
        elif tag == "table":
            self._level = ()
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
        for name in GATE_VALUES
        if parsed.shown(row, name) != _text(row, name)
    ]


def _text(row: Mapping[Any, Any], name: str) -> str:
    return metric_in_words(row[name]) if name == "metric" else gate_text(name, row[name])
