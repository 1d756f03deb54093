"""The latest results of asset checks on a value, read from Dagster's event log.

A check result belongs to the value that it judged: an artifact by its key, rows and decisions by their sweep.
A check that reads tables also records their versions, so its result counts for that content only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dagster._core.event_api import PartitionKeyFilter

from ftf_assets.contracts.errors import InputError
from ftf_assets.graph.crypto_partitions import partition_of
from ftf_assets.sweep.asset_inputs import ARTIFACTS, CEILING
from ftf_assets.sweep.data_settings import DataSettings
from ftf_assets.sweep.sweep import Sweep

#: Name of the contract check that every table and bundle has.
CONTRACT_CHECK = "contract"
#: Name of the check that recomputes from label intervals that no fit looks ahead.
LEAK_CHECK = "no_leak"
#: Name of the check that finds features which nearly are the label or the future.
COLUMN_LEAK_CHECK = "no_leaking_column"
#: Name of the check that fits a strong baseline again on older features.
LAG_CHECK = "survives_a_lag"
#: The blocking checks of each asset. While one has failed, downstream assets refuse the value and every
#: verdict is ``INVALID``.
BLOCKING_CHECKS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((*ARTIFACTS, CEILING, "finetune_results"), (CONTRACT_CHECK,)),
    "trained_models": (CONTRACT_CHECK, LEAK_CHECK),
}
#: Leak checks that stop no run, so that rows and report show what the leak is worth. While one has failed,
#: every verdict is ``INVALID``.
LEAK_DIAGNOSTICS: dict[str, tuple[str, ...]] = {
    "coerced_arrays": (COLUMN_LEAK_CHECK,),
    "trained_models": (LAG_CHECK,),
}
#: The checks of each asset that make every verdict ``INVALID``, the blocking ones first.
INVALIDATING_CHECKS: dict[str, tuple[str, ...]] = {
    asset: (*checks, *LEAK_DIAGNOSTICS.get(asset, ())) for asset, checks in BLOCKING_CHECKS.items()
}
#: Name of the check that warns before cleaning is locked that no audit supports.
AUDITED_CHECK = "cleaners_audited"
#: The checks of the assets that cover a whole sweep.
DECISION_CHECKS = {
    "gate_decision": (CONTRACT_CHECK, "enough_trades", AUDITED_CHECK),
    "sweep_report": ("opens",),
}
#: Checks that always fit models, (asset, check): part of the smoke, not of a sweep.
SMOKE_CHECKS = frozenset({("trained_models", "reproducible")})

#: Metadata of check results: the artifact or the sweep that was judged, and the versions of the tables read.
ARTIFACT_KEY = "artifact_key"
SWEEP_ID = "sweep_id"
TABLE_VERSIONS = "table_versions"

_PAGE = 20


@dataclass(frozen=True)
class CheckResult:
    """One result of a check.

    Attributes
    ----------
    passed, description
        What the check found.
    is_warning
        Whether a failure is only a warning: a run would not change it.
    table_versions
        Table to content hash, of the tables that the check read.
    """

    passed: bool
    description: str
    is_warning: bool = False
    table_versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FailedCheck:
    """An asset check that failed.

    Attributes
    ----------
    crypto
        The partition; None for a check of the whole sweep.
    asset, check
        Names of the asset and of its check.
    description
        What the check found.
    is_warning
        Whether the failure is a warning rather than an error.
    """

    crypto: str | None
    asset: str
    check: str
    description: str
    is_warning: bool

    @classmethod
    def of(cls, evaluation: dg.AssetCheckEvaluation, crypto: str | None) -> FailedCheck:
        """Take what people need from an evaluation in a Dagster run of ``crypto``."""
        return cls(
            crypto,
            evaluation.asset_key.to_user_string(),
            evaluation.check_name,
            evaluation.description or "no description",
            evaluation.severity == dg.AssetCheckSeverity.WARN,
        )

    @property
    def in_words(self) -> str:
        """One line: ``Warning: …``, or ``Check no_leak of trained_models failed for OPUSDC: …``."""
        if self.is_warning:
            return f"Warning: {f'{self.crypto}: ' if self.crypto else ''}{self.description}"
        where = f" for {self.crypto}" if self.crypto else ""
        return f"Check {self.check} of {self.asset} failed{where}: {self.description}"


def refuse_failed_input(instance: dg.DagsterInstance, sweep: Sweep, asset: str, crypto: str) -> None:
    """Refuse an input of which a blocking check has failed.

    A blocking check stops only its own run; a later run of the downstream assets alone must be stopped here.

    Raises
    ------
    InputError
        The latest result of a blocking check of exactly this artifact is a failure.
    """
    key, partition = sweep.artifact_key(asset, crypto), partition_of(crypto, sweep.settings.data.source)
    for check in BLOCKING_CHECKS[asset]:
        latest = latest_result(instance, asset, check, partition, ARTIFACT_KEY, key)
        if latest is not None and not latest.passed:
            raise InputError(
                f"{crypto}: the check {check} of {asset} has failed: {latest.description}. "
                f"Correct the input and materialise {asset} again"
            )


def failed_invalidating_checks(instance: dg.DagsterInstance, sweep_id: str, data: DataSettings) -> list[str]:
    """List the failed contract and leak checks of a sweep's values, ``asset of crypto: description``.

    Parameters
    ----------
    instance
        The Dagster instance whose event log is read.
    sweep_id, data
        The sweep, and its settings of data: its cryptos and its source.
    """
    found = []
    for crypto in data.crypto_names:
        partition = partition_of(crypto, data.source)
        for asset, checks in INVALIDATING_CHECKS.items():
            for check in checks:
                latest = latest_result(instance, asset, check, partition, SWEEP_ID, sweep_id)
                if latest is not None and not latest.passed:
                    found.append(f"{asset} of {crypto}: {latest.description}")
    return found


def are_checks_known(instance: dg.DagsterInstance, sweep_id: str, data: DataSettings) -> bool:
    """Whether these records know any check of a sweep's rows: those of another machine may lie elsewhere."""
    return any(
        latest_result(
            *(instance, "finetune_results", CONTRACT_CHECK, partition_of(crypto, data.source)),
            *(SWEEP_ID, sweep_id),
        )
        for crypto in data.crypto_names
    )


