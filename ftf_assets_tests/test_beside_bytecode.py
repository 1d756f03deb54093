"""What follows from source text is worked out once for each text, and never trusted beyond it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ftf_assets.beside_bytecode import kept_beside_bytecode


@pytest.fixture
def ask(tmp_path: Path, monkeypatch):
    """Ask for a value that follows from one text; says how often it has been worked out."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    (tmp_path / "__pycache__").mkdir()
    text, derived = tmp_path / "contract.py", []

    def value_of(source: str, also: str = "") -> tuple[object, int]:
        text.write_text(source, encoding="utf-8")
        value = kept_beside_bytecode(
            str(tmp_path / "asks.py"), "length", lambda: derived.append(1) or len(source), [text], also
        )
        return value, len(derived)

    return value_of


def kept(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "__pycache__").iterdir())


def test_a_value_is_worked_out_once_for_each_text_and_version(ask):
    assert ask("x = 1") == (5, 1)
    assert ask("x = 1") == (5, 1)
    assert ask("x = 10") == (6, 2)
    assert ask("x = 10", also="pandera 0.36") == (6, 3)


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", "null"])
def test_a_damaged_file_is_made_again(ask, tmp_path, damage):
    ask("x = 1")
    (file,) = kept(tmp_path)
    file.write_text(damage, encoding="utf-8")
    assert ask("x = 1") == (5, 2)
    assert ask("x = 1") == (5, 2)


def test_where_python_writes_no_bytecode_nothing_is_kept(ask, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert ask("x = 1") == (5, 1)
    assert ask("x = 1") == (5, 2)
    assert kept(tmp_path) == []


def test_a_folder_that_cannot_be_written_to_costs_time_alone(ask, tmp_path):
    (tmp_path / "__pycache__").rmdir()
    assert ask("x = 1") == (5, 1)
    assert ask("x = 1") == (5, 2)
