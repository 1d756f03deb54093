"""What ``ftf check`` prints: a table, what was understood, what would be refused and what to run next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from ftf_assets.command.tables import Column, fitting_table, say
from ftf_assets.running.check_words import NEEDED, check_lines, check_table

if TYPE_CHECKING:
    from ftf_assets.running.data_check import DataCheck


def show_data_check(console: Console, done: DataCheck) -> None:
    """Print a check: the table, then what was understood, what would be refused, and what to run next."""
    rows, headings = check_table(done)
    texts = {name: [row.get(name, "-") for row in rows] for name in headings}
    columns = {name: Column(heading, needed=name in NEEDED) for name, heading in headings.items()}
    title = f"{done.kind.capitalize()} in {done.path}"
    left = ("crypto", "files", "file", "first", "last", "levels", "metric", "answer")
    console.print(fitting_table(title, columns, texts, console.width, left=left))
    for line in check_lines(done):
        say(console, line)
