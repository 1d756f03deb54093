"""The report in a browser: what the first screen and the paper hold, how wide it is, and its CSV files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from ftf_assets.report.page import render_report
from ftf_assets_tests.support.parsed_report import shown_tables
from ftf_assets_tests.support.report_rows import whole_report
from ftf_assets_tests.support.small_sweep import FinishedSweep

pytestmark = pytest.mark.end_to_end

#: CSS pixels of the text of an A4 page on its side: 297 mm less two margins of 10 mm, at 96 a inch.
PAPER = int((297 - 2 * 10) / 25.4 * 96)
UNFOLD = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
#: Everything that reaches beyond the right edge of the page, and every element that can be scrolled sideways.
TOO_WIDE = """
    () => [...document.querySelectorAll("main *, header *, nav *, .bar *")].filter((one) =>
        one.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5
        || (one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== "visible")
    ).map((one) => `${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 40)}`)
"""
#: Every text that reaches beyond its chart by more than a pixel, behind the chart's title.
TEXTS_CUT_OFF = """
    () => [...document.querySelectorAll("svg")].flatMap((svg) => {
        const frame = svg.getBoundingClientRect();
        return [...svg.querySelectorAll("text")].filter((text) => {
            const box = text.getBoundingClientRect();
            return box.left < frame.left - 1 || box.right > frame.right + 1
                || box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
        }).map((text) => svg.querySelector("title").textContent + ": " + text.textContent.trim());
    })
"""
#: Gives the table of regimes 20 more columns, once, and its box a class.
MANY_COLUMNS = """
    (name) => {
        const box = document.querySelector("#by-regime").parentElement;
        box.className = name;
        for (const row of box.querySelectorAll("tr")) {
            while (row.children.length < 28) { row.append(row.lastElementChild.cloneNode(true)); }
        }
    }
"""
BOTTOM = "(one) => one.getBoundingClientRect().bottom"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report in which every section has something to show."""
    file = tmp_path_factory.mktemp("report") / "everything.html"
    file.write_text(render_report(whole_report()), encoding="utf-8")
    return file


