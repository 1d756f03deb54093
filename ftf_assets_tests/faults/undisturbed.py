"""One small sweep, what it leaves in a home when nothing disturbs it, and what must hold of every home."""

from __future__ import annotations

import functools
import io
import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import duckdb
import pandas as pd

from ftf_assets.contracts.tables.finetune_results import PRIMARY_KEY
from ftf_assets.graph.instance import open_instance
from ftf_assets.storage.artifacts import pack_name
from ftf_assets.storage.fit_packs import read_keys
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_database import NoResultsError
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.faults.kill_points import plant
from ftf_assets_tests.faults.scale import N_CELLS, N_CELLS_A_CRYPTO
from ftf_assets_tests.support.processes import FtfProcess, Prepare, start_ftf

KILLED = -9
UNFINISHED = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
#: Columns that name the run and its clock; every other column of a cell is determined by its settings.
OF_THE_RUN = ["run_id", "created_at", "fit_seconds"]


@dataclass(frozen=True)
class Sweeps:
    """The command of one small sweep, and the home that it leaves when nothing disturbs it.

    Attributes
    ----------
    environment
        Variables of the processes that it starts, such as those with which they find a bucket.
    """

    arguments: tuple[str, ...]
    logs: Path
    home: Home
    seconds: float
    environment: Mapping[str, str] = field(default_factory=dict)

    @functools.cached_property
    def undisturbed(self) -> dict[str, pd.DataFrame]:
        """The tables of the undisturbed home."""
        return tables(self.home)

    def command(self, home: Home, *more: str) -> list[str]:
        return [*self.arguments, *more, "--home", home.address]

    def start(self, home: Home, *more: str, prepare: Prepare | None = None) -> FtfProcess:
        prepared = functools.partial(_prepare, dict(self.environment), prepare)
        return start_ftf(self.command(home, *more), self.logs, prepare=prepared)

    def run(self, home: Home, *more: str, prepare: Prepare | None = None) -> FtfProcess:
        command = self.start(home, *more, prepare=prepare)
        command.wait()
        return command

    def run_until(self, home: Home, moment: str, count: int = 1) -> FtfProcess:
        """Run it until it kills itself when a moment occurs for the ``count``-th time."""
        return self.run(home, prepare=functools.partial(plant, moment, count))

    def finished(self, folder: Path) -> Home:
        """Copy the undisturbed home."""
        shutil.copytree(self.home.path, folder)
        return Home(folder)


def _prepare(environment: Mapping[str, str], prepare: Prepare | None) -> None:
    os.environ.update(environment)
    if prepare is not None:
        prepare()


def tables(home: Home) -> dict[str, pd.DataFrame]:
    """Read every table of a home, without the columns that name the run and its clock."""
    connection = duckdb.connect(str(home.results), read_only=True)
    try:
        frames = {
            name: connection.execute(f"SELECT * FROM {name} ORDER BY ALL").df()
            for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
            if name != "result_objects"  # how often a partition was written
        }
    finally:
        connection.close()
    frames["finetune_results"] = frames["finetune_results"].sort_values(list(PRIMARY_KEY), ignore_index=True)
    return {
        name: frame.drop(columns=[column for column in OF_THE_RUN if column in frame])
        for name, frame in frames.items()
    }


def assert_undisturbed(home: Home, sweeps: Sweeps, sweep_id: str | None = None) -> None:
    """No row is lost, none is there twice, and every value equals that of the undisturbed sweep.

    ``sweep_id`` names the sweep where the home holds several.
    """
    found = tables(home)
    if sweep_id is not None:
        found = {
            name: frame[frame["sweep_id"] == sweep_id].reset_index(drop=True)
            if "sweep_id" in frame
            else frame
            for name, frame in found.items()
        }
    assert set(found) == set(sweeps.undisturbed)
    for name, expected in sweeps.undisturbed.items():
        pd.testing.assert_frame_equal(found[name], expected, obj=name)
    rows = ResultsStore(home).read(sweep_id)
    assert len(rows) == N_CELLS
    assert not rows.duplicated(list(PRIMARY_KEY)).any()
    assert n_unfinished_runs(home) == 0


def assert_struck(command: FtfProcess) -> None:
    """The kill struck the command, or its child process of a crypto, and the command says so."""
    code = command.wait()
    assert code == KILLED or (code == 1 and "was killed by SIGKILL" in command.stderr), command.stderr


def n_unfinished_runs(home: Home) -> int:
    """Count the runs that look unfinished after the next ``ftf`` has opened the home."""
    with open_instance(home) as instance:
        return instance.get_runs_count(dg.RunsFilter(statuses=UNFINISHED))


def assert_nothing_half_written(home: Home) -> None:
    """Every value that a reader would find is complete: its header parses, its checksums match."""
    values = {"this machine": _files_on_this_machine(home)}
    if home.bucket is not None:
        values |= {"the bucket": _objects(home), **_found_packs(home)}
    for where, files in values.items():
        for header in (name for name in files if name.endswith("header.json")):
            pack = json.loads(files[header])["pack"]
            if pack is not None:
                content = files[f"{header.rpartition('/')[0]}/{pack['file']}"]
                assert pack_name(content) == pack["file"], f"{where}: {header}, {pack}"
    with suppress(NoResultsError):
        assert len(ResultsStore(home).read()) % N_CELLS_A_CRYPTO == 0, "half a partition"


def _files_on_this_machine(home: Home) -> dict[str, bytes]:
    found = [path for folder in ("artifacts", "fits", "scores") for path in home.path.glob(f"{folder}/**/*")]
    return {path.relative_to(home.path).as_posix(): path.read_bytes() for path in found if path.is_file()}


def _objects(home: Home) -> dict[str, bytes]:
    return {entry.name: home.blobs.get(entry.name) for entry in home.blobs.entries("artifacts/")}


def _found_packs(home: Home) -> dict[str, dict[str, bytes]]:
    """The files of each pack of fits or scores that its keys name; each key has a result there."""
    packs = {}
    for folder in ("fits", "scores"):
        for entry in home.blobs.entries(f"{folder}/"):
            owner, lists_keys, _ = entry.name.partition("/keys/")
            if not lists_keys:
                continue
            pack, keys = read_keys(home.blobs, entry.name)
            content = home.blobs.get(f"{owner}/packs/{pack}")
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                files = {name: archive.read(name) for name in archive.namelist()}
            assert {f"{key}/header.json" for key in keys} <= set(files), entry.name
            packs[pack] = files
    return packs
