"""Dagster can serve the graph: what only a webserver would refuse is refused here."""

from __future__ import annotations

from ftf_assets.definitions import defs


def test_dagster_can_serve_every_job_beside_every_asset():
    repository = defs.get_repository_def()  # a job and an asset of one name are refused here, not before
    jobs = {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")}
    assert jobs == {"ftf_sweep", "ftf_decide", "ftf_smoke", "ftf_audit"}
