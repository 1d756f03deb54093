"""Which numbers of the documentation are older than the code that they describe.

    python -m benchmarks.older_numbers [PAGE ...]

A section that names the command behind its numbers (``python -m benchmarks.NAME`` or ``ftf NAME``) is as old
as the newest of its lines that hold a number. Printed are the later features, fixes and savings in code which
the command uses and which can change a number: the rooms that compute. Most of them change none, so this is a
list to look through, not a verdict. A shallow clone knows no ages.
"""

from __future__ import annotations

import argparse
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("[a-z]*/README.md")])
#: Rooms whose code decides a number. What prints, stores or starts it does not.
COMPUTING = ("labels", "training", "gate", "audit", "sources", "rows", "contracts.coercion")
#: What a subcommand computes with, where it is less than everything.
OF_COMMAND = {"gate": ("gate",), "check": ("sources",), "fetch": ("sources",), "audit": COMPUTING}


@dataclass(frozen=True)
class Section:
    """A section of a page with numbers, and the commands that repeat them."""

    page: Path
    title: str
    commands: tuple[str, ...]
    written: datetime


def sections(page: Path) -> Iterator[Section]:
    """Yield the sections of a page that hold numbers and name a command."""
    lines = page.read_text(encoding="utf-8").splitlines()
    times = _times_of_lines(page)
    starts = [n for n, line in enumerate(lines) if re.match(r"#{1,4} ", line)] or [0]
    for first, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        text = "\n".join(lines[first:stop])
        commands = re.findall(r"benchmarks[./](\w+)", text) + [
            f"ftf {name}" for name in re.findall(r"\bftf (sweep|audit|gate|plan|check)\b", text)
        ]
        numbers = [times[n] for n in range(first, stop) if re.search(r"\d\.\d|\d %|\d s\b|\d MB", lines[n])]
        if commands and numbers:
            yield Section(page, lines[first].strip("# "), tuple(dict.fromkeys(commands)), max(numbers))


def code_of(command: str, graph: grimp.ImportGraph) -> list[str]:
    """Return the files of the rooms that compute which a command uses."""
    if command.startswith("ftf "):
        rooms = OF_COMMAND.get(command.removeprefix("ftf "), COMPUTING)
        return [_path(f"ftf_assets.{room}") for room in rooms]
    module = f"benchmarks.{command}"
    if module not in graph.modules:
        return []
    used = graph.find_upstream_modules(module)
    return [_path(module), *(_path(name) for name in sorted(used) if _computes(name))]


def commits_since(when: datetime, paths: list[str]) -> list[str]:
    """Name the commits after an instant that changed one of these files, the newest first."""
    found = _git("log", f"--since={when.isoformat()}", "--format=%h %s", "--", *paths)
    return [line for line in found.splitlines() if re.match(r"\w+ (feat|fix|perf)\b", line)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pages", nargs="*", type=Path, default=PAGES)
    pages = parser.parse_args().pages
    if _git("rev-parse", "--is-shallow-repository").strip() == "true":
        raise SystemExit("this clone is shallow: git fetch --unshallow, so that lines have an age")
    graph = grimp.build_graph("ftf_assets", "benchmarks")
    for page in pages:
        for section in sections(page.resolve()):
            code = [path for command in section.commands for path in code_of(command, graph)]
            later = commits_since(section.written, code) if code else []
            where = f"{section.page.relative_to(ROOT)}: {section.title}"
            state = f"{len(later)} later commits, the last: {later[0]}" if later else "as new as its code"
            print(f"{section.written:%Y-%m-%d}  {where} ({', '.join(section.commands)}): {state}")


def _times_of_lines(page: Path) -> list[datetime]:
    blamed = _git("blame", "--line-porcelain", "--", str(page))
    return [
        datetime.fromtimestamp(int(time), UTC) for time in re.findall(r"^committer-time (\d+)$", blamed, re.M)
    ]


def _computes(module: str) -> bool:
    return module.startswith(tuple(f"ftf_assets.{room}." for room in COMPUTING))


def _path(module: str) -> str:
    folder = ROOT.joinpath(*module.split("."))
    return str(folder if folder.is_dir() else folder.with_suffix(".py"))


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
