"""What the checks of a sweep say of its values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import dagster as dg

from ftf_assets.checks.domain_checks import DOMAIN_CHECKS
from ftf_assets.freshness.reason import Reason
from ftf_assets.graph.check_history import (
    ARTIFACT_KEY,
    DECISION_CHECKS,
    INVALIDATING_CHECKS,
    SMOKE_CHECKS,
    SWEEP_ID,
    CheckResult,
    FailedCheck,
    latest_result,
    latest_results,
)
from ftf_assets.graph.crypto_partitions import partition_of
from ftf_assets.sweep.asset_inputs import ARTIFACTS
from ftf_assets.sweep.sweep import Sweep

#: Crypto, asset and check; the crypto is None where a value covers the whole sweep.
CheckOf = tuple[str | None, str, str]


def sweep_checks(asset: str) -> tuple[str, ...]:
    """Name the checks that a sweep runs on an asset, those that make verdicts ``INVALID`` first."""
    if asset in DECISION_CHECKS:
        return DECISION_CHECKS[asset]
    named = (*INVALIDATING_CHECKS[asset], *(check.name for check in DOMAIN_CHECKS.get(asset, ())))
    return tuple(check for check in dict.fromkeys(named) if (asset, check) not in SMOKE_CHECKS)


def check_reason(
    check: str, result: CheckResult | None, table_versions: Mapping[str, str] | None = None
) -> Reason | None:
    """Say why a check does not confirm a value as it is now.

    A warning is not a reason, because making the value again would not change it.
    :func:`latest_checks` shows the warning from the records instead.

    Parameters
    ----------
    check
        Name of the check.
    result
        Its latest result on this value; None if it never ran.
    table_versions
        Content hashes, as they are now, of the tables that the check reads.
    """
    if result is None:
        return Reason("check", f"its check {check} has not run")
    for table, version in (table_versions or {}).items():
        if result.table_versions.get(table) != version:
            return Reason("changed", f"{table} has changed since the check {check} ran")
    if not result.passed and not result.is_warning:
        return Reason("check", f"its check {check} has failed: {result.description}")
    return None


def latest_checks(sweep: Sweep, instance: dg.DagsterInstance) -> dict[CheckOf, FailedCheck | None]:
    """Give the latest results of the checks of a sweep's values as they are, in flow order.

    Returns
    -------
    dict
        (crypto, asset, check) to what failed, warnings included; None where the check passed. A check that
        has not run on the value is absent, such as one of the smoke alone.
    """
    found: dict[CheckOf, FailedCheck | None] = {}
    for crypto, asset, check in checks_in_order(sweep):
        result = latest_on_value(sweep, instance, asset, check, crypto)
        if result is not None:
            failed = FailedCheck(crypto, asset, check, result.description, result.is_warning)
            found[crypto, asset, check] = None if result.passed else failed
    return found


def checks_in_order(sweep: Sweep) -> Iterator[CheckOf]:
    """List the checks of a sweep's values in flow order, those of the smoke alone included."""
    values = [(asset, crypto) for crypto in sweep.cryptos for asset in INVALIDATING_CHECKS]
    for asset, crypto in (*values, *((asset, None) for asset in DECISION_CHECKS)):
        smoke = sorted(check for of, check in SMOKE_CHECKS if of == asset)
        yield from ((crypto, asset, check) for check in (*sweep_checks(asset), *smoke))


def latest_on_value(
    sweep: Sweep, instance: dg.DagsterInstance | None, asset: str, check: str, crypto: str | None
) -> CheckResult | None:
    """Find the latest result of a check on exactly this artifact, or on this sweep's rows or decision.

    None if it never ran, or if there are no records yet.
    """
    if instance is None:
        return None
    partition = None if crypto is None else partition_of(crypto, sweep.settings.data.source)
    if asset in ARTIFACTS and crypto is not None:
        key = sweep.artifact_key(asset, crypto)
        return latest_result(instance, asset, check, partition, ARTIFACT_KEY, key)
    return latest_result(instance, asset, check, partition, SWEEP_ID, sweep.sweep_id)


def latest_on_artifact(
    sweep: Sweep, instance: dg.DagsterInstance | None, asset: str, check: str, crypto: str
) -> tuple[CheckResult | None, CheckResult | None]:
    """Find the latest result of a check on exactly this artifact, and the latest in this sweep.

    The two differ where another sweep has checked the artifact, which sweeps share, and where the sweep last
    met another value, such as that of a file that has been put back since.
    """
    if instance is None:
        return None, None
    wanted = {ARTIFACT_KEY: sweep.artifact_key(asset, crypto), SWEEP_ID: sweep.sweep_id}
    partition = partition_of(crypto, sweep.settings.data.source)
    found = latest_results(instance, asset, check, partition, wanted)
    return found.get(ARTIFACT_KEY), found.get(SWEEP_ID)
