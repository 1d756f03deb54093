"""What a sweep does beside its runs: verdicts that cannot be taken back are said with what stopped it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftf_assets.contracts.errors import BlockedError, RunError, StoreError
from ftf_assets.graph.jobs import DECIDE_JOB
from ftf_assets.running import sweep_run
from ftf_assets.running.job_runs import JobRun
from ftf_assets.storage.home import Home
from ftf_assets_tests.support.small_sweep import small_sweep


def test_where_verdicts_cannot_be_taken_back_the_error_says_both(tmp_path: Path, monkeypatch):
    def full_disk(*_arguments: object, **_named: object) -> None:
        raise StoreError("no space left")

    monkeypatch.setattr(sweep_run, "run_jobs", full_disk)
    blocked = BlockedError("stopped, because a blocking check failed. row 7 overlaps.")
    with pytest.raises(RunError) as stopped:
        sweep_run._decide_after(blocked, JobRun(DECIDE_JOB, {}, {}), Home(tmp_path), small_sweep().settings)
    assert str(stopped.value) == f"{blocked} Its verdicts could not be made INVALID: no space left"
