"""Every shape of result files is read with the right values or refused with words that help."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import ftf_assets
from ftf_assets.command.main import cli
from ftf_assets.contracts.errors import InputError
from ftf_assets.gate.decide import decide
from ftf_assets.gate.decision import Decision
from ftf_assets.rows.published_results import PublishedResults, published_results
from ftf_assets.storage.result_files import RESULT_OPTIONS, read_result_file
from ftf_assets_tests.support.gate_rows import QUICK
from ftf_assets_tests.support.result_shapes import ACCEPTED, REFUSED, ResultShape, cells, section

PAGE = Path(ftf_assets.__file__).parents[1] / "docs" / "data.md"


@pytest.fixture(scope="module")
def source() -> pd.DataFrame:
    return cells()


@pytest.fixture(scope="module")
def right(source: pd.DataFrame) -> Decision:
    return decided(published_results(source, sweep_id="x"))


def decided(read: PublishedResults) -> Decision:
    # A status says that a cell is ok, which the rows without one are: the fingerprint alone tells them apart.
    made = decide(read.rows, read.baselines, sweep_id="x", settings=QUICK)
    return replace(made, rows_fingerprint="")


def read(shape: ResultShape, source: pd.DataFrame, folder: Path) -> PublishedResults:
    path = folder / shape.file
    shape.write(source.copy(), path)
    options = RESULT_OPTIONS.__class__(**{"flag": RESULT_OPTIONS.flag, **shape.stated})
    return read_result_file(path, columns=shape.columns, options=options)


def name_of(shape: ResultShape) -> str:
    return f"{shape.writer} {shape.file} {shape.flags}"


@pytest.mark.parametrize("shape", ACCEPTED, ids=name_of)
def test_an_accepted_shape_gives_the_decision_of_its_source(shape, source, right, tmp_path):
    found = read(shape, source, tmp_path)
    assert shape.said in found.in_words
    assert decided(found) == right, "every number of it"


@pytest.mark.parametrize("shape", REFUSED, ids=name_of)
def test_a_refused_shape_is_refused_with_a_remedy(shape, source, tmp_path):
    with pytest.raises(InputError) as refused:
        read(shape, source, tmp_path)
    assert shape.refused in str(refused.value)
    assert shape.file in str(refused.value)


def test_the_page_shows_this_table():
    # Where it differs, put the lines of `ftf_assets_tests.support.result_shapes.section()` between the marks.
    text = PAGE.read_text(encoding="utf-8")
    shown = text.partition("<!-- result shapes -->\n")[2].partition("\n<!-- end of result shapes -->")[0]
    assert shown.strip().splitlines() == section()


def test_the_command_says_what_it_has_read_and_takes_what_is_stated(source, tmp_path):
    path = tmp_path / "auc.csv"
    source.rename(columns={"roc_auc": "auc"}).to_csv(path, index=False, sep=";", decimal=",")
    flags = ("--results", str(path), "--column", "roc_auc=auc", "--decimal", "comma")
    done = CliRunner().invoke(cli, ["gate", *flags, "--separator", "semicolon", "--json"])
    assert done.stderr == ("Read auc.csv: 50 rows of CSV, semicolon between cells; roc_auc is column auc\n")
    answer = json.loads(done.stdout)
    assert answer["reading"] == {
        "format": "CSV, semicolon between cells", "renamed": {"roc_auc": "auc"}, "left_out": []
    }  # fmt: skip
    source.to_csv(tmp_path / "plain.csv", index=False)
    plain = json.loads(
        CliRunner().invoke(cli, ["gate", "--results", str(tmp_path / "plain.csv"), "--json"]).stdout
    )
    assert answer["verdicts"] == plain["verdicts"]
    assert answer["metrics"] == plain["metrics"]
    for wrong, words in (
        (["--column", "auc"], "--column takes NAME=THEIRS"),
        (["--decimal", "comma"], "--results"),
    ):
        assert words in str(
            CliRunner().invoke(cli, ["gate", *wrong, *(flags[:2] if "takes" in words else ())]).output
        )


def test_a_crypto_index_of_a_frame_is_read_too(source, right):
    for frame in (source.set_index("crypto"), source.set_index(["crypto", "fold"]), source.iloc[::-1]):
        assert decided(published_results(frame, sweep_id="x")) == right
    twice = source.set_index("crypto", drop=False)
    assert decided(published_results(twice, sweep_id="x")) == right
    with pytest.raises(InputError, match="column 'crypto': index and column have one name and differ"):
        published_results(twice.assign(crypto="OPUSDC"), sweep_id="x")
