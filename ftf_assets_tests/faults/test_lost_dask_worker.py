"""A sweep whose fits run on Dask workers, one of which is killed, equals the sweep on threads."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from ftf_assets.storage.home import Home
from ftf_assets_tests.faults.scale import SCALE
from ftf_assets_tests.faults.undisturbed import Sweeps, n_unfinished_runs, tables
from ftf_assets_tests.support.dask_cluster import PATIENCE, local_dask
from ftf_assets_tests.support.network_hosts import why_no_hosts

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(
        SCALE != "full" and why_no_hosts() is None,
        reason="end_to_end/test_two_hosts.py loses a worker of two hosts; on one machine: make faults",
    ),
]


def test_a_sweep_on_dask_workers_of_which_one_is_killed_equals_the_sweep_on_threads(
    sweeps: Sweeps, homes: Iterator[Home], tmp_path: Path
):
    with local_dask(tmp_path / "dask", 2) as dask:
        home = next(homes)
        sweep = sweeps.start(home, "--fits", dask.address)
        deadline = time.monotonic() + PATIENCE
        while len(list(home.path.glob("fits/**/header.json"))) < 4:
            assert sweep.process.is_alive(), sweep.stderr
            assert time.monotonic() < deadline, sweep.stderr
            time.sleep(0.01)
        dask.kill_worker(0)
        assert sweep.wait() == 0, sweep.stderr
        found = tables(home)
        stored = found["sweeps"]["settings"]
        assert stored.str.contains(dask.address).all()
        found["sweeps"]["settings"] = stored.str.replace(f'"{dask.address}"', "null")
        for name, expected in sweeps.undisturbed.items():
            pd.testing.assert_frame_equal(found[name], expected, obj=name)
        assert n_unfinished_runs(home) == 0

        dask.end()
        unreachable = sweeps.run(next(homes), "--fits", dask.address)
        assert unreachable.wait() == 2
        assert f"the Dask scheduler {dask.address} cannot be reached: " in unreachable.stderr.splitlines()[-1]
