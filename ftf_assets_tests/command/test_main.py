"""How the process of the command ends."""

from __future__ import annotations

import errno
import subprocess
import sys

import click
import pytest

from ftf_assets.command import main as command
from ftf_assets.contracts.errors import InputError, Interrupted, RunError, StoreError

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


@pytest.mark.parametrize(
    ("raised", "code", "line"),
    [
        (InputError("OP, column 'close': n/a"), 2, "OP, column 'close': n/a"),
        (StoreError("the home cannot be read"), 2, "the home cannot be read"),
        (RunError("OP: its process was killed"), 1, "OP: its process was killed"),
        (click.UsageError("No such option: --factr"), 2, "No such option: --factr"),
        (
            PermissionError(errno.EACCES, "Permission denied", "home/fits"),
            2,
            "home/fits: Permission denied",
        ),
        (OSError(errno.ENOSPC, "No space left on device"), 2, "No space left on device"),
        (Interrupted(), 130, "interrupted. Finished fits are kept; run the same command again to go on"),
        (Interrupted("backfill 17 goes on"), 130, "backfill 17 goes on"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_whatever_stops_a_command_is_one_line_and_an_exit_code(
    raised: BaseException, code: int, line: str, monkeypatch: pytest.MonkeyPatch, capsys
):
    def stop(**_: object) -> int:
        raise raised

    monkeypatch.setattr(command.cli, "main", stop)
    monkeypatch.setattr(command.gc, "set_threshold", lambda *_: None)  # it is the process of all tests
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == code
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"ftf: {line}")
