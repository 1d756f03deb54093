"""SIGKILL anywhere in a sweep: it goes on where it stopped and ends as if nothing had happened."""

from __future__ import annotations

import functools
import hashlib
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb
import pandas as pd
import pytest

from ftf_assets.contracts.results import PRIMARY_KEY
from ftf_assets.instance import open_instance
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.faults.conftest import SCALE, Figure, scaled
from ftf_assets_tests.faults.kill_points import MOMENTS, plant
from ftf_assets_tests.processes import FtfProcess, run_ftf, start_ftf

pytestmark = pytest.mark.faults

N_CELLS = 2 * 2 * 5
KILLED = -9
UNFINISHED = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
#: Columns that name the run and its clock; every other column of a cell is determined by its settings.
OF_THE_RUN = ["run_id", "created_at", "fit_seconds"]


@dataclass(frozen=True)
class Sweeps:
    """One small sweep's command, and how it ends when nobody disturbs it."""

    arguments: tuple[str, ...]
    logs: Path
    undisturbed: dict[str, pd.DataFrame]
    seconds: float

    def command(self, home: Home) -> list[str]:
        return [*self.arguments, "--home", str(home.path)]

    def start(self, home: Home) -> FtfProcess:
        return start_ftf(self.command(home), self.logs)

    def run(self, home: Home, moment: str = "", count: int = 1) -> FtfProcess:
        prepare = functools.partial(plant, moment, count) if moment else None
        return run_ftf(self.command(home), self.logs, prepare=prepare)


@pytest.fixture(scope="module")
def sweeps(small_sweep: list[str], tmp_path_factory: pytest.TempPathFactory) -> Sweeps:
    folder = tmp_path_factory.mktemp("undisturbed")
    home = Home(folder / "home")
    run_ftf(["plan", *small_sweep[1:], "--home", str(home.path)], folder / "logs")  # starts the fork server
    begin = time.monotonic()
    done = run_ftf([*small_sweep, "--home", str(home.path)], folder / "logs")
    seconds = time.monotonic() - begin
    assert done.wait() == 0, done.stderr
    assert f"{N_CELLS} cells" in done.stderr
    return Sweeps(tuple(small_sweep), folder / "logs", tables(home), seconds)


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[Home]:
    return (Home(tmp_path / f"home-{number}") for number in range(10_000))


def tables(home: Home) -> dict[str, pd.DataFrame]:
    """Everything that a sweep leaves in DuckDB, without what names the run and its clock."""
    connection = duckdb.connect(str(home.results), read_only=True)
    try:
        frames = {
            name: connection.execute(f"SELECT * FROM {name} ORDER BY ALL").df()
            for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        }
    finally:
        connection.close()
    frames["finetune_results"] = frames["finetune_results"].sort_values(list(PRIMARY_KEY), ignore_index=True)
    return {
        name: frame.drop(columns=[column for column in OF_THE_RUN if column in frame])
        for name, frame in frames.items()
    }


def assert_undisturbed(home: Home, sweeps: Sweeps) -> None:
    """No row is lost, none is there twice, and every value is that of the sweep that nobody disturbed."""
    found = tables(home)
    assert set(found) == set(sweeps.undisturbed)
    for name, expected in sweeps.undisturbed.items():
        pd.testing.assert_frame_equal(found[name], expected, obj=name)
    rows = ResultsStore(home.results).read()
    assert len(rows) == N_CELLS
    assert not rows.duplicated(list(PRIMARY_KEY)).any()
    with open_instance(home) as instance:
        assert instance.get_runs_count(dg.RunsFilter(statuses=UNFINISHED)) == 0


