"""Damaged files in a home are made anew where possible, else refused in one line; nothing else is lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
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
    "artifacts/candles/**/*.parquet",
    "artifacts/feature_cache/**/*.parquet",
    "artifacts/coerced_arrays/**/*.npy",
    "artifacts/smoothed_labels/**/*.npy",
    "artifacts/cleanlab_masks/**/*.npy",
    "artifacts/trained_models/**/*.npy",
    "artifacts/**/header.json",
    "fits/**/*.ubj",
    "fits/**/*.npy",
    "fits/**/header.json",
    "reports/*.html",
    "dagster/dagster.yaml",
    "*.lock",
)

#: What cannot be made anew, what the line about it says, and the fix that it names.
REFUSED = (
    ("results.duckdb", "results.duckdb: DuckDB says: ", "move it away and run the same sweep again"),
    ("dagster/history/runs.db", "Dagster's records in ", "move that folder away"),
    ("dagster/history/runs/index.db", "Dagster's records in ", "move that folder away"),
    ("dagster/schedules/schedules.db", "Dagster's records in ", "move that folder away"),
)


#: One file of each fix that is named.
HEALED_IN_CI = ("results.duckdb", "dagster/history/runs.db")


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
        assert_nothing_half_written(home) if harmed != home.results else None
        if SCALE != "full" and file not in HEALED_IN_CI:
            continue
        # Doing what the line says helps.
        away = home.dagster if file.startswith("dagster") else home.results
        shutil.move(away, home.path / "moved away")
        healed = sweeps.run(home)
        assert healed.wait() == 0, healed.stderr
        assert_undisturbed(home, sweeps)
        assert "out of 0" not in healed.stderr
    figure("refused in one line; after moving it away the sweep goes on and every table is equal")


def another_version(home: Home, version: int) -> None:
    connection = duckdb.connect(str(home.results))
    connection.execute("UPDATE schema_version SET version = $1", [version])
    connection.close()


@pytest.mark.parametrize("version", [1, SCHEMA_VERSION + 1], ids=["older", "newer"])
def test_a_store_of_another_schema_is_refused_by_every_command_and_left_alone(
    sweeps: Sweeps, copies: Iterator[Home], version: int
):
    home = next(copies)
    another_version(home, version)
    before = home.results.read_bytes()
    commands = (["results"], ["gate"], ["report"], ["suspects"]) if SCALE == "full" else (["gate"],)
    for command in [*([*words, "--home", str(home.path)] for words in commands), sweeps.command(home)]:
        assert_one_line(run_ftf(command, sweeps.logs), f"schema version {version}", str(SCHEMA_VERSION))
    assert home.results.read_bytes() == before


def test_stored_settings_that_this_version_does_not_know_are_named(sweeps: Sweeps, copies: Iterator[Home]):
    home = next(copies)
    connection = duckdb.connect(str(home.results))
    (text,) = connection.execute("SELECT settings::VARCHAR FROM sweeps").fetchone()
    strange = json.dumps(json.loads(text) | {"moon_phase": "full"})
    connection.execute("UPDATE sweeps SET settings = $1", [strange])
    connection.close()
    done = run_ftf(["gate", "--home", str(home.path)], sweeps.logs)
    assert_one_line(
        done, "were written by another version of ftf", "moon_phase", "Use the ftf that wrote them"
    )
