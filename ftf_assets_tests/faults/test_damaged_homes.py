"""Damaged files in a home are made anew where possible, else refused in one line; nothing else is lost."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ftf_assets.storage.home import Home
from ftf_assets.storage.results_schema import SCHEMA_VERSION
from ftf_assets_tests.faults.conftest import Figure
from ftf_assets_tests.faults.scale import SCALE
from ftf_assets_tests.faults.undisturbed import Sweeps, assert_nothing_half_written, assert_undisturbed
from ftf_assets_tests.support.processes import FtfProcess, run_ftf

pytestmark = pytest.mark.faults

Damage = Callable[[bytes], bytes]

DAMAGES: dict[str, Damage] = {
    "truncated": lambda content: content[: len(content) // 2],
    "emptied": lambda _: b"",
    "overwritten": lambda content: bytes((byte + 7 * place) % 256 for place, byte in enumerate(content)),
    "one bit flipped": lambda content: content[:-9] + bytes([content[-9] ^ 4]) + content[-8:],
}

#: CI takes two of them, ``make faults`` all.
TAKEN = list(DAMAGES) if SCALE == "full" else ["truncated", "one bit flipped"]

#: What a sweep makes anew by itself, whatever the damage.
MADE_ANEW = (
    "artifacts/candles/**/*.pack",
    "artifacts/feature_cache/**/*.pack",
    "artifacts/coerced_arrays/**/*.pack",
    "artifacts/smoothed_labels/**/*.pack",
    "artifacts/cleanlab_masks/**/*.pack",
    "artifacts/trained_models/**/*.pack",
    "artifacts/**/header.json",
    "fits/**/*.pack",
    "fits/**/header.json",
    "reports/*.html",
    "results/of/*/cells/*/*.zip",
    "results/of/*/decision/*.zip",
    "results.duckdb",
    "*.lock",
)

#: What cannot be made anew, what the line about it says, and the fix that it names.
REFUSED = (
    ("dagster/history/runs.db", "Dagster's records in ", "move that folder away"),
    ("dagster/history/runs/index.db", "Dagster's records in ", "move that folder away"),
    ("dagster/schedules/schedules.db", "Dagster's records in ", "move that folder away"),
)


#: One file of each fix that is named.
HEALED_IN_CI = ("dagster/history/runs.db",)


@pytest.fixture
def copies(sweeps: Sweeps, tmp_path: Path) -> Iterator[Home]:
    """Copies of the undisturbed home."""
    return (sweeps.finished(tmp_path / f"copy-{number}") for number in range(1_000))


def harm(home: Home, pattern: str, damage: Damage) -> list[Path]:
    files = [file for file in home.path.glob(pattern) if file.is_file()]
    assert files, pattern
    for file in files:
        content = file.read_bytes()
        file.write_bytes(damage(content) if len(content) > 9 else b"\xff")
    return files


def assert_one_line(done: FtfProcess, *parts: str) -> None:
    """Exit code 2, one line that says what and what to do, no traceback."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("ftf: ")]
    assert done.wait() == 2, done.stderr
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in lines[0]


@pytest.mark.parametrize("damage", [DAMAGES[name] for name in TAKEN], ids=TAKEN)
def test_everything_that_can_be_made_anew_is(
    sweeps: Sweeps, copies: Iterator[Home], figure: Figure, damage: Damage
):
    n_files = 0
    for pattern in MADE_ANEW if SCALE == "full" else ():
        home = next(copies)
        n_files += len(harm(home, pattern, damage))
        again = sweeps.run(home)
        assert again.wait() == 0, (pattern, again.stderr)
        assert_undisturbed(home, sweeps)
    home = next(copies)
    for pattern in MADE_ANEW:
        n_files += len(harm(home, pattern, damage))
    again = sweeps.run(home)
    assert again.wait() == 0, again.stderr
    warned = again.stderr.count("event=damaged_fit") + again.stderr.count("event=damaged_")
    assert warned, "a damaged fit is refitted with a warning"
    assert_nothing_half_written(home)
    assert_undisturbed(home, sweeps)
    figure(f"{n_files} files of {len(MADE_ANEW)} kinds, all made anew, every table equal")


@pytest.mark.parametrize(("file", "says", "fix"), REFUSED, ids=[file for file, _, _ in REFUSED])
def test_what_cannot_be_made_anew_is_refused_in_one_line_and_the_rest_is_left_alone(
    sweeps: Sweeps, copies: Iterator[Home], figure: Figure, file: str, says: str, fix: str
):
    for damage in ("truncated", "overwritten") if SCALE == "full" else ("truncated",):
        home = next(copies)
        (harmed,) = harm(home, file, DAMAGES[damage])
        before = harmed.read_bytes()
        for command in (
            (sweeps.command(home), ["gate", "--home", str(home.path)])
            if SCALE == "full"
            else (["gate", "--home", str(home.path)],)
        ):
            assert_one_line(run_ftf(command, sweeps.logs), says, fix)
        assert harmed.read_bytes() == before
        assert_nothing_half_written(home)
        if SCALE != "full" and file not in HEALED_IN_CI:
            continue
        # Doing what the line says helps.
        shutil.move(home.dagster, home.path / "moved away")
        healed = sweeps.run(home)
        assert healed.wait() == 0, healed.stderr
        assert_undisturbed(home, sweeps)
        assert "out of 0" not in healed.stderr
    figure("refused in one line; after moving it away the sweep goes on and every table is equal")


def manifests(home: Home, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest of every result object of a home."""
    for path in (home.path / "results").rglob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        manifest = json.loads(members["manifest.json"])
        change(manifest)
        members["manifest.json"] = json.dumps(manifest).encode()
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)


@pytest.mark.parametrize("version", [1, SCHEMA_VERSION + 1], ids=["older", "newer"])
def test_results_of_another_schema_are_refused_by_every_command_and_left_alone(
    sweeps: Sweeps, copies: Iterator[Home], version: int
):
    home = next(copies)
    manifests(home, lambda manifest: manifest.update(schema_version=version))
    before = {path: path.read_bytes() for path in (home.path / "results").rglob("*.zip")}
    commands = (["results"], ["gate"], ["report"], ["suspects"]) if SCALE == "full" else (["gate"],)
    for command in [*([*words, "--home", str(home.path)] for words in commands), sweeps.command(home)]:
        assert_one_line(run_ftf(command, sweeps.logs), f"schema version {version}", str(SCHEMA_VERSION))
    assert {path: path.read_bytes() for path in (home.path / "results").rglob("*.zip")} == before


def test_stored_settings_that_this_version_does_not_know_are_named(sweeps: Sweeps, copies: Iterator[Home]):
    home = next(copies)

    def strange(manifest: dict[str, Any]) -> None:
        if "settings" in manifest["facts"]:
            settings = json.loads(manifest["facts"]["settings"]) | {"moon_phase": "full"}
            manifest["facts"]["settings"] = json.dumps(settings)

    manifests(home, strange)
    done = run_ftf(["gate", "--home", str(home.path)], sweeps.logs)
    assert_one_line(
        done, "were written by another version of ftf", "moon_phase", "Use the ftf that wrote them"
    )
