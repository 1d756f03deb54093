"""What the documents say exists: columns, commands, flags, files and settings."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
import yaml

from ftf_assets.audit.detectors import DETECTORS
from ftf_assets.audit.kinds import NOISE_KINDS
from ftf_assets.command.main import cli
from ftf_assets.rows.results_contract import finetune_results_contract
from ftf_assets.sweep.settings import SETTINGS
from ftf_assets.training.parameters import (
    DEFAULT_PARAMETERS,
    DEFAULT_SEARCH_SPACE,
    SEARCHABLE,
)

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")])


def test_the_readme_lists_every_column_of_the_table_with_its_description():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, column in finetune_results_contract().to_schema().columns.items():
        assert f"| `{name}` | {column.description} |" in readme


def test_the_search_space_is_documented_as_it_is():
    page = (ROOT / "docs" / "tuning.md").read_text(encoding="utf-8")
    space = DEFAULT_SEARCH_SPACE
    assert set(space) == set(SEARCHABLE)
    for name, (low, high) in space.items():
        known = SEARCHABLE[name]
        scale = "whole numbers" if known.integer else "log" if known.log else "linear"
        assert f"| `{name}` | {DEFAULT_PARAMETERS[name]:g} | {low:g} | {high:g} | {scale} |" in page


def workflow(name: str) -> dict:
    return yaml.safe_load((ROOT / ".github/workflows" / name).read_text(encoding="utf-8"))


def test_the_workflow_runs_the_fast_part_on_every_python_that_is_supported_and_the_slow_part_on_one():
    jobs = workflow("ci.yml")["jobs"]
    assert jobs["fast"]["steps"][-1] == {"run": ".ci/run static fast"}
    assert jobs["fast"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert jobs["slow"]["steps"][-1] == {"run": ".ci/run slow"}
    assert "strategy" not in jobs["slow"]
    audited = jobs["audit"]["steps"][-1]["run"]
    assert "requirements.lock --require-hashes" in audited
    assert "--hash=sha256:" in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_every_night_the_faults_run_at_their_full_length():
    (job,) = workflow("nightly.yml")["jobs"].values()
    assert job["steps"][-1] == {"run": "make ${{ matrix.target }}"}
    assert job["strategy"]["matrix"]["target"] == ["faults"]


def test_screenshots_are_few_small_and_shown():
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    pictures = sorted(ROOT.glob("docs/screenshots/*.png"))
    assert {f"screenshots/{picture.name}" for picture in pictures} == set(
        re.findall(r"!\[[^]]+\]\(([^)]+)\)", page)
    )
    for picture in pictures:
        assert picture.stat().st_size < 200_000, picture.name


def test_every_kind_of_noise_and_every_detector_is_documented_as_it_is():
    page = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    for kind in NOISE_KINDS.values():
        assert f"| `{kind.name}` | {kind.description} |" in page
    for detector in DETECTORS.values():
        assert f"| `{detector.name}` | {detector.role} | {detector.description} |" in page


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_that_exist(document: Path):
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_flags_and_settings_exist(document: Path):
    text = document.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in re.findall(
        r"(?:^|[/` ])ftf ((?:sweep|plan|smoke|audit|results|ui|gate|report|suspects)[^\n`#]*)",
        text,
        re.MULTILINE,
    ):
        name, *words = line.split()
        command = cli.commands[name]
        flags = {flag for parameter in command.params for flag in parameter.opts}
        for word in words:
            if word.startswith("--") and isinstance(command, click.Command):
                assert word in flags, f"ftf {line}"
    for setting in re.findall(r"--set ([a-z][\w.]*)=", text):
        assert setting in SETTINGS
