"""docs/python.md is true: its blocks run and print what stands below them."""

from __future__ import annotations

from typing import Any

import pytest

import ftf_assets as ftf
from ftf_assets_tests.support.python_page import PAGE, blocks, run


@pytest.mark.end_to_end
def test_every_block_prints_what_stands_below_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    assert len(blocks()) >= 5
    for block in blocks():
        assert run(block, names) == block.shown


def test_every_call_is_described():
    page = PAGE.read_text(encoding="utf-8")
    for name in set(ftf.__all__) - {"__version__"}:
        assert f"| `ftf.{name}` |" in page
        assert f": `ftf.{name}`" in page
