"""The report's pictures as metadata of the assets that make them."""

from __future__ import annotations

import base64
from collections.abc import Callable

import dagster as dg

from ftf_assets.graph.metadata import Metadata
from ftf_assets.report.charts.svg import description_of, standalone_svg
from ftf_assets.report.pictures_in_dagster_ui import Picture, Pictures

#: Largest picture in bytes: the event log keeps each one for ever.
MAX_BYTES = 100_000


def pictures(log: dg.DagsterLogManager, draw: Callable[[], Pictures]) -> Metadata:
    """Draw the pictures of an asset for the Dagster UI.

    A picture is not part of the value, so an error while drawing does not fail the run: the metadata and the
    log say why the pictures are missing.

    Parameters
    ----------
    log
        Gets a warning where the pictures cannot be drawn.
    draw
        Returns the pictures by name.
    """
    try:
        drawn = draw()
    except Exception as error:  # noqa: BLE001  logged, and the value is complete without pictures
        log.warning(f"event=pictures_failed error={type(error).__name__}: {error}")
        return {"pictures": f"could not be drawn: {type(error).__name__}: {error}"}
    return {
        name: dg.MetadataValue.md("\n\n".join(map(_markdown, ones))) for name, ones in drawn.items() if ones
    }


def _markdown(picture: Picture) -> str:
    content = standalone_svg(picture.svg).encode()
    if len(content) > MAX_BYTES:
        return f"{picture.caption} too large for the event log ({len(content):,} bytes): see the report"
    text = " ".join(description_of(picture.svg).translate(str.maketrans("[]", "()")).split())
    image = f"![{text}](data:image/svg+xml;base64,{base64.b64encode(content).decode()})"
    return f"{image}\n\n{picture.caption}" if picture.caption else image
