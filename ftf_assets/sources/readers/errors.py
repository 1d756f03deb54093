"""The error that every reader raises for a file that its parser cannot read."""

from __future__ import annotations

from pathlib import Path

from ftf_assets.contracts.errors import InputError, input_error


def unreadable_file(format_name: str, path: Path, crypto: str | None, cause: object) -> InputError:
    """Word a parser's error in one line: the first line of ``cause``, or the name of its type."""
    text = str(cause).strip() or type(cause).__name__
    return input_error(
        f"the file is not a readable {format_name} table",
        crypto=crypto,
        file=path.name,
        found=text.splitlines()[0],
    )
