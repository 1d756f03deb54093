"""The picture that the UI shows in place: small enough, well-formed, and drawn to scale."""

from __future__ import annotations

import re
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from ftf_assets.gate.decision import Decision
from ftf_assets.graph.thumbnails import FOLDED_FROM, gains_in_place
from ftf_assets_tests.support.gate_rows import CRYPTOS, decided, failed, measured, metric_of, sweep_rows

LEVELS = ("filter", "reweight", "relabel", "forward", "filter_random")


def drawn(decision: Decision) -> ElementTree.Element:
    markdown = gains_in_place(decision)["gains"].value
    (svg,) = re.findall(r"^!\[[^]]+\]\(<data:image/svg\+xml,([^<>]*)>\)$", markdown)
    return ElementTree.fromstring(unquote(svg))


def of_many_levels() -> list[dict[str, object]]:
    rows = [row for level in LEVELS for row in sweep_rows(0.004, level=level)]
    return list({(row["crypto"], row["fold"], row["cleanlab"]): row for row in rows}.values())


def test_the_gains_of_five_levels_are_shown_without_a_click():
    assert len(gains_in_place(decided(of_many_levels()))["gains"].value) < FOLDED_FROM


def test_a_bar_a_level_is_drawn_to_the_scale_of_no_gain_and_of_a_useful_one():
    decision = decided(sweep_rows(0.004))
    picture = drawn(decision)
    paths = [path.get("d", "") for path in picture.iter("{http://www.w3.org/2000/svg}path")]
    _, zero, useful, bar, point = (
        [int(number) for number in re.findall(r"[MH](\d+)", path)] for path in paths
    )
    one = metric_of(decision, decision.primary_metric)
    assert (one.mean_difference, one.ci_low, one.ci_high) != (None, None, None)

    def place(value: float | None) -> float:
        assert value is not None
        return zero[0] + value / decision.useful_gain * (useful[0] - zero[0])

    assert bar == pytest.approx([place(one.ci_low), place(one.ci_high)], abs=2)
    assert point == pytest.approx([place(one.mean_difference)], abs=2)
    assert [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")] == [
        "filter",
        "0",
        "+0.01",
    ]


def test_nothing_is_drawn_where_no_gain_was_measured():
    rows = [measured(crypto, 0) for crypto in CRYPTOS]
    rows += [failed(measured(crypto, 0, factor="cleanlab", level="filter")) for crypto in CRYPTOS]
    assert gains_in_place(decided(rows)) == {}
