"""The style sheet: text can be read in both colour schemes, in the page and in its pictures."""

from __future__ import annotations

import re

import numpy as np
import pytest

from ftf_assets.report.charts.palette import DARK, ON_DARK, ON_LIGHT, TEXT_COLOURS, with_variables
from ftf_assets.report.charts.svg import COLOURS, Room, drawing, inline_svg, standalone_svg
from ftf_assets.report.code_stamp import TEMPLATES

ENOUGH = 4.5
#: Variables that text has, and those that lie behind it.
TEXTS, BACKGROUNDS = ("--ink", "--muted", "--link"), ("--page", "--panel")


@pytest.fixture(scope="module")
def variables(whole_page: str) -> dict[str, tuple[str, str]]:
    """Every variable of the page's style sheet with its colour on a light and on a dark page."""
    found = re.findall(r"(--[\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", whole_page)
    return {name: (light, dark) for name, light, dark in found}


def contrast(one: str, other: str) -> float:
    """WCAG 2.2: (lighter + 0.05) / (darker + 0.05) of the relative luminances."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_contrast_is_that_of_the_standard():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_of_the_page_can_be_read(variables, scheme: int):
    for text in TEXTS:
        for behind in BACKGROUNDS:
            assert contrast(variables[text][scheme], variables[behind][scheme]) >= ENOUGH, (text, behind)
    assert contrast(variables["--focus"][scheme], variables["--page"][scheme]) >= 3, "the focus can be seen"


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_and_lines_of_the_pictures_can_be_seen(variables, scheme: int):
    page = variables["--page"][scheme]
    assert variables["--c-ffffff"][scheme] == page, "what is white in a picture is the page"
    for colour in TEXT_COLOURS:
        for behind in ("--page", "--c-e6e6e6", "--c-dbe9f6", "--c-eeeeee"):
            assert contrast(variables[f"--c-{colour[1:]}"][scheme], variables[behind][scheme]) >= ENOUGH
    for colour in {one.lower() for one in COLOURS} - {"#56b4e9"}:
        assert contrast(variables[f"--c-{colour[1:]}"][scheme], page) >= 3, colour


def test_every_colour_of_text_is_one_that_is_tested():
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    assert {f"--{name}" for name in re.findall(r"[^-]color: var\(--([\w-]+)\)", style)} <= {*TEXTS}
    assert {f"--{name}" for name in re.findall(r"background: var\(--([\w-]+)\)", style)} <= {*BACKGROUNDS}
    below_the_variables = style[style.index("}\n") :]
    assert not re.findall(r"#[0-9a-f]{6}", below_the_variables), "colours stand in variables only"


def test_a_picture_has_no_colour_that_the_dark_page_does_not_know(whole_page):
    drawn = "".join(re.findall(r"<svg.*?</svg>", whole_page, re.DOTALL))
    heat = "".join(re.findall(r'<svg[^>]*aria-labelledby="heat.*?</svg>', whole_page, re.DOTALL))
    fixed = set(re.findall(r"(?<!,)#[0-9a-f]{6}", drawn)) - set(re.findall(r"#[0-9a-f]{6}", heat))
    assert fixed == set()
    assert {ON_LIGHT} <= set(re.findall(r"#[0-9a-f]{6}", heat)) & {ON_LIGHT, ON_DARK}


def test_a_picture_alone_is_light_on_white():
    with drawing(2, 1, Room(left=0.4, bottom=0.3)) as (figure, ((ax,),)):
        ax.plot([0, 1], [1, 0], color="#0072B2")
        svg = inline_svg(figure, "one", "A line", "It falls.")
    assert "var(--c-0072b2,#0072b2)" in svg
    assert "background:#ffffff" in standalone_svg(svg)
    assert "background" not in svg


def test_a_colour_that_is_not_listed_stays_as_it_is():
    assert "#123456" not in DARK
    assert with_variables("fill:#123456;stroke:#ffffff") == "fill:#123456;stroke:var(--c-ffffff,#ffffff)"