def latest_result(
    instance: dg.DagsterInstance, asset: str, check: str, partition: str | None, name: str, value: str
) -> CheckResult | None:
    """Find the newest result of a check whose metadata ``name`` is ``value``; None if it never ran.

    Parameters
    ----------
    instance
        The Dagster instance whose event log is read.
    asset, check, partition
        Which check; the partition is None for an asset without partitions.
    name, value
        ``ARTIFACT_KEY`` or ``SWEEP_ID``, and the one that was judged.
    """
    return latest_results(instance, asset, check, partition, {name: value}).get(name)


def latest_results(
    instance: dg.DagsterInstance, asset: str, check: str, partition: str | None, values: Mapping[str, str]
) -> dict[str, CheckResult]:
    """Find the newest result of a check for each of several names of metadata, in one reading.

    Parameters
    ----------
    instance, asset, check, partition
        As for :func:`latest_result`.
    values
        ``ARTIFACT_KEY``, ``SWEEP_ID`` or both, each with the one that was judged.

    Returns
    -------
    dict
        The result by name; without those that it never ran for.
    """
    found: dict[str, CheckResult] = {}
    cursor = None
    while True:
        records = instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(dg.AssetKey(asset), check),
            limit=_PAGE,
            cursor=cursor,
            partition_filter=PartitionKeyFilter(key=partition),
        )
        for record in records:
            evaluation = record.evaluation
            # Planned checks have a record but no result yet.
            if isinstance(evaluation, dg.AssetCheckEvaluation):
                for name in values.keys() - found.keys():
                    if _text(evaluation, name) == values[name]:
                        found[name] = _result(evaluation)
        if len(records) < _PAGE or len(found) == len(values):
            return found
        cursor = records[-1].id


def _result(evaluation: dg.AssetCheckEvaluation) -> CheckResult:
    versions: Any = evaluation.metadata.get(TABLE_VERSIONS)
    return CheckResult(
        passed=evaluation.passed,
        description=evaluation.description or "",
        is_warning=evaluation.severity == dg.AssetCheckSeverity.WARN,
        table_versions=dict(versions.value) if versions is not None else {},
    )


def _text(evaluation: dg.AssetCheckEvaluation, name: str) -> object:
    found = evaluation.metadata.get(name)
    return None if found is None else found.value
