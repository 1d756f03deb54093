"""Every accepted shape is read back equal to the bars it was written from, every other refused in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ftf_assets.sources.candles.options import CandleOptions
from ftf_assets.sources.candles.source import CandleFileSource
from ftf_assets.sources.readers.options import ReadingOptions
from ftf_assets_tests.support.candle_bars import bars_of
from ftf_assets_tests.support.candle_shapes import (
    ACCEPTED,
    CRYPTO,
    PAGE,
    REFUSED,
    SHAPES,
    expected,
    page_rows,
    refusal,
)

BARS = bars_of()
STAMPS = {"open": "open", "close": "close", "both": None}


@pytest.mark.parametrize("shape", ACCEPTED, ids=lambda shape: shape.name)
def test_an_accepted_shape_is_read_back_equal_to_its_source(tmp_path, shape):
    table = shape.read(tmp_path, BARS)
    for name, instants in expected(shape, BARS).items():
        read = getattr(table, name)
        if "unit changes" in shape.shape and name == "close_time":
            assert np.abs(read - BARS.close_time).max() <= 10**6
        elif instants is None:
            assert read is None
        else:
            np.testing.assert_array_equal(read, instants)
    np.testing.assert_array_equal(table.values, BARS.values)
    assert table.stamp == STAMPS.get(shape.times)
    assert len(set(table.rows.tolist())) == len(BARS.values)
    assert table.understood.file == shape.file
    # The whole source: the file is found, its bars are measured and stamped with their close.
    options = CandleOptions(reading=ReadingOptions(**shape.settings))
    candles = CandleFileSource(path=str(tmp_path), options=options).candles(CRYPTO)
    hours = shape.shift_hours * BARS.length
    np.testing.assert_array_equal(candles.index.asi8, BARS.close_time + hours)
    np.testing.assert_array_equal(candles.to_numpy(), BARS.values)


@pytest.mark.parametrize("shape", REFUSED, ids=lambda shape: shape.name)
def test_a_refused_shape_names_the_remedy(tmp_path, shape):
    words = refusal(shape, tmp_path)
    assert words.startswith(shape.refused), words


def test_every_shape_has_a_name_of_its_own():
    names = [(shape.name, bool(shape.refused)) for shape in SHAPES]
    assert len(set(names)) == len(names)


def test_the_page_shows_every_shape_as_it_is_read():
    # Regenerate with: python -m ftf_assets_tests.support.candle_shapes
    page = PAGE.read_text(encoding="utf-8").splitlines()
    rows = page_rows()
    assert [line for line in page if line in set(rows)] == rows


@pytest.mark.parametrize(
    ("shape", "setting", "value"),
    [
        ("decimal commas", "decimal", "comma"),
        ("dates that fit both orders", "date_order", "day_first"),
        ("zone not stated", "zone", "Europe/Athens"),
        ("a column of two zones", "zone", "America/New_York"),
    ],
)
def test_the_setting_that_a_refusal_names_makes_the_file_readable(tmp_path, shape, setting, value):
    refused = next(one for one in REFUSED if one.shape == shape)
    said = "Europe/Athens" if setting == "zone" else value
    assert f"--set data.{setting}={said}" in refusal(refused, tmp_path)
    table = replace(refused, settings={setting: value}).read(tmp_path, BARS)
    np.testing.assert_array_equal(table.open_time, BARS.open_time)
    np.testing.assert_array_equal(table.values, BARS.values)
