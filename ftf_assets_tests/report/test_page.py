"""The page: the verdict first, every number of the gate, nothing from outside, no name that acts."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from ftf_assets.contracts.tables.finetune_results import SEED_SPREAD_COLUMNS
from ftf_assets.contracts.tables.gate_decision import VERDICTS
from ftf_assets.report.data import ReportData
from ftf_assets.report.page import render_report
from ftf_assets.report.page_check import missing_from_page
from ftf_assets.report.sections import verdict as words
from ftf_assets_tests.support.report_rows import cell_of, report_data, result_rows, some_suspects
from ftf_assets_tests.support.results_rows import confidence_table, failed_row, ok_row, skipped_row

CRYPTOS = ("OPUSDC", "LDOUSDC")
HOSTILE = "<script>alert('$x$')</script>"
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Elements(HTMLParser):
    """Every element with its attributes, its text, and whether all tags close in order."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def data() -> ReportData:
    return report_data(result_rows(CRYPTOS), suspects=some_suspects(CRYPTOS), artifacts=True)


@pytest.fixture(scope="module")
def page(data: ReportData) -> str:
    return render_report(data)


@pytest.fixture(scope="module")
def parsed(page: str) -> Elements:
    return Elements(page)


def test_the_page_begins_with_the_headline_then_gives_each_level_its_line_and_its_reason(page, data):
    text = " ".join(Elements(page).text.split())
    headline = data.decision.summary["headline"].iloc[0]
    lead = headline.split(". ")[0] + "."
    assert f"<h1>{lead}</h1>" in page
    assert headline in text
    assert text.index(headline) < text.index("The verdict on each level") < text.index("The gate: each level")
    for one in data.decision.verdicts.itertuples():
        assert one.verdict in text
        assert one.reason in text


def test_the_most_confident_calls_have_a_chart_a_table_and_a_sentence():
    rows = result_rows(CRYPTOS)
    curve = pd.concat([confidence_table(crypto) for crypto in CRYPTOS], ignore_index=True)
    page = render_report(report_data(rows, confidence=curve, trade_share=0.05))
    text = " ".join(Elements(page).text.split())
    assert "Trades at the top 5 %: the baseline makes 440 in 4 of 4 cells" in text
    assert 'id="confidence-title"' in page
    headings = "".join(level.short for level in report_data(rows).decision.levels)
    assert f"top sharebreak-evenbaseline{headings}" in text
    without = render_report(report_data(rows))
    assert "Trades at the top 10 %" in without
    assert 'id="confidence-title"' not in without


def test_what_picking_the_best_level_promises_too_much_is_said():
    text = Elements(render_report(report_data(result_rows(CRYPTOS, folds=3)))).text
    assert "Probability of backtest overfitting" in text
    assert "This decides nothing" in text


def test_every_verdict_has_words_and_a_sign_of_its_own():
    assert set(words.MEANINGS) == set(words.SIGNS) == set(VERDICTS)
    assert len(set(words.SIGNS.values())) == len(VERDICTS)


def test_no_signal_is_explained_where_it_is_the_verdict():
    beaten = report_data(
        [row | {"roc_auc": 0.5 + (row["fold"] - 0.5) / 1000} for row in result_rows(CRYPTOS)]
    )
    assert set(beaten.decision.verdicts["verdict"]) == {"NO_SIGNAL"}
    text = Elements(render_report(beaten)).text
    assert "this judges the model, not the treatment" in text
    assert "Work on features" in text


def test_every_number_of_the_gate_is_there(page, data):
    assert missing_from_page(page, data.decision.metrics) == []


def test_the_page_states_the_tuning_mode_and_the_seed_noise(page):
    text = " ".join(Elements(page).text.split())
    assert "Tuning: 15 trials per crypto and fold, on the baseline, held for all variants." in text
    assert re.search(
        r"another seed alone can move a mean difference by ±0.\d+ in AUC, .*±0.0157 in f1 of BUY", text
    )
    assert "The seed alone makes up to 0.0" in text, "the forest plot says what its grey band is"


def test_the_page_says_where_seed_noise_and_tuning_are_unknown():
    unknown = {**dict.fromkeys(SEED_SPREAD_COLUMNS.values()), "tuning": None, "n_trials": None}
    text = " ".join(
        Elements(render_report(report_data([row | unknown for row in result_rows()]))).text.split()
    )
    assert "Tuning: not stated." in text
    assert "Seed noise: unknown, because no cell of these results was fitted more than once." in text
    assert "The seed alone makes" not in text


