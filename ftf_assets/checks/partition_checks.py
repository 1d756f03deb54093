"""Checks of one crypto's stored values: one step per asset and partition runs all of its checks.

Each check has the partitions of its asset, so that a green crypto never hides a red one. The checks of one
asset share a step and the values that they read, because a step costs more than a check.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from ftf_assets.checks.stored import Stored
from ftf_assets.contracts.errors import FtfError
from ftf_assets.graph.check_history import ARTIFACT_KEY, SWEEP_ID, TABLE_VERSIONS
from ftf_assets.graph.crypto_partitions import PARTITIONS
from ftf_assets.graph.step_failures import refusals_as_failures
from ftf_assets.sweep.asset_inputs import ARTIFACTS


@dataclass(frozen=True)
class Finding:
    """The result of a check.

    Attributes
    ----------
    breaches
        What is wrong, one line each. The check passes without any.
    summary
        One line that describes a pass.
    metadata
        Numbers and tables that the UI shows beside the result.
    """

    breaches: Sequence[str] = ()
    summary: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PartitionCheck:
    """A check of one asset's partitions.

    Attributes
    ----------
    name
        Name in the UI.
    judge
        Judges the stored values. Its docstring is the description of the check. An ``FtfError`` that it
        raises becomes a breach.
    blocking
        Whether a failure stops the assets downstream.
    severity
        Severity of a failure.
    """

    name: str
    judge: Callable[[Stored], Finding]
    blocking: bool = False
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR


def checks_of(asset: str, checks: Sequence[PartitionCheck]) -> dg.AssetChecksDefinition:
    """Build the step that runs an asset's checks."""
    with warnings.catch_warnings():
        # Partitioned checks are a preview feature of Dagster. Its version is pinned, and tests cover them.
        warnings.simplefilter("ignore")
        specs = [
            dg.AssetCheckSpec(
                check.name,
                asset=asset,
                description=check.judge.__doc__,
                blocking=check.blocking,
                partitions_def=PARTITIONS,
            )
            for check in checks
        ]

        @dg.multi_asset_check(
            name=f"{asset}_checks",
            specs=specs,
            can_subset=True,
            required_resource_keys={"sweep", "io_manager"},
        )
        def run_checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
            with refusals_as_failures():
                crypto, sweep = context.resources.sweep.open_partition(context.partition_key)
            stored = Stored(context.resources.io_manager, sweep, crypto)
            selected = {key.name for key in context.selected_asset_check_keys}
            for check in checks:
                if check.name in selected:
                    yield _result(asset, check, stored)

    return run_checks


def _result(asset: str, check: PartitionCheck, stored: Stored) -> dg.AssetCheckResult:
    judged: dict[str, Any] = {SWEEP_ID: stored.sweep.sweep_id}
    if asset in ARTIFACTS:
        judged[ARTIFACT_KEY] = stored.sweep.artifact_key(asset, stored.crypto)
    if versions := stored.table_versions(asset):
        judged[TABLE_VERSIONS] = versions
    finding = _judge(check, stored)
    more = f"; {len(finding.breaches) - 1} more" if len(finding.breaches) > 1 else ""
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=check.name,
        passed=not finding.breaches,
        severity=check.severity,
        description=f"{finding.breaches[0]}{more}"
        if finding.breaches
        else finding.summary or check.judge.__doc__,
        metadata={**judged, **finding.metadata, **({"found": list(finding.breaches)} if more else {})},
    )


def _judge(check: PartitionCheck, stored: Stored) -> Finding:
    try:
        return check.judge(stored)
    except FtfError as error:
        return Finding([str(error)])
