"""``benchmarks.older_numbers`` finds numbers that are older than their code, in a small repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benchmarks import older_numbers

PAGE = """# The gate

    ftf gate

It finds 4.2 % of them.

## Words

Nothing is measured here.
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(older_numbers, "ROOT", tmp_path)
    for name in ("docs", "ftf_assets/gate", "ftf_assets/report"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "docs/gate.md").write_text(PAGE)
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, "docs: the gate", "2026-01-01T00:00:00+00:00")
    return tmp_path


def git(folder: Path, *words: str, **environment: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(
        ["git", *who, *words], cwd=folder, check=True, env={"PATH": "/usr/bin:/bin", **environment}
    )


def commit(folder: Path, subject: str, when: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", subject, GIT_COMMITTER_DATE=when, GIT_AUTHOR_DATE=when)


def later_commits(repository: Path) -> list[str]:
    (section,) = older_numbers.sections(repository / "docs/gate.md")
    assert section.title == "The gate"
    assert section.commands == ("ftf gate",)
    found = older_numbers.commits_since(section.written, [str(repository / "ftf_assets/gate")])
    return [line.partition(" ")[2] for line in found]


def test_numbers_are_as_new_as_their_code_until_a_room_that_computes_changes(repository: Path):
    assert later_commits(repository) == []
    (repository / "ftf_assets/report/page.py").write_text("shown = 1")
    commit(repository, "feat(report): another page", "2026-01-02T00:00:00+00:00")
    assert later_commits(repository) == []
    (repository / "ftf_assets/gate/judge.py").write_text("bound = 1")
    commit(repository, "fix(gate): another bound", "2026-01-03T00:00:00+00:00")
    assert later_commits(repository) == ["fix(gate): another bound"]


def test_numbers_that_are_measured_again_are_new(repository: Path):
    (repository / "ftf_assets/gate/judge.py").write_text("bound = 1")
    commit(repository, "fix(gate): another bound", "2026-01-03T00:00:00+00:00")
    (repository / "docs/gate.md").write_text(PAGE.replace("4.2", "4.4"))
    commit(repository, "docs(gate): measured again", "2026-01-04T00:00:00+00:00")
    assert later_commits(repository) == []