def test_the_check_names_a_number_that_is_missing_or_wrong(page, data):
    changed = data.decision.metrics.copy()
    changed.loc[3, "mean_difference"] += 1.0
    metric, factor, level = changed.loc[3, ["metric", "factor", "level"]]
    assert missing_from_page(page, changed) == [f"mean_difference of {metric}, {factor} = {level}"]
    assert missing_from_page(page[: len(page) // 2], data.decision.metrics) == ["the end of the page"]


def test_the_page_needs_nothing_from_outside_and_runs_nothing(page, parsed):
    assert "http" not in page
    assert not {"script", "iframe", "object", "embed", "img"} & {tag for tag, _ in parsed.elements}
    for tag, attributes in parsed.elements:
        assert not any(name.startswith("on") for name in attributes), tag
        for name in ("href", "src", "xlink:href"):
            allowed = ("data:text/csv;",) if "download" in attributes else ("#", "data:,")
            assert attributes.get(name, allowed[0]).startswith(allowed), (tag, attributes)
    assert not re.search(r"@import|url\((?!#)", page)


def test_tags_close_in_order_and_ids_are_unique_and_found(parsed):
    assert parsed.open == []
    ids = [attributes["id"] for _, attributes in parsed.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in parsed.elements:
        for name, value in attributes.items():
            found = re.findall(r"url\(#([^)]+)\)", value)
            found += value.split() if name == "aria-labelledby" else []
            found += [value[1:]] if name == "href" and value.startswith("#") else []
            assert set(found) <= set(ids)


def test_every_picture_says_what_it_is_and_what_it_shows(page):
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) == 2 + 1 + 4 + 2 + 1 + 1 + 12
    for picture in pictures:
        head = re.match(
            r'<svg [^>]*role="img" aria-labelledby="([\w-]+)-title \1-desc"[^>]*>'
            r'\s*<title id="\1-title">([^<]+)</title>\s*<desc id="\1-desc">([^<]+)</desc>',
            picture,
        )
        assert head, picture[:200]
        assert len(head[2]) > 20
        assert len(head[3]) > 40


def test_lines_differ_in_dashes_and_bars_in_hatching_not_in_colour_alone(page):
    curves = re.search(r'<svg[^>]*aria-labelledby="reliability-title.*?</svg>', page, re.DOTALL)[0]
    dashes = set(re.findall(r"stroke-dasharray: ([^;\"]+)", curves))
    assert len(dashes) >= 4
    bars = re.search(r'<svg[^>]*aria-labelledby="suspects-title.*?</svg>', page, re.DOTALL)[0]
    assert "<pattern" in bars


def test_equal_data_give_an_equal_page_with_one_time_stamp(page):
    again = report_data(result_rows(CRYPTOS), suspects=some_suspects(CRYPTOS), artifacts=True)
    assert render_report(again) == page
    assert page.count("2024-01-02 03:04:05") == 1


def test_names_and_messages_cannot_inject_html():
    rows = result_rows((HOSTILE, "OPUSDC"))
    rows[1] = failed_row(**cell_of(rows[1]), error_message=f"{HOSTILE} & <b>bold</b>")
    data = report_data(rows, suspects=some_suspects((HOSTILE,)), artifacts=True)
    page = render_report(data)
    parsed = Elements(page)
    assert not {"script", "b"} & {tag for tag, _ in parsed.elements}
    assert HOSTILE in parsed.text
    assert f"{HOSTILE} & <b>bold</b>" in parsed.text
    assert missing_from_page(page, data.decision.metrics) == []


def test_failed_and_skipped_cells_are_listed_and_marked_in_the_heat_map():
    rows = result_rows(CRYPTOS, folds=3)
    rows[2] = failed_row(**cell_of(rows[2]))
    rows[5:10] = [skipped_row(**cell_of(row)) for row in rows[5:10]]
    text = Elements(render_report(report_data(rows))).text
    assert "XGBoostError: Check failed: preds.size() == info.labels.Size()" in text
    assert "412 fit rows, 1000 needed" in text
    assert "24 ok, 5 skipped_short_history, 1 training_failed." in " ".join(text.split())
    assert "OPUSDC: failed, skipped," in text


DEGENERATE = {
    "one crypto": result_rows(("OPUSDC",)),
    "one fold": result_rows(CRYPTOS, folds=1),
    "one cell": result_rows(("OPUSDC",), folds=1),
    "constant metric": [ok_row(c, f, v) for c in CRYPTOS for f in (0, 1) for v in ("baseline", "filter")],
    "all cells failed": [
        failed_row(crypto=c, fold=f, variant=v, label_smoothing="none", cleanlab=cleaner)
        for c in CRYPTOS
        for f in (0, 1)
        for v, cleaner in (("baseline", "off"), ("filter", "filter"))
    ],
}


@pytest.mark.parametrize("rows", DEGENERATE.values(), ids=DEGENERATE.keys())
@pytest.mark.parametrize("artifacts", [True, False], ids=["with artifacts", "without"])
def test_poor_sweeps_give_a_page_that_says_so_and_never_nan(rows: list[dict], artifacts: bool):
    data = report_data(rows, artifacts=artifacts)
    page = render_report(data)
    text = Elements(page).text
    assert missing_from_page(page, data.decision.metrics) == []
    assert not re.search(r"\bnan\b|\bNone\b|\bNaT\b|<NA>|\binf\b", text)
    assert all(reason in text for reason in data.decision.verdicts["reason"])


def test_without_artifacts_the_page_says_what_is_not_drawn_and_why():
    data = report_data(result_rows(CRYPTOS), suspects=some_suspects(CRYPTOS))
    text = " ".join(Elements(render_report(data)).text.split())
    assert "Not drawn for 2 of the cryptos" in text
    assert "OPUSDC: there is no artifact. Materialise it first" in text
    assert "No curve can be drawn" in text
    assert "Chart unavailable: the artifacts cannot be read" in text


def test_a_source_without_candles_leaves_the_gallery_without_charts():
    data = report_data(result_rows(CRYPTOS), suspects=some_suspects(CRYPTOS), artifacts=True, candles=False)
    assert "Chart unavailable: the source provides no candles." in Elements(render_report(data)).text


def test_the_page_shows_only_the_last_folder_of_the_data_path():
    data = report_data(result_rows(CRYPTOS), source="candles", path="/srv/secret/desk/candles_1h")
    page = render_report(data)
    assert "candles_1h" in page
    assert "secret" not in page


def test_provenance_names_files_currency_fingerprint_code_and_run(page, data):
    row = data.decision.rows.iloc[0]
    for name in ("source_file", "quote_currency", "data_fingerprint", "code_version", "run_id"):
        assert str(row[name]) in page
    assert data.decision.verdicts["rows_fingerprint"].iloc[0] in page
    assert isinstance(data.decision.verdicts["created_at"].iloc[0], pd.Timestamp)
