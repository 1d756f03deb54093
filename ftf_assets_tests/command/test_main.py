"""How the process of the command ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PROCESS = """
import atexit, sys
from ftf_assets.command import main as command
def main():
    atexit.register(print, "a library's handler")
    print("the answer")
    {ending}
command.main = main
command.entry_point()
"""


@pytest.mark.parametrize(
    ("ending", "code", "error"),
    [
        ("sys.exit(0)", 0, ""),
        ("sys.exit(130)", 130, ""),
        ("raise ValueError('unforeseen')", 1, "ValueError: unforeseen\n"),
    ],
    ids=["done", "interrupted", "unforeseen"],
)
def test_the_process_ends_with_the_code_of_the_command_after_the_handlers_of_libraries(
    ending: str, code: int, error: str
):
    done = subprocess.run(
        [sys.executable, "-c", _PROCESS.format(ending=ending)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (code, "the answer\na library's handler\n")
    assert done.stderr.endswith(error)
    assert bool(done.stderr) == bool(error)