def assert_nothing_half_written(home: Home) -> None:
    """Every value that a reader would find is whole: its header parses, its files have their checksums."""
    for header in home.path.glob("**/header.json"):
        for name in _files_named_in(json.loads(header.read_text(encoding="utf-8"))["value"]):
            content = (header.parent / name).read_bytes()
            assert name.startswith(hashlib.sha256(content).hexdigest()[:24]), header.parent / name
    if home.results.exists():
        assert len(ResultsStore(home.results).read()) % (N_CELLS // 2) == 0, "half a partition"


def _files_named_in(value: object) -> set[str]:
    if isinstance(value, dict):
        if set(value) == {"file"}:
            return {value["file"]}
        return {name for item in value.values() for name in _files_named_in(item)}
    if isinstance(value, list):
        return {name for item in value for name in _files_named_in(item)}
    return set()


def interrupted_step(home: Home) -> str:
    """Name the step that the last run of a home was in when it died."""
    if not (home.dagster / "history" / "runs.db").exists():
        return "before the first run"
    with open_instance(home) as instance:
        runs = instance.get_runs(limit=1)
        if not runs or runs[0].status != dg.DagsterRunStatus.FAILURE:
            return "between runs"
        steps = instance.all_logs(runs[0].run_id, of_type=dg.DagsterEventType.STEP_START)
        ended = instance.all_logs(runs[0].run_id, of_type=dg.DagsterEventType.STEP_SUCCESS)
    open_steps = {one.step_key for one in steps} - {one.step_key for one in ended}
    return str(min(open_steps, default="between steps", key=str))


def test_a_sweep_that_is_killed_at_random_moments_and_resumed_ends_as_if_undisturbed(
    sweeps: Sweeps, homes: Iterator[Home], figure: Figure
):
    n_kills = scaled(3, 50)
    moments = random.Random(20_240_105)
    struck: Counter[str] = Counter()
    n_lives = 0
    while struck.total() < n_kills:
        home = next(homes)
        n_lives += 1
        for _ in range(3):
            killed = sweeps.start(home)
            killed.process.join(moments.uniform(0.05, sweeps.seconds))
            killed.kill()
            if killed.wait() == KILLED:
                assert_nothing_half_written(home)
                struck[interrupted_step(home)] += 1
        resumed = sweeps.run(home)
        assert resumed.wait() == 0, resumed.stderr
        assert "damaged" not in resumed.stderr
        assert_undisturbed(home, sweeps)
    where = ", ".join(f"{step} {n}" for step, n in struck.most_common())
    figure(
        f"{struck.total()} kills in {n_lives} sweeps, every table equal to the undisturbed one; in: {where}"
    )


#: Moment and the number of its coming, early and late in the sweep; CI takes the first of each moment.
AIMED = [
    ("in Dagster's own stores", 3),
    ("in Dagster's own stores", 40),
    ("in a fit", 1),
    ("in a fit", 17),
    ("half an array written", 1),
    ("half an array written", 30),
    ("half a booster written", 9),
    ("an array not yet in place", 12),
    ("a header not yet in place", 2),
    ("the new store not yet in place", 1),
    ("a header not yet in place", 20),
    ("before the commit", 1),
    ("rows deleted, none inserted", 1),
    ("before the commit", 2),
    ("after the commit, before the file is closed", 2),
    ("rows deleted, none inserted", 2),
    ("before the commit", 5),
    ("the report not yet in place", 1),
]


def test_a_sweep_that_is_killed_at_every_named_moment_in_turn_ends_as_if_undisturbed(
    sweeps: Sweeps, homes: Iterator[Home], figure: Figure
):
    assert {moment for moment, _ in AIMED} == set(MOMENTS)
    first_of_each = [(moment, next(n for name, n in AIMED if name == moment)) for moment in MOMENTS]
    aimed = AIMED if SCALE == "full" else first_of_each
    home = next(homes)
    for moment, count in aimed:
        killed = sweeps.run(home, moment, count)
        assert killed.wait() == KILLED, (moment, count, killed.stderr)
        assert_nothing_half_written(home)
    resumed = sweeps.run(home)
    assert resumed.wait() == 0, resumed.stderr
    assert_undisturbed(home, sweeps)

    for moment in ("rows deleted, none inserted", "the report not yet in place"):
        assert sweeps.run(home, moment).wait() == KILLED
        assert_undisturbed(home, sweeps)
    figure(f"{len(aimed)} aimed kills of one sweep, at {len(MOMENTS)} moments, then every table equal")
