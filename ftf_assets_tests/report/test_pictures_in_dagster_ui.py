"""The report's pictures on the assets that make them: the same drawings, as the Dagster UI can show them."""

from __future__ import annotations

import base64
import logging
import re
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from ftf_assets.graph import picture_metadata as as_metadata
from ftf_assets.graph.picture_metadata import MAX_BYTES, pictures
from ftf_assets.report.charts.forest_plot import forest_plot
from ftf_assets.report.page import render_report
from ftf_assets.report.pictures_in_dagster_ui import (
    cleaning_pictures,
    confidence_pictures,
    gate_pictures,
    model_pictures,
    trade_pictures,
)
from ftf_assets.rows.confidence_curve import mean_confidence_curve
from ftf_assets_tests.support.report_rows import report_data, result_rows, some_suspects
from ftf_assets_tests.support.results_rows import LEVELS, confidence_table, partition, results_table

LOG = logging.getLogger("pictures")
CRYPTOS = ("OPUSDC", "LDOUSDC")
#: Pictures of an asset: how they are drawn, from which part of the report's data, and how many there are.
DRAWN = {
    gate_pictures: ("decision", {"differences": 1, "by_crypto_fold": 4}),
    cleaning_pictures: ("suspects", {"suspects_over_time": 1, "worst_suspects": 2}),
    model_pictures: ("curves", {"precision_recall": 1}),
    trade_pictures: ("curves", {"equity": 1}),
}


@pytest.fixture(scope="module")
def data():
    return report_data(result_rows(CRYPTOS), suspects=some_suspects(CRYPTOS), artifacts=True)


@pytest.fixture(scope="module")
def drawn(data):
    return {draw: draw(getattr(data, part)) for draw, (part, _) in DRAWN.items()}


def images(markdown: str) -> list[tuple[str, ElementTree.Element]]:
    found = re.findall(r"!\[([^\]]*)\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", markdown)
    return [(alt, ElementTree.fromstring(base64.b64decode(content))) for alt, content in found]


def test_a_crypto_shows_its_most_confident_calls_or_nothing_where_none_is_called():
    cells = results_table(partition(folds=2))
    curve = mean_confidence_curve(confidence_table(), cells)
    metadata = pictures(LOG, lambda: confidence_pictures(curve, cells))
    ((alt, _),) = images(metadata["most_confident_calls"].md_str)
    for variant in LEVELS:
        assert f"{variant}: top 1 %" in alt
    assert pictures(LOG, lambda: confidence_pictures(curve.head(0), cells)) == {}


@pytest.mark.parametrize("draw", DRAWN, ids=lambda draw: draw.__name__)
def test_every_asset_shows_its_pictures_as_whole_svg_files_with_alt_texts(drawn, draw):
    _, numbers = DRAWN[draw]
    metadata = pictures(LOG, lambda: drawn[draw])
    assert {name: len(images(value.md_str)) for name, value in metadata.items()} == numbers
    for value in metadata.values():
        for alt, root in images(value.md_str):
            assert root.tag == "{http://www.w3.org/2000/svg}svg"
            assert float(root.attrib["width"]) > 100
            assert len(alt) > 60
            assert "\n" not in alt


@pytest.mark.parametrize("draw", DRAWN, ids=lambda draw: draw.__name__)
def test_a_picture_stays_small_enough_for_the_event_log(drawn, draw):
    sizes = [len(one.svg) for ones in drawn[draw].values() for one in ones]
    assert max(sizes) < MAX_BYTES


def test_the_pictures_are_those_of_the_report(data, drawn):
    page = render_report(data)
    for draw in (gate_pictures, model_pictures, trade_pictures):
        for ones in drawn[draw].values():
            assert all(one.svg in page for one in ones)


def test_a_picture_that_is_too_large_is_named_and_left_to_the_report(drawn, monkeypatch):
    monkeypatch.setattr(as_metadata, "MAX_BYTES", 1_000)
    (value,) = pictures(LOG, lambda: {"differences": drawn[gate_pictures]["differences"]}).values()
    assert re.search(r"too large for the event log \([\d,]+ bytes\): see the report", value.md_str)
    assert len(value.md_str) < 200


def test_a_picture_that_cannot_be_drawn_costs_no_run_and_says_so(caplog):
    def draw():
        raise ZeroDivisionError("no bars")

    with caplog.at_level(logging.WARNING):
        assert pictures(LOG, draw) == {"pictures": "could not be drawn: ZeroDivisionError: no bars"}
    assert "event=pictures_failed error=ZeroDivisionError: no bars" in caplog.text


def test_names_in_an_alt_text_cannot_close_it():
    hostile = "OP](javascript:alert(1))[X"
    data = report_data(result_rows((hostile, "OPUSDC")))
    for value in pictures(LOG, lambda: gate_pictures(data.decision)).values():
        rest = re.sub(r"!\[[^\]]*\]\(data:[^)]*\)", "", value.md_str)
        assert "javascript" not in unquote(rest)


def test_without_suspects_or_common_cells_there_is_no_empty_picture():
    data = report_data(result_rows(CRYPTOS))
    assert pictures(LOG, lambda: cleaning_pictures(data.suspects)) == {}
    assert model_pictures(data.curves) == trade_pictures(data.curves) == {}
    assert forest_plot(data.decision) in [one.svg for one in gate_pictures(data.decision)["differences"]]