def opened(browser: Browser, file: Path, width: int, height: int = 800, **options: object) -> Page:
    page = browser.new_page(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
    page.goto(file.as_uri())
    return page


@pytest.mark.pictures
def test_the_first_screen_holds_the_answer_its_numbers_and_three_pictures(
    browser: Browser, everything: Path, finished_sweep: FinishedSweep
):
    assert finished_sweep.done.report is not None
    for file in (finished_sweep.done.report, everything):
        page = opened(browser, file, 1280)
        assert page.locator("h1").evaluate(BOTTOM) < 200
        pictures = page.locator(".pictures svg")
        assert pictures.count() == 3
        bottoms = [one.evaluate(BOTTOM) for one in pictures.all()]
        assert max(bottoms) <= 800, "without scrolling"
        assert (
            min(one.evaluate("(one) => one.getBoundingClientRect().height") for one in pictures.all()) > 150
        )
        sizes = page.locator(".figures .value").evaluate_all(
            "(all) => all.map((one) => parseFloat(getComputedStyle(one).fontSize))"
        )
        text = page.locator("p").first.evaluate("(one) => parseFloat(getComputedStyle(one).fontSize)")
        assert len(sizes) >= 3
        assert min(sizes) >= 1.7 * text, "numbers that a person reads first are large"
        page.close()


@pytest.mark.pictures
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_screen(
    browser: Browser, everything: Path, finished_sweep: FinishedSweep, width: int
):
    assert finished_sweep.done.report is not None
    for file in (finished_sweep.done.report, everything):
        page = opened(browser, file, width)
        page.evaluate(UNFOLD)
        assert page.evaluate(TOO_WIDE) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()
    page = opened(browser, everything, width)
    page.evaluate("document.querySelector('td').style.minWidth = '2000px'")
    assert page.evaluate(TOO_WIDE), "a table that is too wide is noticed"
    page.close()


def test_a_table_with_many_columns_fits_as_lines(browser: Browser, everything: Path):
    for width in (1280, 390):
        page = opened(browser, everything, width)
        page.evaluate(f"({MANY_COLUMNS})('table wide')")
        page.evaluate(f"({MANY_COLUMNS})('table too-wide')")
        assert page.evaluate(TOO_WIDE) == []
        page.close()
    page = opened(browser, everything, 1280)
    page.evaluate(f"({MANY_COLUMNS})('table wide')")
    assert page.evaluate(TOO_WIDE), "columns side by side do not fit"
    page.close()


@pytest.mark.pictures
def test_no_text_of_a_chart_is_cut_off(
    browser: Browser, everything: Path, finished_sweep: FinishedSweep, tmp_path: Path
):
    assert finished_sweep.done.report is not None
    narrow = tmp_path / "narrow.html"
    narrow.write_text(
        '<svg viewBox="0 0 60 20" width="60"><title>too narrow</title>'
        '<text x="30" y="15">a long name</text></svg>'
    )
    for file in (finished_sweep.done.report, everything):
        page = opened(browser, file, 1280)
        assert page.evaluate(TEXTS_CUT_OFF) == []
        page.close()
    page = opened(browser, narrow, 1280)
    assert page.evaluate(TEXTS_CUT_OFF) == ["too narrow: a long name"]
    page.close()


@pytest.mark.pictures
def test_everything_fits_the_paper_and_nothing_stays_folded_on_it(browser: Browser, everything: Path):
    page = opened(browser, everything, PAPER, color_scheme="dark")
    folded = page.locator("details:not([open]) table").count()
    assert folded > 5
    page.emulate_media(media="print")
    assert page.evaluate(TOO_WIDE) == []
    height = "(all) => all.map((one) => one.getBoundingClientRect().height)"
    heights = page.locator("table").evaluate_all(height)
    assert min(heights) > 20, "nothing stays folded on paper"
    assert page.locator("nav").is_hidden()
    assert page.locator("html").evaluate("(one) => getComputedStyle(one).colorScheme") == "light"
    page.close()


@pytest.mark.pictures
def test_one_click_saves_the_csv_of_any_table(browser: Browser, everything: Path):
    page = opened(browser, everything, 1280)
    page.evaluate(UNFOLD)
    links = page.locator("table a.csv")
    tables = shown_tables(everything.read_text(encoding="utf-8"))
    assert links.count() == len(tables) == page.locator("table").count()
    for table in (tables[0], tables[1], tables[-1]):
        with page.expect_download() as saved:
            page.locator(f"#{table.name} a.csv").click()
        assert saved.value.suggested_filename == f"{table.name}.csv"
        assert saved.value.path().read_text(encoding="utf-8") == table.csv_text
    page.close()


@pytest.mark.pictures
def test_the_keyboard_reaches_everything_and_the_colours_follow_system_and_choice(
    browser: Browser, everything: Path
):
    page = opened(browser, everything, 1280, color_scheme="dark")
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.reload()

    def background() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    def focused() -> str:
        return str(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))

    system = background()
    page.keyboard.press("Tab")
    assert focused() == "To the answer"
    page.keyboard.press("Tab")
    assert focused() == "scheme-system"
    page.keyboard.press("ArrowRight")
    assert focused() == "scheme-light"
    assert background() == "rgb(255, 255, 255)" != system
    page.keyboard.press("ArrowRight")
    assert background() == system, "dark by choice is dark as the system has it"
    reached = set()
    for _ in range(200):
        page.keyboard.press("Tab")
        if focused() in ("", "To the answer"):
            break
        reached.add(focused())
    unfolds = "The reason of each verdict, and what it rests on"
    assert {"Answer", "Provenance", "more", "CSV", unfolds} <= reached
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").first.evaluate("(one) => one.open")
    assert said == []
    assert not [url for url in asked if not re.match(r"(file|data):", url)]
    page.close()
