"""What ``ftf gate`` and ``ftf sweep`` print: the answer first, in tables that fit the terminal."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from rich.console import Console

from ftf_assets.command.main import cli
from ftf_assets.command.tables import gate_table, levels_table, show_answer
from ftf_assets_tests.support.gate_rows import decided, sweep_rows


def printed(width: int, *shown: object) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    for one in shown:
        console.print(one)
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [80, 120])
def test_the_tables_of_the_gate_fit_the_terminal_and_shorten_no_number(width: int):
    decision = decided(sweep_rows(-0.002, level="aggressive", factor="label_smoothing"))
    text = printed(width, levels_table(decision, width), gate_table(decision, width))
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for needed in ("aggressive", "verdict", "95 % interval", "could see", "outcome"):
        assert needed in text


def test_a_terminal_wraps_prose_between_words():
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    decision = decided(sweep_rows(0.002))
    show_answer(console, decision)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert max(map(len, text.splitlines())) <= 80
    assert " ".join(text.split()).startswith(decision.summary.headline)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "rows.csv"
    pd.DataFrame(sweep_rows(0.02)).to_csv(file, index=False)
    return file


def test_the_first_line_is_the_headline_then_the_levels_then_the_numbers_then_the_reasons(file: Path):
    out = CliRunner().invoke(cli, ["gate", "--results", str(file)]).stdout
    headline = json.loads(CliRunner().invoke(cli, ["gate", "--results", str(file), "--json"]).stdout)[
        "headline"
    ]
    assert out.startswith(headline + "\n")
    order = ["Each level against the baseline", "Gain: ", "Every metric", "Verdict ", "Seed noise"]
    places = [out.index(part) for part in order]
    assert places == sorted(places)


def test_the_json_begins_with_headline_and_ending(file: Path):
    answer = json.loads(CliRunner().invoke(cli, ["gate", "--results", str(file), "--json"]).stdout)
    assert list(answer)[:2] == ["headline", "ending"]
    assert answer["headline"] == answer["summary"]["headline"]


def test_the_rule_and_the_useful_gain_can_be_chosen(file: Path):
    def judged(*options: str) -> dict:
        return json.loads(
            CliRunner().invoke(cli, ["gate", "--results", str(file), *options, "--json"]).stdout
        )

    assert (judged()["rule"], judged()["useful_gain"]) == ("primary_metric", 0.01)
    chosen = judged("--rule", "two_metrics", "--useful-gain", "0.03")
    assert json.loads(chosen["settings"])["bounds"]["rule"] == "two_metrics"
    assert chosen["useful_gain"] == 0.03
