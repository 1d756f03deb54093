"""Dagster can serve the graph: what only a webserver would refuse is refused here."""

from __future__ import annotations

import dagster as dg
import pandas as pd
import pytest

from ftf_assets.contracts.tables.candles import Candles
from ftf_assets.contracts.tables.feature_cache import FeatureCache
from ftf_assets.definitions import defs
from ftf_assets.freshness.checks import checks_in_order
from ftf_assets.graph.check_history import DECISION_CHECKS
from ftf_assets.graph.jobs import DECIDE_JOB, SMOKE_JOB, SWEEP_JOB
from ftf_assets.graph.table_types import CANDLES, CRYPTO_RESULTS, FEATURE_CACHE
from ftf_assets.rows.factor_columns import finetune_results_contract
from ftf_assets_tests.support.small_sweep import small_sweep


def test_dagster_can_serve_every_job_beside_every_asset():
    repository = defs.get_repository_def()  # a job and an asset of one name are refused here, not before
    jobs = {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")}
    assert jobs == {"ftf_sweep", "ftf_decide", "ftf_smoke", "ftf_audit"}


def test_a_decision_stands_by_every_check_that_gate_and_report_have():
    found: dict[str, set[str]] = {asset: set() for asset in DECISION_CHECKS}
    for check in defs.resolve_asset_graph().asset_check_keys:
        found.get(check.asset_key.to_user_string(), set()).add(check.name)
    assert found == {asset: set(names) for asset, names in DECISION_CHECKS.items()}


def test_a_sweep_lists_every_check_that_its_jobs_run_so_that_none_is_red_unseen():
    listed = {(asset, check) for _, asset, check in checks_in_order(small_sweep())}
    run = {
        (key.asset_key.to_user_string(), key.name)
        for job in (SWEEP_JOB, DECIDE_JOB, SMOKE_JOB)
        for key in defs.resolve_job_def(job).asset_layer.asset_graph.asset_check_keys
    }
    of_the_audit = {key for key in run if key[0] == "noise_audit"}  # listed by its own runs
    assert listed == run - of_the_audit


@pytest.mark.parametrize(
    ("table", "contract"),
    [(CANDLES, Candles), (FEATURE_CACHE, FeatureCache), (CRYPTO_RESULTS, finetune_results_contract())],
    ids=["candles", "feature_cache", "finetune_results"],
)
def test_the_page_of_a_table_describes_every_column_of_its_contract(table, contract):
    shown = table.definition_metadata["dagster/column_schema"].columns
    assert {column.name for column in shown} == set(contract.to_schema().columns)
    assert all(column.description for column in shown)


@pytest.mark.parametrize(
    "table", [CANDLES, FEATURE_CACHE, CRYPTO_RESULTS], ids=lambda one: one.dagster_type.key
)
@pytest.mark.parametrize(
    "value", [pd.DataFrame({"close": [1.0]}), [1.0], None], ids=["frame", "list", "none"]
)
def test_the_type_of_a_table_refuses_what_is_none_of_its_values(table, value):
    checked = table.dagster_type.type_check(dg.build_op_context(), value)
    assert not checked.success
    assert checked.description


def test_what_assets_hand_on_is_checked_by_its_class():
    frame = defs.get_assets_def("coerced_arrays").op.ins["feature_cache"].dagster_type
    assert frame.type_check(dg.build_op_context(), pd.DataFrame()).success
    assert not frame.type_check(dg.build_op_context(), []).success
