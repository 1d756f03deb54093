"""What the checks that decide an artifact's worth last said of it, from Dagster's event log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from ftf_assets.contracts.errors import InputError
from ftf_assets.sweep.asset_inputs import ARTIFACTS
from ftf_assets.sweep.sweep import Sweep

#: Name of the contract check that every table and bundle has.
CONTRACT_CHECK = "contract"
#: Name of the check that recomputes from label intervals that nothing looks ahead.
LEAK_CHECK = "no_leak"
#: The blocking checks of each asset. While one has failed, its value is no input and every verdict is
#: ``INVALID``.
DECISIVE_CHECKS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((*ARTIFACTS, "finetune_results"), (CONTRACT_CHECK,)),
    "trained_models": (CONTRACT_CHECK, LEAK_CHECK),
}
#: The checks of what looks at a whole sweep.
DECIDING_CHECKS = {
    "gate_decision": (CONTRACT_CHECK, "enough_trades", "cleaners_audited"),
    "sweep_report": ("opens",),
}
#: Metadata of a check and a materialisation: which artifact, which sweep.
ARTIFACT_KEY = "artifact_key"
SWEEP_ID = "sweep_id"

_PAGE = 20


def refuse_red(instance: dg.DagsterInstance, sweep: Sweep, asset: str, crypto: str) -> None:
    """Refuse an input whose contract or leak check is red.

    A blocking check stops its own run only; a later run of just the downstream would pass without this.

    Raises
    ------
    InputError
        The latest check of exactly this artifact has failed.
    """
    key = sweep.artifact_key(asset, crypto)
    for name in DECISIVE_CHECKS[asset]:
        latest = latest_check(instance, asset, name, crypto, ARTIFACT_KEY, key)
        if latest is not None and not latest.passed:
            raise InputError(
                f"{crypto}: the check {name} of {asset} is red: {latest.description}. "
                f"Mend the input and materialise {asset} again"
            )


def red_checks(instance: dg.DagsterInstance, sweep_id: str, cryptos: tuple[str, ...]) -> list[str]:
    """List the contract and leak checks of a sweep's values that are red, ``asset of crypto: why``."""
    found = []
    for crypto in cryptos:
        for asset, names in DECISIVE_CHECKS.items():
            for name in names:
                latest = latest_check(instance, asset, name, crypto, SWEEP_ID, sweep_id)
                if latest is not None and not latest.passed:
                    found.append(f"{asset} of {crypto}: {latest.description}")
    return found


def is_green(
    instance: dg.DagsterInstance, sweep: Sweep, asset: str, crypto: str, checks: Sequence[str] = ()
) -> bool:
    """Whether exactly this artifact passed its decisive checks, and failed none of ``checks`` at the last.

    Parameters
    ----------
    instance
        Whose history counts.
    sweep, asset, crypto
        Which artifact.
    checks
        Other checks of the asset; one that never ran does not count.
    """
    key = sweep.artifact_key(asset, crypto)
    latest = {
        name: latest_check(instance, asset, name, crypto, ARTIFACT_KEY, key)
        for name in {*DECISIVE_CHECKS[asset], *checks}
    }
    judged = all(latest[name] is not None for name in DECISIVE_CHECKS[asset])
    return judged and all(evaluation.passed for evaluation in latest.values() if evaluation is not None)


@dataclass(frozen=True)
class Judged:
    """One evaluation of a check.

    Attributes
    ----------
    passed, description
        What it found.
    run_id
        Dagster run that made it.
    is_warning
        Whether the check only warns where it fails.
    """

    passed: bool
    description: str
    run_id: str
    is_warning: bool


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


def latest_check(
    instance: dg.DagsterInstance, asset: str, check_name: str, crypto: str | None, name: str, value: str
) -> Judged | None:
    """Find the newest evaluation of an asset's check whose metadata ``name`` is ``value``.

    Parameters
    ----------
    instance
        Whose history counts.
    asset, check_name, crypto
        Which check; the crypto is None for an asset without partitions.
    name, value
        ``ARTIFACT_KEY`` or ``SWEEP_ID``, and the one that was judged.
    """
    check = dg.AssetCheckKey(dg.AssetKey(asset), check_name)
    cursor = None
    while True:
        records = instance.event_log_storage.get_asset_check_execution_history(
            check, limit=_PAGE, cursor=cursor
        )
        for record in records:
            evaluation = record.evaluation
            # A check that another run has planned and not yet made has a record as well, which says nothing.
            if record.partition != crypto or not isinstance(evaluation, dg.AssetCheckEvaluation):
                continue
            judged = evaluation.metadata.get(name)
            if judged is not None and judged.value == value:
                is_warning = evaluation.severity == dg.AssetCheckSeverity.WARN
                return Judged(evaluation.passed, evaluation.description or "", record.run_id, is_warning)
        if len(records) < _PAGE:
            return None
        cursor = records[-1].id
