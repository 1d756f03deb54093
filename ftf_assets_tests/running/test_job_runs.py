"""In which child processes the runs of a sweep are executed."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from ftf_assets.running import job_runs
from ftf_assets.running.job_runs import JobRun, run_jobs
from ftf_assets.storage.home import Home
from ftf_assets_tests.support.settings import settings_of


@pytest.mark.parametrize(
    ("device", "fits", "fresh", "children"),
    [("cpu", True, False, 7), ("cuda", True, True, 4), ("cuda:1", True, True, 4), ("cuda", False, False, 7)],
    ids=["cores", "first GPU", "second GPU", "a decision fits nothing"],
)
def test_runs_that_fit_on_a_gpu_get_fresh_children_one_more_than_fits_at_a_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path, device: str, fits: bool, fresh: bool, children: int
):
    started: list[dict[str, Any]] = []

    def start(jobs, worker, **how):
        started.append({"jobs": jobs, **how})
        return {}

    monkeypatch.setattr(job_runs, "run_side_by_side", start)
    monkeypatch.setattr(job_runs, "open_instance", lambda home: nullcontext())
    monkeypatch.setattr(job_runs, "add_cryptos", lambda instance, cryptos: None)
    monkeypatch.setattr(job_runs, "_import_for_children", lambda runs: None)
    settings = settings_of(device=device, workers=6, gpu_fits=3)
    run = JobRun("ftf_sweep", {}, {}, "OPUSDC")
    run_jobs([run], Home(tmp_path), settings=settings, on_fit=print, fits=fits)
    del started[0]["meanwhile"]
    assert started == [{"jobs": ["OPUSDC"], "children": children, "on_event": print, "fresh": fresh}]


def test_what_the_next_runs_import_is_imported_while_these_run(monkeypatch: pytest.MonkeyPatch, tmp_path):
    happened: list[object] = []

    def start(jobs, worker, *, meanwhile, **how):
        happened.append("children work")
        meanwhile()
        return {}

    monkeypatch.setattr(job_runs, "run_side_by_side", start)
    monkeypatch.setattr(job_runs, "open_instance", lambda home: nullcontext())
    monkeypatch.setattr(job_runs, "add_cryptos", lambda instance, cryptos: None)
    monkeypatch.setattr(job_runs, "_import_for_children", lambda runs: happened.append(list(runs)))
    run, decision = JobRun("ftf_sweep", {}, {}, "OPUSDC"), JobRun("ftf_decide", {}, {})
    run_jobs([run], Home(tmp_path), settings=settings_of(), on_fit=print, next_runs=[decision])
    assert happened == [[run], "children work", [decision]]
