"""Results of checks: the newest result on exactly this value counts, and only that."""

from __future__ import annotations

import uuid

import dagster as dg
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.graph.check_history import (
    ARTIFACT_KEY,
    SWEEP_ID,
    TABLE_VERSIONS,
    CheckResult,
    failed_invalidating_checks,
    latest_result,
    refuse_failed_input,
)
from ftf_assets.graph.crypto_partitions import partition_of
from ftf_assets_tests.support.small_sweep import small_sweep

CRYPTO, SWEEP = "OPUSDC", "ftf_0123456789ab"


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def record(instance: dg.DagsterInstance, asset: str, check: str, crypto: str | None, **said: object) -> None:
    """Record the result of a check as a run does."""
    evaluation = dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(asset),
        check_name=check,
        partition=partition_of(crypto, "market") if crypto else None,
        **said,
    )
    event = dg.DagsterEvent(
        dg.DagsterEventType.ASSET_CHECK_EVALUATION.value, "ftf_sweep", event_specific_data=evaluation
    )
    instance.report_dagster_event(event, run_id=str(uuid.uuid4()))


def about(value: str, **metadata: dg.MetadataValue) -> dict[str, dg.MetadataValue]:
    return {SWEEP_ID: dg.TextMetadataValue(value), **metadata}


def latest(instance: dg.DagsterInstance, crypto: str | None = CRYPTO) -> CheckResult | None:
    partition = partition_of(crypto, "market") if crypto else None
    return latest_result(instance, "finetune_results", "contract", partition, SWEEP_ID, SWEEP)


def test_a_check_that_never_ran_has_no_result(instance: dg.DagsterInstance):
    assert latest(instance) is None


def test_the_newest_of_many_results_counts(instance: dg.DagsterInstance):
    for number in range(45):  # more than two pages of the history
        record(
            instance,
            "finetune_results",
            "contract",
            CRYPTO,
            passed=number == 0,
            metadata=about(SWEEP if number < 3 else "ftf_of_another"),
            description=f"result {number}",
        )
    assert latest(instance) == CheckResult(passed=False, description="result 2")


def test_results_of_another_crypto_or_of_no_crypto_do_not_count(instance: dg.DagsterInstance):
    for crypto in ("LDOUSDC", None):
        record(instance, "finetune_results", "contract", crypto, passed=True, metadata=about(SWEEP))
    assert latest(instance) is None
    assert latest(instance, None) is not None


def test_a_result_has_its_severity_and_the_versions_of_the_tables_that_were_judged(
    instance: dg.DagsterInstance,
):
    versions = {"finetune_results": "1a2b"}
    record(
        instance,
        "finetune_results",
        "contract",
        CRYPTO,
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=about(SWEEP, **{TABLE_VERSIONS: dg.MetadataValue.json(versions)}),
    )
    assert latest(instance) == CheckResult(False, "", is_warning=True, table_versions=versions)


@pytest.mark.parametrize("check", ["contract", "no_leak"])
def test_an_input_of_which_a_blocking_check_has_failed_is_refused_until_it_passes(
    instance: dg.DagsterInstance, check: str
):
    sweep = small_sweep()
    key = sweep.artifact_key("trained_models", CRYPTO)
    metadata = {ARTIFACT_KEY: dg.TextMetadataValue(key), SWEEP_ID: dg.TextMetadataValue(sweep.sweep_id)}
    record(
        instance, "trained_models", check, CRYPTO, passed=False, metadata=metadata, description="row 7 leaks"
    )
    with pytest.raises(InputError, match=f"{CRYPTO}: the check {check} of trained_models has failed: row 7"):
        refuse_failed_input(instance, sweep, "trained_models", CRYPTO)
    assert failed_invalidating_checks(instance, sweep.sweep_id, sweep.settings.data) == [
        f"trained_models of {CRYPTO}: row 7 leaks"
    ]
    record(instance, "trained_models", check, CRYPTO, passed=True, metadata=metadata)
    refuse_failed_input(instance, sweep, "trained_models", CRYPTO)
    assert failed_invalidating_checks(instance, sweep.sweep_id, sweep.settings.data) == []


@pytest.mark.parametrize(
    ("asset", "check"), [("coerced_arrays", "no_leaking_column"), ("trained_models", "survives_a_lag")]
)
def test_a_failed_leak_diagnostic_stops_nothing_and_makes_verdicts_invalid(
    instance: dg.DagsterInstance, asset: str, check: str
):
    sweep = small_sweep()
    key = sweep.artifact_key(asset, CRYPTO)
    metadata = {ARTIFACT_KEY: dg.TextMetadataValue(key), SWEEP_ID: dg.TextMetadataValue(sweep.sweep_id)}
    record(instance, asset, check, CRYPTO, passed=False, metadata=metadata, description="column 'x' leaks")
    refuse_failed_input(instance, sweep, asset, CRYPTO)
    assert failed_invalidating_checks(instance, sweep.sweep_id, sweep.settings.data) == [
        f"{asset} of {CRYPTO}: column 'x' leaks"
    ]
