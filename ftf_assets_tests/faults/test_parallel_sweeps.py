"""Many processes in one home: when one is killed the others finish, and no row is lost or written twice."""

from __future__ import annotations

import functools
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

pytestmark = pytest.mark.faults


def backfill(home: Home, number: int, repeats: int) -> None:
    """Land one crypto's partition again and again, as a backfill's retries do."""
    crypto = f"COIN{number}USDC"
    for _ in range(repeats):
        ResultsStore(home).write_partition(results_table(partition(crypto)), SWEEP, crypto)


def backfill_and_die(home: Home, number: int, _: int) -> None:
    """Die with the new rows written and not yet in place."""
    plant("the rows not yet in place", 1)
    backfill(home, number, 1)


def lose_one(home: Home, number: int, repeats: int) -> None:
    (backfill_and_die if number == 0 else backfill)(home, number, repeats)


def test_sixteen_processes_write_one_store_and_one_is_killed_in_its_write(tmp_path: Path, figure: Figure):
    home, repeats = Home(tmp_path), scaled(2, 20)
    backfill(home, 0, 1)
    old = ResultsStore(home).read(crypto="COIN0USDC")
    begin = time.monotonic()
    exits = run_together(lose_one, [(home, number, repeats) for number in range(16)])
    seconds = time.monotonic() - begin
    assert exits == [KILLED, *[0] * 15]
    rows = ResultsStore(home).read()
    assert rows.groupby("crypto").size().to_dict() == {f"COIN{number}USDC": 25 for number in range(16)}
    assert not rows.duplicated(list(PRIMARY_KEY)).any()
    assert rows[rows["crypto"] == "COIN0USDC"].reset_index(drop=True).equals(old), "the killed one's old rows"
    figure(f"16 processes, {15 * repeats + 1} writes, 1 killed in its write: 15 done in {seconds:.1f} s")


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
