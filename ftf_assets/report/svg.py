"""Inline SVG: drawn without a display, the same bytes for the same data, named for screen readers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Colours that colour-blind readers tell apart; each line has its own dashes and marker too.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#AA4499", "#5A5A5A", "#B8860B", "#56B4E9")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.2)), (0, (6, 2, 1, 2)), (0, (3, 1, 1, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")

_STYLE: Any = {
    "svg.fonttype": "none",  # text stays text: selectable, searchable, read aloud
    "font.family": "sans-serif",
    "font.size": 9.5,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#555555",
    "axes.unicode_minus": False,
    "xtick.color": "#333333",
    "ytick.color": "#333333",
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "text.parse_math": False,  # names of cryptos and levels are no formulae
    "hatch.linewidth": 0.6,
}
#: Left, bottom, right and top of the axes, as shares of the figure.
Margins = tuple[float, float, float, float]

_NAMESPACE = "{http://www.w3.org/2000/svg}"


@contextmanager
def drawing(width: float, height: float, margins: Margins | None = None) -> Iterator[Figure]:
    """Give an empty figure, drawn in the report's style.

    Parameters
    ----------
    width, height
        Inches.
    margins
        Left, bottom, right and top of the axes as shares of the figure, where every such chart has the same:
        it is drawn in half the time. None measures all text and finds room for it.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout=None if margins else "constrained")
        if margins:
            left, bottom, right, top = margins
            figure.subplots_adjust(left, bottom, right, top)
        yield figure


def inline_svg(figure: Figure, name: str, title: str, description: str) -> Markup:
    """Turn a figure into an SVG element for an HTML page; call it within :func:`drawing`.

    Parameters
    ----------
    figure
        What to draw.
    name
        Prefix of every id, unique in the page.
    title, description
        What the picture is and what it shows, for those who do not see it.

    Returns
    -------
    Markup
        Without namespaces, scripts, dates or random ids; all text is escaped.
    """
    import matplotlib as mpl

    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": name}):
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(buffer, format="svg", metadata=nothing)
    # Our own output, not an upload: no entity can hide in it.
    root = ElementTree.fromstring(buffer.getvalue())  # noqa: S314
    width = float(str(root.get("width")).removesuffix("pt"))
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{_NAMESPACE}metadata", f"{_NAMESPACE}style"):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_NAMESPACE)
        element.attrib = {_local(key): _prefixed(_local(key), value, name) for key, value in element.items()}
    root.attrib = {
        "viewBox": str(root.get("viewBox")),
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-desc",
        "style": f"max-width:{width * 4 / 3:.0f}px;stroke-linejoin:round;stroke-linecap:butt",
    }
    for position, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(tag, {"id": f"{name}-{tag}"})
        element.text = text
        root.insert(position, element)
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704  the serialiser escapes


def standalone_svg(svg: Markup) -> str:
    """Turn an element of :func:`inline_svg` into an SVG file of its natural size, as ``<img>`` needs it."""
    root = ElementTree.fromstring(svg)  # noqa: S314  our own output
    _, _, width, height = root.attrib["viewBox"].split()
    root.attrib |= {
        "xmlns": _NAMESPACE.strip("{}"),
        "width": f"{float(width) * 4 / 3:.0f}",
        "height": f"{float(height) * 4 / 3:.0f}",
    }
    return ElementTree.tostring(root, encoding="unicode")


def description_of(svg: Markup) -> str:
    """Give title and description of an element of :func:`inline_svg`, for an alt text."""
    root = ElementTree.fromstring(svg)  # noqa: S314  our own output
    return f"{root.findtext('title')}. {root.findtext('desc')}"


def line_style(number: int) -> dict[str, Any]:
    """Give line ``number`` its own colour, dashes and marker; 0 is the baseline: solid, black, thicker."""
    return {
        "color": COLOURS[number % len(COLOURS)],
        "linestyle": DASHES[number % len(DASHES)],
        "marker": MARKERS[number % len(MARKERS)],
        "linewidth": 2.2 if number == 0 else 1.5,
        "markersize": 4.5,
    }


def _local(key: str) -> str:
    return key.rpartition("}")[2]


def _prefixed(key: str, value: str, name: str) -> str:
    if key == "id":
        return f"{name}-{value}"
    if key == "href" and value.startswith("#"):
        return f"#{name}-{value[1:]}"
    return value.replace("url(#", f"url(#{name}-")
