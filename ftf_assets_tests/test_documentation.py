"""What the documents say exists: columns, commands, flags, files and settings."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from ftf_assets.cli import cli
from ftf_assets.config import SweepSettings
from ftf_assets.storage.results_table import finetune_results
from ftf_assets.training.parameters import (
    DEFAULT_PARAMETERS,
    DEFAULT_SEARCH_SPACE,
    SEARCHABLE,
    parse_search_space,
)

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")])


def test_the_readme_lists_every_column_of_the_table_with_its_description():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, column in finetune_results().to_schema().columns.items():
        assert f"| `{name}` | {column.description} |" in readme


def test_the_search_space_is_documented_as_it_is():
    page = (ROOT / "docs" / "tuning.md").read_text(encoding="utf-8")
    space = parse_search_space(DEFAULT_SEARCH_SPACE)
    assert set(space) == set(SEARCHABLE)
    for name, (low, high) in space.items():
        known = SEARCHABLE[name]
        scale = "whole numbers" if known.integer else "log" if known.log else "linear"
        assert f"| `{name}` | {DEFAULT_PARAMETERS[name]:g} | {low:g} | {high:g} | {scale} |" in page


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_that_exist(document: Path):
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_flags_and_settings_exist(document: Path):
    text = document.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in re.findall(
        r"(?:^|[/` ])ftf ((?:sweep|plan|smoke|results|ui|gate|report|suspects)[^\n`#]*)", text, re.MULTILINE
    ):
        name, *words = line.split()
        command = cli.commands[name]
        flags = {flag for parameter in command.params for flag in parameter.opts}
        for word in words:
            if word.startswith("--") and isinstance(command, click.Command):
                assert word in flags, f"ftf {line}"
    for setting in re.findall(r"--set ([a-z]\w*)=", text):
        assert setting in SweepSettings.model_fields
