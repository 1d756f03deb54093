"""No pictures where none are looked at: drawing them takes half of a small sweep's time.

A sweep draws for the event log of the UI and for the report. Tests of other things leave the drawing out:
events then carry no pictures, and the report is written with its tables and words around blank ones.
"""

from __future__ import annotations

from typing import Any

import pytest

BLANK = '<svg xmlns="http://www.w3.org/2000/svg" width="1pt" height="1pt" viewBox="0 0 1 1"></svg>'


def draw_nothing(patch: pytest.MonkeyPatch) -> None:
    """Leave out every picture, in this process and in those that are forked from it."""
    patch.setattr("ftf_assets.graph.picture_metadata.pictures", lambda log, draw: {})
    patch.setattr("matplotlib.figure.Figure.savefig", _save_blank)


def _save_blank(figure: object, file: Any, **options: object) -> None:
    file.write(BLANK.encode())
