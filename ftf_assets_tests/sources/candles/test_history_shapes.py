"""Every accepted folder gives the bars it was written from, at their instants; each refusal can be mended."""

from __future__ import annotations

import numpy as np
import pytest

from ftf_assets.contracts.tables.candles import Candles
from ftf_assets_tests.support.history_shapes import (
    ACCEPTED,
    HEADER,
    NAMES,
    PAGE,
    REFUSED,
    Folder,
    accepted,
    page_row,
)

PAGE_LINES = PAGE.read_text(encoding="utf-8").splitlines()
REGENERATE = "regenerate the page with python -m ftf_assets_tests.support.history_shapes"
MENDED = [shape for shape in REFUSED if shape.mended is not None]


def assert_its_bars(shape: Folder, candles, reading) -> None:
    Candles.validate(candles)
    bars = shape.bars
    closes, values = bars.close_time[shape.kept], bars.values[shape.kept]
    if not reading.filled:
        np.testing.assert_array_equal(candles.index.as_unit("ns").asi8, closes)
    given = candles.iloc[np.searchsorted(candles.index.as_unit("ns").asi8, closes)]
    np.testing.assert_array_equal(given.to_numpy(), values)
    assert (reading.bar, reading.bars) == (bars.length, len(candles))
    assert (reading.first_open, reading.first_close) == (closes[0] - bars.length, closes[0])
    assert (reading.last_open, reading.last_close) == (closes[-1] - bars.length, closes[-1])


@pytest.mark.parametrize("shape", ACCEPTED, ids=lambda shape: shape.shape)
def test_an_accepted_folder_gives_its_bars_at_their_instants(shape: Folder, tmp_path):
    shape.lay(tmp_path)
    candles, reading = shape.read(tmp_path)
    assert_its_bars(shape, candles, reading)
    for name, value in shape.said.items():
        assert getattr(reading, name) == value, name
    assert page_row(shape, accepted(reading)) in PAGE_LINES, REGENERATE


@pytest.mark.parametrize("shape", REFUSED, ids=lambda shape: shape.shape)
def test_a_refused_folder_says_why_in_one_line(shape: Folder, tmp_path):
    shape.lay(tmp_path)
    words = shape.refusal(tmp_path)
    assert shape.refused in words
    assert "\n" not in words
    assert page_row(shape, f"refused: {words}") in PAGE_LINES, REGENERATE


@pytest.mark.parametrize("shape", MENDED, ids=lambda shape: shape.shape)
def test_the_setting_that_a_refusal_names_works(shape: Folder, tmp_path):
    shape.lay(tmp_path)
    words = shape.refusal(tmp_path)
    assert any(f"data.{name}" in words for name in shape.mended), words
    candles, reading = shape.read(tmp_path, **shape.mended)
    assert (reading.bar, len(candles)) == (shape.bars.length, 240 - reading.off_grid)


def test_the_page_has_a_row_for_every_folder_and_no_other():
    head = PAGE_LINES.index(HEADER) + 2
    shown = PAGE_LINES[head : PAGE_LINES.index("", head)]
    assert len(shown) == len(ACCEPTED) + len(REFUSED) - len(NAMES) + 1
    assert [row.split(" | ")[0] for row in shown] == list(
        dict.fromkeys(page_row(shape, "").split(" | ")[0] for shape in (*ACCEPTED, *REFUSED))
    )
