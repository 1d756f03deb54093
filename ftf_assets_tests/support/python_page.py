"""The blocks of docs/python.md, run in order in one namespace, and what the page says they print."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any, NamedTuple

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
_BLOCK = re.compile(r"^```python\n(.*?)^```(?:\n\n```text\n(.*?)^```)?", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """One block: its code, and the output that the page shows below it."""

    code: str
    shown: str


def blocks() -> list[Block]:
    return [Block(code, shown or "") for code, shown in _BLOCK.findall(PAGE.read_text(encoding="utf-8"))]


def run(block: Block, names: dict[str, Any]) -> str:
    """Run a block and give what it prints."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(block.code, "docs/python.md", "exec"), names)
    return output.getvalue()


def write(names: dict[str, Any] | None = None) -> None:
    """Write into the page what its blocks print: python -m ftf_assets_tests.support.python_page."""
    names, page = names or {}, PAGE.read_text(encoding="utf-8")
    for block in blocks():
        before = f"```python\n{block.code}```"
        printed = run(block, names)
        if f"{before}\n\n```text\n{block.shown}```" in page:
            page = page.replace(
                f"{before}\n\n```text\n{block.shown}```", f"{before}\n\n```text\n{printed}```"
            )
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    write()
