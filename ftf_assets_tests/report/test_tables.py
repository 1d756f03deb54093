"""The tables: each with its CSV at full precision, each p-value in a cell with its effect, none too wide."""

from __future__ import annotations

import math
import re
from urllib.parse import unquote

import pandas as pd
import pytest

from ftf_assets.report.formats import NOTHING, P_VALUES, p_text
from ftf_assets.report.tables import Column, Part, Table, Value, number, number_column, plain, text_column
from ftf_assets_tests.support.parsed_report import CSV, ShownTable, shown_tables

MINUS = "\N{MINUS SIGN}"


@pytest.fixture(scope="module")
def tables(whole_page: str) -> dict[str, ShownTable]:
    return {table.name: table for table in shown_tables(whole_page)}


@pytest.mark.parametrize(
    ("p", "shown"),
    [(0.03126, "0.0313"), (0.0001, "0.0001"), (0.00002, "<0.0001"), (0.0, "<0.0001"), (None, NOTHING)],
)
def test_a_p_value_is_never_shown_as_zero(p, shown):
    assert p_text(p) == shown


def test_a_report_that_shows_everything_has_every_table_and_stays_below_a_megabyte(whole_page, tables):
    assert set(tables) == {
        "verdicts", *(f"gate-{number}" for number in range(4)), "confidence-curve", "ceiling-gains",
        "audit-found", "audit-effects", "audit-found-0", "audit-found-1", "by-regime", "curve-numbers",
        "removed", "unmeasured", "provenance-rows", "sweep-settings", "gate-settings",
    }  # fmt: skip
    assert len(whole_page.encode()) < 1_000_000


def test_every_table_has_its_csv_with_a_row_for_each_of_its_rows_and_every_value_that_it_shows(tables):
    for name, table in tables.items():
        assert table.csv_name == f"{name}.csv"
        assert table.rows, name
        assert len(table.csv_rows) == len(table.rows), name
        for shown, stored in zip(table.values, table.csv_rows, strict=True):
            assert set(shown) <= set(stored), name
            for value, text in shown.items():
                if value in ("metric", "regime"):  # names that are spelled out
                    assert text
                    continue
                assert agrees(text, stored[value]), (name, value, text, stored[value])


def test_values_that_a_cell_leaves_out_are_absent_in_the_csv_too(tables):
    for table in tables.values():
        for shown, stored in zip(table.values, table.csv_rows, strict=True):
            assert all(stored[name] == "" for name in set(stored) - set(shown)), table.name


def test_the_csv_of_the_gate_holds_its_numbers_bit_for_bit(tables, whole_data):
    metrics, seen = whole_data.decision.metrics, 0
    for number_, one in enumerate(whole_data.decision.verdicts.to_dict("records")):
        mine = metrics[(metrics["factor"] == one["factor"]) & (metrics["level"] == one["level"])]
        for stored, row in zip(tables[f"gate-{number_}"].csv_rows, mine.to_dict("records"), strict=True):
            assert stored["metric"] == row["metric"]
            for name, text in stored.items():
                if isinstance(row[name], float):
                    assert (text == "") == math.isnan(row[name])
                    assert not text or float(text) == row[name], name
                    seen += bool(text)
    assert seen > 300


def test_a_csv_reads_back_as_a_data_frame(tables, tmp_path):
    file = tmp_path / "verdicts.csv"
    file.write_text(tables["verdicts"].csv_text, encoding="utf-8")
    frame = pd.read_csv(file)
    assert list(frame)[:5] == ["level", "factor", "verdict", "mean_difference", "p_corrected"]
    assert list(frame)[5:] == ["ci_low", "ci_high", "smallest_visible"]
    assert frame["mean_difference"].dtype == float


def test_every_p_value_stands_in_one_cell_with_its_effect_and_below_it(tables):
    effects: dict[str, set[str]] = {}
    for table in tables.values():
        assert not [heading for heading in table.headings if re.search(r"\bp\b", heading)]
        for row in table.rows:
            for cell in row:
                for name in P_VALUES & set(cell):
                    effects.setdefault(name, set()).add(next(iter(cell)))
    assert effects == {
        "p_value": {"mean_difference"},
        "p_corrected": {"mean_difference"},
        "cell_p": {"cohens_d"},
        "wilcoxon_p": {"median_difference"},
        "fold_p": {"fold_t"},
    }


def test_a_column_of_p_values_alone_is_refused():
    with pytest.raises(ValueError, match="shows fold_p without its effect"):
        Column("p over folds", (Part("fold_p"), Part("fold_t", small=True)))


def test_a_table_of_many_columns_is_laid_out_as_lines():
    widths = [
        Table("t", "t", tuple(number_column(str(n), str(n)) for n in range(count)), ()).width
        for count in (6, 7, 14, 15)
    ]
    assert widths == ["", "wide", "wide", "too-wide"]


def test_an_absent_value_is_a_dash_in_the_page_and_empty_in_the_csv():
    columns = (text_column("name", "name"), Column("value", (Part("value"), Part("more", ", ", small=True))))
    row = {"name": plain("a"), "value": number(None, ".2f"), "more": plain(None)}
    assert row["value"].text == NOTHING
    assert columns[1].large(row) == [Part("value")]
    assert columns[1].small(row) == []
    assert columns[1].small(row | {"more": plain(3)}) == [Part("more", "", small=True)]
    assert Table("t", "t", columns, (row,)).csv == "name,value,more\na,,\n"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\ta"])
def test_a_name_is_never_a_formula_of_a_spreadsheet(text: str):
    table = Table("t", "t", (text_column("name", "name"),), ({"name": Value(text, text)},))
    assert table.csv == f"name\n'{text}\n"


def test_commas_quotes_lines_and_letters_survive_the_address():
    text = 'a, "b"\n#ü%20&<c>'
    table = Table("t", "t", (text_column("name", "name"),), ({"name": Value(text, text)},))
    assert unquote(table.csv_link.removeprefix(CSV)) == table.csv
    assert not set(table.csv_link) & set(' "<>&#\n')


def agrees(text: str, stored: str) -> bool:
    """Whether a shown text is a value of the CSV, rounded; or the words for an absent one."""
    if stored == "":
        return text == NOTHING or not re.search(r"\d", text)
    plain_text = text.replace(MINUS, "-").replace(",", "")
    bound = re.fullmatch(r"< ?([\d.]+)", plain_text)
    if bound:
        return float(stored) < float(bound[1])
    shown = re.fullmatch(r"([+-]?\d+(?:\.(\d+))?)( ?%)?", plain_text)
    if not shown:
        return stored in text and not re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", stored)
    value = float(stored) * (100 if shown[3] else 1)
    half = 0.5 * 10.0 ** -len(shown[2] or "")
    return abs(value - float(shown[1])) <= max(1.0001 * half, 0.005 * abs(value))
