"""Inline SVG: drawn without a display, the same bytes for the same data, described for screen readers."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from markupsafe import Markup

from ftf_assets.report.charts.palette import with_variables

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Colours that colour-blind readers can tell apart; each line also has its own dashes and marker.
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
    "axes.unicode_minus": True,
    "axes.facecolor": "none",  # the page's own background, light or dark
    "figure.facecolor": "none",
    "xtick.color": "#333333",
    "ytick.color": "#333333",
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "text.parse_math": False,  # names of cryptos and levels are no formulae
    "hatch.linewidth": 0.6,
}
#: Width of a letter and of a capital at the report's font size, inches; few letters are wider.
_LETTER, _CAPITAL = 0.08, 0.105

_NAMESPACE = "{http://www.w3.org/2000/svg}"
#: Widths of texts are estimated for these fonts.
_FONTS = "'DejaVu Sans',Verdana,sans-serif"
_PLACES = re.compile(r"-?\d+\.\d{2,}")


@dataclass(frozen=True)
class Room:
    """Inches around and between the axes of a figure, for the text outside the axes.

    Matplotlib could measure that text, but that takes as long as drawing it.

    Attributes
    ----------
    left, bottom, right, top
        Between the outermost axes and the figure's edge.
    between_columns, between_rows
        Between one axes and the next.
    """

    left: float
    bottom: float
    right: float = 0.1
    top: float = 0.1
    between_columns: float = 0.0
    between_rows: float = 0.0


@contextmanager
def drawing(
    width: float, height: float, room: Room, shape: tuple[int, int] = (1, 1), **options: Any
) -> Iterator[tuple[Figure, Any]]:
    """Open a figure in the report's style, with its axes in an array of ``shape``.

    Parameters
    ----------
    width, height
        Inches.
    room
        Space around the axes.
    shape
        Rows and columns of axes.
    options
        Keywords of ``Figure.subplots``, such as ``sharey``.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    n_rows, n_columns = shape
    one_width = (width - room.left - room.right - (n_columns - 1) * room.between_columns) / n_columns
    one_height = (height - room.bottom - room.top - (n_rows - 1) * room.between_rows) / n_rows
    grid = {
        "left": room.left / width,
        "right": 1 - room.right / width,
        "bottom": room.bottom / height,
        "top": 1 - room.top / height,
        "wspace": room.between_columns / one_width,
        "hspace": room.between_rows / one_height,
    }
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height))
        yield figure, figure.subplots(*shape, squeeze=False, gridspec_kw=grid, **options)


def text_width(texts: Iterable[str]) -> float:
    """Estimate the width of the longest text at the report's font size, inches, with a little to spare."""
    widths = (sum(_CAPITAL if letter.isupper() else _LETTER for letter in text) for text in texts)
    return max(widths, default=0.0)


def inline_svg(figure: Figure, name: str, title: str, description: str) -> Markup:
    """Turn a figure into an SVG element for an HTML page; call it within :func:`drawing`.

    Parameters
    ----------
    figure
        What to draw.
    name
        Prefix of every id, unique in the page.
    title, description
        What the picture is and what it shows, for readers who cannot see it.

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
    # This is our own output, not an upload, so it holds no malicious entity.
    root = ElementTree.fromstring(buffer.getvalue())  # noqa: S314
    width = float(str(root.get("width")).removesuffix("pt"))
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{_NAMESPACE}metadata", f"{_NAMESPACE}style"):
                parent.remove(child)
    used = set(re.findall(r"""(?:href="|url\()#([^")]+)""", ElementTree.tostring(root, encoding="unicode")))
    for element in root.iter():
        element.tag = element.tag.removeprefix(_NAMESPACE)
        element.text = None if element.text is None else element.text.strip()
        element.tail = None  # only indentation: matplotlib writes each text into one element
        element.attrib = _attributes(element, used, name)
    _share_styles(root)
    root.attrib = {
        "viewBox": str(root.get("viewBox")),
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-desc",
        "style": f"max-width:{width * 4 / 3:.0f}px;stroke-linejoin:round;stroke-linecap:butt;"
        f"font-family:{_FONTS};fill:{with_variables('#000000')}",
    }
    for position, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(tag, {"id": f"{name}-{tag}"})
        element.text = text
        root.insert(position, element)
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704  the serialiser escapes


def standalone_svg(svg: Markup) -> str:
    """Turn an element of :func:`inline_svg` into an SVG file of its natural size, for an ``<img>``."""
    root = ElementTree.fromstring(svg)  # noqa: S314  our own output
    _, _, width, height = root.attrib["viewBox"].split()
    root.attrib |= {
        "xmlns": _NAMESPACE.strip("{}"),
        "style": f"{root.attrib['style']};background:#ffffff",
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


def _attributes(element: ElementTree.Element, used: set[str], name: str) -> dict[str, str]:
    """Keep what a browser needs of an element's attributes, as short as it can be said.

    Matplotlib writes six decimals of a point, an id for every group and six fonts for every text; without
    them a picture takes a third of the bytes.
    """
    kept = {}
    for qualified, value in element.items():
        key = qualified.rpartition("}")[2]
        if key == "id" and value not in used:
            continue
        if key == "transform" and value.startswith("rotate(-0 "):
            continue
        if key == "style":
            value = ";".join(
                part for part in re.split(r"; ?", with_variables(value)) if not part.startswith("font-family")
            )
        elif key == "fill":  # of a hatching, the only colour that matplotlib writes outside a style
            key, value = "style", with_variables(f"fill:{value}")
        elif key in ("d", "x", "y", "transform", "width", "height"):
            value = _PLACES.sub(_rounded, value)
        kept[key] = _prefixed(key, " ".join(value.split()), name)
    return kept


def _rounded(found: re.Match[str]) -> str:
    """Write a length to a tenth of a point; the small ones, such as those of a marker, to a hundredth."""
    value = float(found[0])
    return f"{value:.{2 if abs(value) < 10 else 1}f}".rstrip("0").rstrip(".")


def _share_styles(element: ElementTree.Element) -> None:
    """Let a group say once what all its shapes have in common, and leave out groups that say nothing."""
    for child in element:
        _share_styles(child)
    element[:] = [
        inner for child in element for inner in (child if child.tag == "g" and not child.attrib else [child])
    ]
    if element.tag != "g" or len(element) < 2 or not {child.tag for child in element} <= {"path", "use"}:
        return
    for name in ("style", "clip-path"):
        values = {child.get(name) for child in element}
        if name not in element.attrib and len(values) == 1 and (value := values.pop()):
            element.set(name, value)
            for child in element:
                del child.attrib[name]


def _prefixed(key: str, value: str, name: str) -> str:
    if key == "id":
        return f"{name}-{value}"
    if key == "href" and value.startswith("#"):
        return f"#{name}-{value[1:]}"
    return value.replace("url(#", f"url(#{name}-")
