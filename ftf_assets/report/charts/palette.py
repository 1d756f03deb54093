"""The colours of the pictures, each with its counterpart on a dark page.

A picture names a colour as ``var(--c-0072b2, #0072b2)``: the report's style sheet gives the variables, and a
picture alone, as in the Dagster UI, falls back to the light colour. Colours that are not listed stay as they
are: the shades of a heat map are data, and the numbers on them are :data:`ON_LIGHT` or :data:`ON_DARK`.
"""

from __future__ import annotations

import re

#: Colour on a light page to colour on a dark one. Both pages meet 4.5:1 for every colour that text has.
DARK = {
    "#000000": "#f2f3f5",
    "#222222": "#dcdfe3",
    "#333333": "#cdd1d6",
    "#444444": "#bcc1c8",
    "#555555": "#a6acb5",
    "#5a5a5a": "#b3b3b3",
    "#666666": "#9aa1ab",
    "#777777": "#949ba5",
    "#999999": "#7d848e",
    "#cccccc": "#4a5059",
    "#d9d9d9": "#565c66",
    "#dddddd": "#343941",
    "#e6e6e6": "#31363d",
    "#eeeeee": "#2a2e35",
    "#dbe9f6": "#1c3550",
    "#ffffff": "#15181c",
    "#0072b2": "#5cb3ee",
    "#d55e00": "#ff8f47",
    "#009e73": "#35cfa2",
    "#aa4499": "#e08fd2",
    "#b8860b": "#e3b341",
    "#56b4e9": "#a5dbfa",
}

#: Black and white that stay so on every page: numbers on the shades of a heat map.
ON_LIGHT, ON_DARK = "#010101", "#fefefe"

#: Colours that texts in pictures have.
TEXT_COLOURS = ("#000000", "#333333", "#444444")

_COLOUR = re.compile(r"#[0-9a-f]{6}\b")


def with_variables(style: str) -> str:
    """Name the listed colours of a style by their variables.

    >>> with_variables("fill: #0072b2; stroke: #123456")
    'fill: var(--c-0072b2,#0072b2); stroke: #123456'
    """
    return _COLOUR.sub(lambda found: _variable(found[0]) if found[0] in DARK else found[0], style)


def chart_variables() -> dict[str, tuple[str, str]]:
    """Give each variable with its colour on a light and on a dark page."""
    return {f"--c-{light[1:]}": (light, dark) for light, dark in DARK.items()}


def _variable(colour: str) -> str:
    return f"var(--c-{colour[1:]},{colour})"
