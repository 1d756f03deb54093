"""A home in a bucket: the rows of one in a folder, read by any machine, whole after every kind of trouble."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pytest

from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.support.s3_server import (
    SECRET,
    environment,
    new_bucket,
    requests_in,
    s3_server,
    troubled,
)
from ftf_assets_tests.support.settings import set_options

pytestmark = pytest.mark.end_to_end

SMALL = (
    *("--trials", "0", "--crypto", "OPUSDC", "--factor", "cleanlab=off,filter"),
    *set_options(n_folds=2, min_rounds=5, max_rounds=16, patience=5, seeds=1, enabled=False),
)
#: Columns that name the run and its clock; every other column is determined by the settings.
OF_THE_RUN = ["run_id", "created_at", "fit_seconds"]


@dataclass
class Machine:
    """A machine that shares nothing with others but the bucket."""

    folder: Path
    endpoint: str
    bucket: str

    def ftf(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        self.folder.mkdir(exist_ok=True)
        ours = {name: text for name, text in os.environ.items() if not name.startswith(("FTF_", "DAGSTER_"))}
        return subprocess.run(
            [sys.executable, "-m", "ftf_assets.command", *words, "--home", self.bucket],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=ours | environment(self.endpoint) | {"FTF_CACHE": str(self.folder / "cache")} | variables,
        )


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The requests to the server."""
    return tmp_path_factory.mktemp("server") / "log"


@pytest.fixture(scope="module")
def endpoint(log: Path) -> Iterator[str]:
    with s3_server(log=log) as address:
        yield address


@pytest.fixture(scope="module")
def rows_of_a_folder(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    home = Home(tmp_path_factory.mktemp("folder") / "home")
    done = subprocess.run(
        [sys.executable, "-m", "ftf_assets.command", "sweep", *SMALL, "--home", str(home.path)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return ResultsStore(home).read().drop(columns=OF_THE_RUN)


def rows_on(machine: Machine) -> pd.DataFrame:
    file = machine.folder / "rows.parquet"
    done = machine.ftf("results", "--output", str(file))
    assert done.returncode == 0, done.stderr
    return pd.read_parquet(file).drop(columns=OF_THE_RUN)


def assert_equal(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, expected[list(found.columns)], check_dtype=False)


def test_a_sweep_has_the_rows_of_one_in_a_folder_and_any_machine_reads_them(
    endpoint: str, log: Path, rows_of_a_folder: pd.DataFrame, tmp_path: Path
):
    first = Machine(tmp_path / "first", endpoint, new_bucket(endpoint))
    done = first.ftf("sweep", *SMALL)
    assert done.returncode == 0, done.stderr
    other = Machine(tmp_path / "other", endpoint, first.bucket)
    assert_equal(rows_on(other), rows_of_a_folder)
    assert json.loads(other.ftf("gate", "--json").stdout)["verdicts"]
    assert "result objects" in other.ftf("index").stdout
    report = Path(other.ftf("report").stdout.strip())
    assert report.is_relative_to(other.folder)
    begin = log.stat().st_size
    assert other.ftf("plan", *SMALL).returncode == 0
    asked = Counter(requests_in(log, begin))
    assert (asked["GET", "artifacts"], asked["LIST", "artifacts"]) == (7, 1), "headers, and no value"
    assert asked["LIST", "fits"] == 1
    # Nothing is fitted twice: what one machine has made, the other finds.
    again = other.ftf("sweep", *SMALL)
    assert again.returncode == 0, again.stderr
    assert re.search(r"(\d+) fits, \1 of them finished before", again.stderr)
    assert_equal(rows_on(first), rows_of_a_folder)
    for text in (done.stdout, done.stderr, again.stdout, again.stderr):
        assert SECRET not in text


@pytest.mark.parametrize("kind", ["cut", "overloaded"])
def test_a_network_that_is_lost_in_the_middle_ends_a_sweep_in_one_line_and_loses_nothing(
    endpoint: str, rows_of_a_folder: pd.DataFrame, tmp_path: Path, kind: str
):
    with troubled(endpoint) as (address, trouble):
        machine = Machine(tmp_path / "machine", address, new_bucket(endpoint))

        def lose_the_network() -> None:
            while trouble.n_requests < 60:
                time.sleep(0.01)
            trouble.kind = kind

        threading.Thread(target=lose_the_network, daemon=True).start()
        lost = machine.ftf("sweep", *SMALL, FTF_STORE_PATIENCE="2")
        assert lost.returncode == 2, lost.stderr
        (line,) = [line for line in lost.stderr.splitlines() if line.startswith("ftf: ")]
        assert machine.bucket in line
        assert "Traceback" not in lost.stderr
        trouble.kind = None
        again = machine.ftf("sweep", *SMALL)
        assert again.returncode == 0, again.stderr
    assert_equal(rows_on(Machine(tmp_path / "other", endpoint, machine.bucket)), rows_of_a_folder)


REFUSED = {
    "no such bucket": ({"bucket": "s3://nobody-made-it/home"}, "there is no such bucket"),
    "nobody answers": ({"endpoint": "http://127.0.0.1:9"}, "cannot be reached"),
}


@pytest.mark.parametrize(("changes", "says"), REFUSED.values(), ids=REFUSED)
def test_a_bucket_that_cannot_be_used_is_refused_in_one_line(
    endpoint: str, tmp_path: Path, changes: dict[str, str], says: str
):
    machine = Machine(tmp_path / "machine", endpoint, new_bucket(endpoint))
    machine = replace(machine, **changes)
    for words in (["sweep", *SMALL], ["results"], ["index"]):
        done = machine.ftf(*words, FTF_STORE_PATIENCE="2")
        assert done.returncode == 2, done.stderr
        assert says in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
        assert SECRET not in done.stderr
