"""Hashes of keys, and the versions of code and libraries that are part of them."""

from __future__ import annotations

import hashlib
import re

import pytest

from ftf_assets.training import keys
from ftf_assets.training.keys import code_version, library_versions, source_hash, stable_hash


def test_a_hash_ignores_the_order_of_its_keys_and_nothing_else():
    assert stable_hash({"a": 1, "b": [1, 2]}) == stable_hash({"b": [1, 2], "a": 1})
    contents = [
        {"a": 1},
        {"a": 2},
        {"b": 1},
        {"a": 1.5},
        {"a": "1"},
        {"a": None},
        {"a": [1]},
        {"a": {"b": 1}},
    ]
    assert len({stable_hash(content) for content in contents}) == len(contents)


def test_a_hash_is_the_same_in_every_process_and_release():
    assert stable_hash({"a": 1}) == "015abd7f5cc57a2d"
    assert stable_hash({"a": 1}, 12) == "015abd7f5cc5"


@pytest.mark.parametrize("value", [{1, 2}, object(), b"bytes"], ids=["set", "object", "bytes"])
def test_what_json_cannot_hold_is_an_error_and_never_its_text(value):
    with pytest.raises(TypeError):
        stable_hash({"a": value})


def test_nan_has_no_hash():
    with pytest.raises(ValueError, match="JSON"):
        stable_hash({"a": float("nan")})


@pytest.fixture
def code_at(tmp_path, monkeypatch):
    """The code version of a copy of the package that holds one module."""

    def version_of(text: str, package: str = "labels", name: str = "smoothing.py") -> str:
        for folder in ("training", package):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / package / name).write_bytes(text.encode())
        monkeypatch.setattr(keys, "__file__", str(tmp_path / "training" / "keys.py"))
        return code_version.__wrapped__()

    return version_of


def test_the_code_version_hashes_the_source_text_and_not_the_syntax_tree_of_one_python(code_at):
    text = "# why\nx = 1\n"
    expected = hashlib.sha256(b"labels/smoothing.py" + text.encode()).hexdigest()[:12]
    assert code_at(text) == expected
    assert code_at("x = 2\n") != expected


def test_line_ends_of_windows_are_those_of_unix(code_at):
    assert code_at("x = 1\r\ny = 2\r\n") == code_at("x = 1\ny = 2\n")


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("contracts/coercion", "new.py"),
        *((room, "new.py") for room in ("labels", "labels/cleaning", "sources", "sources/readers")),
        *((room, "new.py") for room in ("training", "training/folds")),
    ],
)
def test_the_code_that_decides_what_a_cell_computes_is_part_of_the_code_version(code_at, package, name):
    assert code_at("x = 1\n", package, name) != code_at("x = 2\n", package, name)


def test_assets_and_table_contracts_are_no_part_of_the_code_version(code_at):
    first = code_at("x = 1\n")
    code_at("x = 1\n", "assets", "new.py")
    code_at("x = 1\n", "contracts", "results.py")
    code_at("x = 1\n", "contracts", "row_rules.py")
    assert code_at("x = 1\n") == first


def test_versions_are_recorded():
    assert re.fullmatch(r"[0-9a-f]{12}", code_version())
    assert set(library_versions()) == {"xgboost", "cleanlab", "numpy", "ta-lib"}
    assert all(re.match(r"\d+\.", version) for version in library_versions().values())


def test_fetching_candles_is_no_part_of_the_code_that_a_fit_depends_on():
    assert source_hash(("sources/exchange/*.py",)) == source_hash(())
    assert source_hash(("sources/*.py",)) != source_hash(())
