"""Dagster can serve the graph: what only a webserver would refuse is refused here."""

from __future__ import annotations

from ftf_assets.definitions import defs
from ftf_assets.storage.check_history import DECIDING_CHECKS


def test_dagster_can_serve_every_job_beside_every_asset():
    repository = defs.get_repository_def()  # a job and an asset of one name are refused here, not before
    jobs = {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")}
    assert jobs == {"ftf_sweep", "ftf_decide", "ftf_smoke", "ftf_audit"}


def test_a_decision_stands_by_every_check_that_gate_and_report_have():
    found: dict[str, set[str]] = {asset: set() for asset in DECIDING_CHECKS}
    for check in defs.resolve_asset_graph().asset_check_keys:
        found.get(check.asset_key.to_user_string(), set()).add(check.name)
    assert found == {asset: set(names) for asset, names in DECIDING_CHECKS.items()}
