"""A sweep that is killed by SIGKILL goes on where it stopped and ends as if nothing had happened."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from ftf_assets.graph.instance import open_instance
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_database import refresh_index
from ftf_assets_tests.faults.conftest import Figure
from ftf_assets_tests.faults.kill_points import BUCKET_MOMENTS, MOMENTS
from ftf_assets_tests.faults.scale import SCALE
from ftf_assets_tests.faults.undisturbed import (
    KILLED,
    Sweeps,
    assert_nothing_half_written,
    assert_struck,
    assert_undisturbed,
    n_unfinished_runs,
)
from ftf_assets_tests.support.s3_server import bucket_home

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
    ("half a pack written", 1),
    ("in a fit", 1),
    ("a header not yet in place", 2),
    ("half a pack written", 5),
    ("a pack not yet in place", 4),
    ("in a fit", 6),
    ("half a pack written", 6),
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
    killed_in_turn(sweeps, home, aimed)
    # Current rows and a current report are not made again, so something must be missing first.
    for moment, lost in (
        ("the rows not yet in place", a_model(home)),
        ("the report not yet in place", home.report_name(sweep_id(sweeps))),
    ):
        home.blobs.delete([lost])
        assert_struck(sweeps.run_until(home, moment))
        assert_undisturbed(home, sweeps)
    figure(f"{len(aimed)} aimed kills of one sweep, at {len(MOMENTS)} moments, then every table equal")


#: Likewise in a bucket, where a sweep writes the index last. CI takes two that no folder has.
AIMED_IN_A_BUCKET = [
    ("in Dagster's own stores", 3),
    ("in Dagster's own stores", 40),
    ("half a pack of arrays uploaded", 1),
    ("a pack of arrays uploaded, its header not", 2),
    ("half a pack written", 1),
    ("in a fit", 1),
    ("a header not yet in place", 2),
    ("half a pack written", 2),
    ("a pack not yet in place", 4),
    ("half a pack of fits uploaded", 1),
    ("a pack of fits uploaded, its keys not", 1),
    ("in a fit", 6),
    ("a pack of arrays uploaded, its header not", 1),
    ("half of the rows uploaded", 1),
    ("the rows not yet uploaded", 1),
    ("the rows uploaded, the older ones not removed", 1),
    ("the report not yet uploaded", 1),
    ("the new index not yet in place", 1),
    ("in the transaction of the index", 1),
    ("before the commit of the index", 1),
    ("after its commit, before the file is closed", 1),
]
IN_SHORT = ("a pack of fits uploaded, its keys not", "half of the rows uploaded")


def test_a_sweep_in_a_bucket_that_is_killed_at_every_named_moment_in_turn_ends_as_if_undisturbed(
    sweeps: Sweeps, figure: Figure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert {moment for moment, _ in AIMED_IN_A_BUCKET} == set(BUCKET_MOMENTS)
    aimed = [one for one in AIMED_IN_A_BUCKET if SCALE == "full" or one[0] in IN_SHORT]
    with bucket_home(tmp_path / "machine", monkeypatch) as home:
        on_bucket = replace(sweeps, environment=dict(os.environ))
        killed_in_turn(on_bucket, home, aimed)
        if SCALE == "full":
            for moment, lost in (
                ("the rows not yet uploaded", a_model(home)),
                ("the report not yet uploaded", home.report_name(sweep_id(sweeps))),
            ):
                home.blobs.delete([lost])
                assert_struck(on_bucket.run_until(home, moment))
                assert_undisturbed(home, on_bucket)

        # A machine that shares nothing with this one but the bucket finds the same, and nothing to do.
        monkeypatch.setenv("FTF_CACHE", str(tmp_path / "another machine"))
        elsewhere = Home.locate(home.address)
        assert elsewhere.path != home.path
        assert refresh_index(elsewhere).note == ""
        assert_undisturbed(elsewhere, on_bucket)
    figure(f"{len(aimed)} aimed kills of one sweep, at {len(dict(aimed))} moments, then every table equal")


def killed_in_turn(sweeps: Sweeps, home: Home, aimed: Sequence[tuple[str, int]]) -> None:
    """Kill a sweep at moments, one after the other, each time where the last one left it; then let it end."""
    for moment, count in aimed:
        assert_struck(sweeps.run_until(home, moment, count))
        assert_nothing_half_written(home)
        assert n_unfinished_runs(home) == 0
    resumed = sweeps.run(home)
    assert resumed.wait() == 0, resumed.stderr
    assert_undisturbed(home, sweeps)


def a_model(home: Home) -> str:
    """Name a blob without which a crypto's models are made again, and its rows after them."""
    models = home.blobs.entries("artifacts/trained_models/")
    return next(entry.name for entry in models if entry.name.endswith("/header.json"))


def sweep_id(sweeps: Sweeps) -> str:
    return str(sweeps.undisturbed["sweeps"]["sweep_id"][0])
