"""The table of planted defects fits the tree as it is."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from ftf_assets_tests.mutants.table import MUTANTS, ROOMS, Mutant

ROOT = Path(__file__).parents[2]


def name_of(mutant: Mutant) -> str:
    return f"{mutant.room}: {mutant.defect}"


@pytest.mark.parametrize("mutant", MUTANTS, ids=name_of)
def test_the_old_text_is_found_exactly_once_and_the_defect_is_no_syntax_error(mutant: Mutant):
    source = (ROOT / mutant.file).read_text(encoding="utf-8")
    assert source.count(mutant.old) == 1
    changed = mutant.apply(source)
    assert changed != source
    if mutant.file.endswith(".py"):
        ast.parse(changed)


@pytest.mark.parametrize("mutant", MUTANTS, ids=name_of)
def test_the_tests_that_must_catch_it_exist(mutant: Mutant):
    assert mutant.tests
    for test in mutant.tests:
        file, _, name = test.partition("::")
        assert (ROOT / file).exists(), file
        if name:
            assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text(encoding="utf-8"), test


def test_every_room_has_a_defect_and_no_defect_is_listed_twice():
    assert {mutant.room for mutant in MUTANTS} == set(ROOMS)
    assert set(ROOMS) == {folder.name for folder in (ROOT / "ftf_assets").iterdir() if folder.is_dir()} - {
        "__pycache__"
    }
    assert len(MUTANTS) >= 40
    twice = Counter((mutant.file, mutant.old) for mutant in MUTANTS)
    assert max(twice.values()) == 1


def test_each_defect_is_in_the_room_that_it_names():
    for mutant in MUTANTS:
        assert mutant.file.startswith(f"ftf_assets/{mutant.room}/"), mutant.defect
