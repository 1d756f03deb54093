"""The report's pictures as metadata of the assets that make them."""

from __future__ import annotations

import base64
from collections.abc import Callable

import dagster as dg

from ftf_assets.graph.metadata import Metadata
from ftf_assets.report.asset_pictures import Picture, Pictures
from ftf_assets.report.charts.svg import description_of, standalone_svg

#: Largest picture that goes into an event, bytes: the event log keeps every one of them for ever.
MAX_BYTES = 100_000


def pictures(log: dg.DagsterLogManager, draw: Callable[[], Pictures]) -> Metadata:
    """Draw the pictures of an asset for the Dagster UI.

    A picture explains a value and is no part of it: one that cannot be drawn costs no run; the metadata and
    the log say why it is missing.

    Parameters
    ----------
    log
        Told of what could not be drawn.
    draw
        Gives the pictures by name.
    """
    try:
        drawn = draw()
    except Exception as error:  # noqa: BLE001  said aloud, and the asset's value is sound without a picture
        log.warning(f"event=pictures_failed error={type(error).__name__}: {error}")
        return {"pictures": f"could not be drawn: {type(error).__name__}: {error}"}
    return {
        name: dg.MetadataValue.md("\n\n".join(map(_markdown, ones))) for name, ones in drawn.items() if ones
    }


def _markdown(picture: Picture) -> str:
    content = standalone_svg(picture.svg).encode()
    if len(content) > MAX_BYTES:
        return f"{picture.caption} too large for the event log ({len(content):,} bytes): see the report"
    said = " ".join(description_of(picture.svg).translate(str.maketrans("[]", "()")).split())
    image = f"![{said}](data:image/svg+xml;base64,{base64.b64encode(content).decode()})"
    return f"{image}\n\n{picture.caption}" if picture.caption else image
