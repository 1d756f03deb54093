"""Many processes in one home: when one is killed the others finish, and no row is lost or written twice."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ftf_assets.contracts.tables.finetune_results import PRIMARY_KEY
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.faults.conftest import Figure
from ftf_assets_tests.faults.kill_points import plant
from ftf_assets_tests.faults.scale import N_CELLS, scaled
from ftf_assets_tests.faults.undisturbed import (
    KILLED,
    Sweeps,
    assert_nothing_half_written,
    assert_struck,
    assert_undisturbed,
    n_unfinished_runs,
)
from ftf_assets_tests.support.processes import run_together
from ftf_assets_tests.support.results_rows import SWEEP, partition, results_table
from ftf_assets_tests.support.s3_server import bucket_home

pytestmark = pytest.mark.faults


def backfill(home: Home, number: int, repeats: int) -> None:
    """Land one crypto's partition again and again, as a backfill's retries do."""
    crypto = f"COIN{number}USDC"
    for _ in range(repeats):
        ResultsStore(home).write_partition(results_table(partition(crypto)), SWEEP, crypto)


def read_along(home: Home, repeats: int) -> None:
    """Read beside the writers: a crypto has all of its rows or none."""
    for _ in range(repeats):
        rows = ResultsStore(home).read()
        assert set(rows.groupby("crypto").size()) == {25}


def lose_one(home: Home, number: int, repeats: int, variables: dict[str, str]) -> None:
    """Be one of 16 writers, of which the first dies in its write, or the reader beside them."""
    os.environ.update(variables)
    if number == 0:
        plant("the rows not yet in place" if home.bucket is None else "half of the rows uploaded", 1)
    if number == 16:
        read_along(home, 5 * repeats)
    else:
        backfill(home, number, repeats)


@pytest.fixture(params=["folder", "bucket"])
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    if request.param == "folder":
        yield Home(tmp_path)
        return
    with bucket_home(tmp_path, monkeypatch) as home:
        yield home


def test_sixteen_processes_write_one_store_and_one_is_killed_in_its_write(home: Home, figure: Figure):
    repeats = scaled(2, 20)
    backfill(home, 0, 1)
    old = ResultsStore(home).read(crypto="COIN0USDC")
    begin = time.monotonic()
    exits = run_together(lose_one, [(home, number, repeats, dict(os.environ)) for number in range(17)])
    seconds = time.monotonic() - begin
    assert exits == [KILLED, *[0] * 16]
    rows = ResultsStore(home).read()
    assert rows.groupby("crypto").size().to_dict() == {f"COIN{number}USDC": 25 for number in range(16)}
    assert not rows.duplicated(list(PRIMARY_KEY)).any()
    assert rows[rows["crypto"] == "COIN0USDC"].reset_index(drop=True).equals(old), "the killed one's old rows"
    figure(
        f"16 writers, {15 * repeats + 1} writes, 1 killed in its write: 15 done in {seconds:.1f} s; a reader "
        f"beside them found whole partitions in {5 * repeats} reads"
    )


def test_sweeps_with_different_settings_run_side_by_side_and_one_is_killed(
    sweeps: Sweeps, homes: Iterator[Home], figure: Figure
):
    home, n_sweeps = next(homes), scaled(2, 15)
    # Each crypto is a process of its own and writes its rows once: every one of them dies there.
    killed = sweeps.start(home, prepare=functools.partial(plant, "the rows not yet in place", 1))
    others = [sweeps.start(home, "--seed", str(100 + number)) for number in range(n_sweeps)]
    assert_struck(killed)
    assert [other.wait() for other in others] == [0] * n_sweeps, [other.stderr for other in others]
    assert_nothing_half_written(home)
    assert n_unfinished_runs(home) == 0
    assert sweeps.run(home).wait() == 0
    rows = ResultsStore(home).read()
    assert set(rows.groupby("sweep_id").size()) == {N_CELLS}
    assert rows["sweep_id"].nunique() == n_sweeps + 1
    (sweep_id,) = sweeps.undisturbed["sweeps"]["sweep_id"]
    assert_undisturbed(home, sweeps, sweep_id=sweep_id)
    figure(f"{n_sweeps + 1} sweeps at once in one home, 1 killed: all {len(rows)} rows in the end")


def test_the_same_sweep_twice_at_once_ends_as_one(sweeps: Sweeps, homes: Iterator[Home], figure: Figure):
    home, n_sweeps = next(homes), scaled(2, 8)
    twins = [sweeps.start(home) for _ in range(n_sweeps)]
    assert [twin.wait() for twin in twins] == [0] * n_sweeps, [twin.stderr for twin in twins]
    assert_undisturbed(home, sweeps)
    figure(f"the same sweep {n_sweeps} times at once: {N_CELLS} rows, every table equal")
