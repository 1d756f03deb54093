"""A sweep that is killed by SIGKILL goes on where it stopped and ends as if nothing had happened."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import dagster as dg
import pytest

from ftf_assets.graph.instance import open_instance
from ftf_assets.storage.home import Home
from ftf_assets_tests.faults.conftest import Figure
from ftf_assets_tests.faults.kill_points import MOMENTS
from ftf_assets_tests.faults.scale import SCALE
from ftf_assets_tests.faults.undisturbed import (
    KILLED,
    Sweeps,
    assert_nothing_half_written,
    assert_struck,
    assert_undisturbed,
    n_unfinished_runs,
)

pytestmark = pytest.mark.faults


def interrupted_step(home: Home) -> str:
    """Name the step in which the last run of a home was killed."""
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


@pytest.mark.skipif(SCALE != "full", reason="random kills take minutes: make faults")
def test_a_sweep_that_is_killed_at_random_moments_and_resumed_ends_as_if_undisturbed(
    sweeps: Sweeps, homes: Iterator[Home], figure: Figure
):
    n_kills = 50
    moments = random.Random(20_240_105)
    struck: Counter[str] = Counter()
    n_sweeps = 0
    while struck.total() < n_kills:
        home = next(homes)
        n_sweeps += 1
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
        f"{struck.total()} kills in {n_sweeps} sweeps, every table equal to the undisturbed one; in: {where}"
    )


#: Moment, and which of its occurrences in the process of a crypto is fatal; CI takes the first of each.
AIMED = [
    ("in Dagster's own stores", 3),
    ("in Dagster's own stores", 40),
    ("half an array written", 1),
    ("in a fit", 1),
    ("a header not yet in place", 2),
    ("half a booster written", 5),
    ("an array not yet in place", 4),
    ("in a fit", 6),
    ("half an array written", 6),
    ("half of the rows written", 1),
    ("the rows not yet in place", 1),
    ("the rows in place, the older ones not removed", 1),
    ("the new index not yet in place", 1),
    ("in the transaction of the index", 1),
    ("before the commit of the index", 1),
    ("after its commit, before the file is closed", 1),
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
        assert_struck(sweeps.run_until(home, moment, count))
        assert_nothing_half_written(home)
        assert n_unfinished_runs(home) == 0
    resumed = sweeps.run(home)
    assert resumed.wait() == 0, resumed.stderr
    assert_undisturbed(home, sweeps)

    # Current rows and a current report are not made again, so something must be missing first.
    for moment, lost in (
        (
            "the rows not yet in place",
            next((home.path / "artifacts").glob("trained_models/*/*/header.json")),
        ),
        ("the report not yet in place", next((home.path / "reports").glob("*.html"))),
    ):
        lost.unlink()
        assert_struck(sweeps.run_until(home, moment))
        assert_undisturbed(home, sweeps)
    figure(f"{len(aimed)} aimed kills of one sweep, at {len(MOMENTS)} moments, then every table equal")
